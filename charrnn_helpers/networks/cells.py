"""The cells written from their equations. They compute what `nn.LSTM`, `nn.GRU` and `nn.RNN` compute.

Shapes: B rows side by side, T steps, E input features, H units, V characters in the vocabulary, L steps in a stream.

A cell has two linear layers: `x2h` (input to hidden) and `h2h` (hidden to hidden). Each of them stacks H rows for every
gate and for the candidate, one block below the other. `gates(x, state)` computes one step and returns a dict of all
gates and the new state. `carries` names those that the next step reads: they are the state.

Each linear layer has a bias, as in PyTorch. The two biases are added, so one of them would be enough; only the GRU's
candidate needs both, because r multiplies the second one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..base.checks import Float, checked, shown

State = Tensor | tuple[Tensor, ...]  # h for a GRU or a plain RNN, (h, c) for an LSTM


class LSTMCell(nn.Module):
    """One LSTM step, as `torch.nn.LSTM` computes it (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

    `x` is (B, E). The state is a pair `(h, c)` of (B, H) each, and the call returns the next pair. The blocks are the
    input gate i, the forget gate f, the candidate g and the output gate o, in this order, as in PyTorch.
    """

    carries = ("h", "c")  # the state: what the next step reads

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 4 * hidden_size)  # input to hidden: W_ii, W_if, W_ig, W_io and their biases
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)  # hidden to hidden: W_hi, W_hf, W_hg, W_ho and their biases

    def gates(self, x: Tensor, state: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Compute the gates i, f, o and the candidate g of one step, then the new state c and h: (B, H) each."""
        h, c = state  # (B, H) each; x is (B, E)
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)  # (B, H) each
        i = torch.sigmoid(i)  # how much of the candidate is written
        f = torch.sigmoid(f)  # how much of the old memory c is kept
        g = torch.tanh(g)  # the candidate
        o = torch.sigmoid(o)  # how much of the memory c goes into h
        c = f * c + i * g  # a sum: where f is near 1, memory and gradient pass through many steps almost unchanged
        h = o * torch.tanh(c)
        return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        step = self.gates(x, state)
        return step["h"], step["c"]


class GRUCell(nn.Module):
    """One GRU step, as `torch.nn.GRU` computes it (Cho et al. 2014).

    `x` is (B, E). The state `h` is (B, H), and the call returns the next `h`. The blocks are the reset gate r, the
    update gate z and the candidate n, in this order, as in PyTorch. The reset gate multiplies W h + b, as in PyTorch;
    in Cho et al. (2014) it multiplies h before W does.
    """

    carries = ("h",)  # the state: what the next step reads

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 3 * hidden_size)  # input to hidden: W_ir, W_iz, W_in and their biases
        self.h2h = nn.Linear(hidden_size, 3 * hidden_size)  # hidden to hidden: W_hr, W_hz, W_hn and their biases

    def gates(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        """Compute the gates r and z and the candidate n of one step, then the new state h: (B, H) each."""
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)  # (B, H) each
        hr, hz, hn = self.h2h(h).chunk(3, dim=-1)  # (B, H) each
        r = torch.sigmoid(xr + hr)  # how much of the past the candidate may see
        z = torch.sigmoid(xz + hz)  # how much of the old state is kept
        n = torch.tanh(xn + r * hn)  # the candidate
        h = (1 - z) * n + z * h
        return {"r": r, "z": z, "n": n, "h": h}

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.gates(x, h)["h"]


