"""Numbers that judge a text that a network wrote: copying, repetition, validity, one hero."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..text import tales
from ..text.arguments import explained
from .units import HERO


class Copy(NamedTuple):
    """A piece of a sample, `sample[start:end]`, that stands in the training text from `place` on."""

    start: int
    end: int
    place: int


@explained
def find_copies(sample: str, training_text: str, shortest: int = 30) -> list[Copy]:
    """What was copied from `training_text`: pieces of `shortest` characters or more, each as long as it goes, in order.

    They may overlap; none lies within another. Raises `ValueError` if `shortest` is below 1.
    """
    if shortest < 1:
        raise ValueError(f"shortest is {shortest}; it must be at least 1")
    copies: list[Copy] = []
    for start in range(len(sample) - shortest + 1):
        end = max(start + shortest, copies[-1].end + 1 if copies else 0)  # else it lies within the last one
        if end > len(sample) or (place := training_text.find(sample[start:end])) < 0:
            continue
        while end < len(sample) and (longer := training_text.find(sample[start : end + 1], place)) >= 0:
            end, place = end + 1, longer
        copies.append(Copy(start, end, place))
    return copies


@explained
def longest_copied_span(sample: str, training_text: str) -> str:
    """The longest piece of `sample` that stands, character for character, in `training_text`."""
    return max((sample[one.start : one.end] for one in find_copies(sample, training_text, 1)), key=len, default="")


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


@explained
def novelty(sample: str, training_text: str, n: int = 4) -> float:
    """Share of the n-word sequences of `sample` that `training_text` does not hold (McCoy et al. 2021).

    Raises `ValueError` if `n` is below 1 or the sample has fewer than n words.
    """
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


def _enough(found: list, what: str) -> list:
    if not found:
        raise ValueError(f"the sample {what}; take a longer one")
    return found


def _word_grams(text: str, n: int) -> list[tuple[str, ...]]:
    if n < 1:
        raise ValueError(f"n is {n}; it must be at least 1")
    words = re.findall(r"[\w']+|[^\w\s]", text)
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
