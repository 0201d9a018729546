"""One training loop for every network of the course: truncated back-propagation through time with carried state.

The text is cut into parallel streams. Each window starts from the state in which the window before it ended, and
gradients stop at the edge of the window (Williams and Peng 1990; Sutskever 2013, section 2.8).
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from ..networks.cells import State, detach, to_device
from ..text.checks import checked
from ..text.encoding import as_streams, batches
from .config import History, TrainConfig
from .device import pick_device, weights_of
from .evaluation import evaluate, lock_of
from .threads import chosen_threads

if TYPE_CHECKING:
    from jaxtyping import Int

VALIDATION_WINDOW = 2000  # characters; the validation loss of a run is that of blocks of this length

# The room `fast` adds to these two: how a network computes in each precision, and what prepares the process.
PRECISIONS: dict[str, Callable[[nn.Module], nn.Module]] = {"float32": lambda model: model}
BEFORE_TRAINING: list[Callable[[], object]] = []


class DivergenceError(FloatingPointError):
    """A loss is no longer a number. `history` is what the run recorded; the model has its best weights again."""

    history: History


@checked
def train(
    model: nn.Module,
    train_ids: Int[Tensor, "train_characters"],
    val_ids: Int[Tensor, "val_characters"],
    config: TrainConfig,
    *,
    history: History | None = None,
    device: str | torch.device | None = None,
    precision: str | None = None,
    threads: int | None = None,
    stop: threading.Event | None = None,
    on_validation: Callable[[History], None] | None = None,
    progress: bool = True,
) -> History:
    """Train `model` in place on `train_ids` (n,) and return what happened; measure the loss on `val_ids` at intervals.

    A run ends after `config.updates`, and then the model has the weights with the lowest validation loss. It ends
    early, with the latest weights, when `stop` is set or the kernel is interrupted. To go on with such a run, pass the
    returned `history` with the same model and configuration. On the same machine the losses are those of a run without
    a break (up to rounding, if the number of threads changes).

    `on_validation(history)` is called after each validation, and may write a resumable checkpoint.
    `precision` is "float32" or "bfloat16" (see `fast.pick_precision`). Without it a new run takes float32, and a run
    that goes on keeps its own. Validation is always in float32.
    `threads` is the number of PyTorch's threads. Without it the run uses the number that is fastest, among those that
    the caller has, and compares them again and again because a machine is rarely idle (`history.threads`).

    Raises `ValueError` for texts that are too short, for a precision that this machine does not have, or for a history
    of another configuration or cell; and `DivergenceError` when a loss is no longer a number.
    """
    if len(val_ids) < 2:
        raise ValueError(f"the validation text has {len(val_ids)} characters; at least 2 are needed to predict one")
    device = pick_device(device)
    for prepare in BEFORE_TRAINING:
        prepare()
    model.to(device)
    precision = precision or (history.precision if history else "float32")
    if precision not in PRECISIONS:
        raise ValueError(f"precision is {precision!r}; choose from {', '.join(PRECISIONS)}")
    network = PRECISIONS[precision](model)  # the same weights, as they compute in this precision
    inputs, targets = (part.to(device) for part in as_streams(train_ids, config.streams))  # (B, L) each
    windows = list(batches(inputs, targets, config.window))  # (B, T) each, views of the streams
    optimiser = make_optimiser(model, config)
    history = _begin(history, model, config, optimiser, device)
    history.precision = precision
    state = to_device(history.resume.get("state"), device)
    stop = stop or threading.Event()
    if threads is None and device.type != "cpu":
        threads = torch.get_num_threads()

    with (
        _own_random_numbers(history, model, device),
        _interrupt_sets(stop),
        chosen_threads(threads, history.threads) as record_seconds,
        _progress_bar(history, progress) as bar,
    ):
        while not history.finished and not stop.is_set():
            position = history.updates % len(windows)
            x, y = windows[position]
            if position == 0:
                state = None  # the walk along the streams begins again, and nothing was read before
            for group in optimiser.param_groups:
                group["lr"] = config.rate(history.updates)

            began = time.perf_counter()
            loss, norm, state = one_update(network, x, y, state, optimiser, config.clip)
            seconds = time.perf_counter() - began
            record_seconds(seconds)
            history.seconds += seconds
            history.losses.append(loss)
            history.norms.append(norm)
            bar.update()

            if not math.isfinite(loss):
                _end_divergence(f"the loss of update {history.updates}", history, model)
            if history.updates % config.validate_every == 0 or history.finished:
                _validate(history, model, val_ids)
                history.resume = _what_the_next_update_needs(state, optimiser, device)
                if on_validation is not None:
                    on_validation(history)
        history.resume = _what_the_next_update_needs(state, optimiser, device)
    if history.finished:
        model.load_state_dict(history.best_weights)
    return history


def one_update(model, x, y, state, optimiser, clip):
    """Read one window (B, T), learn from it, and return the loss, the gradient norm before clipping, and the state."""
    logits, state = model(x, state)  # (B, T, V)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimiser.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()
    return loss.item(), norm.item(), detach(state)  # the value goes on, the gradient does not


@checked
def make_optimiser(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Return AdamW (Loshchilov and Hutter 2019) for the weights of `model`; biases do not decay."""
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    biases = [weight for weight in model.parameters() if weight.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.99), fused=True)


