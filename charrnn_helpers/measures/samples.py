"""Judge a text that a network wrote: how much it copies, and whether it keeps to the grammar of *tales*."""

import re
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from ..base.checks import checked
from ..text import tales
from .sentences import check_sentences
from .units import HERO


class Copy(NamedTuple):
    """A piece of a sample, `sample[start:end]`, that stands in the training text from `source` on."""

    start: int
    end: int
    source: int


@checked
def find_copies(sample: str, training_text: str, shortest: int = 30) -> list[Copy]:
    """Find the pieces of `sample` that stand in `training_text`, if they have `shortest` characters or more.

    Each is as long as it can be. They are in order and may overlap, but none lies within another. Raises `ValueError`
    if `shortest` is below 1.
    """
    if shortest < 1:
        raise ValueError(f"shortest is {shortest}; it must be at least 1")
    copies: list[Copy] = []
    for start in range(len(sample) - shortest + 1):
        end = max(start + shortest, copies[-1].end + 1 if copies else 0)  # else it lies within the last one
        if end > len(sample) or (source := training_text.find(sample[start:end])) < 0:
            continue
        while end < len(sample) and (longer := training_text.find(sample[start : end + 1], source)) >= 0:
            end, source = end + 1, longer
        copies.append(Copy(start, end, source))
    return copies


@checked
def longest_copied_span(sample: str, training_text: str) -> str:
    """Return the longest piece of `sample` that stands, character for character, in `training_text`."""
    copies = find_copies(sample, training_text, shortest=1)
    return max((sample[copy.start : copy.end] for copy in copies), key=len, default="")


@checked
def copied_places(copies: Sequence[Copy], length: int) -> np.ndarray:
    """Mark the characters of a sample of `length` that lie in one of its `copies`: (length,) booleans."""
    copied = np.zeros(length, dtype=bool)
    for copy in copies:
        copied[copy.start : copy.end] = True
    return copied


@checked
def novelty(sample: str, training_text: str, n: int = 4) -> float:
    """Compute the share of the n-word sequences of `sample` that `training_text` does not hold (McCoy et al. 2021).

    Raises `ValueError` if `n` is below 1 or the sample has fewer than n words.
    """
    grams = _enough(_word_grams(sample, n), f"has fewer than {n} words")
    known = set(_word_grams(training_text, n))
    return sum(gram not in known for gram in grams) / len(grams)


class SentenceShares(NamedTuple):
    """Shares of the sentences of a sample of *tales*."""

    sentences: int  # how many there are
    grammatical: float  # the share that the grammar can write
    remembering: float  # the share that also remembers rightly what its story has said


@checked
def tales_validity(sample: str) -> SentenceShares:
    """Judge each sentence of a sample of *tales* by the grammar. Raises `ValueError` if there is no whole sentence."""
    sentences = _enough(check_sentences(sample), "holds no whole sentence")
    grammatical = fmean(sentence.grammatical for sentence in sentences)
    return SentenceShares(len(sentences), grammatical, fmean(sentence.remembers for sentence in sentences))


@checked
def one_hero(sample: str) -> tuple[int, int]:
    """Count the complete stories of a sample of *tales* that name nobody but their hero, and all complete ones.

    A story is complete when its blank line has come. A story without a name has no hero, and does not count as one.
    """
    complete = [story for story in tales.split_stories(sample) if story.endswith("\n\n")]
    return sum(len(set(HERO.findall(story))) == 1 for story in complete), len(complete)


def _enough(items: list, what: str) -> list:
    if not items:
        raise ValueError(f"the sample {what}; take a longer one")
    return items


def _word_grams(text: str, n: int) -> list[tuple[str, ...]]:
    if n < 1:
        raise ValueError(f"n is {n}; it must be at least 1")
    words = re.findall(r"[\w']+|[^\w\s]", text)
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
