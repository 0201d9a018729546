"""One training loop for every network of the course, what it records, and how a trained network is kept.

`train` is truncated back-propagation through time with carried state: the text is cut into parallel streams, each
window starts from the state in which the one before it ended, and gradients stop at the window's edge
(Williams and Peng 1990; Sutskever 2013, section 2.8).
"""

from __future__ import annotations

import copy
import ctypes
import math
import os
import signal
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from .encoding import Vocabulary, as_streams, batches
from .fused import FASTEST
from .models import MODELS, detach, map_state, to_device

BUNDLED = Path(__file__).parent / "checkpoints"
BLOCK = 2000  # characters of a block when training looks at the validation text
STEPS, POSITIONS = 250, 20_000  # steps, and characters of all blocks, that `evaluate` takes at once: bounds its memory


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run, apart from the model and the text."""

    updates: int = 2000  # optimiser steps in the whole run
    streams: int = 32  # B: pieces of the text that are read side by side
    window: int = 64  # T: steps through which gradients flow
    learning_rate: float = 4e-3  # the highest, reached after the warm-up
    warmup: int = 100  # updates over which the rate rises from zero
    final_share: float = 0.02  # of the highest rate, where the cosine ends
    clip: float = 1.0  # largest norm of the whole gradient
    weight_decay: float = 0.0  # AdamW's: each update takes this share, times the rate, off every matrix
    validate_every: int = 200  # updates between two looks at the validation text
    seed: int = 0  # of dropout; the model's own initial weights are drawn before

    def __post_init__(self):
        for name in ("updates", "streams", "window", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not self.learning_rate > 0 or not self.clip > 0:
            raise ValueError(f"learning_rate ({self.learning_rate}) and clip ({self.clip}) must be above zero")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay is {self.weight_decay}; it must not be negative")
        if self.warmup < 0 or not 0 <= self.final_share <= 1:
            raise ValueError(
                f"warmup ({self.warmup}) must not be negative, final_share ({self.final_share}) is from 0 to 1"
            )

    def rate(self, update: int) -> float:
        """The learning rate of an update: a linear rise, then half a cosine (Loshchilov and Hutter 2017, eq. 5)."""
        if update < self.warmup:
            return self.learning_rate * (update + 1) / self.warmup
        progress = (update - self.warmup) / max(1, self.updates - self.warmup)
        cosine = (1 + math.cos(math.pi * progress)) / 2
        return self.learning_rate * (self.final_share + (1 - self.final_share) * cosine)


@dataclass
class History:
    """What a run recorded. All losses are nats per character."""

    cell: str  # "LSTM" or "GRU"
    config: TrainConfig
    losses: list[float] = field(default_factory=list)  # training loss of each update
    norms: list[float] = field(default_factory=list)  # gradient norm of each update, before clipping
    val_updates: list[int] = field(default_factory=list)  # updates done when validated
    val_losses: list[float] = field(default_factory=list)
    val_seconds: list[float] = field(default_factory=list)  # of training alone, without validation or pauses
    seconds: float = 0.0
    device: str = "cpu"
    precision: str = "float32"  # of the matrix products
    best_loss: float = math.inf
    best_weights: dict[str, Tensor] = field(default_factory=dict, repr=False)
    resume: dict = field(default_factory=dict, repr=False)  # what the next update needs: optimiser, state, dropout

    @property
    def updates(self) -> int:
        return len(self.losses)

    @property
    def finished(self) -> bool:
        return self.updates == self.config.updates

    @property
    def val_characters(self) -> list[int]:
        return [update * self.config.streams * self.config.window for update in self.val_updates]


def train(
    model: nn.Module,
    train_ids: Tensor,
    val_ids: Tensor,
    config: TrainConfig,
    *,
    history: History | None = None,
    device: str | torch.device | None = None,
    precision: str | None = None,
    stop: threading.Event | None = None,
    on_validation: Callable[[History], None] | None = None,
    progress: bool = True,
) -> History:
    """Train `model` in place on `train_ids` (n,) and return what happened; `val_ids` (m,) is looked at at intervals.

    A run ends after `config.updates`, with the best weights on `val_ids` in the model. It ends early, with the latest
    weights, when `stop` is set or the kernel is interrupted. Passing the returned `history` back, with the same model
    and configuration, goes on from there, and on the same machine gives the losses of an uninterrupted run.
    `precision` is "float32" or "bfloat16" (see `pick_precision`); without it a new run is in float32, and one that goes
    on stays in its own. Validation is always in float32. Raises `ValueError` for texts that are too short, or a history
    of another configuration or cell, and `FloatingPointError` when a loss is no longer a number.
    """
    if len(val_ids) < 2:
        raise ValueError(f"the validation text has {len(val_ids)} characters; at least 2 are needed to predict one")
    device = pick_device(device)
    keep_memory()
    model.to(device)
    if precision is None:
        precision = "float32" if history is None else history.precision
    network = lowered(model, precision)
    inputs, targets = (part.to(device) for part in as_streams(train_ids, config.streams))  # (B, L) each
    windows = list(batches(inputs, targets, config.window))  # (B, T) each, views of the streams
    optimiser = make_optimiser(model, config)
    history = _begin(history, model, config, device, optimiser)
    history.precision = precision
    state = to_device(history.resume["state"], device) if history.resume.get("state") is not None else None
    stop = stop or threading.Event()

    with _own_random_numbers(history, model, device), _interrupt_sets(stop), _bar(history, progress) as bar:
        began = time.perf_counter() - history.seconds
        while history.updates < config.updates and not stop.is_set():
            number = history.updates % len(windows)
            x, y = windows[number]
            if number == 0:
                state = None  # a new walk along the streams: nothing was read before
            for group in optimiser.param_groups:
                group["lr"] = config.rate(history.updates)

            loss, norm, state = one_update(network, x, y, state, optimiser, config.clip)
            history.losses.append(loss)
            history.norms.append(norm)
            history.seconds = time.perf_counter() - began
            if not math.isfinite(history.losses[-1]):
                raise FloatingPointError(
                    f"the loss of update {history.updates} is not a number; lower the learning rate"
                )
            if history.updates % config.validate_every == 0 or history.finished:
                _validate(history, model, val_ids)
                if on_validation is not None:
                    on_validation(history)
                began = time.perf_counter() - history.seconds
            bar.update()
        history.resume = {"state": state, "optimiser": optimiser.state_dict(), **_random_state(device)}
    if history.finished:
        model.load_state_dict(history.best_weights)
    return history


def one_update(model, x, y, state, optimiser, clip):
    """Read one window (B, T), learn from it, and hand on the state: loss, gradient norm before clipping, state."""
    logits, state = model(x, state)  # (B, T, V)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimiser.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()
    return loss.item(), norm.item(), detach(state)  # the value goes on, the gradient does not


def make_optimiser(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019), fused where there is a fused one; biases do not decay."""
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    biases = [weight for weight in model.parameters() if weight.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": biases, "weight_decay": 0.0}]
    fused = next(model.parameters()).device.type != "mps"
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.99), fused=fused)


