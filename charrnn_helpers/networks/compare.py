"""Is a hand-written cell what PyTorch computes, outputs and gradients?"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..text.arguments import explained
from .cells import CellLayers, State, copy_weights


class Gap(NamedTuple):
    """Largest absolute differences between two implementations."""

    outputs: float
    states: float
    gradients: float


@explained
def compare_with_torch(
    cells: nn.Module | Sequence[nn.Module], reference: nn.LSTM | nn.GRU, steps: int = 50, batch: int = 4, seed: int = 0
) -> Gap:
    """How far hand-written cells (one, or a list with one for each layer) are from `nn.LSTM` or `nn.GRU`.

    Copies the weights of `reference` into the cells, runs both over the same random input (batch, steps, E), and
    compares outputs, last states, and the gradients with respect to the input and to every weight. Raises `ValueError`
    for a reference that the cells do not describe: bidirectional, with dropout, without biases, or not `batch_first`.
    """
    layers = list(cells) if isinstance(cells, Sequence | nn.ModuleList) else [cells]
    if len(layers) != reference.num_layers:
        raise ValueError(f"{len(layers)} cell(s) for {reference.num_layers} layer(s); give one cell for each layer")
    if not reference.batch_first or not reference.bias or reference.bidirectional or reference.dropout:
        raise ValueError("the reference must be batch_first, with biases, one direction and no dropout")

    if not all(hasattr(cell, "x2h") for cell in layers):
        raise ValueError("cells are written by hand, with the layers x2h and h2h, as `LSTMCell` is; give one of these")
    if min(steps, batch) < 1:
        raise ValueError(f"steps is {steps} and batch is {batch}; each must be at least 1")

    theirs = [weight for layer, cell in enumerate(layers) for weight in copy_weights(cell, reference, layer)]
    ours = [getattr(linear, name) for cell in layers for linear in (cell.x2h, cell.h2h) for name in ("weight", "bias")]
    random = torch.Generator().manual_seed(seed)
    like = {"device": theirs[0].device, "dtype": theirs[0].dtype}
    x = torch.randn(batch, steps, reference.input_size, generator=random).to(**like).requires_grad_()
    pull = torch.randn(batch, steps, reference.hidden_size, generator=random).to(**like)  # weighs each output

    outputs, state = CellLayers(layers)(x)
    wanted_outputs, wanted_state = reference(x)

    def gradients(outputs, state, weights):
        last = sum(part.sum() for part in _parts(state))
        return torch.autograd.grad((outputs * pull).sum() + last, [x, *weights])

    return Gap(
        _largest_gap([outputs], [wanted_outputs]),
        _largest_gap(_parts(state), _parts(wanted_state)),
        _largest_gap(gradients(outputs, state, ours), gradients(wanted_outputs, wanted_state, theirs)),
    )


def _parts(state: State) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def _largest_gap(ours, theirs) -> float:
    return max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))
