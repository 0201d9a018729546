"""Measure what a network remembers of *tales*: is the word right that only a memory can know?"""

import math
from contextlib import nullcontext
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..base.checks import checked
from ..text import tales
from ..text.baselines import NGram
from ..text.encoding import Vocabulary
from ..text.tales_grammar import CHANCE
from ..training.device import read_ids
from ..training.evaluation import eval_mode
from .excess import by_distance


class Share(NamedTuple):
    """A share of right answers, and the share that a blind guess among n equally likely words would have."""

    asked: int
    right: int
    chance: float
    error: float = math.nan  # standard error of the share

    @property
    def share(self) -> float:
        return self.right / self.asked

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Compute the ends of the normal confidence interval of the share, within 0 and 1."""
        half_width = NormalDist().inv_cdf((1 + confidence) / 2) * self.error
        return max(0.0, self.share - half_width), min(1.0, self.share + half_width)


class Recall(NamedTuple):
    """Answers to n questions, each for a word of *tales* that only a memory can know."""

    kinds: np.ndarray  # (n,) one of `CHANCE`
    distances: np.ndarray  # (n,) characters since the last mention
    stories: np.ndarray  # (n,) number of the story
    right: np.ndarray  # (n,) bool: was the word expected more than its alternatives?
    answers: np.ndarray  # (n,) the first letter of the word that was expected most; of a count, its first wrong answer

    def by_distance(self, kind: str) -> dict[str, Share]:
        """Return the share right of one kind for each group of distances: "1 to 7", "8 to 15", and so on."""
        asked = self.kinds == kind
        groups = by_distance(self.distances).items()
        return {name: self.share(asked & mask) for name, mask in groups if (asked & mask).any()}

    def by_kind(self) -> dict[str, Share]:
        """Return the share right for each kind of memory."""
        return {kind: self.share(self.kinds == kind) for kind in CHANCE if (self.kinds == kind).any()}

    def between(self, kind: str, low: int, high: int) -> Share:
        """Return the share right of the words of a kind last mentioned from `low` to `high` - 1 characters before."""
        return self.share((self.kinds == kind) & (self.distances >= low) & (self.distances < high))

    def share(self, chosen: np.ndarray) -> Share:
        """Return the share right among the questions `chosen`, a mask (n,).

        Answers within a story are alike, so the standard error takes the story, and not the question, as the unit.
        """
        right = self.right[chosen]
        deviations = np.bincount(self.stories[chosen], right - right.mean())  # summed in each story
        error = float(np.sqrt((deviations**2).sum()) / len(right))
        chance = float(np.mean([CHANCE[kind] for kind in self.kinds[chosen]]))
        return Share(len(right), int(right.sum()), chance, error)


@checked
def recall(model: nn.Module | NGram, vocab: Vocabulary, text: str, context: int | None = None) -> Recall:
    """Ask at each word of *tales* that only a memory can know: which of its alternatives does the model expect most?

    The model reads the true text of whole stories up to there. Its answer is right if it expects the character that
    comes more than every other that a writer without memory could put there. (In a count of knocks there is a question
    after each of them: does another one come?) With `context=k` a network reads only the k characters before, from a
    zero state. Raises `ValueError` where `text` leaves the grammar, or if it asks nothing.
    """
    questions = _questions(text)
    positions = torch.tensor([question.position for question in questions])
    with eval_mode(model) if isinstance(model, nn.Module) else nullcontext():
        scores = _scores_at(model, vocab.encode(text), positions, context)  # (n, V)
    marks, right, answers = {}, {}, {}  # of each word
    for (_, mark, word), row in zip(questions, scores, strict=True):
        marks.setdefault(word, mark)
        if right.get(word, True):  # a count is right if all its answers are
            answers[word] = mark.rivals[int(row[vocab.encode(mark.rivals)].argmax())]
            right[word] = answers[word] == mark.char
    kinds, distances = [mark.kind for mark in marks.values()], [mark.distance for mark in marks.values()]
    stories = [story for story, *_ in marks]
    return Recall(*map(np.array, (kinds, distances, stories, list(right.values()), list(answers.values()))))


class Question(NamedTuple):
    """A character that only a memory can know."""

    position: int  # in the text
    mark: tales.Mark
    word: tuple[int, int, str]  # to which it belongs: number of the story, last mention, kind


@cache
def _questions(text: str) -> list[Question]:
    questions, start = [], 0
    for number, story in enumerate(tales.split_stories(text)):
        for position, mark in enumerate(tales.annotate(story)):
            if mark.rivals:
                questions.append(Question(start + position, mark, (number, position - mark.distance, mark.kind)))
        start += len(story)
    if not questions:
        raise ValueError("there is nothing to remember in this text; give at least one whole story of tales")
    return questions


def _scores_at(
    model: nn.Module | NGram, ids: Tensor, positions: Tensor, context: int | None, chunk: int = 2000
) -> Tensor:
    """Return what the model says just before each of `positions` (n,): logits or probabilities (n, V)."""
    if isinstance(model, NGram):
        contexts = [ids[max(0, position - model.order) : position] for position in positions.tolist()]
        return torch.from_numpy(np.stack([model.probabilities(before) for before in contexts]))
    if context is None:
        state, rows = None, []
        for start in range(0, len(ids), chunk):
            logits, state = read_ids(model, ids[None, start : start + chunk], state)
            here = positions[(positions > start) & (positions <= start + chunk)]
            rows.append(logits[0, here - 1 - start])
        return torch.cat(rows)
    if context < 1:
        raise ValueError(f"context is {context}; it must be at least 1 character, or None for all there are")
    first = positions[positions < context]  # too near to the beginning for a whole context
    rows = [read_ids(model, ids[None, :position])[0][:, -1] for position in first.tolist()]
    rest = positions[positions >= context]
    for part in rest.split(max(1, 200_000 // int(context))):
        windows = ids[part[:, None] + torch.arange(-context, 0)]  # (n, context)
        rows.append(read_ids(model, windows)[0][:, -1])
    return torch.cat(rows)
