"""Start processes on this machine, as many as there is room for."""

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
    """Count one worker for each core, or as many as this container's limits on time and memory allow; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    time = _limits(("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))
    if time and time[0] > 0:
        cores = min(cores, math.ceil(time[0] / time[1]))
    memory = _limits(("memory.max",), ("memory/memory.limit_in_bytes",))
    if memory:
        cores = min(cores, int((memory[0] - OTHERS) // WORKER))
    return max(1, min(cores, 61))  # a pool of Windows takes no more


def _limits(*versions: tuple[str, ...]) -> list[float]:
    """Read the numbers in these files, of the first version that is there; none where there is no limit ("max")."""
    for names in versions:
        with suppress(OSError, ValueError):
            return [float(word) for name in names for word in (CGROUP / name).read_text(encoding="utf-8").split()]
    return []


def local_processes(workers: int) -> ProcessPoolExecutor:
    """Make a pool of so many processes. They ignore interrupts, which their parent handles, and end when it ends."""
    spawn = multiprocessing.get_context("spawn")  # a forked process would inherit locks of OpenMP threads
    return ProcessPoolExecutor(workers, spawn, initializer=_prepare_worker)


def _prepare_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
