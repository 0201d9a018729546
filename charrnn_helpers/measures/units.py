"""Units that mean something: features of a text, and the unit that goes with one."""

import re
from typing import NamedTuple

import numpy as np
from torch import Tensor

from ..text.arguments import explained, shown
from ..text.tales_grammar import WORDS

HERO = re.compile(r"\b(?:" + "|".join(WORDS["name"]) + r")\b")


@explained
def position_in_sentence(text: str) -> np.ndarray:
    """How many characters ago the sentence began, for every character of `text`."""
    values, position = [], 0
    for char in text:
        values.append(position)
        position = 0 if char in ".\n" else position + 1
    return np.array(values, dtype=float)


class Unit(NamedTuple):
    """The unit that goes with a feature most closely: chosen on one part of a text, and judged on another."""

    number: int
    found: float  # Pearson's correlation where it was chosen
    confirmed: float  # and where it was not


@explained
def best_unit(values: Tensor, feature: np.ndarray, chosen_on: int) -> Unit:
    """Of units `values` (T, H), which correlates most with `feature` (T,) over the first `chosen_on` characters?

    By the size of the correlation, whatever its sign. The best of many is too good by selection: what it is worth is
    said by `confirmed`, its correlation over the rest. Raises `ValueError` if either part holds one value only.
    """
    if len(values) != len(feature):
        raise ValueError(f"{len(values)} characters have values and {len(feature)} a feature: give one for each")
    if not 1 < chosen_on < len(values) - 1:
        raise ValueError(f"chosen_on is {chosen_on} of {len(values)} characters; leave some for each of the two parts")
    parts = [correlations(values[part], feature[part]) for part in (slice(chosen_on), slice(chosen_on, None))]
    number = int(np.abs(parts[0]).argmax())
    return Unit(number, *(float(part[number]) for part in parts))


@explained
def correlations(values: Tensor, feature: np.ndarray) -> np.ndarray:
    """Pearson's correlation of every unit of `values` (T, H) with `feature` (T,): (H,); 0 for one that stands still."""
    if values.dim() != 2 or len(values) != len(feature):
        raise ValueError(f"values are {shown(values)} for {len(feature)} characters; give a row for each")
    if not len(feature) or np.ptp(feature) == 0:
        raise ValueError("the feature has one value only in this text; choose a text in which it changes")
    units = values.numpy().astype(float)
    units, feature = units - units.mean(0), feature - feature.mean()
    size = np.sqrt((units**2).sum(0) * (feature**2).sum())
    return (units * feature[:, None]).sum(0) / np.where(size > 1e-12, size, np.inf)
