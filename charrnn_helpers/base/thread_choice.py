"""Find the number of threads that the clock finds fastest, again and again (`tests/tools/busy.py` measures it)."""

import math
from collections.abc import Generator, Sequence
from statistics import mean

SPAN = 0.3  # seconds to time a number of threads, so long that a quota on the processor's time shows in them
HOPELESS = 4  # times as slow: a single update is enough
REST = 20  # times as long as a comparison until the next, so that comparing costs less than a twentieth
WORTH_A_CHANGE = 1.05  # times as fast


def choose_threads(numbers: Sequence[int], used_so_far: int) -> Generator[int, float, None]:
    """Yield one of `numbers`, in order, for the threads of the next update; take the seconds of that update by `send`.

    All of them are compared, and again after a while, because a machine is rarely idle.
    """
    number = used_so_far if used_so_far in numbers else numbers[-1]
    while True:
        seconds: dict[int, float] = {}
        spent = 0.0
        for candidate in numbers:  # the fewest first, because they suffer least from other programs
            timings = yield from _time_updates(candidate, min(seconds.values(), default=math.inf))
            seconds[candidate] = _typical(timings)
            spent += sum(timings)
        fastest = min(seconds, key=lambda each: seconds[each])
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
