"""The cells written from their equations. What they compute is what `nn.LSTM`, `nn.GRU` and `nn.RNN` compute.

A cell has two linear layers, `x2h` and `h2h`, with a block of H rows for each of its gates. `gates(x, state)` is its
arithmetic, and gives each gate and the new state by name; `carries` names what goes from one step to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..text.checks import checked, shown

if TYPE_CHECKING:
    from jaxtyping import Float

State = Tensor | tuple[Tensor, ...]  # GRU: h; LSTM: (h, c)


class LSTMCell(nn.Module):
    """One LSTM step, as `torch.nn.LSTM` computes it (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

    `x` is (B, E), the state a pair `(h, c)` of (B, H) each; returns the next pair. Gates in PyTorch's order.
    """

    carries = ("h", "c")  # from one step to the next

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 4 * hidden_size)  # W_i*, b_i*
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)  # W_h*, b_h*

    def gates(self, x: Tensor, state: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Compute the gates i, f, g, o of one step, and the state that they make, c and h: (B, H) each."""
        h, c = state  # (B, H) each; x is (B, E)
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)  # (B, H) each
        i = torch.sigmoid(i)  # how much of the candidate is written
        f = torch.sigmoid(f)  # how much of the old cell is kept
        g = torch.tanh(g)  # the candidate
        o = torch.sigmoid(o)  # how much of the cell is shown
        c = f * c + i * g
        h = o * torch.tanh(c)
        return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        step = self.gates(x, state)
        return step["h"], step["c"]


class GRUCell(nn.Module):
    """One GRU step, as `torch.nn.GRU` computes it (Cho et al. 2014, with r applied after the product).

    `x` is (B, E), the state `h` is (B, H); returns the next `h`. Gate order r, z, n, as in PyTorch.
    """

    carries = ("h",)  # from one step to the next

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 3 * hidden_size)  # W_i*, b_i*
        self.h2h = nn.Linear(hidden_size, 3 * hidden_size)  # W_h*, b_h*

    def gates(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        """Compute the gates r, z, the candidate n of one step, and the new state h: (B, H) each."""
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)  # (B, H) each
        hr, hz, hn = self.h2h(h).chunk(3, dim=-1)  # (B, H) each
        r = torch.sigmoid(xr + hr)  # how much of the past the candidate may see
        z = torch.sigmoid(xz + hz)  # how much of the past is kept
        n = torch.tanh(xn + r * hn)  # the candidate
        h = (1 - z) * n + z * h
        return {"r": r, "z": z, "n": n, "h": h}

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.gates(x, h)["h"]