class Lowered(nn.Module):
    """The same network under autocast: matrix products in bfloat16; weights, loss and optimiser stay float32.

    Scores are rounded on the way, and so is an LSTM's state. Of a `FusedGRU` only the products with W_h and the scores
    are; its input projection and its state stay float32.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, state=None):
        with torch.autocast("cpu", torch.bfloat16):
            logits, state = self.model(ids, state)
        return logits.float(), map_state(state, Tensor.float)


def lowered(model: nn.Module, precision: str) -> nn.Module:
    """`model` itself for "float32", or, on a CPU, the same network in "bfloat16". Raises `ValueError` otherwise.

    Not on a GPU: under autocast PyTorch hands recurrent layers to cuDNN in float16, whatever was asked for.
    """
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision is {precision!r}; choose 'float32' or 'bfloat16', or ask pick_precision")
    if precision == "bfloat16" and next(model.parameters()).device.type != "cpu":
        raise ValueError(
            "bfloat16 is offered on a CPU only; use 'float32', for which a GPU has fast kernels of its own"
        )
    return Lowered(model) if precision == "bfloat16" else model


def _begin(history, model, config, device, optimiser) -> History:
    model.train()
    if history is None:
        return History(model.cell, config, device=str(device))
    if history.config != config or history.cell != model.cell:
        raise ValueError("this history belongs to another run: continue it with its own model and configuration")
    if history.updates and not history.resume:
        raise ValueError("this history was saved without resumable=True, so the run cannot go on: start a new one")
    if history.resume:
        optimiser.load_state_dict(history.resume["optimiser"])
    return history


def _validate(history: History, model: nn.Module, val_ids: Tensor) -> None:
    loss = evaluate(model, val_ids, window=BLOCK)
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"the validation loss after update {history.updates} is not a number; lower the learning rate"
        )
    history.val_updates.append(history.updates)
    history.val_losses.append(loss)
    history.val_seconds.append(history.seconds)
    if loss < history.best_loss:
        history.best_loss = loss
        history.best_weights = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def _drops_out(model: nn.Module) -> bool:
    return any(
        part.p > 0 if isinstance(part, nn.Dropout) else isinstance(part, nn.RNNBase) and part.dropout > 0
        for part in model.modules()
    )


@contextmanager
def _own_random_numbers(history: History, model: nn.Module, device: torch.device):
    """Dropout draws from a generator of the run's own; the reader's is as it was afterwards.

    On another thread than the reader's a network without dropout touches nothing: the reader may be drawing meanwhile.
    """
    if threading.current_thread() is not threading.main_thread() and not _drops_out(model):
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        (torch.manual_seed if device.type == "cuda" else torch.default_generator.manual_seed)(history.config.seed)
        if history.resume:
            torch.set_rng_state(history.resume["random"])
        if "random_cuda" in history.resume and device.type == "cuda":
            torch.cuda.set_rng_state(history.resume["random_cuda"], device)
        yield


def _random_state(device: torch.device) -> dict[str, Tensor]:
    state = {"random": torch.get_rng_state()}
    if device.type == "cuda":
        state["random_cuda"] = torch.cuda.get_rng_state(device)
    return state


@contextmanager
def _interrupt_sets(stop: threading.Event):
    """An interrupt of the kernel ends the run after the update in hand, not in the middle of it.

    Not on another thread than the main one, nor in a process that ignores interrupts (a worker of a sweep).
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    previous = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _bar(history: History, progress: bool):
    """A bar that moves at most about 100 times: each move is a message, and a queue of a kernel holds about 1,000."""
    total = history.config.updates
    return tqdm(
        total=total,
        initial=history.updates,
        desc=history.cell,
        leave=False,
        disable=not progress,
        miniters=max(1, total // 100),
        mininterval=0.2,
    )


@torch.inference_mode()
def evaluate(model: nn.Module, ids: Tensor, window: int | None = None) -> float:
    """Mean nats per character over `ids` (n,): -ln p(character | those before it), the first one being given.

    Without `window` the state is carried over the whole text. With `window=w` the text is cut into blocks of w
    predictions, each from a zero state, as nanoGPT measures. The two are different measures: never compare them.
    Raises `ValueError` for fewer than two characters.
    """
    if len(ids) < 2:
        raise ValueError(f"the text has {len(ids)} characters; at least 2 are needed to predict one")
    if window is not None and window < 1:
        raise ValueError(f"window is {window}; it must be at least 1, or None to carry the state over the whole text")
    was_training = model.training
    model.eval()
    try:
        device = next(model.parameters()).device
        ids = ids.to(device)
        count = len(ids) - 1
        width = count if window is None else min(window, count)
        whole = count // width
        total = _summed_loss(model, *as_streams(ids[: whole * width + 1], whole))
        if whole * width < count:  # the last block is shorter
            total += _summed_loss(model, ids[None, whole * width : -1], ids[None, whole * width + 1 :])
        return total / count
    finally:
        model.train(was_training)


@torch.inference_mode()
def context_losses(model: nn.Module, ids: Tensor, context: int = 1000, stride: int = 2000, chunk: int = 250) -> Tensor:
    """Nats for each character of `ids` (n,) but the first, (n - 1,), each predicted from `context` others or more.

    What stands nearer to the beginning has all that there are. The text is cut into pieces that overlap by `context`
    and are read side by side: as with a carried state, and much faster than one character after the other. float64.
    """
    was_training = model.training
    model.eval()
    try:
        inputs, targets = ids[:-1], ids[1:]
        width = context + stride
        whole = max(0, (len(inputs) - context) // stride)  # pieces of full width
        losses = []
        if whole:
            pieces = _losses(model, inputs.unfold(0, width, stride), targets.unfold(0, width, stride), chunk)
            losses = [pieces[0, :context], pieces[:, context:].flatten()]
        read = sum(map(len, losses))
        if read < len(inputs):
            start = max(0, read - context)
            losses.append(_losses(model, inputs[None, start:], targets[None, start:], chunk)[0, read - start :])
        return torch.cat(losses)
    finally:
        model.train(was_training)


def _losses(model: nn.Module, inputs: Tensor, targets: Tensor, chunk: int) -> Tensor:
    """Nats for each of `targets` (B, T), from a zero state; `chunk` steps at once bound the memory."""
    state, losses = None, []
    for x, y in zip(inputs.split(chunk, dim=1), targets.split(chunk, dim=1), strict=True):
        logits, state = model(x, state)  # (B, chunk, V)
        losses.append(F.cross_entropy(logits.transpose(1, 2), y, reduction="none"))
    return torch.cat(losses, dim=1).double()


def _summed_loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    rows = max(1, POSITIONS // min(STEPS, inputs.shape[1]))  # blocks that are read side by side
    total = 0.0
    for x_rows, y_rows in zip(inputs.split(rows), targets.split(rows), strict=True):
        state = None
        for x, y in zip(x_rows.split(STEPS, dim=1), y_rows.split(STEPS, dim=1), strict=True):
            logits, state = model(x, state)
            total += F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum").item()
    return total


def keep_memory() -> bool:
    """Let this process keep the memory that it frees, for the next update; False where the allocator is not glibc's.

    An update needs the same few large blocks as the one before. By default glibc (Linux) gives such blocks back to the
    system each time, and gets them again page by page. The process then stays as large as it once was. Nothing that is
    computed changes. (mallopt(3): M_MMAP_MAX, M_TRIM_THRESHOLD.)
    """
    if not sys.platform.startswith("linux"):
        return False
    mmap_max, trim_threshold = -4, -1  # glibc's numbers for what mallopt sets
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(mmap_max, 0)) and bool(mallopt(trim_threshold, 2**31 - 1))


def pick_device(name: str | torch.device | None = None) -> torch.device:
    """The GPU if there is one, else the CPU; or the device asked for by name ("cpu", "cuda", "mps").

    Apple's "mps" is used only when asked for, with a warning: it has given wrong gradients for recurrent layers.
    Raises `ValueError` for a device that is not there.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"there is no device {name!r}: use 'cpu', 'cuda' or 'mps'") from None
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(device.type, False):
        raise ValueError(f"this machine has no {device.type!r} that PyTorch can use: use 'cpu'")
    if device.type == "mps":
        warnings.warn(
            "mps has given wrong gradients for recurrent layers; compare a short run with 'cpu'", stacklevel=2
        )
    return device


class Precision(NamedTuple):
    """What `pick_precision` chose, for `train(..., precision=choice.name)`, and a sentence that says why."""

    name: str  # "float32" or "bfloat16"
    reason: str


CLEARLY = 1.15  # times as fast; bfloat16 keeps 8 bits of a number, and a small gain is not worth that


def pick_precision(
    device: str | torch.device | None = None, model: nn.Module | None = None, *, streams: int = 32, window: int = 64
) -> Precision:
    """Time a few updates in float32 and in bfloat16 on this machine, and take bfloat16 if it is clearly faster.

    Timed is a copy of `model`, or without one an LSTM and a GRU of 256 units (about a second). A processor that cannot
    do it gets float32. Weights, random numbers and thread count stay as they are; memory is kept, as by `train`.
    """
    device = pick_device(device)
    keep_memory()
    if device.type != "cpu":
        return Precision("float32", "a GPU has fast kernels for float32 (TF32 where the card has it)")
    with torch.random.fork_rng(devices=[]):
        if model is None:
            models = [make(64, 256, 1) for make in FASTEST.values()]
        else:
            models = [copy.deepcopy(model).to(device).train()]
        for one in models:
            _seconds(one, "float32", streams, window, updates=1)  # what is wrong with the model itself shows here
        try:
            seconds = [_compare(one, streams, window) for one in models]
        except (RuntimeError, NotImplementedError) as problem:  # "could not create a primitive descriptor"
            said = str(problem).partition("\n")[0][:80]
            return Precision("float32", f"this machine does not train in bfloat16 ({said})")
    wide, low = (sum(column) for column in zip(*seconds, strict=True))
    gain = wide / low
    measured = f"bfloat16 is {gain:.2f} times as fast as float32 here"
    if gain < CLEARLY:
        return Precision("float32", f"{measured}, which is not worth its rounding")
    return Precision("bfloat16", measured)


def _compare(model: nn.Module, streams: int, window: int, rounds: int = 4) -> tuple[float, float]:
    """Seconds of a few updates in float32 and in bfloat16: the best of the rounds, in which they take turns."""
    pairs = [[_seconds(model, name, streams, window) for name in ("float32", "bfloat16")] for _ in range(rounds)]
    wide, low = (min(column) for column in zip(*pairs, strict=True))
    return wide, low


def _seconds(model: nn.Module, precision: str, streams: int, window: int, updates: int = 3) -> float:
    ids = torch.zeros(streams, window, dtype=torch.long)
    network, optimiser = lowered(model, precision), make_optimiser(model, TrainConfig())
    began = time.perf_counter()
    for _ in range(updates):
        one_update(network, ids, ids, None, optimiser, 1.0)
    return time.perf_counter() - began


@contextmanager
def whole_file(path: Path):
    """A file to write bytes to, which appears under its name whole, when all is written, or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")  # of this process and thread
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):  # it is still there only when something went wrong, an interrupt included
            temporary.unlink()


class CheckpointError(ValueError):
    """A checkpoint that cannot be written, read or used; the message says why and what to do."""


@dataclass
class Checkpoint:
    model: nn.Module
    vocab: Vocabulary
    text: str  # name of the text it was trained on
    history: History | None
    path: Path


def save_checkpoint(
    path: str | Path,
    model: nn.Module,
    vocab: Vocabulary,
    *,
    text: str = "",
    history: History | None = None,
    resumable: bool = False,
) -> Path:
    """Write model, vocabulary and log to one file, whole or not at all: plain values and tensors only.

    With `resumable` it also holds what `train` needs to go on (about three times the size). Raises `CheckpointError`
    when the file cannot be written, for example because the disk is full; an older file of that name then stays.
    """
    path = Path(path)
    content = {
        "format": 1,
        "cell": model.cell,
        "hyperparameters": model.hyperparameters,
        "weights": {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()},
        "characters": vocab.characters,
        "text": text,
        "history": None if history is None else _plain(history, resumable),
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            torch.save(content, file)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} could not be written ({error}); free some room or choose another folder"
        ) from error
    return path


