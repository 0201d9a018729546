"""What the rows of `results/later.jsonl` say of the networks of notebook 11, as `later_protocol.md` defines it.

A row is one run; `tests/tools/later.py` makes them. A part counts when it is whole.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..measures.memory import Share
from ..text.tales_grammar import CHANCE
from .results import RESULTS, counted_rows, protocol_hash

LATER_PROTOCOL = Path(__file__).with_name("later_protocol.md")
LATER_NETWORKS = ("RNN", "LSTM", "GRU", "GRU, windows of 512", "minGRU", "signed minGRU", "Transformer")
RUNS = {"parity tuning": 16, "parity": 20, "tuning": 56, "picture": 21}  # of each part

Shares = dict[str, Share]  # of the groups of distances: "1 to 7", "8 to 15", and so on to "512 on"


def later_rows(path: Path = RESULTS / "later.jsonl") -> dict[str, list[dict]]:
    """Read the rows of each part under this version of the protocol, by seed. A part that is not whole has none."""
    rows = sorted(counted_rows(path, protocol_hash(LATER_PROTOCOL)), key=lambda row: row["seed"])
    parts = {part: [row for row in rows if row["part"] == part] for part in RUNS}
    return {part: rows if len(rows) == RUNS[part] else [] for part, rows in parts.items()}


def recall_of_seeds(rows: Sequence[dict], kind: str) -> dict[str, list[Shares]]:
    """Give for each network and seed of the picture the share right of a kind of memory in each group of distances.

    Groups count in which every run was asked at least 30 questions.
    """
    groups = [
        group for group in rows[0]["recall"][kind] if all(row["recall"][kind].get(group, [0])[0] >= 30 for row in rows)
    ]
    seeds = {}
    for row in sorted(rows, key=lambda row: LATER_NETWORKS.index(row["network"])):
        counted = ((group, row["recall"][kind][group]) for group in groups)
        shares = {group: Share(asked, right, CHANCE[kind], error) for group, (asked, right, error) in counted}
        seeds.setdefault(row["network"], []).append(shares)
    return seeds


def memory_end(seeds: Sequence[Shares]) -> str | None:
    """Find the group of distances where a memory ends, or None if it does not.

    From there on, the mean over seeds stays below half way between chance and 1.
    """
    end = None
    for group in reversed(seeds[0]):
        if np.mean([shares[group].share for shares in seeds]) >= (1 + seeds[0][group].chance) / 2:
            break
        end = group
    return end
