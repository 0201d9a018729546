"""Processes on this machine, as many as there is room for."""

import math
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")  # what a container on Linux may use, in files of version 2 or 1
WORKER, OTHERS = 0.4e9, 1.2e9  # bytes: of a worker, and of Jupyter and the notebook, with something to spare


def room_for_workers() -> int:
    """One for each core, or as many as the limits of this container on time and memory allow; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    time = _limits(("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))
    if time and time[0] > 0:
        cores = min(cores, math.ceil(time[0] / time[1]))
    memory = _limits(("memory.max",), ("memory/memory.limit_in_bytes",))
    if memory:
        cores = min(cores, int((memory[0] - OTHERS) // WORKER))
    return max(1, min(cores, 61))  # more no pool of Windows takes


def _limits(*versions: tuple[str, ...]) -> list[float]:
    """The numbers in these files, of the first version that is there; none where there is no limit ("max")."""
    for names in versions:
        with suppress(OSError, ValueError):
            return [float(word) for name in names for word in (CGROUP / name).read_text(encoding="utf-8").split()]
    return []


def local_processes(workers: int) -> ProcessPoolExecutor:
    """So many processes. An interrupt is the parent's business; no parent means no work."""
    spawn = multiprocessing.get_context("spawn")  # a forked process would inherit locks of OpenMP threads
    return ProcessPoolExecutor(workers, spawn, initializer=_begin)


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
