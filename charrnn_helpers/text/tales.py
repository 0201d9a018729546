"""The story grammar: a text whose best possible loss is known exactly.

A seeded probabilistic grammar writes short stories. Every story has exactly one derivation, so its probability is the
product of the choices made, `log_prob(story)` is exact, and no model of any kind can have a lower expected loss than
`-log_prob / characters`. Some characters are choices; the others follow from what stands before them, some of them
from a word hundreds of characters back: those are what a memory is for. The precedent is Reber's grammar (Reber 1967;
embedded by Cleeremans et al. 1989 and by Hochreiter and Schmidhuber 1997).

    write_stories(seed, characters)   stories one after the other
    log_prob(text)               exact, in nats
    surprise(text)               the same character by character: what a perfect reader would pay
    next_characters(text)        the exact distribution of the next character after the beginning of a text
    annotate(story)              each character: free, spelling, or which dependency at what distance
    is_valid(story)              is it a story, and if not, where and why does it leave the grammar
    check_sentences(text)        sentence by sentence: in the grammar? does it remember?

How the grammar is written (`RULES`, `WORDS`):

    <rule>           one production of a rule, or one word of a list, chosen freely
    <list.form>      a word in a form of it: `<trade.a>` is "a baker", "an archer"
    <list:name>      a word, and the story remembers it under that name
    {name}           the remembered word again; `{hero.he}` a form of it
"""

from __future__ import annotations

import math
import random
import re
from functools import cache
from typing import NamedTuple

from .tales_grammar import (
    SENTENCES,
    WORDS,
    Item,
    Memory,
    Span,
    alternatives_of,
    inflected,
    kind_of,
    productions_of,
    sound_of,
)

# -------------------------------------------------------------------------------------------------------- writing


def write_stories(seed: int = 0, characters: int = 1_000_000) -> str:
    """Whole stories, one after the other, until there are at least `characters` of them.

    The same bytes on every Python and every machine: only `random.Random(seed).random()` is used, whose sequence Python
    guarantees. Raises `ValueError` when `characters` is below 1.
    """
    if characters < 1:
        raise ValueError(f"characters must be at least 1, and is {characters}: ask for the length of text you want")
    rng = random.Random(seed)
    stories, total = [], 0
    while total < characters:
        story = _write("story", rng)
        stories.append(story)
        total += len(story)
    return "".join(stories)


def _write(rule: str, rng: random.Random) -> str:
    memory: dict[str, Memory] = {}
    out: list[str] = []

    def expand(items: tuple[Item, ...]) -> None:
        for item in items:
            if item.text:
                out.append(item.text)
            elif item.reads:
                out.append(inflected(memory[item.name].value, item.name, item.form, memory))
            elif item.source in WORDS:
                words = WORDS[item.source]
                word = words[int(rng.random() * len(words))]
                if item.name:
                    memory[item.name] = Memory(word, 0, 0)
                out.append(inflected(word, item.name, item.form, memory))
            else:
                options = productions_of(item.source)
                at = rng.random() * sum(weight for weight, _ in options)
                number = 0
                while (at := at - options[number][0]) >= 0:
                    number += 1
                expand(options[number][1])

    expand((Item(source=rule),))
    return "".join(out)


# -------------------------------------------------------------------------------------------------------- reading
# The reader keeps every derivation that the characters so far allow, each with its probability: the exact distribution
# of the next character follows by adding up. A derivation in progress is a `_Thread`.


class _Node:
    """A prefix shared by words of a list; `end` is the word that ends here. Shares are conditional probabilities."""

    __slots__ = ("children", "end", "end_share")

    def __init__(self, words: list[tuple[str, str]], depth: int = 0):
        here = [value for text, value in words if len(text) == depth]
        self.end = here[0] if here else None
        self.end_share = len(here) / len(words)
        groups: dict[str, list[tuple[str, str]]] = {}
        for text, value in words:
            if len(text) > depth:
                groups.setdefault(text[depth], []).append((text, value))
        longer = len(words) - len(here)
        self.children = {c: (_Node(group, depth + 1), len(group) / longer) for c, group in groups.items()}


