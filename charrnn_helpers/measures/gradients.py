"""Measure how far back the gradient of a loss reaches."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..base.checks import Int, checked
from ..training.device import read_ids
from ..training.evaluation import eval_mode


@checked
def gradient_by_lag(model: nn.Module, ids: Int[Tensor, "batch time"]) -> dict[str, Tensor]:
    """Measure how much the loss at the last step depends on the states before it: |∂loss_t / ∂h_{t-k}|, by lag k.

    `ids` (B, T + 1) are B pieces of text. Each is read from a zero state, and the loss is that of its last character.
    Returns the norms of the gradient, (B, T - 1), for k = 1 to T - 1: of "h", and in an LSTM also of "c", each while
    the other is held fixed. All layers are taken together. The gradient is a product of Jacobians, one for each step
    (Pascanu, Mikolov and Bengio 2013). Raises `ValueError` for pieces that are too short.
    """
    if ids.shape[1] < 3:
        raise ValueError(f"ids has shape {tuple(ids.shape)}; give pieces of at least three characters, (B, T + 1)")
    state, states = None, []
    with eval_mode(model, gradients=True):
        for x in ids[:, :-1].split(1, dim=1):  # (B, 1)
            logits, state = read_ids(model, x, state)
            states.append(state if isinstance(state, tuple) else (state,))  # parts of (layers, B, H)
        loss = F.cross_entropy(logits[:, -1], ids[:, -1], reduction="sum")  # each piece has its own loss
        parts = [part for parts in states[-2::-1] for part in parts]  # from k = 1 back to the first step
        gradients = torch.autograd.grad(loss, parts)
    norms = [gradient.double().norm(dim=(0, 2)) for gradient in gradients]  # (B,) each; squares would underflow
    names = ("h", "c")[: len(states[0])]
    return {name: torch.stack(norms[number :: len(names)], dim=1) for number, name in enumerate(names)}
