"""How many of PyTorch's threads work: one for small work, or a number that is chosen while the work goes on.

PyTorch splits an operation between threads, which wait for each other at its end. If another program occupies one of
the cores, one of the threads is not running for much of the time, and all of them stand still. A network of the course
reads a few rows of text in so little time that this happens thousands of times a second: beside a busy program, two
threads took five to forty times as long as one (`tests/tools/busy_notebooks.py` measures it). So whatever reads or
writes text uses one thread, and a training chooses.

`torch.set_num_threads` sets two numbers: that of the calling thread, and that with which every thread starts that is
new to PyTorch. Here only the first is changed, so that, for example, the thread of a panel does not inherit it.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from .thread_choice import choose_threads

_WORK = threading.local()  # its `is_timed` is True while `chosen_threads` times the work of this thread


@contextmanager
def own_threads() -> Iterator[Callable[[int], None]]:
    """Yield a function that sets the number of threads for the calling thread alone; restore the number afterwards."""
    before = torch.get_num_threads()

    def work_with(number: int) -> None:
        if number != torch.get_num_threads():
            torch.set_num_threads(number)
            helper = threading.Thread(target=torch.set_num_threads, args=(before,))  # for threads that start later
            helper.start()
            helper.join()

    try:
        yield work_with
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Work with one thread, which never waits for another."""
    with own_threads() as work_with:
        work_with(1)
        yield


@contextmanager
def reading_threads() -> Iterator[None]:
    """Work with one thread. Inside `chosen_threads`, work with the number of threads that was chosen there.

    So a training validates with the number that it has found fastest at that moment.
    """
    if getattr(_WORK, "is_timed", False):
        yield
    else:
        with one_thread():
            yield


@contextmanager
def chosen_threads(
    threads: int | None = None, seconds_used: dict[int, float] | None = None
) -> Iterator[Callable[[float], None]]:
    """Work with `threads` threads, or with the number that is fastest, at most those that the caller has.

    Yield `record_seconds`, a function that must be given the seconds of each update, or of any other work that comes
    again and again in pieces of about one size. It adds them to `seconds_used`, by number of threads. Without `threads`
    the work begins with the number that was used longest so far, or with 1. No more threads are started than there are
    cores. Raises `ValueError` for a number below 1.
    """
    if threads is not None and threads < 1:
        raise ValueError(f"threads is {threads}; it must be at least 1, or None for the number that is fastest")
    used = {} if seconds_used is None else seconds_used
    most = torch.get_num_threads()
    numbers = sorted({1, most // 2, most - 1, most} - {0}) if threads is None else [min(threads, os.cpu_count() or 1)]
    choice = choose_threads(numbers, max(used, key=lambda number: used[number], default=1))
    number = next(choice)

    def record_seconds(seconds: float) -> None:
        nonlocal number
        used[number] = used.get(number, 0.0) + seconds
        number = choice.send(seconds)
        work_with(number)

    outer = getattr(_WORK, "is_timed", False)
    with own_threads() as work_with:
        work_with(number)
        _WORK.is_timed = True
        try:
            yield record_seconds
        finally:
            _WORK.is_timed = outer
