"""Say in names and numbers what `protocol.md` lays down for the trial, and read the rows of its runs.

A run is a dictionary: part ("tuning", "confirmation" or "n-gram"), text, size, budget, cell, trial (which settings)
and, but for a tuning, seed. A row is a run and what came out of it; `results/trial.jsonl` holds one a line.
`tests/tools/trial.py` makes them.
"""

from pathlib import Path
from typing import NamedTuple

from .results import RESULTS, counted_rows, protocol_hash

PROTOCOL = Path(__file__).with_name("protocol.md")
TRIAL_TEXTS = ("tales", "shakespeare")
SEEDS = range(10)


class Budget(NamedTuple):
    characters: int
    streams: int
    trials: int  # so many are made, or come from the budget before
    cells: tuple[str, ...]


BUDGETS = {
    "1.5 M": Budget(1_500_000, 16, 32, ("LSTM", "GRU", "RNN")),
    "6 M": Budget(6_000_000, 32, 8, ("LSTM", "GRU", "RNN")),
    "24 M": Budget(24_000_000, 64, 3, ("LSTM", "GRU")),
}
LARGEST = max(BUDGETS, key=lambda name: BUDGETS[name].characters)
WINDOW = 64


def trial_rows() -> list[dict]:
    """Read the rows that count: those of this version of the protocol, and of runs that were not shortened."""
    return counted_rows(RESULTS / "trial.jsonl", version())


def version() -> str:
    """Return what a row carries: the first digits of the hash of `protocol.md`."""
    return protocol_hash(PROTOCOL)[:12]
