"""What the rows of the experiment on births say of losses, as birth_protocol.md lays it down."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from charrnn_helpers.measures.intervals import Interval, paired_difference


def excesses(rows: Sequence[dict], part: str, cell: str) -> dict[int, float]:
    """Test loss above the floor of each seed of a cell, in nats per character. `ValueError` for a run that diverged."""
    chosen = [row for row in rows if (row["part"], row["cell"]) == (part, cell)]
    if any("test" not in row for row in chosen):
        raise ValueError(f"{part}, {cell}: a run diverged; the protocol says how to compare then")
    return {row["seed"]: row["test"]["loss"] - row["test"]["floor"] for row in chosen}


def excess_ratio(rows: Sequence[dict], part: str = "pairs", cells: tuple[str, str] = ("LSTM", "GRU")) -> Interval:
    """How many times as much the first of `cells` loses as the second, over pairs, with a 95 % interval.

    Geometric means, and Student's interval on the logarithms. Only seeds that both cells have count.
    """
    first, second = (excesses(rows, part, cell) for cell in cells)
    seeds = sorted(first.keys() & second.keys())
    logs = [[math.log(values[seed]) for seed in seeds] for values in (first, second)]
    return Interval(*np.exp(paired_difference(*logs)).tolist())


def share_closed(rows: Sequence[dict], counting: float, part: str, cell: str) -> float:
    """The share of the distance from `counting`, an n-gram's loss, to the floor that a cell closes: mean over seeds."""
    tests = [row["test"] for row in rows if (row["part"], row["cell"]) == (part, cell) and "test" in row]
    return float(np.mean([(counting - test["loss"]) / (counting - test["floor"]) for test in tests]))
