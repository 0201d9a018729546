"""What a network in training is asked: its loss and its answers on a text that is kept apart, read in many rows.

A text is a list of units (stories, episodes). Each row of an exam begins with units that are read and not judged, so
that every judged character has at least one whole unit before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from birth_law import surprise
from torch import Tensor, nn
from torch.nn import functional as F

from charrnn_helpers.experiments.birth_text import NAMES, OneMemory
from charrnn_helpers.text.encoding import Vocabulary
from charrnn_helpers.text.tales import annotate, log_prob, split_stories
from charrnn_helpers.text.tales_grammar import CHANCE
from charrnn_helpers.training.evaluation import eval_mode

CHUNK = 250  # steps that are read at once


class Question(NamedTuple):
    """A word that must be remembered: its kind, how far back it was mentioned, and the places where it can go wrong."""

    kind: str
    distance: int
    places: list[tuple[int, str, str]]  # in the judged text: (place, right character, rivals)


class Exam(NamedTuple):
    """A text in rows, the questions in it, and what it costs a perfect reader."""

    ids: Tensor  # (rows, T + 1), filled up with zeros
    judged: Tensor  # (rows, T) bool: the targets that count
    questions: list[Question]
    cells: Tensor  # (n, 2) row and step of each place of each question, in their order
    rivals: Tensor  # (n, V) bool
    right: Tensor  # (n,) the right character
    floor: float  # nats per judged character

    def ask(self, model: nn.Module, wait: Callable[[], None] = lambda: None) -> tuple[float, np.ndarray, np.ndarray]:
        """Mean loss, which questions are answered rightly (n,), and the nats paid for the first place of each (n,)."""
        steps = self.ids.shape[1] - 1
        losses, scores = [], torch.zeros(len(self.cells), self.rivals.shape[1])
        state = None
        with eval_mode(model):
            for start in range(0, steps, CHUNK):
                wait()
                stop = min(start + CHUNK, steps)
                logits, state = model(self.ids[:, start:stop], state)
                targets = self.ids[:, start + 1 : stop + 1]
                losses.append(F.cross_entropy(logits.transpose(1, 2), targets, reduction="none"))
                here = (self.cells[:, 1] >= start) & (self.cells[:, 1] < stop)
                rows, columns = self.cells[here].unbind(dim=1)
                scores[here] = logits[rows, columns - start]
        loss = torch.cat(losses, dim=1)[self.judged].double().mean().item()
        best = scores.masked_fill(~self.rivals, -torch.inf).argmax(dim=1)
        paid = F.cross_entropy(scores, self.right, reduction="none").numpy()
        hits, right, first, number = (best == self.right).numpy(), [], [], 0
        for question in self.questions:
            right.append(bool(hits[number : number + len(question.places)].all()))
            first.append(float(paid[number]))
            number += len(question.places)
        return loss, np.array(right), np.array(first)


def arrange(
    units: Sequence[str], questions: list[Question], floor: float, vocab: Vocabulary, lead: int, rows: int
) -> Exam:
    """Units in `rows` rows, in each of which the first `lead` are only read; the places of questions count from them.

    The first `lead` of `units` are never judged.
    """
    lengths = np.cumsum([0, *map(len, units[lead:])])  # where each judged unit begins
    cuts = np.searchsorted(lengths, np.linspace(0, lengths[-1], rows + 1)[1:-1])
    bounds = sorted({0, *cuts.tolist(), len(units) - lead})
    texts, skips = [], []
    for first, last in pairwise(bounds):
        texts.append("".join(units[first : last + lead]))
        skips.append(sum(map(len, units[first : first + lead])))
    width = max(map(len, texts))
    ids, judged = torch.zeros(len(texts), width, dtype=torch.long), torch.zeros(len(texts), width - 1, dtype=torch.bool)
    for row, (text, skip) in enumerate(zip(texts, skips, strict=True)):
        ids[row, : len(text)] = vocab.encode(text)
        judged[row, skip - 1 : len(text) - 1] = True  # the target of step t is character t + 1
    begins = lengths[bounds[:-1]]
    cells, rivals, right = [], [], []
    for question in questions:
        for place, char, others in question.places:
            row = int(np.searchsorted(begins, place, side="right")) - 1
            cells.append((row, skips[row] + place - begins[row] - 1))
            rivals.append(torch.zeros(len(vocab), dtype=torch.bool))
            rivals[-1][vocab.encode(others)] = True
            right.append(int(vocab.encode(char)))
    return Exam(ids, judged, questions, torch.tensor(cells), torch.stack(rivals), torch.tensor(right), floor)


def exam_on_stories(text: str, vocab: Vocabulary, wait: Callable[[], None] = lambda: None) -> Exam:
    """An exam on stories of `tales`: every word that must be remembered is a question. Its first story is only read."""
    units, found, start, total = split_stories(text), [], 0, 0.0
    for story in units[1:]:
        wait()
        words: dict[tuple[str, int], Question] = {}
        for place, mark in enumerate(annotate(story)):
            if mark.rivals:
                key = mark.kind, place - mark.distance  # all characters of a count are one question
                question = words.setdefault(key, Question(mark.kind, mark.distance, []))
                question.places.append((start + place, mark.char, mark.rivals))
        found += words.values()
        total -= log_prob(story)
        start += len(story)
    return arrange(units, found, total / start, vocab, lead=1, rows=40)


def exam_on_one_memory(source: OneMemory, seed: int, asked: int, vocab: Vocabulary) -> Exam:
    """An exam on the text of the law, with about `asked` questions at the rarest of its gaps."""
    lead, rivals = 4, "".join(name[0] for name in NAMES[: source.names])
    units = source.episodes(seed, int(1000 * asked / min(source.gaps.values())))
    judged = "".join(units[lead:])
    found = [
        Question("name", distance, [(place, name[0], rivals)]) for place, distance, name in source.questions(judged)
    ]
    return arrange(units, found, surprise(source, judged) / len(judged), vocab, lead, rows=16)


KINDS = tuple(CHANCE)
BANDS = {  # of tales: characters since the last mention, from and below; see the protocol
    "friend": (32, np.inf),
    "name": (64, 256),
    "place": (64, np.inf),
    "object": (64, np.inf),
    "colour": (64, np.inf),
    "door": (64, np.inf),
    "pronoun": (19, np.inf),
    "count": (16, np.inf),
    "bracket": (17, np.inf),
}
