"""What the rows of `results/birth.jsonl` say of the birth of a memory, as `birth_protocol.md` defines it.

A row is one run; `tests/tools/birth.py` makes them. Its "looks" are the characters read when the network was
asked, and "bands" holds for each memory how often it is right by chance, how many questions there were ("asked"), and
how many answers were right at each look ("right").
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

BIRTH_PROTOCOL = Path(__file__).with_name("birth_protocol.md")
FIRST_LOOK = 50_000  # characters


def protocol_hash() -> str:
    """The SHA-256 of the protocol, with "\\n" at its line ends, whatever the checkout has."""
    return hashlib.sha256(BIRTH_PROTOCOL.read_text(encoding="utf-8").encode("utf-8")).hexdigest()


def look_schedule(characters: int, per_update: int, per_doubling: int) -> list[int]:
    """After which updates a run of so many characters is looked at: `FIRST_LOOK`, then so many looks a doubling."""
    last = characters // per_update
    looks, number = [], 0
    while True:
        read = FIRST_LOOK * 2 ** (number / per_doubling)
        update = -int(-read // per_update)
        if update >= last:
            return [*looks, last]
        if not looks or update > looks[-1]:
            looks.append(update)
        number += 1


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
