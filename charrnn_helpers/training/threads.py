"""How many threads a training on a CPU works with: the clock decides, again and again, as a machine is rarely idle.

The threads of a product wait for each other, and spin while they wait. Where another program takes one of their cores,
all wait for the thread that does not run, and a training falls to a quarter of its speed; one with fewer threads does
not. What it is worth: `tests/benchmarks/busy.py`.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import repeat
from statistics import median

import torch

UPDATES = 4  # timed with each number of threads, after one to settle
REST = 20  # times as long as a comparison worked with other numbers: so it costs less than a twentieth
WORTH_A_CHANGE = 1.05  # times as fast


@contextmanager
def working_threads(asked: int | None, used: dict[int, float]) -> Generator[Callable[[float], None], None, None]:
    """Within it PyTorch works with `asked` threads, or with the number that is fastest, at most those it had before.

    What it yields must be told the seconds of each update; it adds them to `used`, by number of threads. A run that
    goes on begins with the number that it used longest. More than there are cores are never started. Raises
    `ValueError` for a number below 1.
    """
    if asked is not None and asked < 1:
        raise ValueError(f"threads is {asked}; it must be at least 1, or None for the number that is fastest")
    most = torch.get_num_threads()
    if asked is None:
        numbers = choose_threads(most, max(used, key=used.get, default=most))
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
    """Yields the threads for the next update, and is sent the seconds that it took. Begins at `now` if that is a step.

    Compared are the number in use and the next ones below and above it on few steps: 1, half of `most`, one less than
    `most`, `most`.
    """
    steps = sorted({1, most // 2, most - 1, most} - {0})
    now = now if now in steps else most
    while True:
        seconds = {now: (yield from _timed(now))}
        better = True
        while better:
            place = steps.index(now)
            for number in {*steps[max(0, place - 1) : place + 2]} - seconds.keys():
                seconds[number] = yield from _timed(number)
            best = min(seconds, key=seconds.get)
            better = seconds[best] * WORTH_A_CHANGE < seconds[now]
            now = best if better else now
        rest = max(1.0, REST * (UPDATES + 1) * (sum(seconds.values()) - seconds[now]))
        while rest > 0:
            rest -= yield now


def _timed(number: int) -> Generator[int, float, float]:
    yield number  # the first after a change does not count
    taken = []
    for _ in range(UPDATES):
        taken.append((yield number))
    return median(taken)