class RNNCell(nn.Module):
    """One step of a plain RNN, as `torch.nn.RNN` computes it with tanh (Elman 1990). Shapes as for the GRU."""

    carries = ("h",)  # the state: what the next step reads

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, hidden_size)
        self.h2h = nn.Linear(hidden_size, hidden_size)

    def gates(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        """Compute the new state h, (B, H), alone: a plain RNN has no gates."""
        return {"h": torch.tanh(self.x2h(x) + self.h2h(h))}

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.gates(x, h)["h"]


def map_state(state: State | None, function: Callable[[Tensor], Tensor]) -> State | None:
    """Apply `function` to every tensor of a state: to h for a GRU, to h and c for an LSTM. `None` stays `None`."""
    if state is None:
        return None
    if isinstance(state, tuple):
        return tuple(function(part) for part in state)
    return function(state)


def detach(state: State | None) -> State | None:
    """Cut a state off from the steps that computed it: its numbers stay, and gradients stop here."""
    return map_state(state, lambda part: part.detach())


def to_device(state: State | None, device: torch.device | str) -> State | None:
    """Move a state to `device`."""
    return map_state(state, lambda part: part.to(device))


def state_of(carries: Iterable[str], tensors: dict[str, Tensor]) -> State:
    """Build a state from a dict of tensors: a single tensor, or a tuple in the order of `carries`."""
    state = tuple(tensors[name] for name in carries)
    return state if len(state) > 1 else state[0]


@checked
def run_cell(
    cell: nn.Module, x: Float[Tensor, "batch time features"], state: State | None = None
) -> tuple[Float[Tensor, "batch time hidden"], State]:
    """Run a cell along the sequences `x` (B, T, E): return the h of every step (B, T, H) and the last state.

    The states given and returned are a tensor (B, H), or a pair of them for an LSTM. Without `state` the cell starts
    from zeros. Raises `ValueError` for a module that is no hand-written cell.
    """
    if not hasattr(cell, "carries"):
        raise ValueError(f"cell is {shown(cell)}; give one that is written by hand, as `LSTMCell` is")
    if state is None:
        units = cell.h2h.in_features if hasattr(cell, "h2h") else cell.hidden_size  # not every cell has an h2h
        zeros = x.new_zeros(x.shape[0], units)  # (B, H)
        state = state_of(cell.carries, dict.fromkeys(cell.carries, zeros))
    outputs = []
    for x_t in x.unbind(dim=1):  # (B, E)
        state = cell(x_t, state)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(outputs, dim=1), state


class CellLayers(nn.Module):
    """A stack of hand-written cells with the interface of `nn.LSTM(batch_first=True)`.

    `cell_class` is the class of the cells, for example `LSTMCell`. A call takes `x` (B, T, E) and a state, which is a
    tensor (layers, B, H) or a pair of them; it returns outputs (B, T, H) and the last state. Dropout acts between the
    layers. Raises `ValueError` for `batch_first=False`.
    """

    def __init__(self, cell_class, input_size: int, hidden_size: int, num_layers=1, *, batch_first=True, dropout=0.0):
        super().__init__()
        if not batch_first:
            raise ValueError("hand-written layers take their input as (B, T, E): leave batch_first=True")
        input_sizes = [input_size] + [hidden_size] * (num_layers - 1)  # a layer reads the outputs of the one below
        self.cells = nn.ModuleList(cell_class(size, hidden_size) for size in input_sizes)
        self.num_layers, self.hidden_size, self.dropout = num_layers, hidden_size, dropout

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        last_states = []  # one for each layer
        for layer, cell in enumerate(self.cells):
            if layer > 0:
                x = F.dropout(x, self.dropout, self.training)
            first_state = map_state(state, itemgetter(layer))  # (B, H), or a pair of them
            x, last_state = run_cell(cell, x, first_state)
            last_states.append(last_state)
        if isinstance(last_states[0], tuple):
            return x, tuple(torch.stack(parts) for parts in zip(*last_states, strict=True))  # (layers, B, H) each
        return x, torch.stack(last_states)  # (layers, B, H)


def share_weights(cell: nn.Module, rnn: nn.RNNBase, layer: int = 0) -> list[Tensor]:
    """Make `cell` use the same parameter objects as one layer of `nn.LSTM`, `nn.GRU` or `nn.RNN`; return them.

    The parameters are shared and not copied, so training one of the two changes the other. Raises `ValueError` for
    layers that a cell does not describe (bidirectional, without biases, ReLU in place of tanh), and if sizes differ.
    """
    if rnn.bidirectional or not rnn.bias:
        raise ValueError("a hand-written cell has one direction and biases; give PyTorch's layer both")
    if isinstance(cell, RNNCell) and rnn.mode == "RNN_RELU":
        raise ValueError("RNNCell computes tanh, and PyTorch's layer ReLU; give the layer nonlinearity='tanh'")
    kinds = ((cell.x2h, "ih"), (cell.h2h, "hh"))
    shared = []  # all sizes are compared first, so that a cell that does not fit keeps its own weights
    for linear, kind in kinds:
        for name in ("weight", "bias"):
            replaced, weight = getattr(linear, name), getattr(rnn, f"{name}_{kind}_l{layer}")
            if replaced.shape != weight.shape:
                sizes = f"{tuple(replaced.shape)} in the cell and {tuple(weight.shape)} in PyTorch's layer"
                raise ValueError(f"{name}_{kind} is {sizes}; give both the same sizes")
            shared.append((linear, name, weight))
    for linear, name, weight in shared:
        setattr(linear, name, weight)  # nn.Module registers the shared parameter in place of its own
    return [weight for _, _, weight in shared]


def cells_like(rnn: nn.RNNBase, cell_class: type[nn.Module]) -> CellLayers:
    """Build hand-written layers that share the weights of `rnn`, in the same mode (training or evaluation).

    Raises `ValueError` for layers that the cells do not describe, as `share_weights` does, or without `batch_first`.
    """
    sizes = (rnn.input_size, rnn.hidden_size, rnn.num_layers)
    # On "meta" no real weights are built, because those of `rnn` replace them; no random numbers are drawn either.
    with torch.device("meta"):
        layers = CellLayers(cell_class, *sizes, batch_first=rnn.batch_first, dropout=rnn.dropout)
    for layer, cell in enumerate(layers.cells):
        share_weights(cell, rnn, layer)
    return layers.train(rnn.training)


def biases_by_block(rnn: nn.RNNBase | CellLayers, layer: int) -> tuple[Tensor, ...]:
    """View the biases of a layer as (blocks, H) each: that of `x2h` and, if there is one, that of `h2h`."""
    if isinstance(rnn, CellLayers):
        biases = tuple(linear.bias for linear in rnn.cells[layer].children())
    else:
        biases = getattr(rnn, f"bias_ih_l{layer}"), getattr(rnn, f"bias_hh_l{layer}")
    return tuple(bias.view(-1, rnn.hidden_size) for bias in biases)
