"""Many training runs over any `concurrent.futures` executor: local processes by themselves, or a Dask cluster.

    rows = sweep(configs)                                    on this machine, one process for each core
    rows = sweep(configs, Client(...).get_executor())        the same on a Dask cluster

A row is what one run gave, or the error it ended with. Each is written to `folder` as soon as it is there, so that a
sweep that was killed, or has grown, goes on where it stopped.
"""

import hashlib
import json
import platform
import threading
import time
import uuid
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from ..measures.excess import excess_by_distance, excess_by_kind, read_tales
from ..networks.models import num_parameters
from ..sampling import generate
from ..text.corpus import TEXTS, load_corpus
from ..text.encoding import Vocabulary
from ..training.config import TrainConfig
from ..training.device import keep_memory
from ..training.evaluation import context_losses
from ..training.files import whole_file
from ..training.loop import train
from .process_pool import ProcessPool, room_for_workers
from .recipes import Recipe

RESULTS_VERSION = 3  # raise it when an edit changes a number that a run gives: what was kept before is then run again


@dataclass(frozen=True)
class RunConfig:
    """One run of a sweep: everything that decides what comes out of it."""

    cell: str  # "LSTM", "GRU" or "RNN"
    hidden_size: int
    num_layers: int = 1
    embedding_size: int | None = 64
    dropout: float = 0.0
    text: str = "tales"  # what `load_corpus` takes
    seed: int = 0  # of the initial weights and of dropout
    watched: int = 20_000  # characters of the validation text that are looked at during training
    threads: int = 1  # of PyTorch; several runs share a machine better than several threads share a small matrix
    device: str = "cpu"
    train: TrainConfig = field(default_factory=TrainConfig)  # its seed becomes the one above

    def __post_init__(self):
        """Plain values, so that equal runs have equal keys: `seed=np.int64(3)` is 3, a path is its text."""
        plain = {"text": str(self.text), "seed": int(self.seed), "hidden_size": int(self.hidden_size)}
        for name, value in {**plain, "train": replace(self.train, seed=int(self.seed))}.items():
            object.__setattr__(self, name, value)


def train_once(config: RunConfig) -> dict:
    """Train one network and measure it: the job of a sweep. All losses are nats per character.

    `val` is the lowest loss on the watched part of the validation text, in blocks of 2,000 characters; `test` that of
    the weights it belongs to on the whole test text, each character predicted from the 1,000 before it or more
    (`context_losses`). `sample` is 200 characters that it writes after the first 20 of `test`, at temperature 0.8. On
    `tales` also: the excess over the oracle on `test`, by kind of character and by distance.
    `seconds` are those of the training loop, `cpu_seconds` what the processor worked in it, the looks at val included:
    on a machine with other work to do the second says more. Raises what `train` raises. Two runs in one process take
    turns: they would share their random numbers.
    """
    with _BUSY:
        threads = torch.get_num_threads()
        try:
            torch.set_num_threads(config.threads)
            return _train_once(config)
        finally:
            torch.set_num_threads(threads)


_BUSY = threading.Lock()


def _train_once(config: RunConfig) -> dict:
    vocab, train_ids, val_ids, test_ids, test = _text(config.text, _text_version(config.text))
    sizes = (config.hidden_size, config.dropout, config.train, config.num_layers, config.embedding_size)
    model = Recipe(config.cell, *sizes).model(len(vocab), config.seed)
    began = time.process_time()
    options = {"device": config.device, "threads": config.threads, "progress": False}
    history = train(model, train_ids, val_ids[: config.watched], config.train, **options)
    cpu_seconds = time.process_time() - began
    if not history.finished:
        raise RuntimeError(f"the training was interrupted after {history.updates} updates")
    losses = context_losses(model, test_ids.to(config.device)).cpu().numpy()
    row = {
        "parameters": num_parameters(model),
        "val": history.best_loss,
        "test": float(losses.mean()),
        "sample": generate(model, vocab, test[:20], 200, temperature=0.8, seed=config.seed),
        "val_updates": history.val_updates,
        "val_losses": history.val_losses,
        "val_seconds": history.val_seconds,
        "seconds": history.seconds,
        "cpu_seconds": cpu_seconds,
        "machine": f"{platform.machine()}, PyTorch {_torch_version()}, {config.threads} thread(s)",
    }
    if config.text == "tales":
        reading = read_tales(test)
        losses = np.append(np.nan, losses)  # the first character is given
        row["excess"] = excess_by_kind(losses, reading)
        row["excess_by_distance"] = excess_by_distance(losses, reading)
    return row


