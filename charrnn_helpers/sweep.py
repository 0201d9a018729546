"""Many training runs over any `concurrent.futures` executor: local processes by themselves, or a Dask cluster.

    rows = sweep(configs)                                    on this machine, one process for each core
    rows = sweep(configs, Client(...).get_executor())        the same on a Dask cluster

A row is what one run gave, or the error it ended with. Each is written to `folder` as soon as it is there, so that a
sweep that was killed, or has grown, goes on where it stopped.
"""

from __future__ import annotations

import ast
import hashlib
import json
import multiprocessing
import os
import platform
import signal
import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from .corpus import load_corpus
from .encoding import Vocabulary
from .fused import FASTEST
from .metrics import excess_by_distance, excess_by_kind, read_tales
from .models import RNNModel, num_parameters
from .training import TrainConfig, context_losses, keep_memory, train, whole_file

CELLS = {**FASTEST, "RNN": RNNModel}


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
    train: TrainConfig = field(default_factory=TrainConfig)  # its seed is replaced by the one above


def train_once(config: RunConfig) -> dict:
    """Train one network and measure it: the job of a sweep. All losses are nats per character.

    `val` is the lowest loss on the watched part of the validation text, in blocks of 2,000 characters; `test` that of
    the weights it belongs to on the whole test text, each character predicted from the 1,000 before it or more
    (`context_losses`). On `tales` also: the excess over the oracle on `test`, by kind of character and by distance.
    `seconds` are those of the training loop, `cpu_seconds` what the processor worked in it, the looks at val included:
    on a machine with other work to do the second says more. Raises what `train` raises, and `RuntimeError` if a run is
    under way in this process: the two would share their random numbers.
    """
    if not _BUSY.acquire(blocking=False):
        raise RuntimeError("two runs in one process: give each worker one thread (threads_per_worker=1)")
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(config.threads)
        return _train_once(config)
    finally:
        torch.set_num_threads(threads)
        _BUSY.release()


_BUSY = threading.Lock()


def _train_once(config: RunConfig) -> dict:
    vocab, train_ids, val_ids, test_ids, test = _text(config.text)
    settings = TrainConfig(**{**asdict(config.train), "seed": config.seed})
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(config.seed)
        sizes = (config.hidden_size, config.num_layers, config.embedding_size, config.dropout)
        model = CELLS[config.cell](len(vocab), *sizes)
    began = time.process_time()
    history = train(model, train_ids, val_ids[: config.watched], settings, device=config.device, progress=False)
    cpu_seconds = time.process_time() - began
    losses = context_losses(model, test_ids.to(config.device)).cpu().numpy()
    row = {
        "parameters": num_parameters(model),
        "val": history.best_loss,
        "test": float(losses.mean()),
        "val_updates": history.val_updates,
        "val_losses": history.val_losses,
        "val_seconds": history.val_seconds,
        "seconds": history.seconds,
        "cpu_seconds": cpu_seconds,
        "machine": f"{platform.machine()}, PyTorch {torch.__version__.split('+')[0]}, {config.threads} thread(s)",
    }
    if config.text == "tales":
        reading = read_tales(test)
        losses = np.append(np.nan, losses)  # the first character is given
        row["excess"] = excess_by_kind(losses, reading)
        row["excess_by_distance"] = excess_by_distance(losses, reading)
    return row


