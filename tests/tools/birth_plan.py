"""Which runs the experiment on births consists of, and what is chosen by which rows: birth_protocol.md in code."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from statistics import fmean

import birth_law

from charrnn_helpers.experiments import width_for
from charrnn_helpers.experiments.birth import births_in

BOTH = ("LSTM", "GRU")
RATES = (0.003, 0.0065, 0.014, 0.03)
GATES = {
    "bias 0.5": {"keep_bias": 0.5},
    "bias 2.5": {"keep_bias": 2.5},
    "chrono 30": {"chrono": 30},
    "chrono 100": {"chrono": 100},
    **birth_law.STARTS,
}
GRID_STARTS = ("bias 0.5", "bias 2.5", "chrono 30", "chrono 100")
PARAMETERS, VOCABULARY, MANUAL_VOCABULARY = 350_000, 51, 103
MILLION = 1_000_000
FREQUENCIES = (24.0, 12.0, 6.0)


class NotYetError(Exception):
    """What this part consists of follows from rows that are not there yet."""


# ----------------------------------------------------------------------------------------------------------- the law


def law(
    part: str, design: str, cell: str, start: str, seed: int, asked: dict, window: int = 64, names: int = 2
) -> dict:
    """A run on the text with one memory."""
    return {
        "part": part,
        "design": design,
        "cell": cell,
        "start": start,
        "rate": birth_law.RATE,
        "seed": seed,
        "corpus": seed,
        "text": "law",
        "source": {"names": names, "asked": asked},
        "characters": birth_law.CHARACTERS,
        "streams": birth_law.PER_UPDATE // window,
        "window": window,
        "units": birth_law.UNITS,
        "gate": GATES[start],
    }


def law_start(_: Sequence[dict]) -> Iterator[dict]:
    for seed, asked, start, cell in product(range(3), FREQUENCIES, birth_law.STARTS, BOTH):
        yield law("law start", f"gap 16, {asked:g} in 1,000", cell, start, seed, {"16": asked})


def law_window(rows: Sequence[dict], part: str = "law window", names: int = 2) -> Iterator[dict]:
    starts = {"GRU": "chrono 200", "LSTM": best_law_start(rows)}
    for seed, gap, (name, asked, window), cell in product(range(10, 13), ("96", "146"), birth_law.DESIGNS, BOTH):
        rates = {"16" if one == "near" else gap: rate for one, rate in asked.items()}
        yield law(part, f"gap {gap}, {name}", cell, starts[cell], seed, rates, window, names)


def law_six_names(rows: Sequence[dict]) -> Iterator[dict]:
    yield from law_window(rows, "law window, six names", 6)


def best_law_start(rows: Sequence[dict]) -> str:
    """The start with which most of the LSTM's nine runs are born; of equals, the one that is born earlier."""
    _complete(rows, law_start)

    def judged(start: str) -> tuple[int, float]:
        mine = [row for row in rows if (row["part"], row["cell"], row["start"]) == ("law start", "LSTM", start)]
        born = [births_in(row)["gap 16"] for row in mine]
        late = 2 * birth_law.CHARACTERS
        return -sum(one is not None for one in born), fmean(math.log(one.by if one else late) for one in born)

    return min(birth_law.STARTS, key=judged)


def law_predicted(_: Sequence[dict]) -> Iterator[dict]:
    for seed, (name, asked, window) in product(range(20, 23), birth_law.PREDICTED):
        rates = {"16" if one == "near" else "66": rate for one, rate in asked.items()}
        yield law("law predicted", f"gap 66, {name}", "GRU", "chrono 200", seed, rates, window)


# ------------------------------------------------------------------------------------------------------------- tales


def stories(
    part: str, cell: str, start: str, rate: float, seed: int, corpus: int, design: str = "24 M", **other
) -> dict:
    """A run on stories; `other` changes what is usual."""
    run = {
        "part": part,
        "design": design,
        "cell": cell,
        "start": start,
        "rate": rate,
        "seed": seed,
        "corpus": corpus,
        "text": "tales",
        "characters": 24 * MILLION,
        "streams": 64,
        "window": 64,
        "units": units_of(cell),
        "gate": GATES[start],
    }
    return {**run, **other}


def units_of(cell: str, vocabulary: int = VOCABULARY) -> int:
    """The width that comes nearest to 350,000 parameters; three blocks of a coupled LSTM, two of a GRU without r."""
    if cell == "GRU without reset":
        return min(range(1, 1000), key=lambda units: abs(_two_blocks(units, vocabulary) - PARAMETERS))
    blocks = {"LSTM, i = 1 - f": "GRU", "LSTM, chrono on f only": "LSTM"}
    return width_for(PARAMETERS, blocks.get(cell, cell), vocabulary)


