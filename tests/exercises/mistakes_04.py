"""Mistakes that the exercises of 04 know by name: (exercise, answer, words of the diagnosis)."""

import math

import torch
from torch.nn import functional as F

from charrnn_helpers import TrainConfig


def falling(wave, rise=lambda u: (u + 1) / 100, progress=lambda u: (u - 100) / 900):
    return lambda u: 0.01 * (rise(u) if u < 100 else wave(progress(u)))


def half(p):
    return (1 + math.cos(math.pi * p)) / 2


WRONG = [
    ("4.1", math.log2(90), "in bits"),
    ("4.1", math.log10(90), "base 10"),
    ("4.1", -math.log(90), "the sign"),
    ("4.1", 1 / 90, "minus its logarithm"),
    ("4.1", 0, "certain and right"),
    ("4.1", 3.0, "3 is not it"),
    ("4.2", lambda x, y: F.cross_entropy(x.transpose(1, 2), y, reduction="sum"), "you summed over all questions"),
    ("4.2", lambda x, y: F.cross_entropy(x.transpose(1, 2), y, reduction="none"), "take their mean"),
    ("4.2", lambda x, y: F.cross_entropy(x[:, -1], y[:, -1]), "last step only"),
    ("4.2", lambda x, y: F.cross_entropy(x.transpose(1, 2), y, reduction="none").sum(1).mean(), "summed over time"),
    ("4.2", lambda x, y: -F.cross_entropy(x.transpose(1, 2), y), "the sign"),
    ("4.2", lambda x, y: torch.tensor(0.0), "for one example you give 0.000"),
    ("4.2", lambda x, y: F.cross_entropy(x, y), "your code stopped"),
    ("4.3", falling(half, rise=lambda u: u / 100), "learns nothing"),
    ("4.3", falling(half, rise=lambda u: 1), "no warm-up"),
    ("4.3", falling(half, progress=lambda u: u / 1000), "at update 100 the rate should be 0.01"),
    ("4.3", falling(lambda p: math.cos(math.pi * p)), "add 1 and halve it"),
    ("4.3", falling(lambda p: 1 - half(p)), "where the warm-up ends"),
    ("4.3", falling(lambda p: 1), "does not fall"),
    ("4.3", falling(half, rise=lambda u: (u + 1) / 100 + 0.1), "at update 0 the rate should be 0.0001"),
]


def gathered(logits, targets):
    return -logits.log_softmax(-1).gather(-1, targets[..., None]).mean()


RIGHT = [
    ("4.1", 4.5),
    ("4.2", gathered),
    ("4.3", TrainConfig(updates=1000, warmup=100, learning_rate=0.01, final_share=0).rate),
]