@cache
def _trie(source: str, form: str) -> _Node:
    return _Node([(inflected(word, "", form, {}), word) for word in WORDS[source]])


@cache
def _trie_of_forms(name: str, form: str, sound: str) -> _Node:
    return _Node([(text, text) for text in alternatives_of(name, form, sound)])


class _Thread(NamedTuple):
    share: float
    rest: tuple  # what follows: (items, index, rest) or ()
    node: _Node | None  # inside a word of a list
    text: str  # inside a literal or a remembered word
    offset: int
    item: Item | None
    start: int
    memory: dict
    spans: tuple  # (earlier spans, span) as a linked list


def _follow(share: float, rest: tuple, memory: dict, spans: tuple, position: int, forget: bool, found: list) -> None:
    """Append to `found` every thread that is ready to read a character; a finished derivation has `rest == ()`."""
    while rest and rest[1] == len(rest[0]):
        rest = rest[2]
    if not rest:
        found.append(_Thread(share, (), None, "", 0, None, position, memory, spans))
        return
    items, index, after = rest
    item, rest = items[index], (items, index + 1, after)
    if item.text:
        found.append(_Thread(share, rest, None, item.text, 0, None, position, memory, spans))
    elif item.reads and forget:
        node = _trie_of_forms(item.name, item.form, sound_of(memory))
        found.append(_Thread(share, rest, node, "", 0, item, position, memory, spans))
    elif item.reads:
        text = inflected(memory[item.name].value, item.name, item.form, memory)
        found.append(_Thread(share, rest, None, text, 0, item, position, memory, spans))
    elif item.source in WORDS:
        node = _trie(item.source, item.form)
        found.append(_Thread(share, rest, node, "", 0, item, position, memory, spans))
    else:
        options = productions_of(item.source)
        total = sum(weight for weight, _ in options)
        for weight, chosen in options:
            _follow(share * weight / total, (chosen, 0, rest), memory, spans, position, forget, found)


def _finish_word(thread: _Thread, value: str, text: str, position: int) -> tuple[dict, tuple]:
    """Memory and spans after the word `text` of `thread` has ended at `position`."""
    item = thread.item
    memory, kind, since, others = thread.memory, "", -1, ()
    if item.reads:
        kind = kind_of(item)
        known = memory.get(item.name)
        if known is not None:
            since = known.any if kind == "pronoun" else known.full
            full = known.full if kind == "pronoun" else position
            memory = {**memory, item.name: known._replace(full=full, any=position)}
        others = alternatives_of(item.name, item.form, sound_of(memory))
    elif item.name:
        memory = {**memory, item.name: Memory(value, position, position)}
    span = Span(thread.start, text, item.name, item.reads, kind, since, others)
    return memory, (thread.spans, span)


def _step(threads: list[_Thread], char: str, position: int, forget: bool) -> list[_Thread]:
    """The threads that remain after reading `char`, which stands at `position`."""
    found: list[_Thread] = []
    after = position + 1
    for thread in threads:
        if thread.node is not None:
            child = thread.node.children.get(char)
            if child is None:
                continue
            node, share = child
            text = thread.text + char
            share *= thread.share
            if node.end is not None:
                memory, spans = _finish_word(thread, node.end, text, after)
                _follow(share * node.end_share, thread.rest, memory, spans, after, forget, found)
            if node.children:
                found.append(thread._replace(share=share * (1 - node.end_share), node=node, text=text))
        elif thread.text and thread.text[thread.offset] == char:
            if thread.offset + 1 < len(thread.text):
                found.append(thread._replace(offset=thread.offset + 1))
                continue
            memory, spans = thread.memory, thread.spans
            if thread.item is not None:
                memory, spans = _finish_word(thread, "", thread.text, after)
            _follow(thread.share, thread.rest, memory, spans, after, forget, found)
    return found


class _Reading(NamedTuple):
    surprises: list[float]  # nats for each character read
    position: int  # how many characters could be read
    threads: list[_Thread]  # what was possible there
    finished: list[_Thread]  # the derivations that are complete there


