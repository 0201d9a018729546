"""Numbers that judge a text that a network wrote: copying, repetition, validity, one hero."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..text import tales
from ..text.arguments import explained
from .units import HERO


@explained
def longest_copied_span(sample: str, training_text: str) -> str:
    """The longest piece of `sample` that stands, character for character, in `training_text`."""
    best = ""
    for start in range(len(sample)):
        while len(longer := sample[start : start + len(best) + 1]) > len(best) and longer in training_text:
            best = longer
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

    @explained
    def __init__(self, training_text: str, shortest: int = 30):
        if shortest < 1:
            raise ValueError(f"shortest is {shortest}; it must be at least 1")
        self.text, self.shortest = training_text, shortest
        self._numbers = np.unique(_piece_numbers(training_text, shortest))

    @explained
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


@explained
def copied_places(copies: Sequence[Copy], length: int) -> np.ndarray:
    """Which characters of a sample of `length` lie in one of its `copies`: (length,) booleans.

    Raises `ValueError` for a length below 0.
    """
    if length < 0:
        raise ValueError(f"length is {length}; it must be zero or more")
    marked = np.zeros(length, dtype=bool)
    for copy in copies:
        marked[copy.start : copy.end] = True
    return marked


def _piece_numbers(text: str, length: int) -> np.ndarray:
    """A number for each piece of `length` characters: equal pieces, equal numbers (different ones: hardly ever)."""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    numbers = np.zeros(max(0, len(codes) - length + 1), np.uint64)
    for k in range(length if len(numbers) else 0):
        numbers = numbers * np.uint64(1_099_511_628_211) + codes[k : k + len(numbers)]  # modulo 2^64
    return numbers


@explained
def novelty(sample: str, training_text: str, n: int = 4) -> float:
    """Share of the n-word sequences of `sample` that `training_text` does not hold (McCoy et al. 2021).

    Raises `ValueError` if `n` is below 1 or the sample has fewer than n words.
    """
    if n < 1:
        raise ValueError(f"n is {n}; it must be at least 1")
    grams = _enough(_word_grams(sample, n), f"has fewer than {n} words")
    known = set(_word_grams(training_text, n))
    return sum(gram not in known for gram in grams) / len(grams)


@explained
def distinct(sample: str, n: int = 2) -> float:
    """Share of different ones among the n-word sequences of `sample`: 1 when nothing is said twice (Li et al. 2016).

    It falls with the length of the sample, so compare only samples of equal length.
    """
    grams = _enough(_word_grams(sample, n), f"has fewer than {n} words")
    return len(set(grams)) / len(grams)


@explained
def loop_length(sample: str) -> int | None:
    """Length of the piece with which `sample` ends three times or more in a row; `None` if it does not loop."""
    lengths = range(1, len(sample) // 3 + 1)
    return next((length for length in lengths if sample.endswith(sample[-length:] * 3)), None)


class SentenceShares(NamedTuple):
    """Shares of the sentences of a `tales` sample: in the grammar; and in it with every memory right."""

    sentences: int
    grammatical: float
    remembering: float


def real_words(sample: str, vocabulary: str) -> float:
    """Share of the words of `sample` that stand in the text `vocabulary`, whatever their case.

    A text that neither has seen gives the yardstick: its own share is below 1. Raises `ValueError` if there are no
    words.
    """
    words = _enough(re.findall(r"[^\W\d_]+", sample.lower()), "holds no words")
    known = set(re.findall(r"[^\W\d_]+", vocabulary.lower()))
    return sum(word in known for word in words) / len(words)


@explained
def tales_validity(sample: str) -> SentenceShares:
    """Judge a sample of `tales` by its grammar, sentence by sentence. Raises `ValueError` if it holds none."""
    checked = _enough(tales.check_sentences(sample), "holds no whole sentence")
    count = len(checked)
    return SentenceShares(count, sum(s.grammatical for s in checked) / count, sum(s.remembers for s in checked) / count)


@explained
def one_hero(sample: str) -> tuple[int, int]:
    """In how many of the complete stories of a `tales` sample all names are one, and how many complete ones there are.

    A story is complete when its blank line has come; a story without a name keeps no hero.
    """
    complete = [story for story in tales.split_stories(sample) if story.endswith("\n\n")]
    return sum(len(set(HERO.findall(story))) == 1 for story in complete), len(complete)


@explained
def sample_report(samples: Sequence[str], training_text: str, grammar: bool = True) -> dict[str, float]:
    """What can be counted in `samples` of one network and one way to draw, as shares, each the mean over the samples.

    With `grammar` (for `tales`): complete stories with a single hero (over all samples; NaN if none is complete),
    sentences that are grammatical, and that remember as well. For any text: novelty of 2, 4 and 8 words, distinct pairs
    of words, words that stand in `training_text`, and the longest copied span (characters).
    Hold each against a held-out text of the same length: only the first few have a best value.
    """
    report: dict[str, float] = {}
    if grammar:
        kept, complete = (sum(counts) for counts in zip(*map(one_hero, samples), strict=True))
        report["one hero"] = kept / complete if complete else math.nan
        judged = [tales_validity(sample) for sample in samples]
        report["grammatical"] = float(np.mean([found.grammatical for found in judged]))
        report["remembers"] = float(np.mean([found.remembering for found in judged]))
    for n in (2, 4, 8):
        report[f"novelty {n}"] = float(np.mean([novelty(sample, training_text, n) for sample in samples]))
    report["distinct 2"] = float(np.mean([distinct(sample) for sample in samples]))
    report["real words"] = float(np.mean([real_words(sample, training_text) for sample in samples]))
    report["copied"] = float(np.mean([len(longest_copied_span(sample, training_text)) for sample in samples]))
    return report


def _enough(found: list, what: str) -> list:
    if not found:
        raise ValueError(f"the sample {what}; take a longer one")
    return found


def _word_grams(text: str, n: int) -> list[tuple[str, ...]]:
    words = re.findall(r"[\w']+|[^\w\s]", text)
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
