"""The story grammar: a text whose best possible loss is known exactly.

A seeded probabilistic grammar (`tales.grammar`) writes short stories. Every story has exactly one derivation, so its
probability is the product of the choices made, `log_prob(story)` is exact, and no model of any kind can have a lower
expected loss than `-log_prob / characters`. Some characters are choices; the others follow from what stands before
them, some of them from a word hundreds of characters back: those are what a memory is for. The precedent is Reber's
grammar (Reber 1967; embedded by Cleeremans et al. 1989 and by Hochreiter and Schmidhuber 1997).

A rule of the grammar has productions, and a production is a sequence of symbols. A symbol is a piece of text, or a rule
or a list of words (its `source`), or a word that the story must remember. Its `name` says which word, such as the
hero's name, and its `form` says how the word is written, for example with an article. "sound" is the name of the knock
that a story counts, so the form of a count depends on it.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from ..base.checks import checked
from .tales_grammar import PRODUCTIONS, WORDS, Production, Symbol, alternatives, inflect

# -------------------------------------------------------------------------------------------------------- writing

MOST_CHARACTERS = 1_000_000_000


@checked
def write_stories(seed: int = 0, characters: int = 1_000_000) -> str:
    """Write whole stories, one after the other, until the text has at least `characters` characters.

    The same bytes on every Python and every machine: only `random.Random(seed).random()` is used, whose sequence Python
    guarantees. Raises `ValueError` when `characters` is below 1 or above `MOST_CHARACTERS`.
    """
    if not 1 <= characters <= MOST_CHARACTERS:
        raise ValueError(f"characters must be at least 1, and is {characters}; the most is {MOST_CHARACTERS:,}")
    rng = random.Random(int(seed))
    stories, length = [], 0
    while length < characters:
        story = _write_story(rng)
        stories.append(story)
        length += len(story)
    return "".join(stories)


def _write_story(rng: random.Random) -> str:
    pending = [Symbol(source="story")]  # what is still to be written; the next symbol is the last one
    memory: dict[str, str] = {}
    pieces: list[str] = []
    while pending:
        symbol = pending.pop()
        if symbol.source in PRODUCTIONS:
            pending.extend(reversed(_draw_production(PRODUCTIONS[symbol.source], rng)))
            continue
        if symbol.text:
            pieces.append(symbol.text)
            continue
        if symbol.recalls:
            word = memory[symbol.name]
        else:
            words = WORDS[symbol.source]
            word = words[int(rng.random() * len(words))]
            if symbol.name:
                memory[symbol.name] = word
        pieces.append(inflect(word, symbol.form, memory.get("sound", "")))
    return "".join(pieces)


def _draw_production(productions: list[Production], rng: random.Random) -> tuple[Symbol, ...]:
    draw = rng.random() * sum(weight for weight, _ in productions)
    for weight, symbols in productions:
        if draw < weight:
            return symbols
        draw -= weight
    raise AssertionError("a draw is below the sum of the weights")


@checked
def split_stories(text: str) -> list[str]:
    """Split a text into stories, each with the blank line that ends it; the last may be incomplete."""
    return re.findall(r".*?\n\n|.+\Z", text, flags=re.DOTALL)


# ---------------------------------------------------------------------------------------------------- probability


@checked
def surprise(text: str) -> list[float]:
    """Compute what each character of whole stories costs a perfect reader: -ln p(character | all before it), in nats.

    Raises `ValueError` where the text leaves the grammar, with the position and the reason.
    """
    costs: list[float] = []
    for story in split_stories(text):
        reading = parse(story)
        if not reading.complete:
            raise ValueError(f"this is not a text of the grammar: {_explain_stop(story, reading, len(costs))}")
        costs.extend(reading.costs)
    return costs


@checked
def log_prob(text: str) -> float:
    """Compute the exact log-probability, in nats, of whole stories. Raises `ValueError` if they are not stories."""
    return -math.fsum(surprise(text))


@checked
def next_characters(text: str) -> dict[str, float]:
    """Compute the probability of each character that may follow `text`, which may stop anywhere. They add up to 1.

    Only the last story is read. Raises `ValueError` if no story goes on from there.
    """
    stories = split_stories(text)
    story = stories[-1] if stories and not stories[-1].endswith("\n\n") else ""
    *_, derivations = [_first_derivations(), *derivations_along(story, len(text) - len(story))]  # after its last letter
    probabilities: dict[str, float] = {}
    for derivation in derivations:
        for char, (_, share) in derivation.node.children.items():
            probabilities[char] = probabilities.get(char, 0.0) + derivation.probability * share
    return dict(sorted(probabilities.items()))


def derivations_along(text: str, start: int = 0) -> Iterator[list[_Derivation]]:
    """Yield the derivations that are possible after each character of `text`, which may stop anywhere.

    Raises `ValueError` where the text leaves the grammar. Its first character is counted as number `start`.
    """
    for story in split_stories(text):
        read = 0
        for _, derivations in _read_characters(story, _first_derivations()):
            read += 1
            yield derivations
        if read < len(story):
            why = _explain_stop(story, parse(story), start)
            raise ValueError(f"this is not the beginning of a text of the grammar: {why}")
        start += len(story)


def _explain_stop(story: str, reading: Parse, start: int = 0) -> str:
    """Say where a reading stopped that did not come to the end of the story, and why. The story begins at `start`."""
    position = reading.position
    where = f"at character {start + position}"
    if position == len(story):
        return f"it breaks off {where}, in the middle of a story"
    before, char = story[max(0, position - 30) : position], story[position]
    if any(derivation.symbol is _FINISHED for derivation in reading.derivations):
        return f"{where} the story has ended, and {char!r} follows"
    return f"{where}, after {before!r}, no story of the grammar goes on with {char!r}"


# --------------------------------------------------------------------------------------------------------- memory


class Mark(NamedTuple):
    """One character: `kind` is "free", "spelling" or one of DEPENDENCIES, which reach back `distance` characters."""

    char: str
    kind: str
    distance: int
    rivals: str = ""  # of a dependency: `char`, and the characters of the other words that might stand here


@checked
def annotate(story: str) -> list[Mark]:
    """Say of every character of one story whether it is a choice, and if not, what it follows from.

    "free": the grammar had a choice here. "spelling": determined by the words just before. Otherwise one of
    `DEPENDENCIES`: determined by a word that the story must remember, `distance` characters after its last mention.
    Raises `ValueError` if it is not a story.
    """
    reading = parse(story)
    if not reading.complete:
        raise ValueError(f"this is not a story of the grammar: {_explain_stop(story, reading)}")
    marks = [
        Mark(char, "free" if cost > 1e-9 else "spelling", 0) for char, cost in zip(story, reading.costs, strict=True)
    ]
    for recall in reading.complete[0].recalls:
        for offset in range(len(recall.text) + 1):
            position = recall.start + offset
            # The words that would have begun in the same way, and their next letters: "" where such a word ends.
            similar = [word for word in recall.alternatives if word.startswith(recall.text[:offset])]
            letters = {word[offset : offset + 1] for word in similar}
            if len(letters) > 1 and marks[position].kind == "spelling":
                after_word = story[recall.start + len(recall.text)]
                rivals = "".join(sorted({letter or after_word for letter in letters}))
                distance = position - recall.mention_end
                marks[position] = Mark(story[position], recall.symbol.dependency, distance, rivals)
    return marks


# ----------------------------------------------------------------------------------------------------- the reader
# A derivation is a series of choices by which the grammar writes a text. Take a grammar with one rule and two lists:
#
#     story: | <name:hero> <did>. {hero} slept.
#     name: Ada Leo
#     did: sang sat
#
# It has four derivations, each of probability 1/4. One of them chooses "Ada" and "sang": "Ada sang. Ada slept."
#
# The reader goes through a text character by character. It keeps the derivations that can have written the characters
# so far, each with its probability; a character that a derivation would not write ends it. The probability of what
# remains is the probability of the character. Here "A" has 1/2, because "Leo" could stand here as well, and "d" has 1.
#
# Words of one list that begin alike stay together, in a tree of letters (a trie), until they part: "sa" has probability
# 1, and the "n" of "sang" has 1/2. Until then one derivation in progress stands for both words. A rule with several
# productions, on the other hand, opens one derivation for each of them.
#
# At the second "Ada" the derivation recalls its hero, so all three letters have probability 1. The reader notes which
# word was recalled, where, and that its last mention had ended 7 characters before.


class Parse(NamedTuple):
    """How far a text could be read."""

    costs: list[float]  # -ln p of each character that could be read, in nats
    position: int  # how many there are
    derivations: list[_Derivation]  # those that are possible there
    complete: list[_Derivation]  # those that have come to their end where the text ends


class _Derivation(NamedTuple):
    """A derivation in progress."""

    probability: float  # given the characters so far
    symbol: Symbol  # which is being read, or `_FINISHED`
    start: int  # where it began in the text
    written: str  # its characters so far
    node: _Node  # the characters that may follow
    upcoming: tuple[Symbol, ...]  # what comes after `symbol`
    memory: dict[str, _Remembered]
    recalls: tuple[_Recall, ...]


class _Remembered(NamedTuple):
    word: str
    mention_end: int  # where the word, or a pronoun for it, last ended; -1 if the text has not mentioned it


class _Recall(NamedTuple):
    """A place where a derivation has written a word from its memory."""

    symbol: Symbol
    start: int
    text: str
    mention_end: int  # of the mention before this one
    alternatives: tuple[str, ...]  # what would stand here if other words had to be remembered


_UNKNOWN = _Remembered("", -1)


def parse(text: str, rules: tuple[str, ...] = ("story",), any_word: bool = False) -> Parse:
    """Read as much of `text` as one of `rules` allows; with `any_word`, a recalled word may be any of its list."""
    costs: list[float] = []
    derivations = _first_derivations(rules, any_word)
    for cost, remaining in _read_characters(text, derivations, any_word):
        costs.append(cost)
        derivations = remaining
    ended = [derivation for derivation in derivations if derivation.symbol is _FINISHED]
    return Parse(costs, len(costs), derivations, ended if len(costs) == len(text) else [])


def _first_derivations(rules: tuple[str, ...] = ("story",), any_word: bool = False) -> list[_Derivation]:
    return [each for rule in rules for each in _start(1 / len(rules), (Symbol(source=rule),), {}, (), 0, any_word)]


def _read_characters(
    text: str, derivations: list[_Derivation], any_word: bool = False
) -> Iterator[tuple[float, list[_Derivation]]]:
    """Yield for each character its cost and the derivations that remain; stop before one that none would write."""
    for position, char in enumerate(text):
        remaining = list(_read_character(derivations, char, position, any_word))
        if not remaining:
            return
        total = sum(derivation.probability for derivation in remaining)
        # Divide by the total, because the product of all probabilities of a long story would underflow.
        derivations = [part._replace(probability=part.probability / total) for part in remaining]
        yield -math.log(min(total, 1.0)), derivations


def _read_character(derivations: list[_Derivation], char: str, position: int, any_word: bool) -> Iterator[_Derivation]:
    """Yield the derivations that remain after reading `char`, which stands at `position`."""
    for derivation in derivations:
        if char not in derivation.node.children:
            continue
        node, share = derivation.node.children[char]
        probability = derivation.probability * share
        written = derivation.written + char
        if node.word is not None:
            memory, recalls = _remember(derivation, node.word, written, position + 1)
            ended = probability * node.share_ending
            yield from _start(ended, derivation.upcoming, memory, recalls, position + 1, any_word)
        if node.children:
            yield derivation._replace(probability=probability * (1 - node.share_ending), written=written, node=node)


def _start(
    probability: float, upcoming: tuple[Symbol, ...], memory: dict, recalls: tuple, position: int, any_word: bool
) -> Iterator[_Derivation]:
    """Yield the derivations that are about to read `upcoming` at `position`: one for each choice of productions."""
    if not upcoming:
        yield _Derivation(probability, _FINISHED, position, "", _LEAF, (), memory, recalls)
        return
    symbol, upcoming = upcoming[0], upcoming[1:]
    if symbol.source in PRODUCTIONS:
        productions = PRODUCTIONS[symbol.source]
        total = sum(weight for weight, _ in productions)
        for weight, symbols in productions:
            yield from _start(probability * weight / total, symbols + upcoming, memory, recalls, position, any_word)
        return
    sound = memory.get("sound", _UNKNOWN).word
    if symbol.source:
        node = _trie_of_list(symbol.source, symbol.form)
    elif symbol.text:
        node = _trie((symbol.text,))
    elif any_word:
        node = _trie(alternatives(symbol.name, symbol.form, sound))
    else:
        node = _trie((inflect(memory[symbol.name].word, symbol.form, sound),))
    yield _Derivation(probability, symbol, position, "", node, upcoming, memory, recalls)


def _remember(derivation: _Derivation, word: str, written: str, position: int) -> tuple[dict, tuple]:
    """Return memory and recalls of a derivation when `written`, a form of `word`, has been read up to `position`."""
    symbol, memory, recalls = derivation.symbol, derivation.memory, derivation.recalls
    if not symbol.name:
        return memory, recalls
    if not symbol.recalls:
        return {**memory, symbol.name: _Remembered(word, position)}, recalls
    others = alternatives(symbol.name, symbol.form, memory.get("sound", _UNKNOWN).word)
    known = memory.get(symbol.name, _UNKNOWN)
    recall = _Recall(symbol, derivation.start, written, known.mention_end, others)
    if known is not _UNKNOWN:
        memory = {**memory, symbol.name: known._replace(mention_end=position)}
    return memory, (*recalls, recall)


class _Node:
    """A node of a trie: what may follow the letters that several words share.

    `word` ends here, or is None. `share_ending` is the share of the words that do, among all that come to this node;
    `children` gives for each letter the next node, and its share among the words that go on.
    """

    __slots__ = ("children", "share_ending", "word")

    def __init__(self, spellings: list[tuple[str, str]], depth: int = 0):
        """Build the node at `depth` letters from pairs of how a word is spelt in the text, and the word."""
        ending = [word for spelling, word in spellings if len(spelling) == depth]
        self.word = ending[0] if ending else None
        self.share_ending = len(ending) / len(spellings) if spellings else 0.0
        groups: dict[str, list[tuple[str, str]]] = {}
        for spelling, word in spellings:
            if len(spelling) > depth:
                groups.setdefault(spelling[depth], []).append((spelling, word))
        longer = len(spellings) - len(ending)
        self.children = {char: (_Node(group, depth + 1), len(group) / longer) for char, group in groups.items()}

    def words(self) -> Iterator[str]:
        """Yield the words that go on from here."""
        for child, _ in self.children.values():
            if child.word is not None:
                yield child.word
            yield from child.words()


_FINISHED, _LEAF = Symbol(), _Node([])


@cache
def _trie(texts: tuple[str, ...]) -> _Node:
    return _Node([(text, text) for text in texts])


@cache
def _trie_of_list(source: str, form: str) -> _Node:
    return _Node([(inflect(word, form), word) for word in WORDS[source]])