def _read(text: str, rules: tuple[str, ...] = ("story",), forget: bool = False) -> _Reading:
    """Read as much of `text` as one of `rules` allows; with `forget`, remembered words may be any of their list."""
    threads: list[_Thread] = []
    for rule in rules:
        _follow(1 / len(rules), ((Item(source=rule),), 0, ()), {}, (), 0, forget, threads)
    surprises: list[float] = []
    for position, char in enumerate(text):
        remaining = _step(threads, char, position, forget)
        if not remaining:
            return _Reading(surprises, position, threads, [])
        share = sum(thread.share for thread in remaining)
        surprises.append(-math.log(min(share, 1.0)))
        threads = [thread._replace(share=thread.share / share) for thread in remaining]  # else a long story underflows
    return _Reading(
        surprises, len(text), threads, [thread for thread in threads if not thread.rest and not thread.text]
    )


def split_stories(text: str) -> list[str]:
    """The stories of a text, each with the blank line that ends it; the last may be incomplete."""
    return [story for story in re.findall(r".*?\n\n|.+\Z", text, flags=re.DOTALL) if story]


# ----------------------------------------------------------------------------------------------------- what one asks


class Validity(NamedTuple):
    """`bool(validity)` is whether it is a story; if not, `position` and `reason` ("grammar" or "memory") say why."""

    ok: bool
    position: int
    reason: str
    message: str

    def __bool__(self) -> bool:
        return self.ok


class Mark(NamedTuple):
    """One character: `kind` is "free", "spelling" or one of DEPENDENCIES, which reach back `distance` characters."""

    char: str
    kind: str
    distance: int
    rivals: str = ""  # of a dependency: `char` and what would stand here if another word had to be remembered


def surprise(text: str) -> list[float]:
    """What each character of whole stories costs a perfect reader, in nats: -ln p(character | all before it).

    Raises `ValueError` where the text leaves the grammar, with the place and the reason.
    """
    costs: list[float] = []
    for story in split_stories(text):
        reading = _read(story)
        if not reading.finished:
            raise ValueError(f"this is not a text of the grammar: {_explain(story, reading)[1]}")
        costs.extend(reading.surprises)
    return costs


def log_prob(text: str) -> float:
    """The exact log-probability, in nats, of one or more whole stories. Raises `ValueError` if they are not stories."""
    return -math.fsum(surprise(text))


def next_characters(text: str) -> dict[str, float]:
    """What a perfect reader expects after `text`, which may stop anywhere: {character: probability}, which add up to 1.

    Raises `ValueError` if no story goes on from `text`.
    """
    stories = split_stories(text)
    story = stories[-1] if stories and not stories[-1].endswith("\n\n") else ""
    reading = _read(story)
    if reading.position < len(story):
        raise ValueError(f"this is not the beginning of a text of the grammar: {_explain(story, reading)[1]}")
    shares: dict[str, float] = {}
    for thread in reading.threads:
        if thread.node is not None:
            steps = [(char, share) for char, (_, share) in thread.node.children.items()]
        else:
            steps = [(thread.text[thread.offset], 1.0)]
        for char, share in steps:
            shares[char] = shares.get(char, 0.0) + thread.share * share
    return dict(sorted(shares.items()))


def annotate(story: str) -> list[Mark]:
    """Say of every character of one story whether it is a choice, and if not, what it follows from.

    "free": the grammar had a choice here. "spelling": determined by the words just before. Otherwise one of
    `DEPENDENCIES`: determined by a word that the story must remember, last written `distance` characters before.
    Raises `ValueError` if it is not a story.
    """
    reading = _read(story)
    if not reading.finished:
        raise ValueError(f"this is not a story of the grammar: {_explain(story, reading)[1]}")
    marks = [
        Mark(char, "free" if cost > 1e-9 else "spelling", 0)
        for char, cost in zip(story, reading.surprises, strict=True)
    ]
    for span in _derivation(reading.finished[0]):
        if not span.reads:
            continue
        for offset in range(len(span.text) + 1):
            position = span.start + offset
            rivals = [other for other in span.others if other.startswith(span.text[:offset])]
            nexts = {(other + "\0")[offset] for other in rivals}
            if len(nexts) > 1 and marks[position].kind == "spelling":
                follows = story[span.start + len(span.text)]  # where a shorter word ends, the text goes on
                rivals = "".join(sorted({char if char != "\0" else follows for char in nexts}))
                marks[position] = Mark(story[position], span.kind, position - span.since, rivals)
    return marks


