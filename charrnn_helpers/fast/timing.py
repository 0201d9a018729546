"""Time things that are compared, in turn (notebook 12)."""

import time
from collections.abc import Callable

import torch
from torch import nn

from ..base.threads import one_thread
from ..training.config import TrainConfig
from ..training.loop import make_optimiser, one_update


@one_thread()
def time_in_turn(actions: dict[str, Callable], rounds: int = 40, warm_up: int = 5) -> dict[str, list[float]]:
    """Call every action once in each round, and return the milliseconds of its calls by name, (rounds,) each.

    The actions take turns, so that whatever else the machine does meets all of them, and work with one thread, which
    waits for no other. The rounds to warm up, in which memory is allocated and code is chosen, are not counted.
    """
    times = {name: [] for name in actions}
    for _ in range(warm_up + rounds):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: each[warm_up:] for name, each in times.items()}


def update_of(model: nn.Module, streams: int = 16, window: int = 64) -> Callable[[], tuple]:
    """Return a function that makes one update of `model`, always with the same window of random characters."""
    x, y = torch.randint(model.vocab_size, (2, streams, window))  # (B, T) each
    optimiser = make_optimiser(model, TrainConfig())
    return lambda: one_update(model, x, y, None, optimiser, clip=1.0)
