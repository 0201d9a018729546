"""One training loop for every network of the course, what it records, and how a trained network is kept.

`train` is truncated back-propagation through time with carried state: the text is cut into parallel streams, each
window starts from the state in which the one before it ended, and gradients stop at the window's edge
(Williams and Peng 1990; Sutskever 2013, section 2.8).
"""

import math
import signal
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from ..networks.cells import State, detach, to_device
from ..text.arguments import Ids, explained
from ..text.encoding import as_streams, batches
from .bfloat16 import autocast
from .config import History, TrainConfig
from .device import keep_memory, pick_device
from .evaluation import evaluate
from .threads import working_threads

BLOCK = 2000  # characters of a block when training looks at the validation text


@explained
def train(
    model: nn.Module,
    train_ids: Ids,
    val_ids: Ids,
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
    """Train `model` in place on `train_ids` (n,) and return what happened; `val_ids` (m,) is looked at at intervals.

    A run ends after `config.updates`, with the best weights on `val_ids` in the model. It ends early, with the latest
    weights, when `stop` is set or the kernel is interrupted. Passing the returned `history` back, with the same model
    and configuration, goes on from there, and on the same machine gives the losses of an uninterrupted run (with other
    numbers of threads, but for rounding).
    `on_validation(history)` is called after each look at `val_ids`; a resumable checkpoint may be written there.
    `precision` is "float32" or "bfloat16" (see `pick_precision`); without it a new run is in float32, and one that goes
    on stays in its own. Validation is always in float32. `threads` are PyTorch's; without it the fastest number, at
    most those it has, is found again and again while the run goes on (`history.threads` tells). Raises `ValueError` for
    texts that are too short, or a history of another configuration or cell, and `FloatingPointError` when a loss is no
    longer a number.
    """
    if len(val_ids) < 2:
        raise ValueError(f"the validation text has {len(val_ids)} characters; at least 2 are needed to predict one")
    device = pick_device(device)
    keep_memory()
    model.to(device)
    if precision is None:
        precision = "float32" if history is None else history.precision
    network = autocast(model, precision)
    inputs, targets = (part.to(device) for part in as_streams(train_ids, config.streams))  # (B, L) each
    windows = list(batches(inputs, targets, config.window))  # (B, T) each, views of the streams
    optimiser = make_optimiser(model, config)
    history = _begin(history, model, config, device, optimiser)
    history.precision = precision
    state = to_device(history.resume.get("state"), device)
    stop = stop or threading.Event()

    if threads is None and device.type != "cpu":
        threads = torch.get_num_threads()
    working = working_threads(threads, history.threads)

    with (
        _own_random_numbers(history, model, device),
        _interrupt_sets(stop),
        working as took,
        _bar(history, progress) as bar,
    ):
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
            seconds = time.perf_counter() - began
            took(seconds - history.seconds)
            history.seconds = seconds
            if not math.isfinite(history.losses[-1]):
                raise FloatingPointError(
                    f"the loss of update {history.updates} is not a number; lower the learning rate"
                )
            if history.updates % config.validate_every == 0 or history.finished:
                _validate(history, model, val_ids)
                if on_validation is not None:
                    history.resume = _resume(state, optimiser, device)  # a checkpoint may be written now
                    on_validation(history)
                began = time.perf_counter() - history.seconds
            bar.update()
        history.resume = _resume(state, optimiser, device)
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


@explained
def make_optimiser(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter 2019); biases do not decay."""
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    biases = [weight for weight in model.parameters() if weight.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.99), fused=True)


def _begin(history, model, config, device, optimiser) -> History:
    model.train()
    if history is None:
        return History(model.cell, config, device=str(device))
    if history.config != config or history.cell != model.cell:
        raise ValueError("this history belongs to another run: continue it with its own model and configuration")
    if history.updates and "optimiser" not in history.resume:
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
        if device.type == "cuda":
            torch.manual_seed(history.config.seed)  # the GPU's generator as well
        else:
            torch.default_generator.manual_seed(history.config.seed)
        if history.resume:
            torch.set_rng_state(history.resume["random"])
        if "random_cuda" in history.resume and device.type == "cuda":
            torch.cuda.set_rng_state(history.resume["random_cuda"], device)
        yield


def _resume(state: State | None, optimiser: torch.optim.Optimizer, device: torch.device) -> dict:
    kept = {"state": state, "optimiser": optimiser.state_dict(), "random": torch.get_rng_state()}
    if device.type == "cuda":
        kept["random_cuda"] = torch.cuda.get_rng_state(device)
    return kept


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
