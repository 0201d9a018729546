"""What a network remembers of *tales*: is the word right that only a memory can know?"""

import math
from collections import Counter
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from ..text import tales
from ..text.corpus import load_corpus
from ..text.encoding import Vocabulary
from ..text.tales_grammar import DEPENDENCIES
from ..training.evaluation import eval_mode
from .excess import by_distance


class Share(NamedTuple):
    """How often a network was right, of how many, and what share always naming the usual answer has right."""

    asked: int
    right: int
    guess: float
    error: float = math.nan  # standard error of the share, the questions of one story taken together

    @property
    def share(self) -> float:
        return self.right / self.asked

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The share plus and minus so many standard errors. Questions of one story are alike, so stories count."""
        width = float(stats.norm.ppf((1 + confidence) / 2)) * self.error
        return max(0.0, self.share - width), min(1.0, self.share + width)


class Recall(NamedTuple):
    """For each character of `tales` that only a memory can know: whether the network chose it among its rivals."""

    kinds: np.ndarray  # (n,) one of `DEPENDENCIES`
    distances: np.ndarray  # (n,) characters back to the word that has to be remembered
    stories: np.ndarray  # (n,) number of the story
    right: np.ndarray  # (n,) bool
    guessed: np.ndarray  # (n,) bool: would the answer that is usual in the training text have been right?

    def by_distance(self) -> dict[str, Share]:
        """Shares of right answers by distance, in the groups of `measures.excess_by_distance`."""
        return {group: self.share(mask) for group, mask in by_distance(self.distances).items() if mask.any()}

    def by_kind(self) -> dict[str, Share]:
        """Shares of right answers by what has to be remembered."""
        return {kind: self.share(self.kinds == kind) for kind in DEPENDENCIES if (self.kinds == kind).any()}

    def share(self, chosen: np.ndarray) -> Share:
        """The share of the questions `chosen` (n,), a mask."""
        right = self.right[chosen]
        deviations = np.bincount(self.stories[chosen], right - right.mean())  # summed in each story
        error = float(np.sqrt((deviations**2).sum()) / len(right))
        return Share(len(right), int(right.sum()), float(self.guessed[chosen].mean()), error)


@cache
def usual_answers() -> dict[str, str]:
    """Of each group of rivals in `tales`, the one that is right most often in 250 stories of the training text."""
    answers: dict[str, Counter] = {}
    for story in tales.split_stories(load_corpus("tales").train)[:250]:
        for mark in tales.annotate(story):
            if mark.rivals:
                answers.setdefault(mark.rivals, Counter())[mark.char] += 1
    return {rivals: min(found, key=lambda char: (-found[char], char)) for rivals, found in answers.items()}


def recall(model: nn.Module, vocab: Vocabulary, text: str, context: int | None = None) -> Recall:
    """Read whole stories of `tales`; at each word that must be remembered, which of the possible ones is expected?

    The network has read the true text so far. It is right if the character that comes is more probable to it than
    every other that a forgetful writer could put there ("he" or "she": h or s). The yardstick is to name always the
    answer that is usual in the training text: a knock is followed by another more often than not, so "always another"
    is right more than half of the time. With `context=k` the network has read only the k characters before, from a zero
    state. Raises `ValueError` where `text` leaves the grammar, or asks nothing.
    """
    stories = tales.split_stories(text)
    marks = [(mark, number) for number, story in enumerate(stories) for mark in tales.annotate(story)]
    places = [place for place, (mark, _) in enumerate(marks) if mark.rivals and place > 0]
    if not places:
        raise ValueError("there is nothing to remember in this text; give at least one whole story of tales")
    ids = vocab.encode(text)
    with eval_mode(model):
        logits = _logits_at(model, ids, torch.tensor(places), context)
    found, numbers = zip(*(marks[place] for place in places), strict=True)
    expected = [
        mark.rivals[int(row[vocab.encode(mark.rivals)].argmax())] for mark, row in zip(found, logits, strict=True)
    ]
    usual = usual_answers()
    rows = [
        (mark.kind, mark.distance, number, mark.char == char, mark.char == usual.get(mark.rivals))
        for mark, number, char in zip(found, numbers, expected, strict=True)
    ]
    return Recall(*map(np.array, zip(*rows, strict=True)))


def _logits_at(model: nn.Module, ids: Tensor, places: Tensor, context: int | None, chunk: int = 2000) -> Tensor:
    """What the network says just before each of `places` (n,): logits (n, V)."""
    if context is None:
        state, rows = None, []
        for start in range(0, len(ids), chunk):
            logits, state = model(ids[None, start : start + chunk], state)
            here = places[(places > start) & (places <= start + chunk)]
            rows.append(logits[0, here - 1 - start])
        return torch.cat(rows)
    if context < 1:
        raise ValueError(f"context is {context}; it must be at least 1 character, or None for all there are")
    first = places[places < context]  # too near to the beginning for a whole context
    rows = [model(ids[None, :place])[0][:, -1] for place in first.tolist()]
    rest = places[places >= context]
    for part in rest.split(max(1, 200_000 // context)):
        windows = ids[part[:, None] + torch.arange(-context, 0)]  # (n, context)
        rows.append(model(windows)[0][:, -1])
    return torch.cat(rows)
