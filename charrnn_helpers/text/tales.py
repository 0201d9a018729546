"""The story grammar: a text whose best possible loss is known exactly.

A seeded probabilistic grammar (`tales.grammar`) writes short stories. Every story has exactly one derivation, so its
probability is the product of the choices made, `log_prob(story)` is exact, and no model of any kind can have a lower
expected loss than `-log_prob / characters`. Some characters are choices; the others follow from what stands before
them, some of them from a word hundreds of characters back: those are what a memory is for. The precedent is Reber's
grammar (Reber 1967; embedded by Cleeremans et al. 1989 and by Hochreiter and Schmidhuber 1997).
"""

from __future__ import annotations

import math
import random
import re
from functools import cache
from typing import NamedTuple

from .checks import checked
from .tales_grammar import PRODUCTIONS, SENTENCES, WORDS, Symbol, alternatives, inflect

# -------------------------------------------------------------------------------------------------------- writing


LONGEST_TALES = 1_000_000_000  # characters


@checked
def write_stories(seed: int = 0, characters: int = 1_000_000) -> str:
    """Whole stories, one after the other, until there are at least `characters` of them.

    The same bytes on every Python and every machine: only `random.Random(seed).random()` is used, whose sequence Python
    guarantees. Raises `ValueError` when `characters` is below 1 or above `LONGEST_TALES`.
    """
    if not 1 <= characters <= LONGEST_TALES:
        raise ValueError(f"characters must be at least 1, and is {characters}; the most is {LONGEST_TALES:,}")
    rng = random.Random(seed)
    stories, total = [], 0
    while total < characters:
        story = _write_story(rng)
        stories.append(story)
        total += len(story)
    return "".join(stories)


def _write_story(rng: random.Random) -> str:
    todo = [Symbol(source="story")]  # the next symbol is the last
    memory: dict[str, str] = {}
    out: list[str] = []
    while todo:
        symbol = todo.pop()
        if symbol.source in PRODUCTIONS:
            todo.extend(reversed(_draw(PRODUCTIONS[symbol.source], rng)))
        elif symbol.text:
            out.append(symbol.text)
        else:
            if symbol.recalls:
                word = memory[symbol.name]
            else:
                words = WORDS[symbol.source]
                word = words[int(rng.random() * len(words))]
                if symbol.name:
                    memory[symbol.name] = word
            out.append(inflect(word, symbol.form, memory.get("sound", "")))
    return "".join(out)


def _draw(productions: list[tuple[int, tuple[Symbol, ...]]], rng: random.Random) -> tuple[Symbol, ...]:
    at = rng.random() * sum(weight for weight, _ in productions)
    return next(symbols for weight, symbols in productions if (at := at - weight) < 0)


@checked
def split_stories(text: str) -> list[str]:
    """The stories of a text, each with the blank line that ends it; the last may be incomplete."""
    return re.findall(r".*?\n\n|.+\Z", text, flags=re.DOTALL)


# ---------------------------------------------------------------------------------------------------- probability


@checked
def surprise(text: str) -> list[float]:
    """What each character of whole stories costs a perfect reader, in nats: -ln p(character | all before it).

    Raises `ValueError` where the text leaves the grammar, with the place and the reason.
    """
    costs: list[float] = []
    for story in split_stories(text):
        reading = _read(story)
        if not reading.finished:
            raise ValueError(f"this is not a text of the grammar: {_explain(story, reading)}")
        costs.extend(reading.surprises)
    return costs


def _explain(story: str, reading: _Reading) -> str:
    """Where a reading that did not come to the end of the story stopped, and why."""
    position = reading.position
    if position == len(story):
        return f"it breaks off at character {position}, in the middle of a story"
    before, char = story[max(0, position - 30) : position], story[position]
    if any(thread.symbol is _FINISHED for thread in reading.threads):
        return f"at character {position} the story has ended, and {char!r} follows"
    return f"at character {position}, after {before!r}, no story of the grammar goes on with {char!r}"


@checked
def log_prob(text: str) -> float:
    """The exact log-probability, in nats, of one or more whole stories. Raises `ValueError` if they are not stories."""
    return -math.fsum(surprise(text))


@checked
def next_characters(text: str) -> dict[str, float]:
    """What a perfect reader expects after `text`, which may stop anywhere: {character: probability}, which add up to 1.

    Raises `ValueError` if no story goes on from `text`.
    """
    stories = split_stories(text)
    story = stories[-1] if stories and not stories[-1].endswith("\n\n") else ""
    reading = _read(story)
    if reading.position < len(story):
        raise ValueError(f"this is not the beginning of a text of the grammar: {_explain(story, reading)}")
    shares: dict[str, float] = {}
    for thread in reading.threads:
        for char, (_, share) in thread.node.children.items():
            shares[char] = shares.get(char, 0.0) + thread.share * share
    return dict(sorted(shares.items()))


# --------------------------------------------------------------------------------------------------------- memory


