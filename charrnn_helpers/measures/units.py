"""Find units that mean something: features of a text, and the unit that goes with a feature."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from torch import Tensor

from ..base.checks import Float, Num, checked
from ..text.tales_grammar import WORDS

HERO = re.compile(r"\b(?:" + "|".join(WORDS["name"]) + r")\b")


@checked
def position_in_sentence(text: str) -> np.ndarray:
    """Count for every character of `text` how many characters ago its sentence began: (T,)."""
    values, position = [], 0
    for char in text:
        values.append(position)
        position = 0 if char in ".\n" else position + 1
    return np.array(values, dtype=float)


class Unit(NamedTuple):
    """The unit that goes most closely with a feature: chosen on one part of a text, and judged on another."""

    number: int
    correlation: float  # Pearson's correlation where it was chosen
    confirmed: float  # and where it was not


@checked
def best_unit(
    values: Float[Tensor, "characters units"], feature: Num[np.ndarray, "characters"], chosen_on: int
) -> Unit:
    """Find which unit of `values` (T, H) correlates most with `feature` (T,) over the first `chosen_on` characters.

    The size of the correlation counts, not its sign. The best of many units looks better than it is, because it was
    selected; so `confirmed` gives its correlation over the other characters. Raises `ValueError` if the feature has one
    value only in either part.
    """
    if not 1 < chosen_on < len(values) - 1:
        raise ValueError(f"chosen_on is {chosen_on} of {len(values)} characters; leave some for each of the two parts")
    parts = [correlations(values[part], feature[part]) for part in (slice(chosen_on), slice(chosen_on, None))]
    number = int(np.abs(parts[0]).argmax())
    return Unit(number, *(float(part[number]) for part in parts))


@checked
def correlations(values: Float[Tensor, "characters units"], feature: Num[np.ndarray, "characters"]) -> np.ndarray:
    """Compute Pearson's correlation of each unit of `values` (T, H) with `feature` (T,): (H,), 0 if it is constant."""
    if not len(feature) or np.ptp(feature) == 0:
        raise ValueError("the feature has one value only in this text; choose a text in which it changes")
    units = values.numpy().astype(float)
    units, feature = units - units.mean(0), feature - feature.mean()
    size = np.sqrt((units**2).sum(0) * (feature**2).sum())
    return (units * feature[:, None]).sum(0) / np.where(size > 1e-12, size, np.inf)
