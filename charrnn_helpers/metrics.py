"""Numbers that judge a network or a text it wrote: bits, intervals, copying, repetition, validity."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
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
    difference = _paired(first, second)
    mean, error = float(difference.mean()), float(stats.sem(difference))
    reach = float(stats.t.ppf((1 + confidence) / 2, len(difference) - 1)) * error
    return Interval(mean, mean - reach, mean + reach)


def bootstrap_difference(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Mean of `first - second` over pairs, with a bias-corrected bootstrap interval (BCa, Efron 1987; SciPy's).

    It assumes no normal distribution, but with few pairs it is too narrow: at five its 95 % intervals hold the truth
    in well below 95 of 100 cases. Then take `paired_difference`. Errors as there.
    """
    difference = _paired(first, second)
    mean = float(difference.mean())
    if np.ptp(difference) == 0:
        return Interval(mean, mean, mean)
    ends = stats.bootstrap((difference,), np.mean, confidence_level=confidence, rng=seed).confidence_interval
    return Interval(mean, float(ends.low), float(ends.high))


def _paired(first: Sequence[float], second: Sequence[float]) -> np.ndarray:
    if len(first) != len(second) or len(first) < 2:
        raise ValueError(f"{len(first)} and {len(second)} values; give two or more pairs, one of each for every seed")
    difference = np.subtract(first, second)
    if not np.isfinite(difference).all():
        raise ValueError("a value is not a number: leave out the pair of a run that failed, and say so")
    return difference


NO_DIFFERENCE = "no detectable difference"


def verdict(interval: Interval, first: str, second: str, smallest: float) -> str:
    """What an interval on the loss of `first` minus `second` allows one to say.

    `smallest` is the smallest difference of interest, said beforehand (nats per character). A winner is named only if
    the whole interval lies on its side of zero; a difference that is certain but smaller than `smallest` is called so.
    """
    if interval.low <= 0 <= interval.high:
        return NO_DIFFERENCE
    winner = first if interval.high < 0 else second
    if min(abs(interval.low), abs(interval.high)) < smallest:
        return f"{winner} is ahead, by less than we said would matter or by an amount too uncertain to say"
    return f"{winner} is better"


def verdict_sentence(
    losses: dict[str, Sequence[float]], first: str, second: str, smallest: float, confidence: float = 0.95
) -> str:
    """The verdict on two of `losses` (name: one for each seed, in the same order), with all that it rests on.

    Without a detectable difference it says how many pairs would show one of the observed size (`pairs_needed`).
    Errors as in `paired_difference`.
    """
    pair = losses[first], losses[second]
    interval = paired_difference(*pair, confidence)
    sentence = (
        f"{verdict(interval, first, second, smallest)} ({first} minus {second}: {interval.mean:+.4f} nats, "
        f"{100 * confidence:.4g} % interval {interval.low:+.4f} to {interval.high:+.4f}, {len(pair[0])} pairs)"
    )
    if NO_DIFFERENCE in sentence:
        needed = pairs_needed(*pair, confidence)
        sentence += f"; {needed or 'more than 10,000'} pairs would show it"
    return sentence


def pairs_needed(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95, power: float = 0.8
) -> int | None:
    """How many pairs would show a difference as large as the observed one, in the share `power` of all experiments.

    For a two-sided t-test on differences with the observed mean and spread (Colas, Sigaud and Oudeyer 2018). None if
    more than 10,000, or if the mean is zero. The observed spread is itself uncertain, so this is a rough number.
    """
    difference = _paired(first, second)
    mean, spread = abs(difference.mean()), difference.std(ddof=1)
    if mean == 0:
        return None
    if spread == 0:
        return 2

    def shown(pairs: int) -> float:
        edge = stats.t.ppf((1 + confidence) / 2, pairs - 1)
        return float(stats.nct.sf(edge, pairs - 1, math.sqrt(pairs) * mean / spread))

    low, high = 1, 2  # `low` pairs are too few
    while shown(high) < power:
        low, high = high, 2 * high
        if low > 10_000:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shown(middle) >= power else (middle, high)
    return high if high <= 10_000 else None


def interquartile_mean(values: Sequence[float]) -> float:
    """Mean of the middle half: what lies in the lowest and the highest quarter is left out (Agarwal et al. 2021)."""
    if len(values) == 0:
        raise ValueError("there are no values to take a mean of")
    return float(stats.trim_mean(values, 0.25))


