"""Split the loss of a network on *tales*: what it pays beyond the oracle, by kind of character and by distance."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from ..base.checks import Numbers, checked
from ..text import tales
from ..text.tales_grammar import CHANCE, DEPENDENCIES


class Reading(NamedTuple):
    """What the grammar of *tales* says of each of n characters. The oracle is a reader that knows the grammar."""

    kinds: np.ndarray  # (n,) "free", "spelling", or one of `DEPENDENCIES`
    distances: np.ndarray  # (n,) characters since the word was last mentioned; 0 for the first two kinds
    oracle: np.ndarray  # (n,) nats that the oracle pays


@checked
@cache
def read_tales(text: str) -> Reading:
    """Read whole stories as the grammar of *tales* does. Raises `ValueError` where the text leaves the grammar."""
    marks = [mark for story in tales.split_stories(text) for mark in tales.annotate(story)]
    kinds, distances = np.array([mark.kind for mark in marks]), np.array([mark.distance for mark in marks])
    return Reading(kinds, distances, np.array(tales.surprise(text)))


class Excess(NamedTuple):
    """How many characters there are, and by how many nats a network pays more for one than the oracle, on average."""

    characters: int
    mean: float


@checked
def excess_by_kind(losses: Numbers, reading: Reading) -> dict[str, Excess]:
    """Average the network's loss minus the oracle's over each kind of character, and over "all".

    `losses` (n,) are those of a network on the text of `reading`, in nats. NaN leaves a character out: the first one
    has no loss. Raises `ValueError` if there is not one loss for each character.
    """
    masks = {"all": np.full(len(reading.kinds), True)}
    for kind in ("free", "spelling", *DEPENDENCIES):
        masks[kind] = reading.kinds == kind
    return mean_excess(losses, reading, masks)


@checked
def chance_by_kind(reading: Reading) -> dict[str, float]:
    """Compute what a blind guess pays for a character of each kind, in nats beyond the oracle.

    It guesses among n words that are equally likely, and pays ln n for each. Most words are decided by one character,
    but a count by several: these share ln n.
    """
    guess, mentions = {}, np.arange(len(reading.kinds)) - reading.distances  # where the word was mentioned last
    for kind, chance in CHANCE.items():
        mask = reading.kinds == kind
        if mask.any():
            words = len(np.unique(mentions[mask]))
            guess[kind] = -math.log(chance) * words / int(mask.sum())
    return guess


DISTANCES = (1, 8, 16, 32, 64, 128, 256, 512)  # where the groups of `by_distance` begin


def by_distance(distances: np.ndarray) -> dict[str, np.ndarray]:
    """Group `distances` (n,) as "1 to 7", "8 to 15" and so on to "512 on": a mask (n,) for each group."""
    groups = {}
    for low, high in zip(DISTANCES, (*DISTANCES[1:], math.inf), strict=True):
        name = f"{low} to {high - 1}" if high < math.inf else f"{low} on"
        groups[name] = (distances >= low) & (distances < high)
    return groups


def mean_excess(losses: Numbers, reading: Reading, masks: dict[str, np.ndarray]) -> dict[str, Excess]:
    """Average the network's loss minus the oracle's over each of `masks` (n,), as `excess_by_kind` does."""
    if len(losses) != len(reading.oracle):
        raise ValueError(f"{len(losses)} losses for {len(reading.oracle)} characters; give one for each")
    excess = np.asarray(losses, dtype=float) - reading.oracle
    known = ~np.isnan(excess)
    groups = {name: excess[mask & known] for name, mask in masks.items()}
    return {name: Excess(len(group), float(group.mean())) for name, group in groups.items() if len(group)}