@cache
def _text(name: str, version: str):
    """A text in this version, encoded once in each process."""
    keep_memory()
    corpus = load_corpus(name)
    vocab = Vocabulary.from_text(corpus.text)
    return (vocab, *(vocab.encode(part) for part in (corpus.train, corpus.val, corpus.test)), corpus.test)


# --------------------------------------------------------------------------------------------------------- the sweep


def sweep(
    configs: Iterable[RunConfig],
    executor: Executor | None = None,
    *,
    folder: str | Path = "runs/sweep",
    job: Callable[[RunConfig], dict] = train_once,
    workers: int | None = None,
    retries: int = 2,
    progress: bool = True,
) -> list[dict]:
    """Run `job` for each of `configs` and return one row for each, in their order.

    A row is what `job` returned, with `config`, `key`, `results_version` and `status`: "finished"; "diverged", when the
    loss was no longer a number; or "failed", with its `error`. The first two are kept in `folder`, under `key_of` the
    run, and are not run again; a failed one is tried again by the next call. `job` must be importable, as every worker
    imports it.

    Without `executor`, `workers` processes (as many as there is room for) run side by side; a run whose process dies
    gets another attempt, alone, at most `retries` of them; an interrupt stops them all. In a script the call then
    belongs under `if __name__ == "__main__":`. With an executor, for example `distributed.Client(...).get_executor()`,
    that one decides about workers and retries, and what it gives up is given to it once more, alone; an interrupt
    cancels what has not begun. Either way what is finished is kept. Raises `ValueError` if `folder` cannot be made or
    `job` cannot be imported.
    """
    configs = list(configs)
    folder = Path(folder)
    keys = [key_of(config, job) for config in configs]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"the folder {folder} for the results cannot be made ({error}); choose another") from error
    rows = {key: row for key in dict.fromkeys(keys) if (row := _read(folder, key)) is not None}
    todo = {key: config for key, config in zip(keys, configs, strict=True) if key not in rows}
    total, now, unwritten = len(rows) + len(todo), {"running": 0, "failed": 0}, set()

    def take(key: str, outcome: dict) -> None:
        rows[key] = {"key": key, "config": asdict(todo[key]), "results_version": RESULTS_VERSION, **outcome}
        if outcome["status"] == "failed":
            now["failed"] += 1
        else:
            unwritten.add(key)
            if _write(folder, rows[key]):
                unwritten.remove(key)
        bar.update()
        bar.set_postfix(now)

    def show(running: int) -> None:
        now["running"] = running
        bar.set_postfix(now)

    with tqdm(total=total, initial=len(rows), desc="sweep", unit="run", leave=False, disable=not progress) as bar:
        try:
            if executor is not None:
                _run_all(executor, job, todo, take, show, at_once=len(todo), retries=1)
            elif todo:
                workers = min(workers or room_for_workers(), len(todo))
                with ProcessPool(workers) as pool:
                    _run_all(pool, job, todo, take, show, at_once=workers, retries=retries)
        finally:
            unwritten = {key for key in unwritten if not _write(folder, rows[key])}  # there may be room again
            if len(rows) < total:
                kept = len(rows) - now["failed"] - len(unwritten)
                print(f"stopped: {kept} of {total} runs are kept in {folder}; the same call goes on there")
            if unwritten:
                warnings.warn(
                    f"{len(unwritten)} result(s) could not be written to {folder} and are in the returned rows only: "
                    "make room there before you sweep again",
                    stacklevel=2,
                )
    return [rows[key] for key in keys]


