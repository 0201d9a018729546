"""Questions about a real text, in versions that differ only in what must be remembered.

`birth_runs.py` asks its networks about the manual of Python. A question is one place of the text in three versions that
differ in nothing but the sign that stands open: a round bracket, a square one, or a quotation mark. Each version has
another right answer. Whoever has not kept the sign answers all versions alike and is right in exactly one: chance is
exact, whatever is usual.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from charrnn_helpers import Vocabulary
from charrnn_helpers.measures.memory import Share
from charrnn_helpers.training.evaluation import eval_mode

CONTEXT = 600  # characters that are read before each question, from a zero state
STRETCH = 2000  # questions within so many characters are taken together: they are alike
OPENING, CLOSING = '(["', ')]"'
INSIDE = r"""(?:(?!\n\n)[^()\[\]"]){2,}"""
ENCLOSED = re.compile(rf'\({INSIDE}\)|\[{INSIDE}\]|"{INSIDE}"')


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


def answer(model: nn.Module, vocab: Vocabulary, questions: Sequence[Twins]) -> Answers:
    """Put `questions` to a network: right where the right answer is the most probable of the answers.

    Raises `ValueError` if there are none.
    """
    if not questions:
        raise ValueError("there is nothing to ask in this text; give a longer one")
    ids = torch.stack([vocab.encode(version) for question in questions for version in question.versions])
    rivals = torch.stack([vocab.encode(question.answers) for question in questions])  # (n, versions)
    versions = rivals.shape[1]
    with eval_mode(model):
        logits = torch.cat([model(part)[0][:, -1] for part in ids.split(100)])  # (n * versions, V)
    scores = logits.unflatten(0, (-1, versions))  # (n, versions, V)
    expected = scores.gather(2, rivals[:, None].expand(-1, versions, -1)).argmax(dim=2)  # (n, versions)
    places, distances = (np.array([question[field] for question in questions]) for field in (0, 1))
    return Answers(places, distances, (expected == torch.arange(versions)).numpy())
