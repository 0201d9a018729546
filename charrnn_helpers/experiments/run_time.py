"""Say beforehand how long a training will take on this machine."""

import copy
import threading
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from ..base.checks import checked
from ..training.config import History, TrainConfig
from ..training.loop import train


@checked
def forecast(model: nn.Module, config: TrainConfig) -> str:
    """Train a copy of `model` on this machine's CPU for about a second, and say roughly what the whole run will take.

    The seconds are those of the fastest update. The memory is that of weights, gradients and Adam's two averages, and
    of the scores of a window three times.
    """
    enough = threading.Event()

    def look(history: History) -> None:
        if history.updates >= 8 and history.seconds >= 1:
            enough.set()

    ids = torch.zeros(config.streams * config.window + 1, dtype=torch.long)
    each = replace(config, validate_every=1)  # so that the seconds of each update are recorded
    options = {"device": "cpu", "stop": enough, "on_validation": look, "progress": False}
    history = train(copy.deepcopy(model).cpu(), ids, ids[:2], each, **options)
    if not history.finished and history.seconds < 1:
        raise KeyboardInterrupt  # only an interrupt ends it so early
    seconds = np.diff(history.val_seconds, prepend=0).min() * config.updates
    parameters = sum(weight.numel() for weight in model.parameters())
    numbers = 4 * parameters + 3 * config.streams * config.window * model.head.out_features
    return f"about {seconds:.0f} s, and {4 * numbers / 1e6:.0f} MB of memory"
