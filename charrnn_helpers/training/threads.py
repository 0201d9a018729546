"""How many threads a training on a CPU works with: the clock decides, again and again, as a machine is rarely idle.

The threads of a product wait for each other, and spin while they wait. Where another program takes one of their cores,
all wait for the thread that does not run, and a training may fall to a twentieth of its speed; one with fewer threads
does not. What it is worth: `tests/tools/busy.py`.
"""

import math
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import repeat
from statistics import mean

import torch

SPAN = 0.3  # seconds to time a number of threads, so long that a quota on the processor's time shows in them
HOPELESS = 4  # times as slow: a single update is enough
REST = 20  # times as long as a comparison until the next: so it costs less than a twentieth
WORTH_A_CHANGE = 1.05  # times as fast


@contextmanager
def one_thread() -> Generator[None, None, None]:
    """Within it PyTorch works with one thread: as fast for one row of text, and never kept waiting by another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def working_threads(asked: int | None, used: dict[int, float]) -> Generator[Callable[[float], None], None, None]:
    """Within it PyTorch works with `asked` threads, or with the number that is fastest, at most those it had before.

    What it yields must be told the seconds of each update; it adds them to `used`, by number of threads. A run that
    goes on begins with the number that it used longest, a new one with 1. More than there are cores are never started.
    Raises `ValueError` for a number below 1.
    """
    if asked is not None and asked < 1:
        raise ValueError(f"threads is {asked}; it must be at least 1, or None for the number that is fastest")
    most = torch.get_num_threads()
    if asked is None:
        numbers = choose_threads(most, max(used, key=used.get, default=1))
    else:
        numbers = repeat(min(asked, os.cpu_count() or 1))
    now = most

    def work_with(number: int) -> None:
        nonlocal now
        if number != now:
            now = number
            torch.set_num_threads(number)

    def took(seconds: float) -> None:
        used[now] = used.get(now, 0.0) + seconds
        work_with(next(numbers) if asked else numbers.send(seconds))

    try:
        work_with(next(numbers))
        yield took
    finally:
        work_with(most)


def choose_threads(most: int, now: int) -> Generator[int, float, None]:
    """Yields the threads for the next update, and is sent the seconds that it took; `now` is used so far.

    Compared are 1, half of `most`, one less than `most`, and `most`; and again after a while.
    """
    steps = sorted({1, most // 2, most - 1, most} - {0})
    now = now if now in steps else most
    while True:
        seconds, spent = {}, 0.0
        for number in steps:  # the fewest first: they suffer least
            taken = yield from _updates(number, min(seconds.values(), default=math.inf))
            seconds[number] = _of_one(taken)
            spent += sum(taken)
        best = min(seconds, key=seconds.get)
        if seconds[best] * WORTH_A_CHANGE < seconds[now]:
            now = best
        rest = REST * spent
        while rest > 0:
            rest -= yield now


def _updates(number: int, best: float) -> Generator[int, float, list[float]]:
    """The seconds of some updates; of one, where that is hopeless beside `best`, seconds of an update until now."""
    taken = [(yield number)]
    while taken[0] <= HOPELESS * best and (len(taken) < 3 or sum(taken[1:]) < SPAN):
        taken.append((yield number))
    return taken


def _of_one(taken: list[float]) -> float:
    """The mean, without the first after a change and the slowest. No median: under a quota few updates wait for all."""
    counted = sorted(taken[1:])[:-1]
    return mean(counted or taken)
