"""How many of PyTorch's threads work: one for small work, or the number that the clock finds fastest.

PyTorch splits a matrix product between threads, and each waits at the end for the others. If another program occupies
one of the cores, one thread is not running for much of the time, and all others stand still: a training may fall to a
twentieth of its speed. With fewer threads it does not. A machine is rarely idle, so the numbers are compared again and
again (measured by `tests/tools/busy.py`).
"""

import math
import os
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import repeat
from statistics import mean

import torch

SPAN = 0.3  # seconds to time a number of threads, so long that a quota on the processor's time shows in them
HOPELESS = 4  # times as slow: a single update is enough
REST = 20  # times as long as a comparison until the next, so that comparing costs less than a twentieth
WORTH_A_CHANGE = 1.05  # times as fast


@contextmanager
def own_threads() -> Iterator[Callable[[int], None]]:
    """Yield a function that sets the number of threads with which the calling thread works; restore it afterwards.

    `torch.set_num_threads` also sets the number with which every thread starts that is new to PyTorch, for example the
    thread of a panel. A helper thread sets this back at once, so that the others do not inherit a number chosen here.
    """
    before = torch.get_num_threads()

    def work_with(number: int) -> None:
        if number != torch.get_num_threads():
            torch.set_num_threads(number)
            helper = threading.Thread(target=torch.set_num_threads, args=(before,))
            helper.start()
            helper.join()

    try:
        yield work_with
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Work with one thread: that is as fast for one row of text, and never waits for another thread."""
    with own_threads() as work_with:
        work_with(1)
        yield


@contextmanager
def chosen_threads(threads: int | None = None, seconds_used: dict[int, float] | None = None):
    """Work with `threads` threads, or with the number that is fastest, at most those that the caller has.

    Yield `record_seconds`, a function that must be given the seconds of each update, or of any other work that comes
    again and again in pieces of about one size. It adds them to `seconds_used`, by number of threads. Without `threads`
    the work begins with the number that was used longest so far, or with 1. No more threads are started than there are
    cores. Raises `ValueError` for a number below 1.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads is {threads}; it must be at least 1, or None for the number that is fastest")
    used = {} if seconds_used is None else seconds_used
    if threads is None:
        choice = choose_threads(torch.get_num_threads(), max(used, key=used.get, default=1))
    else:
        choice = repeat(min(threads, os.cpu_count() or 1))
    number = next(choice)

    def record_seconds(seconds: float) -> None:
        nonlocal number
        used[number] = used.get(number, 0.0) + seconds
        number = next(choice) if threads else choice.send(seconds)
        work_with(number)

    with own_threads() as work_with:
        work_with(number)
        yield record_seconds


def choose_threads(most: int, number: int) -> Generator[int, float, None]:
    """Yield the number of threads for the next update, and take the seconds of that update by `send`.

    Compared are 1, half of `most`, one less than `most`, and `most`; and again after a while. `number` is used so far.
    """
    numbers = sorted({1, most // 2, most - 1, most} - {0})
    number = number if number in numbers else most
    while True:
        seconds, spent = {}, 0.0
        for candidate in numbers:  # the fewest first, because they suffer least from other programs
            timings = yield from _time_updates(candidate, min(seconds.values(), default=math.inf))
            seconds[candidate] = _typical(timings)
            spent += sum(timings)
        fastest = min(seconds, key=seconds.get)
        if seconds[fastest] * WORTH_A_CHANGE < seconds[number]:
            number = fastest
        rest = REST * spent
        while rest > 0:
            rest -= yield number


def _time_updates(number: int, best: float) -> Generator[int, float, list[float]]:
    """Return the seconds of some updates with `number` threads; of one where it is hopeless beside `best` seconds."""
    timings = [(yield number)]
    while timings[0] <= HOPELESS * best and (len(timings) < 3 or sum(timings[1:]) < SPAN):
        timings.append((yield number))
    return timings


def _typical(timings: list[float]) -> float:
    """Return the mean without the first update after a change and without the slowest.

    The median will not do: under a quota a few updates wait for all.
    """
    counted = sorted(timings[1:])[:-1]
    return mean(counted or timings)