@cache
def _text(name: str):
    """A text, encoded once in each process."""
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

    A row is what `job` returned, with `config`, `key` and `status`: "finished"; "diverged", when the loss was no longer
    a number; or "failed", with its `error`. The first two are kept in `folder`, under the hash of the configuration, of
    the code that trains and of the text, and are not run again; a failed one is tried again by the next call.

    Without `executor`, `workers` processes (as many as there are cores) run side by side; one that dies costs the runs
    that were under way another attempt, at most `retries` of them. With one, for example
    `distributed.Client(...).get_executor()`, that executor decides about workers and retries. Interrupting stops all
    workers and keeps what is finished. Raises `ValueError` if `folder` cannot be made.
    """
    configs = list(configs)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"the folder {folder} for the results cannot be made ({error}); choose another") from error
    keys = [key_of(config) for config in configs]
    rows = {key: row for key in dict.fromkeys(keys) if (row := _read(folder, key)) is not None}
    todo = {key: config for key, config in zip(keys, configs, strict=True) if key not in rows}
    unwritten: dict[str, dict] = {}

    if executor is None:
        results = _on_this_machine(todo, job, workers or os.cpu_count() or 1, retries)
    else:
        results = _on(executor, todo, job)
    failed, total = 0, len(rows) + len(todo)
    with tqdm(total=total, initial=len(rows), desc="sweep", unit="run", leave=False, disable=not progress) as bar:
        try:
            for key, outcome, running in results:
                rows[key] = {"key": key, "config": asdict(todo[key]), **outcome}
                failed += outcome["status"] == "failed"
                if outcome["status"] != "failed" and not _write(folder, rows[key]):
                    unwritten[key] = rows[key]
                bar.set_postfix(running=running, failed=failed, refresh=False)
                bar.update()
        except KeyboardInterrupt:
            print(f"stopped: {len(rows) - failed} of {total} runs are kept in {folder}; the same call goes on there")
            raise
        finally:
            results.close()  # leaves no worker behind
    lost = [key for key, row in unwritten.items() if not _write(folder, row)]  # there may be room again
    if lost:
        warnings.warn(
            f"{len(lost)} result(s) could not be written to {folder} and are in the returned rows only: "
            "make room there before you sweep again",
            stacklevel=2,
        )
    return [rows[key] for key in keys]


def key_of(config: RunConfig) -> str:
    """The hash under which a result is kept: of the configuration, the code that trains, and the text."""
    parts = [json.dumps(asdict(config), sort_keys=True), code_version(), _text_version(config.text)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


@cache
def code_version() -> str:
    """A hash of the modules that decide what a run gives, without their comments, docstrings and layout."""
    folder = Path(__file__).parent
    parts = [_bare((folder / f"{name}.py").read_text(encoding="utf-8")) for name in DECISIVE]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


DECISIVE = ("encoding", "models", "fused", "training")


def _bare(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


@cache
def _text_version(name: str) -> str:
    return load_corpus(name).sha256


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
    try:
        with whole_file(folder / f"{row['key']}.json") as file:
            file.write(json.dumps(row, indent=1).encode())
    except OSError:
        return False
    return True


def _attempt(job: Callable[[RunConfig], dict], config: RunConfig) -> dict:
    """What happens in a worker: the job, and its error as a result like others."""
    try:
        outcome = {"status": "finished", **job(config)}
        return json.loads(json.dumps(outcome, allow_nan=False))  # as it will be read from its file
    except FloatingPointError as error:
        return {"status": "diverged", "error": str(error)}
    except Exception as error:
        return {"status": "failed", "error": f"{type(error).__name__}: {error}"}


def _on(executor: Executor, todo: dict[str, RunConfig], job) -> Iterator[tuple[str, dict, int]]:
    """Run on an executor of the caller's: (key, outcome, how many are still under way)."""
    running = {executor.submit(_attempt, job, config): key for key, config in todo.items()}
    try:
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                key = running.pop(future)
                if future.cancelled():
                    outcome = {"status": "failed", "error": "the executor cancelled it"}
                elif (error := future.exception()) is not None:  # of the executor: `_attempt` lets none of the job pass
                    outcome = {"status": "failed", "error": f"its worker was lost ({type(error).__name__}: {error})"}
                else:
                    outcome = future.result()
                yield key, outcome, len(running)
    finally:
        for future in running:
            future.cancel()


def _on_this_machine(todo: dict[str, RunConfig], job, workers: int, retries: int) -> Iterator[tuple[str, dict, int]]:
    """Run on processes of our own. When one dies, the pool is built again, and those under way run again one by one.

    One of them may be what killed the process: alone, it cannot take the others with it.
    """
    spawn = multiprocessing.get_context("spawn")  # a forked process would inherit locks of OpenMP threads
    waiting, suspects = deque(todo), deque()
    attempts: Counter[str] = Counter()
    running: dict = {}
    pool = stop = None
    try:
        while waiting or suspects or running:
            if pool is None:
                stop = spawn.Event()
                pool = ProcessPoolExecutor(min(workers, len(todo)), spawn, _start_worker, (stop,))
            alone = any(attempts[key] for key in running.values())
            while not alone and (suspects or waiting) and len(running) < (1 if suspects else workers):
                alone = bool(suspects)
                key = (suspects or waiting).popleft()
                try:
                    running[pool.submit(_attempt, job, todo[key])] = key
                except BrokenExecutor:  # since the last look
                    (suspects if alone else waiting).appendleft(key)
                    break
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            broken = not running or any(isinstance(future.exception(), BrokenExecutor) for future in done)
            if broken:
                done, _ = wait(running)  # they all end with the pool
            for future in done:
                key = running.pop(future)
                if not isinstance(future.exception(), BrokenExecutor):
                    yield key, future.result(), len(running)
                    continue
                attempts[key] += 1
                if attempts[key] <= retries:
                    suspects.append(key)
                else:
                    died = f"its worker process died {attempts[key]} times (killed, or out of memory)"
                    yield key, {"status": "failed", "error": died}, len(running)
            if broken:
                pool.shutdown()
                pool = None
    finally:
        if pool is not None:
            if running:
                stop.set()  # the workers leave in the middle of what they do
            pool.shutdown(cancel_futures=True)


def _start_worker(stop) -> None:
    """In a worker of our own: an interrupt is the parent's business, and no parent means no work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_when_told, args=(stop,), daemon=True).start()


def _leave_when_told(stop) -> None:
    parent = multiprocessing.parent_process()
    while not stop.wait(0.5) and parent.is_alive():
        pass
    os._exit(1)
