"""Answer the questions of the trial from its rows: LSTM minus GRU at each budget, a verdict, and what it is made of.

`protocol.md` lays down how: Student's test on pairs, on Shakespeare with the variance of Nadeau and Bengio (2003);
equivalence by two one-sided tests (Schuirmann 1987); Holm's correction (1979) over the two primary analyses.
"""

import math
from collections.abc import Sequence
from itertools import product
from statistics import fmean
from typing import NamedTuple

import numpy as np
import scipy

from ..measures.intervals import Interval
from ..networks.registry import BOTH, COMPARED
from .protocol import BUDGETS, LARGEST, SEEDS, TRIAL_TEXTS

MATTERS = 0.02  # nats per character, said beforehand
SHARED = 1 / 8  # test text to training text of a fold: what the corrected variance adds to 1/n
TITLES = {"tales": "tales", "shakespeare": "Shakespeare"}


class Difference(NamedTuple):
    """A mean test loss of one cell minus that of another, in nats per character, and two tests of it."""

    interval: Interval  # 95 %
    p: float  # that it is not zero, two-sided
    p_equivalent: float  # that it is smaller than `MATTERS`, the larger of the two one-sided tests
    seeds: int


def select(rows: Sequence[dict], **where) -> list[dict]:
    """Return the rows of 350,000 parameters for which all of `where` holds."""
    return [row for row in rows if {"size": "350 K", **where}.items() <= row.items()]


def confirmation(rows: Sequence[dict], **where) -> dict[int, dict]:
    """Return the rows of confirmation for which all of `where` holds, by seed. `ValueError` if a seed comes twice."""
    chosen = sorted(select(rows, part="confirmation", **where), key=lambda row: row["seed"])
    by_seed = {row["seed"]: row for row in chosen}
    if len(by_seed) < len(chosen):
        raise ValueError(f"{', '.join(map(str, where.values()))}: a seed stands there twice")
    return by_seed


def losses_by_seed(rows: Sequence[dict], text: str, budget: str, name: str) -> dict[int, float]:
    """Return the test loss of a cell, or of the "n-gram", by seed."""
    if name == "n-gram":
        return {row["seed"]: row["test"] for row in select(rows, part="n-gram", text=text, budget=budget)}
    return {seed: row["test"] for seed, row in confirmation(rows, text=text, budget=budget, cell=name).items()}


def finished(rows: Sequence[dict]) -> list[str]:
    """Return the budgets, the smallest first, of which all seeds of LSTM and GRU are there, on both texts."""
    pairs = list(product(TRIAL_TEXTS, BOTH))
    return [
        budget
        for budget in BUDGETS
        if all(len(losses_by_seed(rows, text, budget, cell)) == len(SEEDS) for text, cell in pairs)
    ]


def difference(rows: Sequence[dict], text: str, budget: str, cells: tuple[str, str] = BOTH) -> Difference:
    """Compare the test losses of two cells; the second may be "n-gram". `ValueError` unless their seeds are alike."""
    first, second = (losses_by_seed(rows, text, budget, cell) for cell in cells)
    if set(first) != set(second) or len(first) < 2:
        raise ValueError(f"{text}, {budget}: seeds {sorted(first)} and {sorted(second)}; both need the same")
    return _tested([first[seed] - second[seed] for seed in first], text)


def _tested(differences: Sequence[float], text: str) -> Difference:
    """Test the differences of pairs as the protocol says."""
    d, freedom = np.array(differences), len(differences) - 1
    mean, error = float(d.mean()), d.std(ddof=1) * math.sqrt(1 / len(d) + (SHARED if text == "shakespeare" else 0.0))
    student = scipy.stats.t(freedom)
    reach = error * student.ppf(0.975)
    p = 2 * student.sf(abs(mean) / error)
    p_equivalent = student.sf((MATTERS - abs(mean)) / error)  # the test on the nearer side is the weaker one
    return Difference(Interval(mean, float(mean - reach), float(mean + reach)), float(p), float(p_equivalent), len(d))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values by Holm's method: the smallest of n times n, the next times n - 1, and so on, in order."""
    order = np.argsort(p_values)
    corrected = np.empty(len(p_values))
    steps = np.arange(len(p_values), 0, -1) * np.array(p_values)[order]
    corrected[order] = np.maximum.accumulate(steps).clip(max=1.0)
    return corrected.tolist()


