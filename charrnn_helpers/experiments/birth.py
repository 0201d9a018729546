"""What the rows of `results/birth.jsonl` say of the birth of a memory, as `birth_protocol.md` defines it.

A row is one run; `tests/tools/birth.py` makes them. Its "looks" are the characters read when the network was
asked, and "bands" holds for each memory how often it is right by chance, how many questions there were ("asked"), and
how many answers were right at each look ("right").
"""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy

from ..measures.intervals import Interval, paired_difference
from ..networks.registry import BOTH
from .outcome import holm
from .results import RESULTS, counted_rows, protocol_hash

BIRTH_PROTOCOL = Path(__file__).with_name("birth_protocol.md")


class Birth(NamedTuple):
    """A memory was born after the look at `after` characters and by the one at `by`; `after` is 0 at the first look."""

    after: int
    by: int


def birth_of(looks: Sequence[int], right: Sequence[int], asked: int, chance: float, way: float = 1 / 2) -> Birth | None:
    """Say when accuracy first came half way (or another `way`) from chance to 1 and stayed; None: not by the end.

    It must stay there at every later look, of which there must be at least one.
    """
    needed = asked * (chance + way * (1 - chance)) - 1e-9  # an accuracy of exactly half way counts
    below = [number for number, count in enumerate(right) if count < needed]
    first = below[-1] + 1 if below else 0
    if first > len(looks) - 2:
        return None
    return Birth(looks[first - 1] if first else 0, looks[first])


def births_in(row: dict, way: float = 1 / 2) -> dict[str, Birth | None]:
    """Return the birth of each memory of a row, in the band of the protocol; all None for a run that diverged."""
    if row["status"] == "diverged":
        return dict.fromkeys(row["bands"])
    return {
        name: birth_of(row["looks"], band["right"], band["asked"], band["chance"], way)
        for name, band in row["bands"].items()
    }


# ------------------------------------------------------------------------------------------------ what the rows say


def birth_rows() -> list[dict]:
    """Read the rows that count: those of this version of the protocol."""
    return counted_rows(RESULTS / "birth.jsonl", protocol_hash(BIRTH_PROTOCOL))


class LawPoint(NamedTuple):
    """One memory of one run on the text of the law."""

    part: str
    design: str
    cell: str
    start: str
    seed: int
    memory: str  # "gap 96"
    read: int  # characters that the run has read in all
    born: Birth | None


def law_points(rows: Sequence[dict]) -> list[LawPoint]:
    """Every memory of every run of the law, in the order of the rows."""
    names = ("part", "design", "cell", "start", "seed")
    return [
        LawPoint(*(row[name] for name in names), memory, row["looks"][-1], born)
        for row in rows
        if row["text"] == "law"
        for memory, born in births_in(row).items()
    ]


def far_births(rows: Sequence[dict]) -> dict[str, dict[str, list[Birth | None]]]:
    """Return when the far memory was born in the runs of the law with two names, by design and cell."""
    births = {}
    for point in law_points(rows):
        if point.part in ("law window", "law predicted") and point.memory != "gap 16":
            design = point.design.partition(", ")[2]  # without the gap
            births.setdefault(design, {}).setdefault(point.cell, []).append(point.born)
    return births


PAIRS = 8


class PairsOutcome(NamedTuple):
    """Hold what the eight pairs answer to the two main questions of the protocol (its part 8).

    Do the cells differ in loss? And do they differ in how many friends they name right?
    """

    ratio: Interval  # of the nats above the floor, LSTM to GRU: geometric mean and 95 % interval
    difference: Interval  # LSTM minus GRU in nats per character, 95 %
    friends: dict[str, list[float]]  # share of friends right in the band, for each network of a cell
    p_loss: float  # both p-values are corrected by Holm's method
    p_memory: float


def pairs_outcome(rows: Sequence[dict]) -> PairsOutcome:
    """Compare the two networks of each pair on their test text, in loss and in the memory for the friend.

    The losses are compared by Student's paired t-test on the logarithms of the nats above the floor. The shares of
    friends named right are compared by an exact test of their mean difference: how often is it as large if the two
    networks of a pair are exchanged at random? Raises `ValueError` unless all pairs are there and whole.
    """
    pairs: dict[int, dict[str, dict]] = {}
    for row in rows:
        if row["part"] == "pairs" and row["status"] == "finished":
            pairs.setdefault(row["seed"], {})[row["cell"]] = row
    if len(pairs) != PAIRS or any(len(pair) < len(BOTH) for pair in pairs.values()):
        raise ValueError(f"there are rows of {len(pairs)} pairs; {PAIRS} whole pairs are needed")
    networks = {cell: [pair[cell] for pair in pairs.values()] for cell in BOTH}
    excess, friends = {}, {}
    for cell, own in networks.items():
        excess[cell] = np.array([row["test"]["loss"] - row["test"]["floor"] for row in own])
        counts = [row["test"]["answers"]["friend"]["band"] for row in own]
        friends[cell] = [right / asked for asked, right, _ in counts]
    logs = [np.log(excess[cell]) for cell in BOTH]
    apart = np.subtract(*(friends[cell] for cell in BOTH))
    flipped = [abs(np.mean(apart * signs)) for signs in product((1, -1), repeat=PAIRS)]
    p_memory = float(np.mean(np.array(flipped) >= abs(np.mean(apart)) - 1e-12))
    p_loss, p_memory = holm([float(scipy.stats.ttest_rel(*logs).pvalue), p_memory])
    return PairsOutcome(
        Interval(*np.exp(paired_difference(*logs)).tolist()),
        paired_difference(*(excess[cell] for cell in BOTH)),
        friends,
        p_loss,
        p_memory,
    )