def _run_all(
    executor: Executor,
    job: Callable[[RunConfig], dict],
    todo: dict[str, RunConfig],
    take: Callable[[str, dict], None],
    show: Callable[[int], None],
    *,
    at_once: int,
    retries: int,
) -> None:
    """Run all on an executor. What ended with an error of the executor is run again at the end, with nothing else.

    `_attempt` lets no error of the job pass, so most likely its worker was lost, for example for want of memory
    beside others. Dask also gives up what only waited on a worker that another run killed: alone, it comes through.
    """
    waiting, suspects = deque(todo), deque()
    losses: Counter[str] = Counter()
    lost: dict[str, dict] = {}
    running: dict[Future, str] = {}
    try:
        while waiting or suspects or running:
            while (waiting and len(running) < at_once) or (suspects and not waiting and not running):
                key = (waiting or suspects).popleft()
                try:  # the last argument keeps Dask from taking a second attempt for the first
                    running[executor.submit(_attempt, job, todo[key], key, uuid.uuid4().hex)] = key
                except Exception as error:  # broken, or shut down
                    why = f"the executor takes no more runs ({type(error).__name__}: {error})"
                    take(key, lost.get(key) or _failure(why))
            show(len(running))
            done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)  # Windows hears no interrupt in a wait
            for future in done:
                key = running.pop(future)
                if future.cancelled():
                    take(key, _failure("the executor cancelled it"))
                elif (error := future.exception()) is None:
                    take(key, future.result())
                else:
                    lost[key] = _failure(f"its worker was lost ({type(error).__name__}: {error})")
                    losses[key] += 1
                    if losses[key] <= retries:
                        suspects.append(key)
                    else:
                        take(key, lost[key])
    finally:
        for future, key in running.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                take(key, future.result())
            future.cancel()


def _attempt(job: Callable[[RunConfig], dict], config: RunConfig, key: str, _unique: str) -> dict:
    """What happens in a worker: the job, and its error as a result like others."""
    try:
        if key_of(config, job) != key:
            raise RuntimeError(f"this worker has another version of the course, PyTorch or {config.text!r}")
        outcome = {"status": "finished", **job(config)}
        return json.loads(json.dumps(outcome, allow_nan=False))  # as it will be read from its file
    except FloatingPointError as error:
        return {"status": "diverged", "error": str(error)}
    except (Exception, SystemExit) as error:
        return _failure(f"{type(error).__name__}: {error}")


def _failure(why: str) -> dict:
    return {"status": "failed", "error": why}


# ------------------------------------------------------------------------------------------------ what a row is kept as


def key_of(config: RunConfig, job: Callable[[RunConfig], dict] = train_once) -> str:
    """The hash under which a row is kept: of configuration, job, text, PyTorch's version and `RESULTS_VERSION`.

    Raises `ValueError` for a job that workers cannot import.
    """
    parts = [asdict(config), _name_of(job), _text_version(config.text), _torch_version(), RESULTS_VERSION]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def _name_of(job) -> str:
    """What a job is called, the arguments of a `functools.partial` included. Raises `ValueError` for one of a cell."""
    if isinstance(job, partial):
        return _name_of(job.func) + json.dumps([job.args, job.keywords], sort_keys=True, default=str)
    if job.__module__ == "__main__" or "<" in job.__qualname__:
        raise ValueError(f"{job.__qualname__} cannot be imported by the workers: put the job into a module of its own")
    return f"{job.__module__}.{job.__qualname__}"


def _torch_version() -> str:
    return torch.__version__.split("+")[0]


_loaded = cache(load_corpus)


def _text_version(name: str) -> str:
    """The hash of a text; a file is read each time, as it may have changed."""
    return (_loaded if name in TEXTS else load_corpus)(name).sha256


def _read(folder: Path, key: str) -> dict | None:
    """The row kept under `key`; None if there is none, or it is damaged: then it is run again."""
    path = folder / f"{key}.json"
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
        if row["key"] == key and row["status"] in ("finished", "diverged"):
            return row
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    warnings.warn(f"{path} is damaged; that run is made again", stacklevel=3)
    return None


def _write(folder: Path, row: dict) -> bool:
    """Keep a row, whole or not at all; False if that fails, for example because the disk is full."""
    with suppress(OSError), whole_file(folder / f"{row['key']}.json") as file:
        file.write(json.dumps(row, indent=1).encode())
        return True
    return False
