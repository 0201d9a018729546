"""What a network remembers of *tales*: is the word right that only a memory can know?"""

import math
from contextlib import nullcontext
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from ..text import tales
from ..text.arguments import explained
from ..text.baselines import NGram
from ..text.encoding import Vocabulary
from ..text.tales_grammar import CHANCE
from ..training.device import read_ids
from ..training.evaluation import eval_mode
from ..training.threads import one_thread
from .excess import by_distance


class Share(NamedTuple):
    """How often a network was right, of how many, and how often it is by chance: one of so many words, all alike."""

    asked: int
    right: int
    chance: float
    error: float = math.nan  # standard error of the share, the questions of one story taken together

    @property
    def share(self) -> float:
        return self.right / self.asked

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The share plus and minus so many standard errors. Questions of one story are alike, so stories count."""
        width = float(stats.norm.ppf((1 + confidence) / 2)) * self.error
        return max(0.0, self.share - width), min(1.0, self.share + width)


class Recall(NamedTuple):
    """For each word of *tales* that only a memory can know: whether the network chose it among its alternatives."""

    kinds: np.ndarray  # (n,) one of `CHANCE`
    distances: np.ndarray  # (n,) characters since the last mention
    stories: np.ndarray  # (n,) number of the story
    right: np.ndarray  # (n,) bool

    def by_distance(self, kind: str) -> dict[str, Share]:
        """Shares of right words of one kind by characters since the last mention, in groups that double."""
        asked = self.kinds == kind
        groups = by_distance(self.distances).items()
        return {name: self.share(asked & mask) for name, mask in groups if (asked & mask).any()}

    def by_kind(self) -> dict[str, Share]:
        """Shares of right words by what has to be remembered."""
        return {kind: self.share(self.kinds == kind) for kind in CHANCE if (self.kinds == kind).any()}

    def between(self, kind: str, low: int, high: int) -> Share:
        """The share of right words of a kind that were last mentioned from `low` to `high` - 1 characters before."""
        return self.share((self.kinds == kind) & (self.distances >= low) & (self.distances < high))

    def share(self, chosen: np.ndarray) -> Share:
        """The share of the questions `chosen` (n,), a mask."""
        right = self.right[chosen]
        deviations = np.bincount(self.stories[chosen], right - right.mean())  # summed in each story
        error = float(np.sqrt((deviations**2).sum()) / len(right))
        chance = float(np.mean([CHANCE[kind] for kind in self.kinds[chosen]]))
        return Share(len(right), int(right.sum()), chance, error)


@explained
@one_thread()
def recall(model: nn.Module | NGram, vocab: Vocabulary, text: str, context: int | None = None) -> Recall:
    """Read whole stories of `tales`; at each word that must be remembered, which of its alternatives is expected?

    The model has read the true text so far. It is right if the character that comes is more probable to it than every
    other that a forgetful writer could put there; of a count, after each knock, whether another one comes. With
    `context=k` a network has read only the k characters before, from a zero state. Raises `ValueError` where `text`
    leaves the grammar, or asks nothing.
    """
    places, marks, words = _questions(text)
    ids = vocab.encode(text)
    with eval_mode(model) if isinstance(model, nn.Module) else nullcontext():
        scores = _scores_at(model, ids, torch.tensor(places), context)
    right = [
        mark.char == mark.rivals[int(row[vocab.encode(mark.rivals)].argmax())]
        for mark, row in zip(marks, scores, strict=True)
    ]
    rows = {}  # a word is right if it is at every place where it could go wrong
    for word, mark, was_right in zip(words, marks, right, strict=True):
        kind, distance, story, before = rows.get(word, (mark.kind, mark.distance, word[0], True))
        rows[word] = kind, distance, story, before and was_right
    return Recall(*map(np.array, zip(*rows.values(), strict=True)))


@cache
def _questions(text: str) -> tuple[list[int], list[tales.Mark], list[tuple[int, int, str]]]:
    """Where a memory is asked for, what stands there, and to which word it belongs: (story, last mention, kind)."""
    found, start = [], 0
    for number, story in enumerate(tales.split_stories(text)):
        for place, mark in enumerate(tales.annotate(story)):
            if mark.rivals:
                found.append((start + place, mark, (number, place - mark.distance, mark.kind)))
        start += len(story)
    if not found:
        raise ValueError("there is nothing to remember in this text; give at least one whole story of tales")
    return tuple(map(list, zip(*found, strict=True)))


def _scores_at(model: nn.Module | NGram, ids: Tensor, places: Tensor, context: int | None, chunk: int = 2000) -> Tensor:
    """What the model says just before each of `places` (n,): logits or probabilities (n, V)."""
    if isinstance(model, NGram):
        contexts = (ids[max(0, place - model.order) : place] for place in places.tolist())
        return torch.from_numpy(np.stack([model.probabilities(one) for one in contexts]))
    if context is None:
        state, rows = None, []
        for start in range(0, len(ids), chunk):
            logits, state = read_ids(model, ids[None, start : start + chunk], state)
            here = places[(places > start) & (places <= start + chunk)]
            rows.append(logits[0, here - 1 - start])
        return torch.cat(rows)
    if context < 1:
        raise ValueError(f"context is {context}; it must be at least 1 character, or None for all there are")
    first = places[places < context]  # too near to the beginning for a whole context
    rows = [read_ids(model, ids[None, :place])[0][:, -1] for place in first.tolist()]
    rest = places[places >= context]
    for part in rest.split(max(1, 200_000 // context)):
        windows = ids[part[:, None] + torch.arange(-context, 0)]  # (n, context)
        rows.append(read_ids(model, windows)[0][:, -1])
    return torch.cat(rows)
