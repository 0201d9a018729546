"""Convert nats to bits, compute confidence intervals on differences, and say what they allow one to say."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import scipy  # which imports `stats` when it is first used: a second that `import charrnn_helpers` saves
from torch import Tensor

from ..base.checks import Numbers, checked


@checked
def bits(nats: float | Tensor) -> float | Tensor:
    """Convert nats to bits, of one loss or of a tensor of them: divide by ln 2."""
    return nats / math.log(2)


class Interval(NamedTuple):
    """A mean and the two ends of its confidence interval, in the unit of what was compared."""

    mean: float
    low: float
    high: float


@checked
def paired_difference(first: Numbers, second: Numbers, confidence: float = 0.95) -> Interval:
    """Compute the mean of `first - second` over pairs (same seed, same batches), with Student's t interval.

    Raises `ValueError` for lists of different length, or for fewer than two pairs: one pair has no spread to judge by.
    """
    differences = _paired(first, second)
    mean, error = float(differences.mean()), float(scipy.stats.sem(differences))
    half_width = float(scipy.stats.t.ppf((1 + confidence) / 2, len(differences) - 1)) * error
    return Interval(mean, mean - half_width, mean + half_width)


@checked
def bootstrap_difference(first: Numbers, second: Numbers) -> Interval:
    """Compute the mean of `first - second` over pairs, with a 95 % bootstrap interval (BCa, Efron 1987).

    It does not assume a normal distribution, but it is too narrow for few pairs: with five, far fewer than 95 of 100
    intervals hold the truth. Then take `paired_difference`. Raises `ValueError` as that does.
    """
    differences = _paired(first, second)
    mean = float(differences.mean())
    if np.ptp(differences) == 0:
        return Interval(mean, mean, mean)
    ends = scipy.stats.bootstrap((differences,), np.mean, rng=0).confidence_interval
    return Interval(mean, float(ends.low), float(ends.high))


def _paired(first: Numbers, second: Numbers) -> np.ndarray:
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(f"{len(first)} and {len(second)} values; give two or more pairs, one of each for every seed")
    differences = np.subtract(first, second)
    if not np.isfinite(differences).all():
        raise ValueError("a value is not a number: leave out the pair of a run that failed, and say so")
    return differences


NO_DIFFERENCE = "no detectable difference"


@checked
def verdict(interval: Interval, first: str, second: str, smallest: float) -> str:
    """Say in words what an interval on the loss of `first` minus that of `second` allows one to say.

    `smallest` is the smallest difference of interest, in nats per character, which is fixed beforehand. A winner is
    named only if the whole interval lies on its side of zero, and is called better only if it is ahead by `smallest`.
    """
    if interval.low <= 0 <= interval.high:
        return NO_DIFFERENCE
    winner = first if interval.high < 0 else second
    if min(abs(interval.low), abs(interval.high)) < smallest:
        return f"{winner} is ahead, by less than we said would matter or by an amount too uncertain to say"
    return f"{winner} is better"


@checked
def verdict_sentence(losses: dict[str, Numbers], first: str, second: str, smallest: float) -> str:
    """Say the verdict on two of `losses[name]`, which have one loss for each seed, with all that it rests on.

    If no difference can be detected, it says how many pairs would show one of the observed size (`pairs_needed`).
    Raises `ValueError` for an unknown name, and as `paired_difference` does.
    """
    for name in (first, second):
        if name not in losses:
            raise ValueError(f"there are no losses of {name!r}; give two of {', '.join(losses)}")
    pair = losses[first], losses[second]
    interval = paired_difference(*pair)
    sentence = (
        f"{verdict(interval, first, second, smallest)} ({first} minus {second}: {interval.mean:+.4f} nats, "
        f"95 % interval {interval.low:+.4f} to {interval.high:+.4f}, {len(pair[0])} pairs)"
    )
    if NO_DIFFERENCE in sentence:
        sentence += f"; {pairs_needed(*pair) or 'more than 10,000'} pairs would show it"
    return sentence


@checked
def pairs_needed(first: Numbers, second: Numbers) -> int | None:
    """Compute how many pairs would show a difference as large as the observed one, in 80 % of all experiments.

    By the power of a two-sided t-test at 5 %, for the observed mean and spread (Colas, Sigaud and Oudeyer 2018). The
    spread is itself uncertain, so this is a rough number. Returns None if the mean is zero, or for more than 10,000.
    """
    differences = _paired(first, second)
    mean, spread = abs(differences.mean()), differences.std(ddof=1)
    if mean == 0:
        return None
    if spread == 0:
        return 2
    pairs = np.arange(2, 10_001)
    power = scipy.stats.nct.sf(scipy.stats.t.ppf(0.975, pairs - 1), pairs - 1, np.sqrt(pairs) * mean / spread)
    enough = pairs[power >= 0.8]
    return int(enough[0]) if len(enough) else None
