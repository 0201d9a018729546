"""What the sweeps of test_sweep.py run in their workers, which import it by name."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from charrnn_helpers.experiments.sweep import train_once

OTHERS_ARE_UNDER_WAY = 0.3  # seconds


def note(folder, config):
    """Leave a trace that this run was made: one file for each time."""
    count = len(list(Path(folder).glob(f"ran-{config.seed}-*")))
    Path(folder, f"ran-{config.seed}-{count}-{os.getpid()}").touch()


def times_run(folder):
    """How often each seed was run: {seed: times}."""
    seeds = [int(path.name.split("-")[1]) for path in Path(folder).glob("ran-*")]
    return {seed: seeds.count(seed) for seed in sorted(set(seeds))}


def double(folder, config):
    note(folder, config)
    return {"value": 2 * config.seed, "pair": (1, 2)}


def slow(folder, config):
    note(folder, config)
    time.sleep(0.4)
    return {"value": 2 * config.seed}


def raise_for_one(folder, config):
    note(folder, config)
    if config.seed == 1:
        raise KeyError("no such thing")
    return {"value": 2 * config.seed}


def raise_once(folder, config):
    note(folder, config)
    if config.seed == 1 and times_run(folder)[1] == 1:
        raise KeyError("no such thing")
    return {"value": 2 * config.seed}


def exit_for_one(folder, config):
    if config.seed == 1:
        sys.exit(3)
    return {"value": 2 * config.seed}


def train_and_be_interrupted(config):
    """A real run whose process is sent an interrupt in the middle, as Ctrl-C sends one to all of a group."""
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    return train_once(config)


def not_a_number_for_one(folder, config):
    note(folder, config)
    return {"value": float("nan") if config.seed == 1 else 0.0}


def die_once(folder, config):
    note(folder, config)
    if config.seed == 1 and times_run(folder)[1] == 1:
        time.sleep(OTHERS_ARE_UNDER_WAY)
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(OTHERS_ARE_UNDER_WAY)
    return {"value": 2 * config.seed}


def die_always(folder, config):
    note(folder, config)
    if config.seed == 1:
        time.sleep(OTHERS_ARE_UNDER_WAY)
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(3 * OTHERS_ARE_UNDER_WAY)
    return {"value": 2 * config.seed}
