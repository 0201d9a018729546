"""What the rows of the trial answer: LSTM minus GRU at each budget, how to say it, and what it is made of.

How is laid down in `protocol.md`: Student's test on pairs, on Shakespeare with the variance of Nadeau and Bengio
(2003); equivalence by two one-sided tests (Schuirmann 1987); Holm's correction (1979) over the two primary looks.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import product
from statistics import fmean
from typing import NamedTuple

import numpy as np
from scipy import stats

from ..measures.intervals import Interval
from ..networks.registry import COMPARED
from .protocol import BUDGETS, LARGEST, SEEDS, TRIAL_TEXTS, WINDOW, at_edges

MATTERS = 0.02  # nats per character, said beforehand
SHARED = 1 / 8  # test text to training text of a fold: what the corrected variance adds to 1/n
CALLED = {"tales": "tales", "shakespeare": "Shakespeare"}


class Difference(NamedTuple):
    """Mean test loss of one cell minus that of another, in nats per character, and two questions put to it."""

    interval: Interval  # 95 %
    p: float  # that it is not zero, two-sided
    p_equivalent: float  # that it is smaller than `MATTERS`, the larger of the two one-sided tests
    seeds: int


def confirmed(rows: Sequence[dict], **where) -> dict[int, dict]:
    """The rows of a confirmation for which all of `where` holds, by seed. `ValueError` if a seed stands there twice."""
    chosen = [row for row in rows if row["part"] == "confirmation" and where.items() <= row.items()]
    seeds = sorted(row["seed"] for row in chosen)
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"{', '.join(map(str, where.values()))}: a seed stands there twice: {seeds}")
    return {row["seed"]: row for row in sorted(chosen, key=lambda row: row["seed"])}


def finished(rows: Sequence[dict], size: str = "350 K") -> list[str]:
    """The budgets, from the smallest on, of which every seed of LSTM and GRU is there, on both texts."""
    return [
        budget
        for budget in BUDGETS
        if all(
            len(confirmed(rows, text=text, size=size, budget=budget, cell=cell)) == len(SEEDS)
            for text in TRIAL_TEXTS
            for cell in ("LSTM", "GRU")
        )
    ]


def difference(
    rows: Sequence[dict], text: str, budget: str, size: str = "350 K", cells: tuple[str, str] = ("LSTM", "GRU")
) -> Difference:
    """The first of `cells` minus the second, which may be "n-gram". `ValueError` unless both have the same seeds."""
    first, second = (tests(rows, text, size, budget, cell) for cell in cells)
    if set(first) != set(second) or len(first) < 2:
        raise ValueError(f"{text}, {size}, {budget}: seeds {sorted(first)} and {sorted(second)}; both need the same")
    return _tested([first[seed] - second[seed] for seed in first], text)


def tests(rows: Sequence[dict], text: str, size: str, budget: str, cell: str) -> dict[int, float]:
    """The test loss of each seed of a cell, or of the "n-gram"."""
    where = {"text": text, "size": size, "budget": budget}
    if cell == "n-gram":
        return {row["seed"]: row["test"] for row in rows if {"part": "n-gram", **where}.items() <= row.items()}
    return {seed: row["test"] for seed, row in confirmed(rows, **where, cell=cell).items()}


def _tested(differences: Sequence[float], text: str) -> Difference:
    d, freedom = np.array(differences), len(differences) - 1
    mean, error = d.mean(), d.std(ddof=1) * math.sqrt(1 / len(d) + (SHARED if text == "shakespeare" else 0.0))
    reach = error * stats.t.ppf(0.975, freedom)
    sure = stats.t.sf((MATTERS - abs(mean)) / error, freedom)  # the test on the nearer side is the weaker one
    p = 2 * stats.t.sf(abs(mean) / error, freedom)
    return Difference(Interval(float(mean), float(mean - reach), float(mean + reach)), float(p), float(sure), len(d))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected by Holm's method: the smallest of n times n, the next times n - 1, and so on, in order."""
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values)):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected


class Look(NamedTuple):
    """The difference on a text at a budget; at the largest, both p-values are corrected over the texts."""

    text: str
    budget: str
    found: Difference
    p: float
    p_equivalent: float

    @property
    def verdict(self) -> str:
        """In words: is there a difference, and does it matter?"""
        near = min(abs(end) for end in self.found.interval[1:])
        if self.p >= 0.05:
            return "the two are equivalent" if self.p_equivalent < 0.05 else "no difference is shown, nor equivalence"
        better = "LSTM" if self.found.interval.mean < 0 else "GRU"
        if near >= MATTERS:
            return f"the {better} is better"
        size = "by less than matters" if self.p_equivalent < 0.05 else "and whether it matters is undecided"
        return f"the {better} is better, {size}"

    @property
    def sentence(self) -> str:
        """The verdict as one says it to a class."""
        mean, low, high = self.found.interval
        return (
            f"On {CALLED[self.text]}, after {millions(self.budget):g} million characters, {self.verdict}: "
            f"LSTM minus GRU is {mean:+.3f} nats per character (95 % interval {low:+.3f} to {high:+.3f})."
        )

    def __str__(self) -> str:
        mean, low, high = self.found.interval
        ps = f"p {self.p:.2g}; of equivalence {self.p_equivalent:.2g}"
        how = f"primary, Holm's {ps}" if self.budget == LARGEST else f"exploratory, {ps}"
        return (
            f"{self.text}, {self.budget}: LSTM minus GRU {mean:+.4f} nats, 95 % interval {low:+.4f} to {high:+.4f} "
            f"({how}; {self.found.seeds} pairs): {self.verdict}"
        )