def _two_blocks(units: int, vocabulary: int) -> int:
    return 64 * vocabulary + 2 * units * (64 + units + 2) + (units + 1) * vocabulary


def grid(_: Sequence[dict], part: str = "grid", seed: int = 1000, corpus: int = 0) -> Iterator[dict]:
    for start, rate, cell in product(GRID_STARTS, RATES, BOTH):
        yield stories(part, cell, start, rate, seed, corpus)


def grid_again(rows: Sequence[dict]) -> Iterator[dict]:
    yield from grid(rows, "grid again", 1001, 1)


def best_by_loss(rows: Sequence[dict], cell: str, part: str = "grid", starts: Sequence[str] = GRID_STARTS) -> dict:
    """Start and rate with the lowest last loss on the stories that are looked at."""
    _complete(rows, {"grid": grid, "grid again": grid_again}[part])
    mine = [row for row in rows if (row["part"], row["cell"]) == (part, cell) and row["start"] in starts]
    best = min(mine, key=last_loss)
    return {"start": best["start"], "rate": best["rate"]}


def best_by_births(rows: Sequence[dict], cell: str) -> dict:
    """Start and rate with most memories born; of equals the earliest, by the mean logarithm; then the lower loss."""
    _complete(rows, grid)

    def judged(row: dict) -> tuple[int, float, float]:
        born = list(births_in(row).values())
        late = 2 * row["characters"]
        times = fmean(math.log(one.by if one else late) for one in born)
        return -sum(one is not None for one in born), times, last_loss(row)

    best = min((row for row in rows if (row["part"], row["cell"]) == ("grid", cell)), key=judged)
    return {"start": best["start"], "rate": best["rate"]}


def last_loss(row: dict) -> float:
    """Of the last look; infinity of a run that diverged."""
    return math.inf if row["status"] == "diverged" else row["losses"][-1]


def pairs(rows: Sequence[dict], part: str = "pairs", source: str = "grid", first: int = 10, count: int = 8):
    for number in range(count):
        for cell in BOTH:
            yield stories(
                part, cell, **best_by_loss(rows, cell, source), seed=90 + first + number, corpus=first + number
            )


def pairs_by_births(rows: Sequence[dict]) -> Iterator[dict]:
    for number, cell in product(range(3), BOTH):
        chosen = best_by_births(rows, cell)
        if chosen != best_by_loss(rows, cell):
            yield stories("pairs by births", cell, **chosen, seed=100 + number, corpus=10 + number)


def pairs_again(rows: Sequence[dict]) -> Iterator[dict]:
    yield from pairs(rows, "pairs again", "grid again", 30, 5)


def late(rows: Sequence[dict]) -> Iterator[dict]:
    """Four times the updates: with a quarter of the streams, and, for the LSTM, with four times the characters."""
    for number, cell in product(range(2), BOTH):
        where = {"seed": 100 + number, "corpus": 10 + number}
        yield stories("late", cell, **best_by_loss(rows, cell), **where, design="24 M, 16 streams", streams=16)
    for number in range(2):
        where = {"seed": 100 + number, "corpus": 10 + number}
        yield stories("late", "LSTM", **best_by_loss(rows, "LSTM"), **where, design="96 M", characters=96 * MILLION)


def near(rows: Sequence[dict]) -> Iterator[dict]:
    """Stories in which a memory is also asked for from near, and their controls."""
    names = ("friend also near", "friend, control", "place also near", "place, control")
    for number, name, cell in product(range(2), names, BOTH):
        where = {"seed": 500 + number, "corpus": 50 + number}
        yield stories("near", cell, **best_by_loss(rows, cell), **where, design=name, variant=name)


# --------------------------------------------------------------------------------------------------- parts of a cell


def arms(rows: Sequence[dict]) -> dict[str, dict]:
    """What is compared at 6 million characters: {name: cell, units, start}. The first two are the cells themselves."""
    lstm, gru = (best_by_loss(rows, cell)["start"] for cell in BOTH)
    chrono = best_by_loss(rows, "LSTM", starts=("chrono 30", "chrono 100"))["start"]
    found = {
        "LSTM": {"cell": "LSTM", "start": lstm},
        "GRU": {"cell": "GRU", "start": gru},
        "LSTM with the GRU's units": {"cell": "LSTM", "start": lstm, "units": units_of("GRU")},
        "GRU with the LSTM's units": {"cell": "GRU", "start": gru, "units": units_of("LSTM")},
        "LSTM, i = 1 - f": {"cell": "LSTM, i = 1 - f", "start": lstm},
        "LSTM, chrono on f only": {"cell": "LSTM, chrono on f only", "start": chrono},
        "GRU without reset": {"cell": "GRU without reset", "start": gru},
    }
    if lstm != chrono:
        found["LSTM, chrono on both"] = {"cell": "LSTM", "start": chrono}
    return found