class Band(NamedTuple):
    """Learning curves of several seeds in one: at each of `x` the middle and the ends of an interval on the mean."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def learning_curve_band(x: Sequence[float], curves: Sequence[Sequence[float]], confidence: float = 0.95) -> Band:
    """Mean of `curves` (seeds, points) at each of `x` (points,), with Student's t interval at each point.

    Raises `ValueError` for fewer than two curves, or one of another length than `x`.
    """
    if len(curves) < 2 or any(len(curve) != len(x) for curve in curves):
        raise ValueError(f"give two or more curves with {len(x)} points each, one for every seed")
    values = np.asarray(curves, dtype=float)  # (seeds, points)
    reach = stats.t.ppf((1 + confidence) / 2, len(values) - 1) * stats.sem(values, axis=0)
    mean = values.mean(axis=0)
    return Band(np.asarray(x, dtype=float), mean, mean - reach, mean + reach)


# ------------------------------------------------------------------------------------------------ loss by dependency


class Reading(NamedTuple):
    """What `tales` says of each character of a text: its kind, how far back it reaches, and the oracle's surprise."""

    kinds: np.ndarray  # (n,) "free", "spelling", or one of `tales.DEPENDENCIES`
    distances: np.ndarray  # (n,) characters back to the word that is remembered; 0 for the first two kinds
    oracle: np.ndarray  # (n,) nats


@cache
def read_tales(text: str) -> Reading:
    """Read whole stories of `tales` as its grammar does. Raises `ValueError` where a text leaves the grammar."""
    marks = [mark for story in tales.split_stories(text) for mark in tales.annotate(story)]
    kinds, distances = np.array([mark.kind for mark in marks]), np.array([mark.distance for mark in marks])
    return Reading(kinds, distances, np.array(tales.surprise(text)))


class Excess(NamedTuple):
    """How many characters, and how much more than the oracle a network pays for each, in nats on average."""

    characters: int
    mean: float


def excess_by_kind(losses: Sequence[float], reading: Reading) -> dict[str, Excess]:
    """Loss minus the oracle's, for every kind of character in `reading`, "all" included.

    `losses` (n,) are those of a network on the same text, in nats; NaN leaves a character out (the first has none).
    """
    excess = _excess(losses, reading)
    wanted = {"all": np.full(len(excess), True)}
    for kind in ("free", "spelling", *tales.DEPENDENCIES):
        wanted[kind] = reading.kinds == kind
    return _means(excess, wanted)


DISTANCES = (1, 32, 64, 128, 256, 512)  # where the groups of `excess_by_distance` begin


def excess_by_distance(losses: Sequence[float], reading: Reading) -> dict[str, Excess]:
    """The same for the characters that must be remembered, by how far back the word stands: "1 to 31" to "512 on"."""
    return _means(_excess(losses, reading), by_distance(reading.distances))


def by_distance(distances: np.ndarray) -> dict[str, np.ndarray]:
    """Which of `distances` (n,) fall into each group, "1 to 31" to "512 on": masks (n,)."""
    groups = {}
    for low, high in zip(DISTANCES, (*DISTANCES[1:], math.inf), strict=True):
        name = f"{low} to {high - 1}" if high < math.inf else f"{low} on"
        groups[name] = (distances >= low) & (distances < high)
    return groups


def _excess(losses: Sequence[float], reading: Reading) -> np.ndarray:
    if len(losses) != len(reading.oracle):
        raise ValueError(f"{len(losses)} losses for {len(reading.oracle)} characters; give one for each")
    return np.asarray(losses, dtype=float) - reading.oracle


def _means(excess: np.ndarray, wanted: dict[str, np.ndarray]) -> dict[str, Excess]:
    known = ~np.isnan(excess)
    chosen = {name: excess[where & known] for name, where in wanted.items()}
    return {name: Excess(len(values), float(values.mean())) for name, values in chosen.items() if len(values)}


# ----------------------------------------------------------------------------------------------------------- samples


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


class Copy(NamedTuple):
    """A piece of a sample, `sample[start:end]`, that stands in the training text from `place` on."""

    start: int
    end: int
    place: int


class CopyFinder:
    """Finds what was copied from one training text: pieces of `shortest` characters or more, each as long as it goes.

    The text is read once: every piece of `shortest` characters becomes one number (Karp and Rabin 1987). Raises
    `ValueError` if `shortest` is below 1.
    """

    def __init__(self, training_text: str, shortest: int = 30):
        if shortest < 1:
            raise ValueError(f"shortest is {shortest}; it must be at least 1")
        self.text, self.shortest = training_text, shortest
        self._numbers = np.unique(_piece_numbers(training_text, shortest))

    def find(self, sample: str) -> list[Copy]:
        """The copied pieces of `sample` in order. They may overlap; none lies within another."""
        copies: list[Copy] = []
        numbers = _piece_numbers(sample, self.shortest)
        known = np.searchsorted(self._numbers, numbers, "right") > np.searchsorted(self._numbers, numbers)
        for start in np.flatnonzero(known).tolist():
            end = max(start + self.shortest, copies[-1].end + 1 if copies else 0)  # else it lies within the last one
            if end > len(sample) or (place := self.text.find(sample[start:end])) < 0:
                continue
            low, high = end, len(sample)  # copied up to `low`; bisect for the end
            while low < high:
                middle = (low + high + 1) // 2
                longer = self.text.find(sample[start:middle], place)
                low, high, place = (middle, high, longer) if longer >= 0 else (low, middle - 1, place)
            copies.append(Copy(start, low, place))
        return copies


