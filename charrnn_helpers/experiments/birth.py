"""What the rows of `results/birth.jsonl` say of the birth of a memory, as `birth_protocol.md` defines it.

A row is one run; `tests/tools/birth.py` makes them. Its "looks" are the characters read when the network was
asked, and "bands" holds for each memory how often it is right by chance, how many questions there were ("asked"), and
how many answers were right at each look ("right").
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..networks.registry import BOTH
from .results import RESULTS, counted_rows, protocol_hash

BIRTH_PROTOCOL = Path(__file__).with_name("birth_protocol.md")


class Birth(NamedTuple):
    """A memory was born after the look at `after` characters and by the one at `by`; `after` is 0 at the first look."""

    after: int
    by: int


def birth_of(looks: Sequence[int], right: Sequence[int], asked: int, chance: float) -> Birth | None:
    """When accuracy first reaches half way between chance and 1 and stays there; None if it is not born by the end.

    It must stay there at every later look, of which there must be at least one.
    """
    half = asked * (1 + chance) / 2
    below = [number for number, count in enumerate(right) if count < half]
    first = below[-1] + 1 if below else 0
    if first > len(looks) - 2:
        return None
    return Birth(looks[first - 1] if first else 0, looks[first])


def births_in(row: dict) -> dict[str, Birth | None]:
    """The birth of each memory of a row, in the band that the protocol gives it; of a run that diverged, all None."""
    if row["status"] == "diverged":
        return dict.fromkeys(row["bands"])
    return {
        name: birth_of(row["looks"], band["right"], band["asked"], band["chance"])
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


def frequency_power(points: Sequence[LawPoint]) -> float:
    """The p of birth ~ frequency^p, by least squares of the logarithms over the births of part "law start".

    A birth counts at the geometric middle of its interval. Raises `ValueError` where a memory is not born.
    """
    if any(point.born is None for point in points):
        raise ValueError("a memory is not born: the power of frequency would be that of the early ones alone")
    frequencies = [float(point.design.split(", ")[1].split()[0]) for point in points]  # "gap 16, 24 in 1,000"
    middles = [math.sqrt(max(point.born.after, 1) * point.born.by) for point in points]
    return float(np.polyfit(np.log(frequencies), np.log(middles), 1)[0])


class Prediction(NamedTuple):
    """A prediction of the protocol, in short, whether it held, and the counts that decide it."""

    name: str
    sentence: str
    held: bool
    counts: str


PREDICTIONS = {
    "S1": "bias 1, frequent questions: all six runs learn it, the medians within a factor of 2",
    "S2": "the GRU learns it earlier with chrono 200 than with bias 1",
    "S3": "with chrono 200 at least six of nine LSTMs do not learn it, and all nine GRUs do",
    "S4": "the GRU learns it earlier where questions are frequent: as frequency to a power of -1 to -0.2",
    "S5": "with bias 1 the LSTM falls behind the GRU where questions are rare",
    "W1": "only from far: no run learns it",
    "W2": "as often from near: at least five GRUs learn both at about the same time, and four LSTMs the near one",
    "W3": "six times as often from near: at least five LSTMs learn both",
    "W4": "window of 192: at least four GRUs learn it, and no more LSTMs than GRUs",
    "P1": "only from far, window of 48: no run learns it",
    "P2": "from far and near, window of 48: all learn both, before 1.2 million characters",
    "P3": "only from far, window of 96: all learn it",
}


def law_predictions(points: Sequence[LawPoint]) -> list[Prediction]:
    """Say of each prediction in part 5 of the protocol whether it held. A median is over looks that found births."""
    outcomes = (*_start(points), *_window(points), *_predicted(points))
    return [Prediction(*both, *outcome) for both, outcome in zip(PREDICTIONS.items(), outcomes, strict=True)]


def _runs(points: Sequence[LawPoint], part: str, ending: str, cell: str, start: str = "") -> list[list[Birth | None]]:
    """Return the births of each run, of the memory that is asked for from nearest first."""
    chosen = {}
    for point in points:
        if (point.part, point.cell) == (part, cell) and point.design.endswith(ending) and start in point.start:
            chosen.setdefault((point.design, point.seed), {})[int(point.memory.split()[1])] = point.born
    return [[births[gap] for gap in sorted(births)] for births in chosen.values()]


def _born(runs: Sequence[list[Birth | None]]) -> int:
    """Count the runs in which every memory is born."""
    return sum(None not in births for births in runs)


def _together(runs: Sequence[list[Birth | None]]) -> bool:
    """Say whether the far memory is never born more than three looks after the near one, where both are."""
    return all(far.by <= 1.7 * near.by for near, far in runs if near and far)


def _start(points: Sequence[LawPoint]) -> Iterator[tuple[bool, str]]:
    """Yield for each prediction on the start whether it held, and the counts."""
    at, frequencies = {}, (24, 12, 6)  # questions in 1,000 characters
    for cell, start, frequency in product(BOTH, ("chrono 200", "bias 1"), frequencies):
        runs = _runs(points, "law start", f" {frequency} in 1,000", cell, start)
        at[cell, start, frequency] = [birth.by if birth else math.inf for (birth,) in runs]
    median = {key: float(np.median(births)) for key, births in at.items()}
    ratio = {f: median["LSTM", "bias 1", f] / median["GRU", "bias 1", f] for f in (24, 6)}
    born = sum(birth < math.inf for cell in BOTH for birth in at[cell, "bias 1", 24])
    yield born == 6 and 0.5 < ratio[24] < 2, f"{born} of 6 born, the LSTM reads {ratio[24]:.1f} times as much"
    sooner = sum(median["GRU", "chrono 200", f] < median["GRU", "bias 1", f] for f in frequencies)
    yield sooner == 3, f"sooner at {sooner} of 3 frequencies"
    late = sum(birth == math.inf for f in frequencies for birth in at["LSTM", "chrono 200", f])
    born = sum(birth < math.inf for f in frequencies for birth in at["GRU", "chrono 200", f])
    yield late >= 6 and born == 9, f"{late} of 9 LSTMs not born, {born} of 9 GRUs born"
    power = frequency_power([p for p in points if (p.part, p.cell, p.start) == ("law start", "GRU", "chrono 200")])
    yield -1 <= power <= -0.2, f"power {power:.2f}"
    counts = f"it reads {ratio[24]:.1f} times as much where frequent, {ratio[6]:.1f} times where rare"
    yield ratio[6] > ratio[24], counts


def _window(points: Sequence[LawPoint]) -> Iterator[tuple[bool, str]]:
    """Yield for each prediction on the window whether it held, and the counts."""
    designs = far, alike, six, wide = "only far", "far and near alike", "far and six times near", "only far, window 192"
    lstm, gru = ({design: _runs(points, "law window", design, cell) for design in designs} for cell in BOTH)
    yield _born(gru[far]) == _born(lstm[far]) == 0, f"GRU {_born(gru[far])} of 6, LSTM {_born(lstm[far])} of 6"
    near = sum(births[0] is not None for births in lstm[alike])
    held = _born(gru[alike]) >= 5 and _together(gru[alike]) and near >= 4
    yield held, f"both: GRU {_born(gru[alike])} of 6; near: LSTM {near} of 6"
    later = all(births[1].by >= births[0].by for births in lstm[six] if None not in births)
    yield _born(lstm[six]) >= 5 and later, f"both: LSTM {_born(lstm[six])} of 6"
    held = _born(gru[wide]) >= 4 and _born(lstm[wide]) <= _born(gru[wide])
    yield held, f"GRU {_born(gru[wide])} of 6, LSTM {_born(lstm[wide])} of 6"


def _predicted(points: Sequence[LawPoint]) -> Iterator[tuple[bool, str]]:
    """Yield for each prediction on the case that no pilot contained whether it held, and the counts."""
    designs = "only far, window 48", "far and near alike, window 48", "only far, window 96"
    short, both, long = (_runs(points, "law predicted", design, "GRU") for design in designs)
    yield _born(short) == 0, f"{_born(short)} of 3 born"
    soon = all(birth and birth.by < 1_200_000 for births in both for birth in births)
    yield _born(both) == 3 and soon and _together(both), f"both: {_born(both)} of 3"
    yield _born(long) == 3, f"{_born(long)} of 3 born"
