"""Judge a text sentence by sentence: is it in the grammar of *tales*, and does it remember its own story?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..base.checks import checked
from ..text.tales import parse, split_stories
from ..text.tales_grammar import GIRLS, KINDS, PRONOUNS, SENTENCES, WORDS, Symbol, inflect


class Slip(NamedTuple):
    """A word that the grammar could not write: where it begins and ends in the sample, and why not."""

    start: int
    end: int
    why: str


class Sentence(NamedTuple):
    """A sentence of a sample: is it in the grammar, and does no remembered word contradict its story so far?"""

    text: str
    grammatical: bool
    remembers: bool
    forgotten: tuple[str, ...]  # the dependencies that the story contradicts
    slips: tuple[Slip, ...]  # the words that are wrong


@checked
def check_sentences(text: str, changes: Mapping[int, str] | None = None) -> list[Sentence]:
    """Judge a sample sentence by sentence; an unfinished last one is left out.

    A sentence is grammatical if it could stand in some story. It remembers its own story if it agrees with what this
    story has said before: it names the same hero, the same friend and so on. A story begins after a blank line.

    What if a story names a hero before any sentence has introduced one, for example because its first sentence is
    misspelt? This name is a slip, because nobody could know it. But it contradicts nothing. From there on the story
    has this hero.

    `changes` says where the writer's memory was changed: from the character at a position on, the story there has
    another hero or friend, `changes[position]`. Raises `ValueError` if that is neither.
    """
    given = [_Known(position, _hero_or_friend(word), word, True) for position, word in (changes or {}).items()]
    sentences, story_start = [], 0
    for story in split_stories(text):
        story_end = story_start + len(story)
        known = [change for change in given if story_start <= change.position < story_end]
        for match in re.finditer(r'\S[^.?]*[.?]"?(?=[ \n])', story):
            sentences.append(_check_sentence(match[0], story_start + match.start(), known))
        story_start = story_end
    return sentences


class _Known(NamedTuple):
    """A word that a story must remember under a name, from the character at a position on."""

    position: int
    name: str
    word: str
    changed: bool  # by a hand on the memory, and not by the text


def _hero_or_friend(word: str) -> str:
    for name in ("hero", "friend"):
        if word in WORDS[KINDS[name][1]]:
            return name
    raise ValueError(f"changes: {word!r} is neither a hero nor a friend of these stories")


def _check_sentence(text: str, start: int, known: list[_Known]) -> Sentence:
    """Judge the sentence `text` by what is `known` in its story, and add its own words to that."""
    reading = parse(text, SENTENCES, any_word=True)
    if not reading.complete:
        # A space belongs to the word before it.
        first = max(text.rfind(" ", 0, reading.position), text.rfind("\n", 0, reading.position)) + 1
        last = reading.position + len(re.split(r"\s", text[reading.position :], maxsplit=1)[0])
        why = f"“{text[first:last]}”: no sentence of these stories goes on like this"
        return Sentence(text, False, False, (), (Slip(start + first, start + last, why),))
    derivation = reading.complete[0]
    for name, new in derivation.memory.items():
        ends = [recall.mention_end for recall in derivation.recalls if recall.symbol.name == name]
        last_letter = min([*ends, new.mention_end]) - 1  # of the first mention
        known.append(_Known(start + last_letter, name, new.word, False))
    known.sort(key=lambda one: one.position)
    forgotten, slips = [], []
    for recall in derivation.recalls:
        first = start + recall.start
        memory = {one.name: one for one in known if one.position <= first}
        sound = memory["sound"].word if "sound" in memory else ""
        remembered = memory.get(recall.symbol.name)
        if remembered and recall.text == inflect(remembered.word, recall.symbol.form, sound):
            continue
        slips.append(Slip(first, first + len(recall.text), _explain_slip(recall.text, recall.symbol, remembered)))
        if remembered:
            forgotten.append(recall.symbol.dependency)
        elif recall.text in WORDS[KINDS[recall.symbol.name][1]]:  # not so for "her", which is no name
            known.append(_Known(first, recall.symbol.name, recall.text, False))
    return Sentence(text, True, not forgotten, tuple(dict.fromkeys(forgotten)), tuple(slips))


# Why a word is wrong, by what it should have been: `text` is the word, `word` the one that the story remembers.
REASONS = {
    "hero": "this story is about {word}, not about {text}",
    "friend": "the {text} was never in this story, its friend is the {word}",
    "home": "the {text} was never in this story, the hero lives by the {word}",
    "object": "the {text} was never in this story, what was found is a {word}",
    "colour": "nothing in this story is {text}, it was {word}",
    "door": "the {text} was never in this story, what was opened is a {word}",
    "count": "the noise must come {word} times",
    "bracket": "the words on the wall began with {word}, which “{text}” does not close",
}
REASONS_AFTER_A_CHANGE = {
    "hero": "since the change this story is about {word}, not about {text}",
    "friend": "since the change the friend in this story is the {word}, not the {text}",
}


def _explain_slip(text: str, symbol: Symbol, known: _Known | None) -> str:
    """Say in plain words why a story in which `known` must be remembered cannot write `text` where `symbol` stands."""
    if known is None:
        return f"“{text}”: this story has not named its {symbol.name} yet"
    word = known.word
    if symbol.form in PRONOUNS:
        return f"“{text}”: {word} is a {'girl' if word in GIRLS else 'boy'}"
    reasons = REASONS_AFTER_A_CHANGE if known.changed else REASONS
    return reasons[symbol.name].format(text=text, word=word)
