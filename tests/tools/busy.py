"""How fast does a training go on a busy machine? Whole trainings by `train`, threads chosen or all.

    python tests/tools/busy.py                a table, and the same as JSON with --json FILE; twelve minutes

Alone; beside one busy process; each of two trainings at once; on one core; under a quota of one core's time (Linux,
where this user may make a cgroup, else that row is left out). `slower x` is against the same cell alone with all
threads. A training lasts --seconds, its comparisons of threads included, a quarter of that where all threads are in
each other's way. All take turns; medians over the rounds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import mean, median

import common

from charrnn_helpers.networks.registry import BOTH

TRAINING = """
import os, sys
if sys.argv[1] == "one core":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import time, torch
from charrnn_helpers import TrainConfig, train
from charrnn_helpers.networks import CELLS
ids = torch.randint(65, (32 * 32 * 50 + 1,))
config = TrainConfig(updates=10**6, streams=32, window=32, validate_every=10**6)
options = {"device": "cpu", "progress": False}
class After:
    def __init__(self, seconds):
        self.seconds, self.end = seconds, None
    def is_set(self):
        now, first = time.perf_counter(), self.end is None
        self.end = now + self.seconds if first else self.end
        return not first and now > self.end
    def set(self):
        self.end = 0
print("ready", flush=True)
for line in sys.stdin:
    cell, units, threads, seconds = line.split()
    model = CELLS[cell].fast(65, int(units), 1)
    threads = torch.get_num_threads() if threads == "all" else None
    history = train(model, ids, ids[:2], config, threads=threads, stop=After(float(seconds)), **options)
    print(history.updates * 32 * 32 / history.seconds, flush=True)
"""
QUOTAS = (  # of cgroup v2 and v1: the folder, a file that it then has, what sets the quota
    ("/sys/fs/cgroup", "cgroup.controllers", "cpu.max", "100000 100000"),
    ("/sys/fs/cgroup/cpu", "cpu.shares", "cpu.cfs_quota_us", "100000"),
)


@contextmanager
def process(code: str, *arguments: str):
    """A Python process that is ready, and ends with the block."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code, *arguments], **pipes) as started:
        try:
            started.stdout.readline()
            yield started
        finally:
            started.kill()


@contextmanager
def one_core_of_time(pid: int):
    """Whether the process now has a quota of one core: a group of its own, that of cgroup v2 or v1."""
    group = None
    for root, kind, name, value in QUOTAS:
        if group is None and Path(root, kind).is_file():
            group = Path(root, f"busy-{pid}")
            try:
                group.mkdir()
                (group / name).write_text(value)
                (group / "cgroup.procs").write_text(str(pid))
            except OSError:  # not this user, or not this version
                with suppress(OSError):
                    group.rmdir()
                group = None
    try:
        yield group is not None
    finally:
        if group:
            (group.parent / "cgroup.procs").write_text(str(pid))
            group.rmdir()


def rates(trainings: list, *task) -> list[float]:
    """Characters per second of trainings at once."""
    for training in trainings:
        print(*task, file=training.stdin, flush=True)
    return [float(training.stdout.readline()) for training in trainings]


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, rounds=5, units=192, seconds=10.0)
    found = defaultdict(list)
    with ExitStack() as stack:
        first, second, limited = (stack.enter_context(process(TRAINING, "")) for _ in range(3))
        places = {"alone": [first], "one busy": [first], "two": [first, second]}
        if hasattr(os, "sched_setaffinity"):
            places["one core"] = [stack.enter_context(process(TRAINING, "one core"))]
        if stack.enter_context(one_core_of_time(limited.pid)):
            places["quota"] = [limited]
        for _ in range(options.rounds):
            for cell in BOTH:
                for place, trainings in places.items():
                    for threads in ("chosen", "all"):
                        with ExitStack() as beside:
                            if place == "one busy":
                                beside.enter_context(process("print(flush=True)\nwhile True: pass"))
                            short = threads == "all" and place != "alone"
                            seconds = options.seconds / (4 if short else 1)
                            task = (cell, options.units, threads, seconds)
                            found[cell, place, threads].append(mean(rates(trainings, *task)))
    rate = {key: median(values) for key, values in found.items()}
    rows = []
    for (cell, place, threads), value in rate.items():
        slower = rate[cell, "alone", "all"] / value
        rows.append({"cell": cell, "where": place, "threads": threads, "characters/s": value, "slower x": slower})
    return common.report({"machine": common.machine("cpu"), "rows": rows}, options.json)


if __name__ == "__main__":
    main()
