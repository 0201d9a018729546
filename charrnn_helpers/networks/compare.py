"""Is a hand-written cell what PyTorch computes, outputs and gradients?"""

from typing import NamedTuple

import torch
from torch import nn

from ..text.arguments import explained
from .cells import copy_weights, run_cell, weight_names


class Gap(NamedTuple):
    """Largest absolute differences between two implementations."""

    outputs: float
    states: float
    gradients: float


@explained
def compare_with_torch(cell: nn.Module, reference: nn.LSTM | nn.GRU, steps: int = 50) -> Gap:
    """How far a hand-written cell is from one layer of `nn.LSTM` or `nn.GRU`.

    Copies the weights of `reference` into the cell, runs both over the same random input (4, steps, E), and compares
    outputs, last states, and the gradients with respect to the input and to every weight. Raises `ValueError` for a
    reference that the cell does not describe: of several layers, bidirectional, without biases, or not `batch_first`.
    """
    if reference.num_layers > 1 or not reference.batch_first or not reference.bias or reference.bidirectional:
        raise ValueError("the reference must be one layer, batch_first, with biases, in one direction")
    if not hasattr(cell, "x2h"):
        raise ValueError("the cell is written by hand, with the layers x2h and h2h, as `LSTMCell` is; give such a one")
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    theirs = copy_weights(cell, reference)
    ours = [getattr(linear, name) for linear, name, _ in weight_names(cell)]
    random, like = torch.Generator().manual_seed(0), {"device": theirs[0].device, "dtype": theirs[0].dtype}
    x = torch.randn(4, steps, reference.input_size, generator=random).to(**like).requires_grad_()
    pull = torch.randn(4, steps, reference.hidden_size, generator=random).to(**like)  # weighs each output
    both = []
    for outputs, state, weights in ((*run_cell(cell, x), ours), (*reference(x), theirs)):
        parts = state if isinstance(state, tuple) else (state,)
        loss = (outputs * pull).sum() + sum(part.sum() for part in parts)
        both.append(([outputs], parts, torch.autograd.grad(loss, [x, *weights])))
    return Gap(
        *(max((a - b).abs().max().item() for a, b in zip(*pair, strict=True)) for pair in zip(*both, strict=True))
    )
