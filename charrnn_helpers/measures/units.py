"""Units that mean something: features of a text, and the unit that goes with one."""

import re
from typing import NamedTuple

import numpy as np
from torch import Tensor

from ..text.tales_grammar import WORDS

HERO = re.compile(r"\b(?:" + "|".join(WORDS["name"]) + r")\b")


def enclosed(text: str, opening: str, closing: str) -> np.ndarray:
    """1 for every character of `text` between an opening and its closing one, the opening itself included; else 0."""
    depth, values = 0, []
    for char in text:
        if char == opening and (depth == 0 or opening != closing):
            depth += 1
        elif char == closing:
            depth = max(0, depth - 1)
        values.append(min(depth, 1))
    return np.array(values, dtype=float)


def position_in_sentence(text: str) -> np.ndarray:
    """How many characters ago the sentence began, for every character of `text`."""
    values, position = [], 0
    for char in text:
        values.append(position)
        position = 0 if char in ".\n" else position + 1
    return np.array(values, dtype=float)


def knocks_to_come(text: str) -> np.ndarray:
    """For `tales`: how many knocks of "four times: tap, tap, tap, tap." are still to be written; 0 elsewhere."""
    values = np.zeros(len(text))
    for match in re.finditer(r": ((\w+)(?:, \2)+)\.", text):
        left = match[1].count(",") + 1
        for position in range(match.start(1), match.end(1)):
            values[position] = left - match[1][: position - match.start(1) + 1].count(",") - 1
    return values


class Unit(NamedTuple):
    """The unit that goes with a feature most closely: chosen on one part of a text, and judged on another."""

    number: int
    found: float  # Pearson's correlation where it was chosen
    confirmed: float  # and where it was not


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


def correlations(values: Tensor, feature: np.ndarray) -> np.ndarray:
    """Pearson's correlation of every unit of `values` (T, H) with `feature` (T,): (H,); 0 for one that stands still."""
    if not len(feature) or np.ptp(feature) == 0:
        raise ValueError("the feature has one value only in this text; choose a text in which it changes")
    units = values.numpy().astype(float)
    units, feature = units - units.mean(0), feature - feature.mean()
    size = np.sqrt((units**2).sum(0) * (feature**2).sum())
    return (units * feature[:, None]).sum(0) / np.where(size > 1e-12, size, np.inf)
