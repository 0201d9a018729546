"""Numbers that judge a network or a text it wrote: bits, intervals, copying, repetition, validity."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from . import tales


def bits(nats: float) -> float:
    """Nats per character as bits per character: divide by ln 2."""
    return nats / math.log(2)


class Interval(NamedTuple):
    """An estimate and the ends of its confidence interval, in the unit of what was compared."""

    mean: float
    low: float
    high: float


def paired_difference(first: Sequence[float], second: Sequence[float], confidence: float = 0.95) -> Interval:
    """Mean of `first - second` over pairs (same seed, same batches), with Student's t interval.

    Raises `ValueError` for fewer than two pairs or lists of different length: one pair has no spread to judge by.
    """
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(f"{len(first)} and {len(second)} values; give two or more pairs, one of each for every seed")
    difference = np.subtract(first, second)
    mean, error = float(difference.mean()), float(stats.sem(difference))
    reach = float(stats.t.ppf((1 + confidence) / 2, len(difference) - 1)) * error
    return Interval(mean, mean - reach, mean + reach)


def verdict(interval: Interval, first: str, second: str, smallest: float) -> str:
    """What an interval on the loss of `first` minus `second` allows one to say.

    `smallest` is the smallest difference of interest, said beforehand (nats per character). A winner is named only if
    the whole interval lies on its side of zero; a difference that is certain but smaller than `smallest` is called so.
    """
    if interval.low <= 0 <= interval.high:
        return "no detectable difference"
    winner = first if interval.high < 0 else second
    if min(abs(interval.low), abs(interval.high)) < smallest:
        return f"{winner} is ahead, by less than we said would matter or by an amount too uncertain to say"
    return f"{winner} is better"


def longest_copied_span(sample: str, training_text: str) -> str:
    """The longest piece of `sample` that stands, character for character, in `training_text`."""
    start, best = 0, ""
    while start + len(best) < len(sample):
        longer = sample[start : start + len(best) + 1]
        if longer in training_text:
            best = longer  # try one more character from the same start
        else:
            start += 1
    return best


def novelty(sample: str, training_text: str, n: int = 4) -> float:
    """Share of the n-word sequences of `sample` that `training_text` does not hold (McCoy et al. 2021).

    Raises `ValueError` if `n` is below 1 or the sample has fewer than n words.
    """
    if n < 1:
        raise ValueError(f"n is {n}; it must be at least 1")
    grams = _word_grams(sample, n)
    if not grams:
        raise ValueError(f"the sample has fewer than {n} words; take a longer one")
    known = set(_word_grams(training_text, n))
    return sum(gram not in known for gram in grams) / len(grams)


def distinct(sample: str, n: int = 2) -> float:
    """Share of different ones among the n-word sequences of `sample`: 1 when nothing is said twice (Li et al. 2016).

    It falls with the length of the sample, so compare only samples of equal length.
    """
    grams = _word_grams(sample, n)
    if not grams:
        raise ValueError(f"the sample has fewer than {n} words; take a longer one")
    return len(set(grams)) / len(grams)


def loop_length(sample: str, repeats: int = 3) -> int | None:
    """Length of the piece with which `sample` ends `repeats` times or more in a row; `None` if it does not loop."""
    for length in range(1, len(sample) // repeats + 1):
        piece = sample[-length:]
        if sample.endswith(piece * repeats):
            return length
    return None


class Validity(NamedTuple):
    """Shares of the sentences of a `tales` sample: in the grammar; and in it with every memory right."""

    sentences: int
    grammatical: float
    remembering: float


def tales_validity(sample: str) -> Validity:
    """Judge a sample of `tales` by its grammar, sentence by sentence. Raises `ValueError` if it holds none."""
    checked = tales.check_sentences(sample)
    if not checked:
        raise ValueError("the sample holds no whole sentence; take a longer one")
    count = len(checked)
    return Validity(count, sum(s.grammatical for s in checked) / count, sum(s.remembers for s in checked) / count)


def _word_grams(text: str, n: int) -> list[tuple[str, ...]]:
    words = re.findall(r"[\w']+|[^\w\s]", text)
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
