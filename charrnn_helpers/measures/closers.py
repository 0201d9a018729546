"""Memory in texts that nobody made for it: the open bracket in a manual, speakers and line ends in Shakespeare.

A question is one place of a real text in versions that differ in nothing but the thing to be remembered: the sign that
stands open is a round bracket, a square one, a quotation mark. Each version has another right answer. Whoever has
not kept that thing answers all versions alike and is right in exactly one: chance is exact, whatever is usual.
"""

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..text.baselines import NGram
from ..text.encoding import Vocabulary
from ..training.evaluation import eval_mode
from .memory import Share

CONTEXT = 600  # characters that are read before each question, from a zero state
STRETCH = 2000  # questions within so many characters are taken together: they are alike
OPENING, CLOSING = '(["', ')]"'
INSIDE = r"""(?:(?!\n\n)[^()\[\]"]){2,}"""
ENCLOSED = re.compile(rf'\({INSIDE}\)|\[{INSIDE}\]|"{INSIDE}"')
HEADING = re.compile(r"(?<=\n\n)([^\n:]+):\n")
LINE = re.compile(r"(?<=[^:]\n)([A-Z][^\n:]{29,59})(?=\n[A-Z])")


class Twins(NamedTuple):
    """One place of a text, in versions that end just before it: `answers[i]` is right in `versions[i]`."""

    place: int
    distance: int  # characters back to where the versions differ
    versions: tuple[str, ...]  # CONTEXT characters each
    answers: str


class Answers(NamedTuple):
    """Which questions were answered rightly."""

    places: np.ndarray  # (n,)
    distances: np.ndarray  # (n,)
    right: np.ndarray  # (n, versions) bool

    def by_distance(self, edges: Sequence[int]) -> dict[str, Share]:
        """Shares of right answers: a group from each of `edges` to below the next, and the last one open."""
        groups = {}
        for low, high in pairwise([*edges, math.inf]):
            chosen = (self.distances >= low) & (self.distances < high)
            if chosen.any():
                groups[f"{low} on" if high == math.inf else f"{low} to {high - 1}"] = self.share(chosen)
        return groups

    def share(self, chosen: np.ndarray) -> Share:
        """The share of the questions `chosen` (n,), a mask."""
        right, stretches = self.right[chosen], self.places[chosen] // STRETCH
        sums = np.bincount(stretches, (right - right.mean()).sum(axis=1))  # deviations, in each stretch together
        return Share(right.size, int(right.sum()), 1 / right.shape[1], float(np.sqrt((sums**2).sum()) / right.size))


def what_is_open(text: str, closed: bool = False) -> list[Twins]:
    """Where `text` closes a bracket or a quotation: which sign is expected, after each of the three openings?

    Only one thing stands open there, nothing was opened or closed since, and no paragraph ends in it. With `closed`, a
    control: the sign was closed again, in each version by its own, and as many characters went by as it stood open. A
    network that knows what is open has nothing to say there; one that repeats the sign it saw last, has.
    """
    found = []
    for match in ENCLOSED.finditer(text):
        start, end = match.start(), match.end() - 1
        before = text[text.rfind("\n\n", 0, start) + 1 : start]
        others = before.count("(") != before.count(")") or before.count("[") != before.count("]")
        if others or before.count('"') % 2 or end < CONTEXT:
            continue
        distance, after = end - start, ""
        if closed:
            after = text[end + 1 : end + 1 + distance]
            if set(after) & set(OPENING + CLOSING) or "\n\n" in after:
                continue
        inside = text[start + 1 : end]
        endings = [opening + inside + (closed * closing) + after for opening, closing in zip(OPENING, CLOSING)]
        versions = tuple((text[:start] + ending)[-CONTEXT:] for ending in endings)
        found.append(Twins(end, distance, versions, CLOSING))
    return found


def who_is_next(text: str) -> list[Twins]:
    """Where A speaks again after B: is it A, or C, when C's name stands above what A has said so far?

    C is the last speaker in `text` before those of the context; the answer is the first letter of the name.
    """
    found, headings = [], [(match.start(), match[1]) for match in HEADING.finditer(text)]
    for number in range(2, len(headings)):
        (start, first), (_, second), (place, name) = headings[number - 2 : number + 1]
        here = {one for at, one in headings[:number] if at >= place - 2 * CONTEXT}
        others = [one for _, one in headings[:number] if one not in here and one[0] not in first[0] + second[0]]
        if first != name or first[0] == second[0] or not 0 < place - start < CONTEXT - 50 or not others:
            continue
        before = text[max(0, place - 2 * CONTEXT) : place]
        swapped = before.replace(f"\n\n{name}:\n", f"\n\n{others[-1]}:\n")
        versions = before[-CONTEXT:], swapped[-CONTEXT:]
        if min(map(len, versions)) == CONTEXT:
            found.append(Twins(place, place - start, versions, name[0] + others[-1][0]))
    return found


def where_lines_end(text: str, step: int = 2) -> list[Twins]:
    """Where a line of verse ends, every `step`-th: does it end there, and if it had begun at a later word?"""
    found, random = [], np.random.default_rng(0)
    for match in list(LINE.finditer(text))[::step]:
        end, spaces = match.end(), [place for place in range(match.start() + 8, match.end() - 3) if text[place] == " "]
        if end < CONTEXT or not spaces:
            continue
        cut = int(random.choice(spaces))
        later = f"{text[:cut]}\n{text[cut + 1].upper()}{text[cut + 2 : end]}"
        found.append(Twins(end, end - cut, (text[end - CONTEXT : end], later[-CONTEXT:]), "\n "))
    return found


def answer(model: nn.Module | NGram, vocab: Vocabulary, questions: Sequence[Twins]) -> Answers:
    """Put `questions` to a network or an n-gram: right where the right answer is the most probable of the answers.

    Raises `ValueError` if there are none.
    """
    if not questions:
        raise ValueError("there is nothing to ask in this text; give a longer one")
    ids = torch.stack([vocab.encode(version) for question in questions for version in question.versions])
    rivals = torch.stack([vocab.encode(question.answers) for question in questions])  # (n, versions)
    versions = rivals.shape[1]
    scores = _scores(model, ids).unflatten(0, (-1, versions))  # (n, versions, V)
    expected = scores.gather(2, rivals[:, None].expand(-1, versions, -1)).argmax(dim=2)  # (n, versions)
    places, distances = (np.array([question[field] for question in questions]) for field in (0, 1))
    return Answers(places, distances, (expected == torch.arange(versions)).numpy())


def _scores(model: nn.Module | NGram, ids: Tensor) -> Tensor:
    """What is expected after each of `ids` (B, T), (B, V): a network's logits, or an n-gram's probabilities."""
    if isinstance(model, NGram):
        return torch.stack([torch.from_numpy(model.probabilities(row)) for row in ids])
    with eval_mode(model):
        return torch.cat([model(part)[0][:, -1] for part in ids.split(100)])