class Analysis(NamedTuple):
    """LSTM minus GRU on a text at a budget. At the largest budget both p-values are corrected over the texts."""

    text: str
    budget: str
    difference: Difference
    p: float
    p_equivalent: float

    @property
    def verdict(self) -> str:
        """Say whether there is a difference, and whether it matters."""
        if self.p >= 0.05:
            return "the two are equivalent" if self.p_equivalent < 0.05 else "no difference is shown, nor equivalence"
        mean, low, high = self.difference.interval
        better = "LSTM" if mean < 0 else "GRU"
        if min(abs(low), abs(high)) >= MATTERS:
            return f"the {better} is better"
        size = "by less than matters" if self.p_equivalent < 0.05 else "and whether it matters is undecided"
        return f"the {better} is better, {size}"

    @property
    def sentence(self) -> str:
        """Say the verdict as one says it to a class."""
        mean, low, high = self.difference.interval
        return (
            f"On {TITLES[self.text]}, after {millions(self.budget):g} million characters, {self.verdict}: "
            f"LSTM minus GRU is {mean:+.3f} nats per character (95 % interval {low:+.3f} to {high:+.3f})."
        )


def analyses(rows: Sequence[dict], budget: str = LARGEST) -> list[Analysis]:
    """Analyse the difference on each text at this budget. Raises `ValueError` until all seeds are there.

    At the largest budget these are the primary analyses, whose p-values are corrected by Holm's method.
    """
    both = [difference(rows, text, budget) for text in TRIAL_TEXTS]
    if any(each.seeds < len(SEEDS) for each in both):
        raise ValueError(f"seeds are missing: {[each.seeds for each in both]} of {len(SEEDS)}")
    correct = holm if budget == LARGEST else list
    p, p_equivalent = correct([each.p for each in both]), correct([each.p_equivalent for each in both])
    return [Analysis(text, budget, *rest) for text, *rest in zip(TRIAL_TEXTS, both, p, p_equivalent, strict=True)]


def differences(rows: Sequence[dict]) -> dict[str, dict[float, Interval]]:
    """Return LSTM minus GRU at the `finished` budgets: {text: {millions of characters: interval}}."""
    return {
        text: {millions(budget): difference(rows, text, budget).interval for budget in finished(rows)}
        for text in TRIAL_TEXTS
    }


def mean_losses(rows: Sequence[dict]) -> dict[str, dict[str, dict[float, float]]]:
    """Return mean test losses at the `finished` budgets: {text: {name: {millions of characters: nats}}}.

    A name is a cell, "n-gram" or, on *tales*, "floor". Left out is what has not all its seeds.
    """
    means = {text: {} for text in TRIAL_TEXTS}
    for text, budget in product(TRIAL_TEXTS, finished(rows)):
        losses = {name: [*losses_by_seed(rows, text, budget, name).values()] for name in (*COMPARED, "n-gram")}
        runs = confirmation(rows, text=text, budget=budget, cell="GRU").values()
        losses["floor"] = [row["floor"] for row in runs if "floor" in row]
        for name, values in losses.items():
            if len(values) == len(SEEDS):
                means[text].setdefault(name, {})[millions(budget)] = fmean(values)
    return means


def millions(budget: str) -> float:
    """Return the millions of characters that a run of this budget reads."""
    return BUDGETS[budget].characters / 1e6


def decomposition(rows: Sequence[dict], budget: str) -> dict[str, Interval]:
    """Split LSTM minus GRU on *tales* by kind of character: the interval of each part.

    In nats per character of the whole text, so that the kinds add up to the difference (but for the rounding of rows).
    """
    lstm, gru = (confirmation(rows, text="tales", budget=budget, cell=cell) for cell in BOTH)
    parts = {}
    for kind in next(iter(gru.values()))["by kind"]:
        shares = []
        for seed, row in gru.items():
            (count, excess), (_, other) = row["by kind"][kind], lstm[seed]["by kind"][kind]
            shares.append(count / row["by kind"]["all"][0] * (other - excess))
        parts[kind] = _tested(shares, "tales").interval
    return parts


def excesses_at(rows: Sequence[dict], budget: str, cell: str, kind: str) -> list[float]:
    """Return for each seed on *tales* the mean nats above the floor at one kind of character, or at "all" of them."""
    runs = confirmation(rows, text="tales", budget=budget, cell=cell).values()
    return [row["by kind"][kind][1] for row in runs]