def load_checkpoint(path: str | Path, vocab: Vocabulary | None = None) -> Checkpoint:
    """Read what `save_checkpoint` wrote, on the CPU and with `weights_only=True`: nothing in the file is executed.

    Raises `CheckpointError` if the file is missing, damaged, or, when `vocab` is given, of another vocabulary.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no checkpoint {path}; train the network first, in 04_training")
    try:
        with zipfile.ZipFile(path) as archive:  # what torch.save writes; torch.load does not look at the checksums
            if archive.testzip() is not None:
                raise zipfile.BadZipFile("a checksum does not agree")
        content = torch.load(path, map_location="cpu", weights_only=True)
        stored = Vocabulary(content["characters"])
        with torch.random.fork_rng(devices=[]):  # the reader's random numbers are not spent on weights to be replaced
            model = MODELS[content["cell"]](**content["hyperparameters"])
        model.load_state_dict(content["weights"])
        history = None if content["history"] is None else _from_plain(content["history"])
    except Exception as error:  # a damaged file can fail in any of these ways
        raise CheckpointError(
            f"{path} is damaged or not a checkpoint of this course; delete it and train again"
        ) from error
    if vocab is not None and vocab != stored:
        theirs, ours = set(stored.characters), set(vocab.characters)
        raise CheckpointError(
            f"{path} is of another vocabulary: {len(theirs - ours)} of its characters are not in yours and "
            f"{len(ours - theirs)} of yours are not in it; load the text it was trained on, or train again"
        )
    return Checkpoint(model.eval(), stored, content["text"], history, path)


def find_checkpoint(cell: str, text: str = "tales", runs: str | Path = "runs") -> Path:
    """The network that 04 trained here (`runs`), or else the bundled one; or a `CheckpointError`."""
    name = f"{text}-{cell.lower()}.pt"
    for folder in (Path(runs), BUNDLED):
        if (folder / name).is_file():
            return folder / name
    raise CheckpointError(f"no {cell} has been trained on {text!r} yet; run 04_training with that text first")


def _plain(history: History, resumable: bool) -> dict:
    keep = {
        name: getattr(history, name) for name in history.__dataclass_fields__ if name not in ("best_weights", "resume")
    }
    keep["config"] = asdict(history.config)
    if resumable:
        state = history.resume.get("state")
        keep["resume"] = {**history.resume, "state": None if state is None else map_state(state, Tensor.cpu)}
        keep["best_weights"] = history.best_weights
    return keep


def _from_plain(kept: dict) -> History:
    return History(**{**kept, "config": TrainConfig(**kept["config"])})
