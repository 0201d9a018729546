"""Processes on this machine as a `concurrent.futures` executor that outlives them."""

import math
import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import torch

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
    return max(1, cores)


def _limits(*versions: tuple[str, ...]) -> list[float]:
    """The numbers in these files, of the first version that is there; none where there is no limit ("max")."""
    for names in versions:
        with suppress(OSError, ValueError):
            return [float(word) for name in names for word in (CGROUP / name).read_text(encoding="utf-8").split()]
    return []


class ProcessPool(ThreadPoolExecutor):
    """`workers` processes, each led by a thread: one that dies costs the call that it was at, and is replaced.

    That call ends with `ChildProcessError`. Functions must be importable and must not raise. `shutdown`, and the end of
    the parent, however it ends, stop the processes in the middle of what they do.

    Tried instead, on Python 3.11: `ProcessPoolExecutor` and loky 3.7's. In both, one killed worker ended every call,
    those of its neighbours and the waiting ones too, and the executor took no more. When the parent was killed, the
    workers of both were still there half a minute later. After an interrupt the standard one ran its calls to their
    end (loky can kill its workers; the standard one can from Python 3.14).
    """

    def __init__(self, workers: int):
        super().__init__(workers)
        self._lock = threading.Lock()
        self._closed = False
        self._processes: list[multiprocessing.Process] = []
        self._idle = deque(self._start() for _ in range(workers))

    def submit(self, function, /, *args) -> Future:
        return super().submit(self._call, function, args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.kill()
        super().shutdown(wait, cancel_futures=cancel_futures)

    def _start(self):
        """A new process and our end of the line to it."""
        spawn = multiprocessing.get_context("spawn")  # a forked process would inherit locks of OpenMP threads
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_work, args=(theirs,), daemon=True)
        with self._lock:
            if self._closed:
                raise RuntimeError("the pool was shut down")
            process.start()
            self._processes.append(process)
        theirs.close()  # the process alone holds that end: when it dies, the line is cut
        return process, ours

    def _call(self, function, args):
        place = self._idle.pop() or self._start()
        process, line = place
        try:
            line.send((function, args))
            return line.recv()
        except (EOFError, OSError):
            place = None  # the next call starts another
            process.join()
            raise ChildProcessError(
                f"the process ended with exit code {process.exitcode}: killed, out of memory, "
                'or started by a script without `if __name__ == "__main__":`'
            ) from None
        finally:
            self._idle.append(place)


def _work(line) -> None:
    """The life of a process: one thread; an interrupt is the parent's business; no parent means no work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    with suppress(EOFError, OSError):  # the parent is gone
        while True:
            function, args = line.recv()
            line.send(function(*args))


def _leave_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
