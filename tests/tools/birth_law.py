"""The law of birth: networks on a text with one memory, as birth_protocol.md lays them down."""

from __future__ import annotations

from charrnn_helpers.experiments.birth_text import OneMemory

UNITS, RATE, WARMUP = 96, 0.006, 100
CHARACTERS = 3_000_000
PER_UPDATE = 1536  # characters: streams times window
ASKED = 200  # questions in an exam, at the rarest gap
STARTS = {"chrono 32": {"chrono": 32}, "chrono 200": {"chrono": 200}, "bias 1": {"keep_bias": 1.0}}
GAPS = {16: 2, 66: 12, 96: 18, 146: 28}  # characters: filler words
DESIGNS = (  # name, questions in 1,000 characters from near and far, window
    ("only far", {"far": 5.0}, 64),
    ("far and near alike", {"near": 5.0, "far": 5.0}, 64),
    ("far and six times near", {"near": 15.0, "far": 2.5}, 64),
    ("only far, window 192", {"far": 5.0}, 192),
)
PREDICTED = (
    ("only far, window 48", {"far": 5.0}, 48),
    ("far and near alike, window 48", {"near": 5.0, "far": 5.0}, 48),
    ("only far, window 96", {"far": 5.0}, 96),
)


def source_of(design: dict) -> OneMemory:
    """The text of a design: {"names": 2, "asked": {"16": 24.0}}, questions in 1,000 characters by distance."""
    return OneMemory(design["names"], {GAPS[int(gap)]: rate for gap, rate in design["asked"].items()})