def looks(rows: Sequence[dict], budget: str = LARGEST) -> list[Look]:
    """The difference on each text at this budget. `ValueError` until all seeds are there.

    At the largest budget these are the looks that were said beforehand, their p-values corrected by Holm's method.
    """
    found = [difference(rows, text, budget) for text in TRIAL_TEXTS]
    if any(one.seeds < len(SEEDS) for one in found):
        raise ValueError(f"seeds are missing: {[one.seeds for one in found]} of {len(SEEDS)}")
    corrected = holm if budget == LARGEST else list
    p_values = (corrected([getattr(one, name) for one in found]) for name in ("p", "p_equivalent"))
    return [Look(text, budget, *rest) for text, *rest in zip(TRIAL_TEXTS, found, *p_values, strict=True)]


# -------------------------------------------------------------------------------------------- against characters read


def differences(rows: Sequence[dict], size: str = "350 K") -> dict[str, dict[float, Interval]]:
    """LSTM minus GRU on each text, {text: {millions of characters: interval}}, at the budgets that are `finished`."""
    return {
        text: {millions(budget): difference(rows, text, budget, size).interval for budget in finished(rows, size)}
        for text in TRIAL_TEXTS
    }


def mean_losses(rows: Sequence[dict], size: str = "350 K") -> dict[str, dict[str, dict[float, float]]]:
    """Mean test losses, {text: {name: {millions: nats}}}, of each cell, the n-gram and, on *tales*, the floor.

    Of the budgets that are `finished`, and of what has all its seeds there.
    """
    found = {text: {} for text in TRIAL_TEXTS}
    for text, budget in product(TRIAL_TEXTS, finished(rows, size)):
        losses = {name: tests(rows, text, size, budget, name).values() for name in (*COMPARED, "n-gram")}
        floors = confirmed(rows, text=text, size=size, budget=budget, cell="GRU").values()
        losses["floor"] = [row["floor"] for row in floors if "floor" in row]
        for name, values in losses.items():
            if len(values) == len(SEEDS):
                found[text].setdefault(name, {})[millions(budget)] = fmean(values)
    return found


def millions(budget: str) -> float:
    """Of characters."""
    return BUDGETS[budget].characters / 1e6


# ------------------------------------------------------------------------------------------------ what it is made of


def made_of(rows: Sequence[dict], budget: str, by: str = "by kind") -> dict[str, Interval]:
    """LSTM minus GRU on *tales*, split by kind of character or "by distance": the part of each in the whole.

    In nats per character of the whole text, so that the kinds add up to the difference (but for the rounding of rows).
    """
    lstm, gru = (confirmed(rows, text="tales", size="350 K", budget=budget, cell=cell) for cell in ("LSTM", "GRU"))
    parts = {}
    for group in next(iter(gru.values()))[by]:
        shares = []
        for seed, row in gru.items():
            (count, excess), (_, other) = row[by][group], lstm[seed][by][group]
            shares.append(count / row["by kind"]["all"][0] * (other - excess))
        parts[group] = _tested(shares, "tales").interval
    return parts


def memories(rows: Sequence[dict], budget: str, cell: str) -> list[dict[float, float]]:
    """Return for each seed on *tales* the share of heroes named right, {millions of characters read: share}."""
    step = BUDGETS[budget].streams * WINDOW / 1e6  # millions of characters in an update
    runs = confirmed(rows, text="tales", size="350 K", budget=budget, cell=cell).values()
    return [{step * updates: share for updates, share in zip(row["looks"], row["held"], strict=True)} for row in runs]


def births(rows: Sequence[dict], budget: str, cell: str) -> list[float]:
    """Millions of characters read at the first look that finds more than half of the heroes right; infinity if none.

    Of each seed on *tales*, 64 to 255 characters after the last mention; a blind guess is right one time in six.
    """
    return [
        next((read for read, share in memory.items() if share > 0.5), math.inf)
        for memory in memories(rows, budget, cell)
    ]


def best_of(rows: Sequence[dict], text: str, cell: str) -> np.ndarray:
    """Expected validation loss of the best of n trials at 1.5 million characters, for n = 1 to all of them.

    The curve of Dodge et al. (2019), without putting back; its last value is the lowest itself. On Shakespeare the mean
    of both judges. Raises `ValueError` if a trial is missing.
    """
    budget, (*_, total, _) = next(iter(BUDGETS.items()))
    where = {"part": "tuning", "text": text, "size": "350 K", "budget": budget, "cell": cell}
    vals = [row["val"] for row in rows if where.items() <= row.items()]
    if len(vals) != total:
        raise ValueError(f"{text}, {budget}, {cell}: {len(vals)} trials of {total}")
    curves = []
    for judge in vals[0]:
        losses = sorted(val[judge] for val in vals)
        curves.append(
            [
                sum(math.comb(total - k - 1, n - 1) * losses[k] for k in range(total - n + 1)) / math.comb(total, n)
                for n in range(1, total + 1)
            ]
        )
    return np.mean(curves, axis=0)


def edges(rows: Sequence[dict], text: str, budget: str) -> dict[str, dict[str, float]]:
    """For each trial that was confirmed, "GRU, trial 9, 5 seeds", its settings in the outer tenth of what was tried."""
    found = {}
    for cell in BUDGETS[budget].cells:
        used = confirmed(rows, text=text, size="350 K", budget=budget, cell=cell).values()
        for trial, seeds in Counter(row["trial"] for row in used).items():
            settings = next(row["settings"] for row in used if row["trial"] == trial)
            found[f"{cell}, trial {trial}, {seeds} seeds"] = at_edges(settings, text)
    return {trial: outer for trial, outer in found.items() if outer}
