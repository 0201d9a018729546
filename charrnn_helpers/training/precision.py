"""What the clock says before a training: float32 or bfloat16, and how long it will take."""

import copy
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from ..text.arguments import explained
from .bfloat16 import autocast
from .config import TrainConfig
from .device import keep_memory, pick_device
from .loop import make_optimiser, one_update
from .threads import working_threads


class Precision(NamedTuple):
    """What `pick_precision` chose, for `train(..., precision=choice.name)`, and a sentence that says why."""

    name: str  # "float32" or "bfloat16"
    reason: str


CLEARLY = 1.15  # times as fast; bfloat16 keeps 8 bits of a number, and a small gain is not worth that


@explained
def pick_precision(
    device: str | torch.device | None, model: nn.Module, *, streams: int = 32, window: int = 64
) -> Precision:
    """Time a few updates in float32 and in bfloat16 on this machine, and take bfloat16 if it is clearly faster.

    Timed is a copy of `model`. A processor that cannot do it gets float32. Weights, random numbers and thread count
    stay as they are; memory is kept, as by `train`.
    """
    if min(streams, window) < 1:
        raise ValueError(f"streams is {streams} and window is {window}; each must be at least 1")
    device = pick_device(device)
    keep_memory()
    if device.type != "cpu":
        return Precision("float32", "a GPU has fast kernels for float32 (TF32 where the card has it)")
    with torch.random.fork_rng(devices=[]):
        copied = copy.deepcopy(model).to(device).train()
        _clocked(copied, "float32", streams, window)()  # what is wrong with the model itself shows here
        try:  # the best of four rounds, in which the two take turns
            pair = [_clocked(copied, name, streams, window) for name in ("float32", "bfloat16")]
            rounds = [[sum(clock() for _ in range(3)) for clock in pair] for _ in range(4)]
        except (RuntimeError, NotImplementedError) as problem:  # "could not create a primitive descriptor"
            said = str(problem).partition("\n")[0][:80]
            return Precision("float32", f"this machine does not train in bfloat16 ({said})")
    wide, low = np.min(rounds, axis=0)
    gain = wide / low
    measured = f"bfloat16 is {gain:.2f} times as fast as float32 here"
    if gain < CLEARLY:
        return Precision("float32", f"{measured}, which is not worth its rounding")
    return Precision("bfloat16", measured)


def _clocked(model: nn.Module, precision: str, streams: int, window: int) -> Callable[[], float]:
    """A function that updates the model, and says how many seconds that took."""
    ids = torch.zeros(streams, window, dtype=torch.long)
    network, optimiser = autocast(model, precision), make_optimiser(model, TrainConfig())

    def update() -> float:
        began = time.perf_counter()
        one_update(network, ids, ids, None, optimiser, 1.0)
        return time.perf_counter() - began

    return update


@explained
def forecast(model: nn.Module, config: TrainConfig) -> str:
    """What a training on this machine's CPU will take, roughly: seconds, from a few updates of a copy, and memory.

    The memory is that of weights, gradients and Adam's averages, and of the scores of a window three times.
    """
    with torch.random.fork_rng(devices=[]):
        copied, times = copy.deepcopy(model).cpu().train(), []
        update = _clocked(copied, "float32", config.streams, config.window)
        with working_threads(None, {}) as took:  # as `train` does: in this time it compares threads
            while len(times) < 8 or sum(times) < 1:
                times.append(update())
                took(times[-1])
    parameters = sum(weight.numel() for weight in model.parameters())
    numbers = 4 * parameters + 3 * config.streams * config.window * copied.head.out_features
    return f"about {min(times) * config.updates:.0f} s, and {4 * numbers / 1e6:.0f} MB of memory"
