"""How the full trial of notebook 09 is read: which rows belong together, and what each cell reached.

A row is one run, as `tests/benchmarks/full_trial.py` keeps it: text, size, layers, updates, warmup (their share),
cell, units, rate, seed, and what came out. `measured("full_trial")["rows"]` holds them all.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

import numpy as np

COMPARED = ("LSTM", "GRU", "RNN")
PARAMETERS = ("50 K", "200 K", "800 K")  # the sizes at which the parameters are equal


def select(rows: Sequence[dict], **where) -> list[dict]:
    """The rows for which all of `where` holds, in the order of their seeds. Raises `ValueError` if there are none."""
    chosen = [row for row in rows if all(row[name] == value for name, value in where.items())]
    if not chosen:
        raise ValueError(f"the trial holds no run with {where}")
    return sorted(chosen, key=lambda row: row["seed"])


def usual_plan(rows: Sequence[dict]) -> dict:
    """What the runs of different sizes have in common: one layer, and the fewest updates and the shortest warm-up."""
    return {"layers": 1, **{name: min(row[name] for row in rows) for name in ("updates", "warmup")}}


def final_losses(rows: Sequence[dict], **where) -> dict[str, list[float]]:
    """Test losses of the selected rows: {cell: one for each seed}. NaN for a run that did not end."""
    chosen = select(rows, **where)
    seeds = [[row["seed"] for row in chosen if row["cell"] == cell] for cell in COMPARED]
    if any(own and (own != max(seeds) or len(set(own)) < len(own)) for own in seeds):
        raise ValueError(f"the runs with {where} are not in pairs: each seed once for each cell, and these are {seeds}")
    return {cell: [row.get("test", math.nan) for row in chosen if row["cell"] == cell] for cell in COMPARED}


class Point(NamedTuple):
    """A cell at one size: median seconds of a processor core in training, and the test loss of each seed."""

    seconds: float
    losses: list[float]
    size: str


def by_seconds(rows: Sequence[dict]) -> dict[str, list[Point]]:
    """For each cell its sizes of equal parameters, from the quickest to the slowest."""
    found = {}
    for cell in COMPARED:
        points = []
        for size in PARAMETERS:
            taken = median(row["cpu_seconds"] for row in select(rows, cell=cell, size=size) if "cpu_seconds" in row)
            points.append(Point(taken, final_losses(rows, cell=cell, size=size)[cell], size))
        found[cell] = sorted(points)
    return found


def shared_seconds(points: dict[str, list[Point]]) -> float:
    """Seconds that the sizes of every cell enclose: the middle, on a logarithmic scale, of the stretch they share.

    Raises `ValueError` if they share none.
    """
    low = max(found[0].seconds for found in points.values())
    high = min(found[-1].seconds for found in points.values())
    if low > high:
        raise ValueError(
            f"no stretch of time is common to all cells: one begins at {low:.0f} s, one ends at {high:.0f} s"
        )
    return math.sqrt(low * high)


def losses_at_seconds(points: dict[str, list[Point]], seconds: float) -> dict[str, list[float]]:
    """What each cell reaches in so many seconds, {cell: one loss for each seed}: between two sizes, along a line.

    The line is straight in the logarithm of the seconds; every run on it has ended its own schedule.
    """
    found = {}
    for cell, own in points.items():
        places = [math.log(point.seconds) for point in own]
        curves = zip(*(point.losses for point in own), strict=True)  # one for each seed, over the sizes
        found[cell] = [float(np.interp(math.log(seconds), places, curve)) for curve in curves]
    return found