class RNNCell(nn.Module):
    """One step of a plain RNN, as `torch.nn.RNN` computes it (Elman 1990): no gates. Shapes as for the GRU."""

    carries = ("h",)

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, hidden_size)
        self.h2h = nn.Linear(hidden_size, hidden_size)

    def gates(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        """Compute the new state h, (B, H): there is nothing else."""
        return {"h": torch.tanh(self.x2h(x) + self.h2h(h))}

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.gates(x, h)["h"]


def map_state(state: State | None, function: Callable[[Tensor], Tensor]) -> State | None:
    """Apply `function` to every tensor of a state: one for a GRU, two for an LSTM, none for `None`."""
    if state is None:
        return None
    return tuple(function(part) for part in state) if isinstance(state, tuple) else function(state)


def detach(state: State | None) -> State | None:
    """Cut a state off from the steps that made it: its numbers stay, and gradients stop here."""
    return map_state(state, lambda part: part.detach())


def to_device(state: State | None, device: torch.device | str) -> State | None:
    """Move a state to `device`."""
    return map_state(state, lambda part: part.to(device))


def state_of(carries: Iterable[str], named: dict[str, Tensor]) -> State:
    """Pick what a cell carries on from tensors by name: one tensor, or a tuple of them in the order of `carries`."""
    state = tuple(named[name] for name in carries)
    return state if len(state) > 1 else state[0]


@checked
def run_cell(
    cell: nn.Module, x: Float[Tensor, "batch time features"], state: State | None = None
) -> tuple[Float[Tensor, "batch time hidden"], State]:
    """Run a cell along a sequence: `x` (B, T, E) gives outputs (B, T, H) and the last state, (B, H) or a pair of them.

    Without `state` it starts from zeros.
    """
    if not hasattr(cell, "carries"):
        raise ValueError(f"cell is {shown(cell)}; give one that is written by hand, as `LSTMCell` is")
    if state is None:
        state = state_of(cell.carries, dict.fromkeys(cell.carries, x.new_zeros(x.shape[0], cell.h2h.in_features)))
    outputs = []
    for x_t in x.unbind(dim=1):  # (B, E)
        state = cell(x_t, state)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(outputs, dim=1), state


class CellLayers(nn.Module):
    """Layers of a hand-written cell, the class `equations`, built and called as `nn.LSTM` with `batch_first` is.

    `x` (B, T, E) and a state of (layers, B, H), or a pair of them, give outputs (B, T, H) and the last state. Dropout
    acts between the layers.
    """

    def __init__(self, equations, input_size: int, hidden_size: int, num_layers=1, *, batch_first=True, dropout=0.0):
        super().__init__()
        inputs = [input_size] + [hidden_size] * (num_layers - 1)  # of each layer
        self.cells = nn.ModuleList(equations(size, hidden_size) for size in inputs)
        self.num_layers, self.hidden_size, self.dropout = num_layers, hidden_size, dropout

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        last = []  # of each layer
        for layer, cell in enumerate(self.cells):
            if layer:
                x = F.dropout(x, self.dropout, self.training)
            x, end = run_cell(cell, x, map_state(state, lambda part, layer=layer: part[layer]))
            last.append(end if isinstance(end, tuple) else (end,))
        stacked = [torch.stack(parts) for parts in zip(*last, strict=True)]  # (layers, B, H) each
        return x, state_of(cell.carries, dict(zip(cell.carries, stacked, strict=True)))


def share_weights(cell: nn.Module, rnn: nn.RNNBase, layer: int = 0) -> list[Tensor]:
    """Let a cell compute with the very weights of one layer of `nn.LSTM`, `nn.GRU` or `nn.RNN`; returns them.

    Raises `ValueError` if the sizes differ.
    """
    weights = []
    for linear, side in ((cell.x2h, "ih"), (cell.h2h, "hh")):
        for name in ("weight", "bias"):
            own, weight = getattr(linear, name), getattr(rnn, f"{name}_{side}_l{layer}")
            if own.shape != weight.shape:
                sizes = f"{tuple(own.shape)} in the cell and {tuple(weight.shape)} in PyTorch's layer"
                raise ValueError(f"{name}_{side} is {sizes}; give both the same sizes")
            setattr(linear, name, weight)
            weights.append(weight)
    return weights


def cells_like(rnn: nn.RNNBase, equations: type[nn.Module]) -> CellLayers:
    """Build layers of a hand-written cell that share the weights of PyTorch's layers."""
    with torch.device("meta"):  # takes no memory and no random numbers
        layers = CellLayers(equations, rnn.input_size, rnn.hidden_size, rnn.num_layers, dropout=rnn.dropout)
    for number, cell in enumerate(layers.cells):
        share_weights(cell, rnn, number)
    return layers


def biases_by_block(rnn: nn.RNNBase | CellLayers, layer: int) -> tuple[Tensor, ...]:
    """View the two biases of a layer, of its input and of its state, as (blocks, H) each."""
    if isinstance(rnn, CellLayers):
        biases = rnn.cells[layer].x2h.bias, rnn.cells[layer].h2h.bias
    else:
        biases = getattr(rnn, f"bias_ih_l{layer}"), getattr(rnn, f"bias_hh_l{layer}")
    return tuple(bias.view(-1, rnn.hidden_size) for bias in biases)
