"""What the rows of the trial answer: LSTM minus GRU at each budget, the two primary looks, and how to say it.

How is laid down in `protocol.md`: Student's test on pairs, on Shakespeare with the variance of Nadeau and Bengio
(2003); equivalence by two one-sided tests (Schuirmann 1987); Holm's correction (1979) over the primary looks.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from ..measures.intervals import Interval
from .protocol import LARGEST, SEEDS, TRIAL_TEXTS

MATTERS = 0.02  # nats per character, said beforehand
SHARED = 1 / 8  # test text to training text of a fold: what the corrected variance adds to 1/n


class Difference(NamedTuple):
    """Mean test loss of one cell minus that of another, in nats per character, and two questions put to it."""

    interval: Interval  # 95 %
    p: float  # that it is not zero, two-sided
    p_equivalent: float  # that it is smaller than `MATTERS`, the larger of the two one-sided tests
    seeds: int


def tested_losses(rows: Sequence[dict], text: str, size: str, budget: str, cell: str) -> dict[int, float]:
    """The test loss of each seed."""
    where = {"part": "confirmation", "text": text, "size": size, "budget": budget, "cell": cell}
    chosen = [row for row in rows if where.items() <= row.items()]
    seeds = [row["seed"] for row in chosen]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"{text}, {size}, {budget}, {cell}: a seed stands there twice: {sorted(seeds)}")
    return {row["seed"]: row["test"] for row in chosen}


def difference(
    rows: Sequence[dict], text: str, budget: str, size: str = "350 K", cells: tuple[str, str] = ("LSTM", "GRU")
) -> Difference:
    """The first of `cells` minus the second. Raises `ValueError` unless both have the same two seeds or more."""
    first, second = (tested_losses(rows, text, size, budget, cell) for cell in cells)
    if set(first) != set(second) or len(first) < 2:
        raise ValueError(f"{text}, {size}, {budget}: seeds {sorted(first)} and {sorted(second)}; both need the same")
    a, b = (np.array([found[seed] for seed in sorted(found)]) for found in (first, second))
    mean, freedom = (a - b).mean(), len(a) - 1
    error = (a - b).std(ddof=1) * math.sqrt(1 / len(a) + (SHARED if text == "shakespeare" else 0.0))
    reach = error * stats.t.ppf(0.975, freedom)
    sure = stats.t.sf((MATTERS - abs(mean)) / error, freedom)  # the test on the nearer side is the weaker one
    p = 2 * stats.t.sf(abs(mean) / error, freedom)
    return Difference(Interval(float(mean), float(mean - reach), float(mean + reach)), float(p), float(sure), len(a))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected by Holm's method: the smallest of n times n, the next times n - 1, and so on, in order."""
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected


class Look(NamedTuple):
    """A primary look: the difference on a text, with both p-values corrected over the texts."""

    text: str
    found: Difference
    p: float
    p_equivalent: float

    @property
    def verdict(self) -> str:
        """In words: is there a difference, and does it matter?"""
        near = min(abs(end) for end in self.found.interval[1:])
        if self.p >= 0.05:
            return "equivalent" if self.p_equivalent < 0.05 else "no difference detected, nor equivalence shown"
        better = "LSTM" if self.found.interval.mean < 0 else "GRU"
        if near >= MATTERS:
            return f"the {better} is better"
        size = "by less than matters" if self.p_equivalent < 0.05 else "and whether it matters is undecided"
        return f"the {better} is better, {size}"

    def __str__(self) -> str:
        mean, low, high = self.found.interval
        return (
            f"{self.text}, {LARGEST}: LSTM minus GRU {mean:+.4f} nats, 95 % interval {low:+.4f} to {high:+.4f} "
            f"(Holm's p {self.p:.2g}; of equivalence {self.p_equivalent:.2g}; {self.found.seeds} pairs): {self.verdict}"
        )


def primary_looks(rows: Sequence[dict]) -> list[Look]:
    """The looks that were said beforehand. Raises `ValueError` until all seeds of both are there."""
    found = [difference(rows, text, LARGEST) for text in TRIAL_TEXTS]
    if any(one.seeds < len(SEEDS) for one in found):
        raise ValueError(f"seeds are missing: {[one.seeds for one in found]} of {len(SEEDS)}")
    corrected = (holm([getattr(one, name) for one in found]) for name in ("p", "p_equivalent"))
    return [Look(*parts) for parts in zip(TRIAL_TEXTS, found, *corrected, strict=True)]