def is_valid(story: str) -> Validity:
    """Is this one whole story of the grammar? If not: where it leaves it, and whether grammar or memory failed."""
    reading = _read(story)
    if reading.finished:
        return Validity(True, len(story), "", "a story of the grammar")
    reason, message = _explain(story, reading)
    return Validity(False, reading.position, reason, message)


def _explain(story: str, reading: _Reading) -> tuple[str, str]:
    position = reading.position
    if position == len(story):
        return "grammar", f"it breaks off at character {position}, in the middle of a story"
    before, char = story[max(0, position - 30) : position], story[position]
    if any(not thread.rest and not thread.text for thread in reading.threads):
        return "grammar", f"at character {position} the story has ended, and {char!r} follows"
    forgetful = _read(story[: position + 1], forget=True)
    if forgetful.position > position:
        inside = [t for t in forgetful.threads if t.item is not None and t.item.reads and t.start <= position]
        kinds = [span.kind for span in _derivation(forgetful.threads[0]) if span.reads]
        kind = kind_of(inside[0].item) if inside else kinds[-1]
        wanted = "".join(sorted({t.text[t.offset] for t in reading.threads if t.text}))
        message = (
            f"at character {position}, after {before!r}, it does not remember the {kind}: {char!r}, not {wanted!r}"
        )
        return "memory", message
    return "grammar", f"at character {position}, after {before!r}, no story of the grammar goes on with {char!r}"


def _derivation(thread: _Thread) -> list[Span]:
    spans, found = thread.spans, []
    while spans:
        spans, span = spans
        found.append(span)
    return found[::-1]


class Sentence(NamedTuple):
    """A sentence of a sample: is it in the grammar, and does each remembered word agree with its story so far?"""

    text: str
    grammatical: bool
    remembers: bool
    forgotten: tuple[str, ...]  # the dependencies that failed


def check_sentences(text: str) -> list[Sentence]:
    """Judge a sample sentence by sentence; an unfinished last one is left out.

    A sentence is grammatical if some story could hold it, whatever came before. It remembers if, besides, every
    remembered word is the one that its own story gave; a story begins after a blank line.
    """
    found = []
    for story in split_stories(text):
        memory: dict[str, str] = {}
        for sentence in re.findall(r'[^.?]*[.?]"?(?=[ \n])', story):
            sentence = sentence.strip()
            reading = _read(sentence, SENTENCES, forget=True)
            if not reading.finished:
                found.append(Sentence(sentence, False, False, ()))
                continue
            thread = reading.finished[0]
            own = {name: known.value for name, known in thread.memory.items()}
            forgotten = []
            for span in _derivation(thread):
                if not span.reads:
                    continue
                value = own.get(span.name, memory.get(span.name))
                if value is None or not _says(span, value, own):
                    forgotten.append(span.kind)
            memory.update(own)
            found.append(Sentence(sentence, True, not forgotten, tuple(dict.fromkeys(forgotten))))
    return found


def _says(span: Span, value: str, own: dict[str, str]) -> bool:
    memory = {"sound": Memory(own.get("sound", ""), 0, 0)}
    forms = {form: inflected(value, span.name, form, memory) for form in _forms_of(span.name)}
    if span.kind == "pronoun":
        return span.text in (forms["he"], forms["him"], forms["his"])
    return span.text in [text for form, text in forms.items() if form not in ("he", "him", "his")]


def _forms_of(name: str) -> tuple[str, ...]:
    return {
        "hero": ("", "he", "him", "his"),
        "count": ("more",),
        "bracket": ("close",),
        "inner": ("close",),
        "trade": ("", "a"),
    }.get(name, ("",))
