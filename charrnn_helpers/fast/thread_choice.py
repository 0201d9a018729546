"""The number of threads that the clock finds fastest.

PyTorch splits a matrix product between threads, and each waits at the end for the others. If another program occupies
one of the cores, one thread is not running for much of the time, and all others stand still: a training may fall to a
twentieth of its speed. With fewer threads it does not. A machine is rarely idle, so the numbers are compared again and
again (measured by `tests/tools/busy.py`).
"""

import math
from collections.abc import Generator
from statistics import mean

SPAN = 0.3  # seconds to time a number of threads, so long that a quota on the processor's time shows in them
HOPELESS = 4  # times as slow: a single update is enough
REST = 20  # times as long as a comparison until the next, so that comparing costs less than a twentieth
WORTH_A_CHANGE = 1.05  # times as fast


def choose_threads(most: int, used_so_far: int) -> Generator[int, float, None]:
    """Yield the number of threads for the next update, and take the seconds of that update by `send`.

    Compared are 1, half of `most`, one less than `most`, and `most`; and again after a while.
    """
    numbers = sorted({1, most // 2, most - 1, most} - {0})
    number = used_so_far if used_so_far in numbers else most
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