def inside(copies: Sequence[Copy], length: int) -> np.ndarray:
    """Which characters of a sample of `length` lie in one of its `copies`: (length,) booleans."""
    marked = np.zeros(length, dtype=bool)
    for copy in copies:
        marked[copy.start : copy.end] = True
    return marked


def _piece_numbers(text: str, length: int) -> np.ndarray:
    """A number for each piece of `length` characters: equal pieces, equal numbers (different ones: hardly ever)."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    numbers = np.zeros(max(0, len(codes) - length + 1), np.uint64)
    for k in range(length):
        numbers = numbers * np.uint64(1_099_511_628_211) + codes[k : k + len(numbers)]  # modulo 2^64
    return numbers


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


def forgotten(sample: str) -> dict[str, float]:
    """Share of the grammatical sentences of a `tales` sample in which each kind of dependency fails.

    Raises `ValueError` if the sample holds none.
    """
    grammatical = [sentence for sentence in tales.check_sentences(sample) if sentence.grammatical]
    if not grammatical:
        raise ValueError("the sample holds no grammatical sentence; take a longer one")
    return {kind: sum(kind in s.forgotten for s in grammatical) / len(grammatical) for kind in tales.DEPENDENCIES}


def real_words(sample: str, vocabulary: str) -> float:
    """Share of the words of `sample` that stand in the text `vocabulary`, whatever their case.

    A text that neither has seen gives the yardstick: its own share is below 1. Raises `ValueError` if there are no
    words.
    """
    words = re.findall(r"[^\W\d_]+", sample.lower())
    if not words:
        raise ValueError("the sample holds no words; take a longer one")
    known = set(re.findall(r"[^\W\d_]+", vocabulary.lower()))
    return sum(word in known for word in words) / len(words)


def tales_validity(sample: str) -> Validity:
    """Judge a sample of `tales` by its grammar, sentence by sentence. Raises `ValueError` if it holds none."""
    checked = tales.check_sentences(sample)
    if not checked:
        raise ValueError("the sample holds no whole sentence; take a longer one")
    count = len(checked)
    return Validity(count, sum(s.grammatical for s in checked) / count, sum(s.remembers for s in checked) / count)


def valid_stories(sample: str) -> tuple[int, int]:
    """How many of the whole stories of a `tales` sample are stories of its grammar, and how many there are.

    A story ends with a blank line; an unfinished last one is left out.
    """
    whole = [story for story in tales.split_stories(sample) if story.endswith("\n\n")]
    return sum(bool(tales.is_valid(story)) for story in whole), len(whole)


def sample_report(samples: Sequence[str], training_text: str, grammar: bool = True) -> dict[str, float]:
    """What can be counted in `samples` of one network and one way to draw, as shares, each the mean over the samples.

    With `grammar` (for `tales`): whole stories that are valid (over all samples; NaN if none is whole), sentences that
    are grammatical, that remember as well, and in which each kind of dependency fails. For any text: novelty of 2, 4
    and 8 words, distinct pairs of words, words that stand in `training_text`, and the longest copied span (characters).
    Hold each against a held-out text of the same length: only the first few have a best value.
    """
    report: dict[str, float] = {}
    if grammar:
        valid, whole = (sum(counts) for counts in zip(*map(valid_stories, samples), strict=True))
        report["stories"] = valid / whole if whole else math.nan
        judged = [tales_validity(sample) for sample in samples]
        report["grammatical"] = float(np.mean([found.grammatical for found in judged]))
        report["remembers"] = float(np.mean([found.remembering for found in judged]))
        lost = [forgotten(sample) for sample in samples]
        report |= {f"forgets {kind}": float(np.mean([one[kind] for one in lost])) for kind in tales.DEPENDENCIES}
    for n in (2, 4, 8):
        report[f"novelty {n}"] = float(np.mean([novelty(sample, training_text, n) for sample in samples]))
    report["distinct 2"] = float(np.mean([distinct(sample) for sample in samples]))
    report["real words"] = float(np.mean([real_words(sample, training_text) for sample in samples]))
    report["copied"] = float(np.mean([len(longest_copied_span(sample, training_text)) for sample in samples]))
    return report


def _word_grams(text: str, n: int) -> list[tuple[str, ...]]:
    words = re.findall(r"[\w']+|[^\w\s]", text)
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
