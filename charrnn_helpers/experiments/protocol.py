"""Say in names and numbers what `protocol.md` lays down for the trial, and read the rows of its runs.

A run is a dictionary: part ("tuning", "confirmation" or "n-gram"), text, size, budget, cell, trial (which settings)
and, but for a tuning, seed. A row is a run and what came out of it; `results/trial.jsonl` holds one a line.
`tests/tools/trial.py` makes them.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from .results import RESULTS

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


def trial_rows(path: Path = RESULTS / "trial.jsonl", scale: float = 1.0) -> list[dict]:
    """Read the rows that count: those of this version of the protocol, and of runs that were not shortened."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [row for row in map(json.loads, lines) if row["protocol"] == version(scale)]


def version(scale: float = 1.0) -> str:
    """Return what a row carries: the first digits of the hash of `protocol.md`, and the scale of a shortened run."""
    text = PROTOCOL.read_text(encoding="utf-8")  # with "\n" at its line ends, whatever the checkout has
    digits = hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]
    return digits if scale == 1 else f"{digits}, {scale}"