class Mark(NamedTuple):
    """One character: `kind` is "free", "spelling" or one of DEPENDENCIES, which reach back `distance` characters."""

    char: str
    kind: str
    distance: int
    rivals: str = ""  # of a dependency: `char` and what would stand here if another word had to be remembered


@checked
def annotate(story: str) -> list[Mark]:
    """Say of every character of one story whether it is a choice, and if not, what it follows from.

    "free": the grammar had a choice here. "spelling": determined by the words just before. Otherwise one of
    `DEPENDENCIES`: determined by a word that the story must remember, `distance` characters after its last mention.
    Raises `ValueError` if it is not a story.
    """
    reading = _read(story)
    if not reading.finished:
        raise ValueError(f"this is not a story of the grammar: {_explain(story, reading)}")
    marks = [
        Mark(char, "free" if cost > 1e-9 else "spelling", 0)
        for char, cost in zip(story, reading.surprises, strict=True)
    ]
    for recall in reading.finished[0].recalls:
        for offset in range(len(recall.text) + 1):
            position = recall.start + offset
            rivals = [other for other in recall.others if other.startswith(recall.text[:offset])]
            nexts = {(other + "\0")[offset] for other in rivals}
            if len(nexts) > 1 and marks[position].kind == "spelling":
                follows = story[recall.start + len(recall.text)]  # where a shorter word ends, the text goes on
                letters = "".join(sorted({char if char != "\0" else follows for char in nexts}))
                marks[position] = Mark(story[position], recall.symbol.dependency, position - recall.since, letters)
    return marks


class Slip(NamedTuple):
    """A word that the grammar could not write: where it begins and ends in the sample, and why not."""

    start: int
    end: int
    why: str


class Sentence(NamedTuple):
    """A sentence of a sample: is it in the grammar, and does each remembered word agree with its story so far?"""

    text: str
    grammatical: bool
    remembers: bool
    forgotten: tuple[str, ...]  # the dependencies that failed
    slips: tuple[Slip, ...]  # the words that are wrong


@checked
def check_sentences(text: str) -> list[Sentence]:
    """Judge a sample sentence by sentence; an unfinished last one is left out.

    A sentence is grammatical if some story could hold it, whatever came before. It remembers if, besides, every
    remembered word is the one that its own story gave; a story begins after a blank line.
    """
    found, begins = [], 0
    for story in split_stories(text):
        memory: dict[str, str] = {}
        for match in re.finditer(r'\S[^.?]*[.?]"?(?=[ \n])', story):
            sentence, start = match[0], begins + match.start()
            reading = _read(sentence, SENTENCES, forget=True)
            if not reading.finished:
                word = _word_at(sentence, reading.position)
                why = f"no sentence of the grammar goes on with “{sentence[slice(*word)]}” here"
                found.append(Sentence(sentence, False, False, (), (Slip(start + word[0], start + word[1], why),)))
                continue
            thread = reading.finished[0]
            memory.update({name: known.word for name, known in thread.memory.items()})
            forgotten, slips = [], []
            for recall in thread.recalls:
                known = memory.get(recall.symbol.name)
                if known is None or recall.text != inflect(known, recall.symbol.form, memory.get("sound", "")):
                    forgotten.append(recall.symbol.dependency)
                    what = "hero" if recall.symbol.name == "name" else recall.symbol.name
                    what = f"but the {what} is {known}" if known else "which nothing before it says"
                    end = recall.start + len(recall.text)
                    slips.append(Slip(start + recall.start, start + end, f"“{recall.text}”, {what}"))
            found.append(Sentence(sentence, True, not slips, tuple(dict.fromkeys(forgotten)), tuple(slips)))
        begins += len(story)
    return found


def _word_at(sentence: str, position: int) -> tuple[int, int]:
    """Find where the word begins and ends in which `position` lies; a space belongs to the word before it."""
    start = max(sentence.rfind(" ", 0, position), sentence.rfind("\n", 0, position)) + 1
    return start, position + len(re.split(r"\s", sentence[position:], maxsplit=1)[0])


# ----------------------------------------------------------------------------------------------------- the reader
# It keeps every derivation that the characters so far allow, each with its probability: the exact distribution of the
# next character follows by adding up. A derivation in progress is a `_Thread`.


class _Reading(NamedTuple):
    surprises: list[float]  # nats for each character read
    position: int  # how many characters could be read
    threads: list[_Thread]  # what was possible there
    finished: list[_Thread]  # the derivations that are complete at the end of the text


class _Thread(NamedTuple):
    share: float  # its probability among the threads
    symbol: Symbol  # what is being read; `_FINISHED` at the end of the derivation
    written: str  # the letters of `symbol` so far, which began at `start`
    start: int
    node: _Node  # the letters that may follow
    rest: tuple[Symbol, ...]  # what comes after `symbol`
    memory: dict[str, _Remembered]
    recalls: tuple[_Recall, ...]


