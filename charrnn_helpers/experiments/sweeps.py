"""Many training runs side by side, `rows = sweep(configs)`: one process for each core of this machine.

A row is what one run gave, or the error it ended with. Each is written to `folder` as soon as it is there, so that a
sweep that was killed, or has grown, goes on where it stopped. A worker is sent the row of its cell in the registry, so
that it can train a cell that only this process, a notebook's, has registered.
"""

import hashlib
import inspect
import json
import signal
import threading
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path

import loky
import torch
from tqdm.auto import tqdm

from ..base.allocation import keep_memory
from ..base.checks import checked
from ..base.files import atomic_file
from ..base.threads import one_thread
from ..networks.models import register
from ..networks.registry import CELLS, COMPARED, Cell
from ..text.corpus import load_corpus
from ..text.encoding import Vocabulary
from ..training.config import TrainConfig
from ..training.evaluation import context_losses
from ..training.loop import train

RESULTS_VERSION = 4  # raise it when an edit changes a number that a run gives: what was kept before is then run again


@dataclass(frozen=True)
class RunConfig:
    """One run of a sweep: everything that decides what comes out of it. One recurrent layer, on the CPU."""

    cell: str  # "LSTM", "GRU", "RNN", or a name that you registered
    hidden_size: int
    text: str = "tales"  # what `load_corpus` takes
    seed: int = 0  # of the initial weights
    watched: int = 20_000  # characters of the validation text that are looked at during training
    train: TrainConfig = field(default_factory=TrainConfig)  # its seed becomes the one above

    def __post_init__(self):
        """Plain values, so that equal runs have equal keys: `seed=np.int64(3)` is 3, a path is its text."""
        plain = {"text": str(self.text), "seed": int(self.seed), "hidden_size": int(self.hidden_size)}
        for name, value in {**plain, "train": replace(self.train, seed=int(self.seed))}.items():
            object.__setattr__(self, name, value)


@checked
def width_for(parameters: int, cell: str, vocab_size: int) -> int:
    """Find the hidden size of the network of a run that comes nearest to so many parameters.

    Raises `ValueError` if one unit is too many.
    """
    embedding = 64  # the size that a model has if not told

    def count(units: int) -> int:
        recurrent = len(CELLS[cell].blocks) * units * (embedding + units + 2)  # W_x, W_h, and two biases
        return vocab_size * embedding + recurrent + (units + 1) * vocab_size

    if parameters < count(1):
        raise ValueError(f"{parameters} parameters are too few: one unit alone takes {count(1)}")
    width = bisect_right(range(1, 1_000_000), parameters, key=count)
    return min(width, width + 1, key=lambda units: abs(count(units) - parameters))


_BUSY = threading.Lock()


def train_once(config: RunConfig) -> dict:
    """Train one network and measure it: the job of a sweep. All losses are nats per character.

    `val` is the lowest loss on the watched part of the validation text, in blocks of 2,000 characters; `test` that of
    the weights it belongs to on the whole test text, each character predicted from the 1,000 before it or more
    (`context_losses`). Raises what `train` raises. Two runs in one process take turns: they would share their random
    numbers.
    """
    with _BUSY, one_thread():
        corpus = load_corpus(config.text)
        vocab, train_ids, val_ids, test_ids = _text(config.text, corpus.sha256)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(config.seed)
            model = CELLS[config.cell].fast(len(vocab), config.hidden_size, num_layers=1)
        watched = val_ids[: config.watched]
        history = train(model, train_ids, watched, config.train, device="cpu", threads=1, progress=False)
        if not history.finished:
            raise RuntimeError(f"the training was interrupted after {history.updates} updates")
        return {"val": history.best_loss, "test": context_losses(model, test_ids).mean().item()}


@cache
def _text(name: str, version: str):
    """Load a text in this version, and encode it once in each process."""
    keep_memory()
    corpus = load_corpus(name)
    vocab = Vocabulary.from_text(corpus.text)
    return (vocab, *(vocab.encode(part) for part in (corpus.train, corpus.val, corpus.test)))


# --------------------------------------------------------------------------------------------------------- the sweep

WORKER, OTHERS = 0.4e9, 1.2e9  # bytes: of a worker, and of Jupyter and the notebook, with something to spare
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)  # a container's


