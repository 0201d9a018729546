"""How good a network is: mean nats per character, in the protocols of the course."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..base.checks import Float, Int, checked
from ..base.threads import reading_threads
from .device import device_of

STEPS, CHARACTERS = 250, 20_000  # steps, and characters of all rows, that a network reads at once: bounds the memory

_LOCKS: WeakKeyDictionary[nn.Module, threading.RLock] = WeakKeyDictionary()


def lock_of(model: nn.Module) -> threading.RLock:
    """Return the lock of `model`, which a thread holds while the modes of the model are not to change."""
    return _LOCKS.setdefault(model, threading.RLock())


@contextmanager
def eval_mode(model: nn.Module, gradients: bool = False):
    """Switch dropout off, and gradients unless they are asked for, and compute with one of PyTorch's threads.

    Inside a training, it computes with the number of threads that the training has chosen. Afterwards everything is as
    it was. Threads of Python's that share a model take turns, because the first to leave would switch dropout on for
    the others.
    """
    with lock_of(model):
        modes = {module: module.training for module in model.modules()}
        model.eval()
        try:
            with torch.set_grad_enabled(gradients), reading_threads():
                yield
        finally:
            for module, mode in modes.items():
                module.training = mode


@checked
@torch.inference_mode()
def evaluate(model: nn.Module, ids: Int[Tensor, "characters"], window: int | None = None) -> float:
    """Return the mean nats per character of `ids` (n,): -ln p(character | those before it); the first is given.

    Without `window` the state is carried over the whole text. With `window=w` the text is cut into blocks of w
    predictions, each from a zero state, as nanoGPT measures. The two are different measures: never compare them.
    Raises `ValueError` for fewer than two characters, and for what is not indices.
    """
    if len(ids) < 2:
        raise ValueError(f"the text has {len(ids)} characters; at least 2 are needed to predict one")
    if window is not None and window < 1:
        raise ValueError(f"window is {window}; it must be at least 1, or None to carry the state over the whole text")
    return _losses(model, ids, context=0, stride=window or len(ids)).mean().item()


@checked
@torch.inference_mode()
def context_losses(
    model: nn.Module, ids: Int[Tensor, "characters"], context: int = 1000, stride: int = 2000
) -> Float[Tensor, "predictions"]:
    """Return the nats for each character of `ids` (n,) but the first, each predicted from `context` others or more.

    A character nearer to the beginning is predicted from all that there are. The text is cut into pieces that overlap
    by `context` and are read side by side: this gives nearly the losses of a carried state, and much faster. The result
    is float64, (n - 1,), on the CPU.
    """
    if min(context, stride) < 1 or len(ids) < 2:
        raise ValueError(f"context ({context}) and stride ({stride}) are at least 1, and ids at least two")
    return _losses(model, ids, context, stride)


def _losses(model: nn.Module, ids: Tensor, context: int, stride: int) -> Tensor:
    """Return the nats for each character of `ids` (n,) but the first: float64, (n - 1,), on the CPU.

    The text is cut into pieces of `context + stride` characters, which are read from a zero state. Pieces overlap by
    `context`, and there the losses are those of the earlier piece.
    """
    inputs, targets = ids[:-1], ids[1:]
    width = context + stride
    losses = []
    with eval_mode(model):
        if len(inputs) >= width:
            pieces = _read_rows(model, inputs.unfold(0, width, stride), targets.unfold(0, width, stride))
            losses = [pieces[0, :context], pieces[:, context:].flatten()]
        read = sum(map(len, losses))
        if read < len(inputs):  # the last piece is shorter
            start = max(0, read - context)
            losses.append(_read_rows(model, inputs[None, start:], targets[None, start:])[0, read - start :])
    return torch.cat(losses)


def _read_rows(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """Return the nats for each of `targets` (B, T), each row read from a zero state: float64, on the CPU."""
    device, rows = device_of(model), max(1, CHARACTERS // min(STEPS, inputs.shape[1]))
    losses = []
    for x_rows, y_rows in zip(inputs.split(rows), targets.split(rows), strict=True):
        state, steps = None, []
        for x, y in zip(x_rows.split(STEPS, dim=1), y_rows.split(STEPS, dim=1), strict=True):
            logits, state = model(x.to(device), state)  # (rows, STEPS, V)
            nats = F.cross_entropy(logits.flatten(0, 1), y.to(device).flatten(), reduction="none")
            steps.append(nats.view(y.shape).cpu())  # doubles exist there, and not on every GPU
        losses.append(torch.cat(steps, dim=1))
    return torch.cat(losses).double()
