"""The experiment on how a memory is born, as charrnn_helpers/experiments/birth_protocol.md lays it down.

    python tests/tools/birth.py --rows /tmp/birth.jsonl                       all that is left, in order
    python tests/tools/birth.py --rows /tmp/birth.jsonl --parts "law start"   some parts only
    python tests/tools/birth.py --rows /tmp/small.jsonl --scale 0.001         minutes: does it work?

A row is appended to --rows as soon as its run is complete, and a run that has its row is not made again. The same
command may be started twice: each process takes runs that no other has. A run that was killed goes on from its last
checkpoint in --scratch, if that is still there. While a file named PAUSE lies beside the rows, everything waits.
All rows come from one commit: the command refuses a checkout with changes, unless rows do not count (--scale).
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import subprocess
import time
from pathlib import Path

import birth_plan
import torch
from birth_runs import Machine, key_of, make

from charrnn_helpers.experiments.birth import protocol_hash

ROOT = Path(__file__).resolve().parents[2]
# This commit is the next after the first one. It gives the changed cells of the parts rows in the registry, without
# which their gates cannot start with a bias, so the first one could not make their runs. All other runs are the same.
EARLIER = ("6262d0df79e34cbb873d0bdf09cd6998db9712c6",)


def main(arguments: list[str] | None = None) -> list[dict]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True, help="the file of rows, outside of the checkout")
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/birth-scratch"), help="for texts and checkpoints")
    parser.add_argument("--parts", nargs="+", choices=birth_plan.PARTS, default=list(birth_plan.PARTS))
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    options.scratch.mkdir(parents=True, exist_ok=True)
    made_by = {"protocol": protocol_hash(), "code": commit(options.scale)}
    if options.scale != 1:
        made_by["scale"] = options.scale
    machine = Machine(options.scratch, waiter(options.rows.with_name("PAUSE")), options.scale)
    while run := claim(options, made_by):
        run, lock = run
        with lock:
            row = {**run, **made_by, **make(run, machine)}
            with options.rows.open("a", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(json.dumps(row) + "\n")
        told = ("part", "design", "cell", "start", "rate", "seed", "status", "cpu_seconds")
        last = row["looks"][-1:], row["losses"][-1:]
        print(time.strftime("%H:%M"), {name: row[name] for name in told}, *last, flush=True)
    return counting(options.rows, made_by)


def commit(scale: float = 1.0) -> str:
    """The commit of this checkout. `RuntimeError` if it has changes, unless runs are shortened."""
    git = ["git", "-C", str(ROOT)]
    changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    if changes and scale == 1:
        raise RuntimeError(f"rows come from a commit, and this checkout has changes:\n{changes}")
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    return head + ("+changes" if changes else "")


def counting(path: Path, made_by: dict) -> list[dict]:
    """The rows that count: those of this protocol, this commit (or an earlier one) and this scale.

    A line that was cut off is left out.
    """
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if row.get("code") not in (made_by["code"], *EARLIER):
            continue
        if all(row.get(name) == made_by.get(name) for name in ("protocol", "scale")):
            rows.append(row)
    return rows


def claim(options: argparse.Namespace, made_by: dict) -> tuple[dict, object] | None:
    """The first run that has no row and that no other process makes, with its lock; None when nothing is left.

    Waits where what comes next follows from runs that other processes are still making.
    """
    while True:
        rows = counting(options.rows, made_by)
        done, waiting = {key_of(row) for row in rows}, False
        for run in birth_plan.plan(rows, options.parts):
            if key_of(run) in done:
                continue
            waiting = True
            name = hashlib.sha256((key_of(run) + str(options.scale)).encode()).hexdigest()[:24]
            lock = (options.scratch / f"lock-{name}").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            if key_of(run) in {key_of(row) for row in counting(options.rows, made_by)}:
                lock.close()  # its row came while we looked
                continue
            return run, lock
        if not waiting:
            return None
        time.sleep(5)


def waiter(pause: Path):
    """A function that returns at once, or as soon as the file `pause` is gone."""

    def wait() -> None:
        while pause.exists():
            time.sleep(0.2)

    return wait


if __name__ == "__main__":
    main()
