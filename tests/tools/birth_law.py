"""The law of birth: networks on a text with one memory, as birth_protocol.md lays them down."""

from __future__ import annotations

import math

from charrnn_helpers.experiments.birth_text import EPISODE, FILLERS, OneMemory

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


def surprise(source: OneMemory, text: str) -> float:
    """What whole episodes cost a perfect reader, in nats: the sum over all characters."""
    total, sum_of_weights = 0.0, sum(source.gaps.values())
    for _, gap, _, rest in EPISODE.findall(text):
        count, further = len(gap) // 5, len(rest) // 5
        total += math.log(source.names) + (count + further) * math.log(len(FILLERS))
        total -= math.log(source.gaps[count] / sum_of_weights)
        total -= further * math.log(source.more) if further else 0.0
        total -= math.log(1 - source.more)
    return total


def best_loss(source: OneMemory) -> float:
    """Nats per character of a perfect reader, in the limit of a long text."""
    total = sum(source.gaps.values())
    shares = [(words, rate / total) for words, rate in source.gaps.items()]
    rest = source.more / (1 - source.more)
    words = sum(share * gap for gap, share in shares) + rest
    choice = -sum(share * math.log(share) for _, share in shares)
    stop = -math.log(1 - source.more) - (rest * math.log(source.more) if rest else 0.0)
    return total / 1000 * (math.log(source.names) + words * math.log(len(FILLERS)) + choice + stop)