def room_for_workers() -> int:
    """Count one worker for each core that we may use, or fewer where a container's memory has no room for so many."""
    room = loky.cpu_count()  # which knows how much of the processors a container may use
    for path in MEMORY_LIMITS:
        if path.is_file() and (limit := path.read_text(encoding="utf-8").strip()).isdigit():
            room = min(room, int((int(limit) - OTHERS) // WORKER))
    return max(1, room)


def sweep(
    configs: Iterable[RunConfig],
    executor: Executor | None = None,
    *,
    folder: str | Path = "runs/sweep",
    job: Callable[[RunConfig], dict] = train_once,
    progress: bool = True,
) -> list[dict]:
    """Run `job` for each of `configs` and return one row for each, in their order.

    A row is what `job` returned, with `config`, `key` and `status`: "finished"; "diverged", when the loss was no longer
    a number; or "failed", with its `error`. The first two are kept in `folder`, under `key_of` the run, and are not run
    again (another job needs another folder); a failed one, also one whose worker was lost, gets a warning, and is tried
    again by the next call.

    Without `executor`, processes run side by side, as many as there is room for (`loky`). An interrupt waits for the
    runs under way and keeps them. Raises `ValueError` if `folder` cannot be made.
    """
    configs, folder = list(configs), Path(folder).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"{folder} cannot hold the results ({error}); choose another folder") from error
    keys = [key_of(config) for config in configs]
    rows = {key: row for key in dict.fromkeys(keys) if (row := _read(folder, key)) is not None}
    todo = {key: config for key, config in zip(keys, configs, strict=True) if key not in rows}
    if todo and executor is None:
        deaf = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}  # an interrupt is for us
        executor = loky.get_reusable_executor(min(len(todo), room_for_workers()), **deaf)
    futures: dict[Future, str] = {}
    bar = tqdm(total=len({*keys}), initial=len(rows), desc="sweep", unit="run", leave=False, disable=not progress)
    with bar:
        try:
            for key, config in todo.items():
                futures[executor.submit(_make_row, job, config, key, folder, CELLS.get(config.cell))] = key
            running = {*futures}
            while running:
                done, running = wait(running, 0.5, FIRST_COMPLETED)  # Windows hears no interrupt in a longer wait
                for future in done:
                    key = futures[future]
                    rows[key] = _row(future, key, todo[key], folder)
                bar.update(len(done))
        finally:
            wait([future for future in futures if not future.cancel()])  # after an interrupt: those that have begun
            if len(rows) < len({*keys}):
                print(f"stopped: the same call goes on with what is kept in {folder}")
    if failed := [row["error"] for row in rows.values() if row["status"] == "failed"]:
        warnings.warn(f"{len(failed)} run(s) failed ({failed[0]}); the same call tries them again", stacklevel=2)
    return [rows[key] for key in keys]


def _make_row(job: Callable[[RunConfig], dict], config: RunConfig, key: str, folder: Path, cell: Cell | None) -> dict:
    """Do the job in a worker, which is sent its cell, and keep the row; an error makes a row that is not kept."""
    about = {"key": key, "config": asdict(config)}
    try:
        if cell is not None:
            register(cell)
        try:
            outcome = {"status": "finished", **job(config)}
        except FloatingPointError as error:
            outcome = {"status": "diverged", "error": str(error)}
        text = json.dumps({**about, **outcome}, indent=1, allow_nan=False)
        with atomic_file(folder / f"{key}.json") as file:
            file.write(text.encode())
        return json.loads(text)  # as it will be read
    except (Exception, SystemExit) as error:
        return {**about, "status": "failed", "error": f"{type(error).__name__}: {error}"}


def _row(future: Future, key: str, config: RunConfig, folder: Path) -> dict:
    """Return the row that a worker made or kept, or one that says how the worker was lost."""
    try:
        return future.result()
    except Exception as error:  # `_make_row` lets no error of the job pass
        if (kept := _read(folder, key)) is not None:  # the worker was lost after it had kept its row
            return kept
        why = str(error).partition("\n")[0]
        lost = f"its worker was lost ({type(error).__name__}: {why})"
        return {"key": key, "config": asdict(config), "status": "failed", "error": lost}


# ------------------------------------------------------------------------------------------------ what a row is kept as


def key_of(config: RunConfig) -> str:
    """Make the hash under which a row is kept: of configuration, text, PyTorch's version and `RESULTS_VERSION`.

    For a cell that the course does not have, also of its source.
    """
    parts = [asdict(config), load_corpus(config.text).sha256, torch.__version__.split("+")[0], RESULTS_VERSION]
    if source := _source(config.cell):
        parts.append(source)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:20]


def _source(name: str) -> str:
    """Read the source of a cell's methods; nothing for the course's own cells, which `RESULTS_VERSION` covers."""
    if name not in CELLS or name in COMPARED:
        return ""
    methods = [method for method in vars(CELLS[name].cell_class).values() if inspect.isfunction(method)]
    try:
        return "".join(inspect.getsource(method) for method in methods)
    except OSError:  # typed where nothing keeps what was typed
        return ""


def _read(folder: Path, key: str) -> dict | None:
    """Read the row kept under `key`; None if there is none, or if it is damaged: then it is run again."""
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
