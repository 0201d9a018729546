"""What the sweeps of test_sweeps.py run in their workers, which import it by name."""

import os
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from charrnn_helpers import TrainConfig, train
from charrnn_helpers.experiments import sweeps

TINY = sweeps.RunConfig(
    "GRU", 8, text="assignment", train=TrainConfig(updates=3, streams=2, window=5, validate_every=2)
)
CONFIGS = [replace(TINY, seed=seed) for seed in range(4)]
MANY = [replace(TINY, seed=seed) for seed in range(12)]


def note(folder, config):
    """Leave a trace that this run was made: one file for each time. How often it was made until now."""
    count = len(list(Path(folder).glob(f"ran-{config.seed}-*")))
    Path(folder, f"ran-{config.seed}-{count}-{os.getpid()}").touch()
    return count + 1


def times_run(folder):
    """How often each seed was run: {seed: times}."""
    seeds = [int(path.name.split("-")[1]) for path in Path(folder).glob("ran-*")]
    return {seed: seeds.count(seed) for seed in sorted(set(seeds))}


def double(folder, config):
    note(folder, config)
    return {"value": 2 * config.seed, "pair": (1, 2)}


def stuck(folder, config):
    """Seeds above 3 take for ever, until there is a file named go-on."""
    row = double(folder, config)
    while config.seed > 3 and not Path(folder, "go-on").exists():
        time.sleep(0.1)
    return row


def awkward(folder, config):
    """Seed 1 raises the first time, seed 2 exits, seed 3 gives what is not a number."""
    times = note(folder, config)
    if config.seed == 1 and times == 1:
        raise KeyError("no such thing")
    if config.seed == 2:
        sys.exit(3)
    return {"value": float("nan") if config.seed == 3 else 2 * config.seed}


def deadly(folder, config):
    """Seed 1 kills its process the first time."""
    if note(folder, config) == 1 and config.seed == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"value": 2 * config.seed}


def train_and_be_interrupted(config):
    """A real run whose process is interrupted again and again in it, as Ctrl-C interrupts all of a group."""
    sweeps.train = partial(train, on_validation=lambda _: signal.raise_signal(signal.SIGINT))
    return sweeps.train_once(config)