def _begin(history: History | None, model: nn.Module, config: TrainConfig, optimiser, device) -> History:
    """Return a new history, or the one that goes on, and bring `optimiser` to where it was."""
    history = history or History(str(model.cell), config, device=str(device))
    if history.config != config or history.cell != model.cell:
        raise ValueError("this history belongs to another run: continue it with its own model and configuration")
    if history.updates and "optimiser" not in history.resume:
        raise ValueError(
            "this run cannot go on, because it diverged or was saved without resumable=True: start a new one"
        )
    if history.resume:
        optimiser.load_state_dict(history.resume["optimiser"])
    history.best_weights = history.best_weights or weights_of(model)
    with lock_of(model):
        model.train()
    return history


def _validate(history: History, model: nn.Module, val_ids: Tensor) -> None:
    """Measure the validation loss, and copy the weights if it is the lowest so far."""
    loss = evaluate(model, val_ids, window=VALIDATION_WINDOW)
    if not math.isfinite(loss):
        _end_divergence(f"the validation loss after update {history.updates}", history, model)
    history.val_updates.append(history.updates)
    history.val_losses.append(loss)
    history.val_seconds.append(history.seconds)
    if loss < history.best_loss:
        history.best_loss = loss
        history.best_weights = weights_of(model)


def _end_divergence(loss: str, history: History, model: nn.Module) -> NoReturn:
    """Give `model` its best weights again, and raise `DivergenceError`."""
    model.load_state_dict(history.best_weights)
    history.resume = {}  # nothing can be learnt from here on
    error = DivergenceError(f"{loss} is not a number; lower the learning rate (the network has its best weights again)")
    error.history = history
    raise error


@contextmanager
def _own_random_numbers(history: History, model: nn.Module, device: torch.device) -> Iterator[None]:
    """Let dropout draw from random numbers of the run's own; afterwards the reader's are as they were.

    PyTorch has one generator for all threads, and the reader may draw from it while a run goes on in another thread.
    A network without dropout therefore leaves it alone there.
    """
    parts = [part for part in model.modules() if isinstance(part, nn.Dropout | nn.RNNBase)]
    draws = any(part.p if isinstance(part, nn.Dropout) else part.dropout for part in parts)
    if threading.current_thread() is not threading.main_thread() and not draws:
        yield
        return
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(history.config.seed)
        if on_gpu:
            torch.cuda.manual_seed(history.config.seed)
        if history.resume:
            torch.set_rng_state(history.resume["random"])
        if on_gpu and "random_cuda" in history.resume:
            torch.cuda.set_rng_state(history.resume["random_cuda"], device)
        yield


def _what_the_next_update_needs(state: State | None, optimiser: torch.optim.Optimizer, device: torch.device) -> dict:
    """Return what a run that goes on needs beside the weights: state, averages of the optimiser, random numbers."""
    needs = {"state": state, "optimiser": optimiser.state_dict(), "random": torch.get_rng_state()}
    on_gpu = {"random_cuda": torch.cuda.get_rng_state(device)} if device.type == "cuda" else {}
    return needs | on_gpu


@contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """Let an interrupt of the kernel set `stop`, so that the run ends after the update in hand, not in its middle.

    Python delivers interrupts to the main thread alone. In a process that ignores them (a worker of a sweep) nothing
    changes.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield
        return
    previous = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


def _progress_bar(history: History, progress: bool) -> tqdm:
    """Return a bar that moves about 100 times at most: each move is a message, and a kernel's queue holds 1,000."""
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