class _Remembered(NamedTuple):
    word: str
    mentioned: int  # where the word, or a pronoun for it, last ended


class _Recall(NamedTuple):
    """A word that a derivation has recalled."""

    symbol: Symbol
    start: int
    text: str
    since: int  # where its last mention ended; -1 when the text does not say
    others: tuple[str, ...]  # what the grammar alone would have allowed here


def _read(text: str, rules: tuple[str, ...] = ("story",), forget: bool = False) -> _Reading:
    """Read as much of `text` as one of `rules` allows; with `forget`, remembered words may be any of their list."""
    threads: list[_Thread] = []
    for rule in rules:
        _begin(1 / len(rules), (Symbol(source=rule),), {}, (), 0, forget, threads)
    surprises: list[float] = []
    for position, char in enumerate(text):
        remaining = _step(threads, char, position, forget)
        if not remaining:
            return _Reading(surprises, position, threads, [])
        share = sum(thread.share for thread in remaining)
        surprises.append(-math.log(min(share, 1.0)))
        threads = [thread._replace(share=thread.share / share) for thread in remaining]  # else a long story underflows
    return _Reading(surprises, len(text), threads, [thread for thread in threads if thread.symbol is _FINISHED])


def _step(threads: list[_Thread], char: str, position: int, forget: bool) -> list[_Thread]:
    """The threads that remain after reading `char`, which stands at `position`."""
    found: list[_Thread] = []
    for thread in threads:
        if char not in thread.node.children:
            continue
        node, share = thread.node.children[char]
        share *= thread.share
        written = thread.written + char
        if node.word is not None:
            memory, recalls = _end_word(thread, node.word, written, position + 1)
            _begin(share * node.word_share, thread.rest, memory, recalls, position + 1, forget, found)
        if node.children:
            found.append(thread._replace(share=share * (1 - node.word_share), written=written, node=node))
    return found


def _begin(
    share: float, rest: tuple[Symbol, ...], memory: dict, recalls: tuple, position: int, forget: bool, found: list
) -> None:
    """Append to `found` the threads that read `rest` from `position` on: one for each choice of productions."""
    if not rest:
        found.append(_Thread(share, _FINISHED, "", position, _END, (), memory, recalls))
        return
    symbol, rest = rest[0], rest[1:]
    if symbol.source in PRODUCTIONS:
        productions = PRODUCTIONS[symbol.source]
        total = sum(weight for weight, _ in productions)
        for weight, symbols in productions:
            _begin(share * weight / total, symbols + rest, memory, recalls, position, forget, found)
        return
    if symbol.source:
        node = _trie_of_list(symbol.source, symbol.form)
    elif symbol.text:
        node = _trie((symbol.text,))
    elif forget:
        node = _trie(alternatives(symbol.name, symbol.form, _sound(memory)))
    else:
        node = _trie((inflect(memory[symbol.name].word, symbol.form, _sound(memory)),))
    found.append(_Thread(share, symbol, "", position, node, rest, memory, recalls))


def _end_word(thread: _Thread, word: str, text: str, position: int) -> tuple[dict, tuple]:
    """Memory and recalls of `thread` when its symbol has been read as `text`, a form of `word`, up to `position`."""
    symbol, memory, recalls = thread.symbol, thread.memory, thread.recalls
    if not symbol.name:
        return memory, recalls
    if not symbol.recalls:
        return {**memory, symbol.name: _Remembered(word, position)}, recalls
    since = -1
    known = memory.get(symbol.name)
    if known is not None:
        since = known.mentioned
        memory = {**memory, symbol.name: _Remembered(known.word, position)}
    others = alternatives(symbol.name, symbol.form, _sound(memory))
    return memory, (*recalls, _Recall(symbol, thread.start, text, since, others))


def _sound(memory: dict[str, _Remembered]) -> str:
    return memory["sound"].word if "sound" in memory else ""


class _Node:
    """A prefix that texts share; `word` is the one that ends here. Shares are conditional probabilities."""

    __slots__ = ("children", "word", "word_share")

    def __init__(self, texts: list[tuple[str, str]], depth: int = 0):
        here = [word for text, word in texts if len(text) == depth]
        self.word = here[0] if here else None
        self.word_share = len(here) / len(texts) if texts else 0.0
        groups: dict[str, list[tuple[str, str]]] = {}
        for text, word in texts:
            if len(text) > depth:
                groups.setdefault(text[depth], []).append((text, word))
        longer = len(texts) - len(here)
        self.children = {char: (_Node(group, depth + 1), len(group) / longer) for char, group in groups.items()}


_FINISHED, _END = Symbol(), _Node([])


@cache
def _trie(texts: tuple[str, ...]) -> _Node:
    return _Node([(text, text) for text in texts])


@cache
def _trie_of_list(source: str, form: str) -> _Node:
    return _Node([(inflect(word, form), word) for word in WORDS[source]])
