"""One training loop for every network of the course: truncated back-propagation through time with carried state.

Shapes: B rows side by side, T steps, E input features, H units, V characters in the vocabulary, L steps in a stream.

The text is cut into B streams of L characters, which are read side by side, T characters (a window) at a time. Each
window starts from the state in which the window before it ended, and gradients stop at the start of the window
(Williams and Peng 1990; Sutskever 2013, section 2.8).
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

from ..base.allocation import keep_memory
from ..base.checks import Int, checked
from ..base.threads import chosen_threads
from ..networks.cells import State, detach, to_device
from ..text.encoding import as_streams, batches
from .config import History, TrainConfig
from .device import copy_weights, pick_device
from .evaluation import evaluate, lock_of

VALIDATION_WINDOW = 2000  # the validation text is read in blocks of this many characters, each from a zero state


class DivergenceError(FloatingPointError):
    """Raised when a loss is NaN or infinite. The model gets back its best weights; `history` holds the record so far.

    The best weights are those of the lowest validation loss; before the first validation, the initial weights.
    """

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
    threads: int | None = None,
    stop: threading.Event | None = None,
    on_validation: Callable[[History], None] | None = None,
    progress: bool = True,
    update: Callable | None = None,
) -> History:
    """Train `model` in place on `train_ids` (n,), measure its loss on `val_ids` at intervals, and return the record.

    A run ends after `config.updates`. The model then has its best weights, those with the lowest validation loss. A run
    ends early, with the latest weights, when `stop` is set, or on Ctrl-C or a notebook's interrupt. To continue a run
    that was stopped early, call `train` again with the same model and configuration and the returned `history`. On the
    same machine the continued run has the same losses as one that was never stopped, apart from rounding if the number
    of threads changes.

    `on_validation(history)` is called after each validation. It may, for example, save a resumable checkpoint.
    `threads` is the number of PyTorch's threads. By default the run times several thread counts, up to the caller's
    own, and uses the fastest. It times them again during the run because other programs may start or stop.
    `history.threads` records the seconds with each count. `update` takes the place of `one_update` (exercise 4b).

    Raises `ValueError` for texts that are too short, and for a history of another configuration or cell; and
    `DivergenceError` when a loss is NaN or infinite.
    """
    if len(val_ids) < 2:
        raise ValueError(f"the validation text has {len(val_ids)} characters; at least 2 are needed to predict one")
    device = pick_device(device)
    keep_memory()
    model.to(device)
    inputs, targets = (ids.to(device) for ids in as_streams(train_ids, config.streams))  # (B, L) each
    windows = list(batches(inputs, targets, config.window))  # (B, T) each, views of the streams
    optimiser = make_optimiser(model, config)
    history = _begin(history, model, config, optimiser, device)
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
        while not history.finished and not stop.is_set():  # `history.updates` grows with `history.losses`
            position = history.updates % len(windows)
            x, y = windows[position]
            if position == 0:
                state = None  # back at the start of the streams: forget the state
            for group in optimiser.param_groups:
                group["lr"] = config.rate(history.updates)

            began = time.perf_counter()
            loss, norm, state = (update or one_update)(model, x, y, state, optimiser, config.clip)
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
                history.resume = _data_to_resume(state, optimiser, device)
                if on_validation is not None:
                    on_validation(history)
        history.resume = _data_to_resume(state, optimiser, device)
    if history.finished:
        model.load_state_dict(history.best_weights)
    return history


def one_update(model, x, y, state, optimiser, clip):
    """Read one window `x` (B, T), update the weights to predict `y` (B, T), and return three things.

    They are the loss before the update, the norm of the gradient before clipping, and the state after the window.
    """
    logits, state = model(x, state)  # (B, T, V)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimiser.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()
    return loss.item(), norm.item(), detach(state)  # the next window reads the state, but no gradient crosses


@checked
def make_optimiser(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    """Return AdamW (Loshchilov and Hutter 2019) for the parameters of `model`; weight decay leaves out the biases."""
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    biases = [parameter for parameter in model.parameters() if parameter.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": config.weight_decay}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.99), fused=True)


def _begin(history: History | None, model: nn.Module, config: TrainConfig, optimiser, device) -> History:
    """Return a new history, or the given one after checking it, and restore the optimiser's state."""
    history = history or History(str(model.cell), config, device=str(device))
    if history.config != config or history.cell != model.cell:
        raise ValueError("this history belongs to another run: continue it with its own model and configuration")
    if history.updates and "optimiser" not in history.resume:
        raise ValueError(
            "this run cannot go on, because it diverged or was saved without resumable=True: start a new one"
        )
    if history.resume:
        optimiser.load_state_dict(history.resume["optimiser"])
    history.best_weights = history.best_weights or copy_weights(model)  # the initial weights are the first "best" ones
    with lock_of(model):  # waits while another thread has the model in evaluation mode
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
        history.best_weights = copy_weights(model)


def _end_divergence(which_loss: str, history: History, model: nn.Module) -> NoReturn:
    """Give `model` its best weights again, and raise `DivergenceError`."""
    model.load_state_dict(history.best_weights)
    history.resume = {}  # the optimiser's state is spoiled, so the run cannot continue
    advice = "lower the learning rate (the network has its best weights again)"
    error = DivergenceError(f"{which_loss} is not a number; {advice}")
    error.history = history
    raise error


@contextmanager
def _own_random_numbers(history: History, model: nn.Module, device: torch.device) -> Iterator[None]:
    """Give the run its own random numbers for dropout, and restore the caller's afterwards.

    PyTorch has one generator for all threads. If the run is in a second thread, the caller may draw from it at the same
    time. So there a run without dropout, which draws no random numbers, does not touch the generator.
    """
    rates = [getattr(module, name, 0) for module in model.modules() for name in ("p", "dropout")]  # PyTorch's names
    has_dropout = any(isinstance(rate, int | float) and rate > 0 for rate in rates)
    if threading.current_thread() is not threading.main_thread() and not has_dropout:
        yield
        return
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_gpu else []):
        torch.default_generator.manual_seed(history.config.seed)
        if on_gpu:
            with torch.cuda.device(device):  # `manual_seed` seeds the current GPU
                torch.cuda.manual_seed(history.config.seed)
        if history.resume:
            torch.set_rng_state(history.resume["random"])
        if on_gpu and "random_cuda" in history.resume:
            torch.cuda.set_rng_state(history.resume["random_cuda"], device)
        yield


def _data_to_resume(state: State | None, optimiser: torch.optim.Optimizer, device: torch.device) -> dict:
    """Return what is needed, besides the weights, to continue: hidden state, optimiser state, random numbers."""
    data = {"state": state, "optimiser": optimiser.state_dict(), "random": torch.get_rng_state()}
    if device.type == "cuda":
        data["random_cuda"] = torch.cuda.get_rng_state(device)
    return data


@contextmanager
def _interrupt_sets(stop: threading.Event) -> Iterator[None]:
    """On Ctrl-C or a notebook's interrupt, set `stop`, so that the current update is finished first.

    Python delivers interrupts to the main thread only, so in another thread nothing changes. Nor does it in a process
    that ignores interrupts, such as a worker of a sweep.
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
    """Return a progress bar of the updates.

    Jupyter drops messages if too many are sent, and each redraw is one. So the bar is redrawn at most about 100 times.
    """
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
