"""Where the loss is: what a network pays beyond the oracle of *tales*, by kind of character and by distance."""

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from ..text import tales
from ..text.arguments import explained
from ..text.tales_grammar import CHANCE, DEPENDENCIES


class Reading(NamedTuple):
    """What `tales` says of each character of a text: its kind, how far back it reaches, and the oracle's surprise."""

    kinds: np.ndarray  # (n,) "free", "spelling", or one of `DEPENDENCIES`
    distances: np.ndarray  # (n,) characters since the last mention of the word; 0 for the first two kinds
    oracle: np.ndarray  # (n,) nats


@explained
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


@explained
def excess_by_kind(losses: Sequence[float], reading: Reading) -> dict[str, Excess]:
    """Loss minus the oracle's, for every kind of character in `reading`, "all" included.

    `losses` (n,) are those of a network on the same text, in nats; NaN leaves a character out (the first has none).
    """
    excess = _excess(losses, reading)
    wanted = {"all": np.full(len(excess), True)}
    for kind in ("free", "spelling", *DEPENDENCIES):
        wanted[kind] = reading.kinds == kind
    return _means(excess, wanted)


@explained
def chance_by_kind(reading: Reading) -> dict[str, float]:
    """What a blind guess among its equally likely words pays for a character of each kind, in nats beyond the oracle.

    Of most words one character decides, and a guess among n pays ln n for it. The characters of a count share ln n.
    """
    found, mentions = {}, np.arange(len(reading.kinds)) - reading.distances  # where the word was mentioned last
    for kind, chance in CHANCE.items():
        chosen = reading.kinds == kind
        if chosen.any():
            words = len(np.unique(mentions[chosen]))
            found[kind] = -math.log(chance) * words / int(chosen.sum())
    return found


DISTANCES = (1, 8, 16, 32, 64, 128, 256, 512)  # where the groups of `excess_by_distance` begin


@explained
def excess_by_distance(losses: Sequence[float], reading: Reading) -> dict[str, Excess]:
    """The same for what must be remembered, by characters since the last mention: "1 to 7" to "512 on"."""
    return _means(_excess(losses, reading), by_distance(reading.distances))


def by_distance(distances: np.ndarray) -> dict[str, np.ndarray]:
    """Which of `distances` (n,) fall into each group, "1 to 7" to "512 on": masks (n,)."""
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
