"""Compare a hand-written cell with what PyTorch computes: outputs, states and gradients."""

from __future__ import annotations

from copy import deepcopy
from typing import NamedTuple

import torch
from torch import nn

from ..base.checks import checked
from ..base.threads import one_thread
from ..networks.cells import run_cell, share_weights


class Gap(NamedTuple):
    """Largest absolute differences between two implementations."""

    outputs: float
    states: float
    gradients: float


@checked
@one_thread()
def compare_with_torch(cell: nn.Module, reference: nn.RNNBase, steps: int = 50) -> Gap:
    """Measure how far a hand-written cell is from one layer of `nn.LSTM` or `nn.GRU`.

    A copy of the cell gets the weights of `reference`, both read the same random input (4, steps, E), and compared are
    outputs, last states, and the gradients with respect to the input and to every weight. Raises `ValueError` for a
    reference that the cell does not describe: of several layers, bidirectional, without biases, or not `batch_first`.
    """
    if reference.num_layers > 1 or not reference.batch_first or not reference.bias or reference.bidirectional:
        raise ValueError("the reference must be one layer, batch_first, with biases, in one direction")
    if not hasattr(cell, "x2h"):
        raise ValueError("the cell is written by hand, with the layers x2h and h2h, as `LSTMCell` is; give such a one")
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    cell = deepcopy(cell)
    weights = share_weights(cell, reference)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, steps, reference.input_size, generator=generator).to(weights[0]).requires_grad_()
    factors = torch.randn(4, steps, reference.hidden_size, generator=generator).to(x)  # so that each output counts
    results = []
    for outputs, state in (run_cell(cell, x), reference(x)):
        parts = state if isinstance(state, tuple) else (state,)
        loss = (outputs * factors).sum() + sum(part.sum() for part in parts)
        results.append(([outputs], parts, torch.autograd.grad(loss, [x, *weights])))
    pairs = [zip(ours, theirs, strict=True) for ours, theirs in zip(*results, strict=True)]
    return Gap(*(max((a - b).abs().max().item() for a, b in pair) for pair in pairs))