SIX = {"characters": 6 * MILLION, "streams": 32}


def parts_search(rows: Sequence[dict]) -> Iterator[dict]:
    for (name, arm), rate in product(arms(rows).items(), RATES):
        yield stories("parts search", **arm, rate=rate, seed=400, corpus=40, design=name, **SIX)


def rate_of(rows: Sequence[dict], arm: str) -> float:
    """The rate with the lowest last loss in the search of an arm."""
    _complete(rows, parts_search)
    return min((row for row in rows if (row["part"], row["design"]) == ("parts search", arm)), key=last_loss)["rate"]


def parts(rows: Sequence[dict]) -> Iterator[dict]:
    for number, (name, arm) in product(range(5), arms(rows).items()):
        where = {"seed": 401 + number, "corpus": 41 + number}
        yield stories("parts", **arm, rate=rate_of(rows, name), **where, design=name, **SIX)


def control_of(arm: str, names: Sequence[str]) -> str:
    """The unchanged cell that an arm is compared with."""
    if arm == "LSTM, chrono on f only" and "LSTM, chrono on both" in names:
        return "LSTM, chrono on both"
    return arm.split()[0].strip(",")


def telling(rows: Sequence[dict]) -> list[str]:
    """The two arms that differ most from the cell unchanged, in accuracy on hero and friend together."""
    _complete(rows, parts)
    names = list(arms(rows))

    def accuracy(arm: str, kind: str) -> float:
        mine = [row for row in rows if (row["part"], row["design"]) == ("parts", arm)]
        return fmean(_accuracy(row, kind) for row in mine)

    def differs(arm: str) -> float:
        return sum(abs(accuracy(arm, kind) - accuracy(control_of(arm, names), kind)) for kind in ("name", "friend"))

    changed = [name for name in names if name not in ("LSTM", "GRU", "LSTM, chrono on both")]
    return sorted(changed, key=differs, reverse=True)[:2]


def _accuracy(row: dict, kind: str) -> float:
    if row["status"] == "diverged":
        return row["bands"][kind]["chance"]
    asked, right, _ = row["test"]["answers"][kind]["band"]
    return right / asked


def parts_longer(rows: Sequence[dict]) -> Iterator[dict]:
    for number, name in product(range(3), telling(rows)):
        where = {"seed": 100 + number, "corpus": 10 + number}
        yield stories("parts longer", **arms(rows)[name], rate=rate_of(rows, name), **where, design=name)


# ------------------------------------------------------------------------------------------------- Python's manual


def manual(rows: Sequence[dict]) -> Iterator[dict]:
    for number, cell in product(range(3), BOTH):
        chosen, manual_text = best_by_loss(rows, cell), {"text": "manual", "units": units_of(cell, MANUAL_VOCABULARY)}
        yield stories("manual", cell, **chosen, seed=600 + number, corpus=0, design="6 M", **SIX, **manual_text)


# ------------------------------------------------------------------------------------------------------------ the plan

PARTS = {  # in the order in which they are made
    "law start": law_start,
    "law window": law_window,
    "law predicted": law_predicted,
    "grid": grid,
    "pairs": pairs,
    "pairs by births": pairs_by_births,
    "law window, six names": law_six_names,
    "late": late,
    "near": near,
    "parts search": parts_search,
    "parts": parts,
    "parts longer": parts_longer,
    "manual": manual,
    "grid again": grid_again,
    "pairs again": pairs_again,
}


def plan(rows: Sequence[dict], parts: Sequence[str] = tuple(PARTS)) -> Iterator[dict]:
    """All runs of these parts that are known already, in order."""
    for part in parts:
        try:
            yield from list(PARTS[part](rows))
        except NotYetError:
            continue


def _complete(rows: Sequence[dict], part) -> None:
    """Raise `NotYetError` unless every run of a part has its row."""
    names = ("part", "design", "cell", "start", "rate", "seed")
    done = {tuple(row[name] for name in names) for row in rows}
    if any(tuple(run[name] for name in names) not in done for run in part(rows)):
        raise NotYetError
