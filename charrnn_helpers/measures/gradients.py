"""How far back the gradient of a loss reaches."""

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..text.arguments import Rows, explained
from ..training.device import read_ids
from ..training.evaluation import eval_mode


@explained
def gradient_by_lag(model: nn.Module, ids: Rows) -> dict[str, Tensor]:
    """How much the loss at the last step depends on the states before it: |∂loss_t / ∂h_{t-k}|, for k = 1 to T - 1.

    `ids` (B, T + 1) are B pieces of text; each is read from a zero state, and the loss is that of its last character.
    Returns norms (B, T - 1), k = 1 first: of "h", and for an LSTM of its cell, "c", as well: each as the next step
    reads it, the other held fixed. All layers are taken together. The gradient is that of the last step times a product
    of Jacobians, one for each step in between (Pascanu, Mikolov and Bengio 2013). Raises `ValueError` for pieces that
    are too short.
    """
    if ids.dim() != 2 or ids.shape[1] < 3:
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
    return {name: torch.stack(norms[place :: len(names)], dim=1) for place, name in enumerate(names)}


@explained
def decay(norms: Tensor, first: int, last: int) -> float:
    """By what factor norms (lags,), the first of lag 1, shrink at each further lag, from lag `first` to `last`.

    A line through their logarithms, by least squares. Raises `ValueError` for lags that are not there, or a norm of 0.
    """
    if not 1 <= first < last <= len(norms):
        raise ValueError(f"lags {first} to {last} were asked for, and there are 1 to {len(norms)}")
    chosen = norms[first - 1 : last]
    if not bool((chosen > 0).all()):
        raise ValueError(f"between lags {first} and {last} a norm is 0: nothing is left that could shrink")
    slope, _ = np.polyfit(np.arange(first, last + 1), np.log(chosen.numpy()), 1)
    return float(math.exp(slope))
