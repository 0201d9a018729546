"""The two cells written from their equations, and the models the course trains, on `nn.LSTM`, `nn.GRU` and `nn.RNN`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

State = Tensor | tuple[Tensor, Tensor]  # GRU: h; LSTM: (h, c)


class LSTMCell(nn.Module):
    """One LSTM step, as `torch.nn.LSTM` computes it (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

    `x` is (B, E), the state a pair `(h, c)` of (B, H) each; returns the next pair. Gates in PyTorch's order.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 4 * hidden_size)  # W_i*, b_i*
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)  # W_h*, b_h*

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        h, c = state  # (B, H) each; x is (B, E)
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)  # (B, H) each
        i = torch.sigmoid(i)  # how much of the candidate is written
        f = torch.sigmoid(f)  # how much of the old cell is kept
        g = torch.tanh(g)  # the candidate
        o = torch.sigmoid(o)  # how much of the cell is shown
        c = f * c + i * g
        h = o * torch.tanh(c)
        return h, c


class GRUCell(nn.Module):
    """One GRU step, as `torch.nn.GRU` computes it (Cho et al. 2014, with r applied after the product).

    `x` is (B, E), the state `h` is (B, H); returns the next `h`. Gate order r, z, n, as in PyTorch.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 3 * hidden_size)  # W_i*, b_i*
        self.h2h = nn.Linear(hidden_size, 3 * hidden_size)  # W_h*, b_h*

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)  # (B, H) each
        hr, hz, hn = self.h2h(h).chunk(3, dim=-1)  # (B, H) each
        r = torch.sigmoid(xr + hr)  # how much of the past the candidate may see
        z = torch.sigmoid(xz + hz)  # how much of the past is kept
        n = torch.tanh(xn + r * hn)  # the candidate
        return (1 - z) * n + z * h


def run_cell(cell: nn.Module, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
    """Run a cell along a sequence: `x` (B, T, E) gives outputs (B, T, H) and the last state, (B, H) or a pair of them.

    `cell` has the layers `x2h` and `h2h`, as the two above; without `state` it starts from zeros.
    """
    if x.dim() != 3:
        raise ValueError(f"x has shape {tuple(x.shape)}; run_cell needs (streams, steps, features)")
    if state is None:
        rows, units = cell.h2h.weight.shape
        h = x.new_zeros(x.shape[0], units)
        state = (h, h) if rows == 4 * units else h  # four blocks of rows: an LSTM, which carries c as well
    outputs = []
    for x_t in x.unbind(dim=1):  # (B, E)
        state = cell(x_t, state)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(outputs, dim=1), state


class Gap(NamedTuple):
    """Largest absolute differences between two implementations."""

    outputs: float
    states: float
    gradients: float


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

    ours, theirs = [], []  # the same weights, in the same order
    with torch.no_grad():
        for number, cell in enumerate(layers):
            for linear, kind in ((cell.x2h, "ih"), (cell.h2h, "hh")):
                for name in ("weight", "bias"):
                    original = getattr(reference, f"{name}_{kind}_l{number}")
                    copy = getattr(linear, name)
                    if copy.shape != original.shape:
                        raise ValueError(
                            f"layer {number}: {name}_{kind} is {tuple(copy.shape)} in the cell "
                            f"and {tuple(original.shape)} in the reference; give both the same sizes"
                        )
                    copy.data = original.detach().clone()
                    ours.append(copy)
                    theirs.append(original)

    random = torch.Generator().manual_seed(seed)
    like = {"device": theirs[0].device, "dtype": theirs[0].dtype}
    x = torch.randn(batch, steps, reference.input_size, generator=random).to(**like).requires_grad_()
    pull = torch.randn(batch, steps, reference.hidden_size, generator=random).to(
        **like
    )  # a loss that weighs each output

    outputs, states = x, []
    for cell in layers:
        outputs, state = run_cell(cell, outputs)
        states.append(state)
    if isinstance(reference, nn.LSTM):
        state = tuple(torch.stack(part) for part in zip(*states, strict=True))  # two of (layers, B, H)
    else:
        state = torch.stack(states)  # (layers, B, H)
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


def map_state(state: State | None, function: Callable[[Tensor], Tensor]) -> State | None:
    """Apply `function` to every tensor of a state: one for a GRU, two for an LSTM, none for `None`."""
    if state is None:
        return None
    return tuple(function(part) for part in state) if isinstance(state, tuple) else function(state)


def detach(state: State | None) -> State | None:
    """The same numbers, cut off from the steps that made them: gradients stop here."""
    return map_state(state, lambda part: part.detach())


def to_device(state: State | None, device: torch.device | str) -> State | None:
    """The same state on `device`."""
    return map_state(state, lambda part: part.to(device))


def orthogonal_start(rnn: nn.RNNBase) -> None:
    """Draw each gate's weights afresh: recurrent ones orthogonal (Saxe et al. 2014), input ones by Glorot (2010).

    An orthogonal matrix turns a vector and keeps its length; the gates and the tanh still shrink a state.
    """
    for name, weight in rnn.named_parameters():
        for gate in weight.data.split(rnn.hidden_size):  # (H, H) or (H, E); biases stay as PyTorch draws them
            if name.startswith("weight_hh"):
                nn.init.orthogonal_(gate)
            elif name.startswith("weight_ih"):
                nn.init.xavier_uniform_(gate)


class CharModel(nn.Module):
    """Characters in, a score for every possible next character out: embedding, recurrent layers, one linear layer.

    `ids` is a LongTensor (B, T); returns logits (B, T, V) and the state after the last step: (layers, B, H) for a GRU,
    a pair of them for an LSTM. Dropout acts between the layers and on what the last layer gives. `hyperparameters`
    rebuilds the model: `MODELS[model.cell](**model.hyperparameters)`. Raises `ValueError` for a size below 1.
    """

    def __init__(
        self,
        recurrent: type[nn.RNNBase],
        vocab_size: int,
        hidden_size: int,
        num_layers: int,
        embedding_size: int | None,
        dropout: float,
    ):
        super().__init__()
        self.hyperparameters = {
            "vocab_size": vocab_size,
            "hidden_size": hidden_size,
            "num_layers": num_layers,
            "embedding_size": embedding_size,
            "dropout": dropout,
        }
        check_sizes(**self.hyperparameters)
        self.vocab_size = vocab_size
        self.embedding = None if embedding_size is None else nn.Embedding(vocab_size, embedding_size)
        self.rnn = recurrent(
            vocab_size if embedding_size is None else embedding_size,  # E
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,  # PyTorch drops between layers, and warns if there is one
        )
        orthogonal_start(self.rnn)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, vocab_size)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        if self.embedding is None:
            x = F.one_hot(ids, self.vocab_size).to(self.head.weight.dtype)  # (B, T, V)
        else:
            x = self.embedding(ids)  # (B, T, E)
        h, state = self.rnn(x, state)  # (B, T, H)
        return self.head(self.dropout(h)), state  # (B, T, V)


class LSTMModel(CharModel):
    """A character model on `nn.LSTM`. `embedding_size=None` feeds one-hot rows.

    `forget_bias` is where each forget gate's bias starts: at 1 (Jozefowicz et al. 2015) a fresh forget gate
    scatters around σ(1) = 0.73. PyTorch has two bias vectors and adds them, so a 1 written into both would be a 2;
    here `b_ih` holds `forget_bias` and `b_hh` holds 0. `None` leaves PyTorch's own random start.
    """

    cell = "LSTM"

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        num_layers: int = 2,
        embedding_size: int | None = 64,
        dropout: float = 0.0,
        forget_bias: float | None = 1.0,
    ):
        super().__init__(nn.LSTM, vocab_size, hidden_size, num_layers, embedding_size, dropout)
        self.hyperparameters["forget_bias"] = forget_bias
        if forget_bias is not None:
            for layer in range(num_layers):
                forget = slice(hidden_size, 2 * hidden_size)  # rows of f, the second of i, f, g, o
                with torch.no_grad():
                    getattr(self.rnn, f"bias_ih_l{layer}")[forget] = forget_bias
                    getattr(self.rnn, f"bias_hh_l{layer}")[forget] = 0.0


class GRUModel(CharModel):
    """A character model on `nn.GRU`. `embedding_size=None` feeds one-hot rows."""

    cell = "GRU"

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        num_layers: int = 2,
        embedding_size: int | None = 64,
        dropout: float = 0.0,
    ):
        super().__init__(nn.GRU, vocab_size, hidden_size, num_layers, embedding_size, dropout)


class RNNModel(CharModel):
    """A character model on `nn.RNN`, without gates: h_t = tanh(W_i x_t + b_i + W_h h_{t-1} + b_h) (Elman 1990).

    It is what gates were invented to improve, and stands beside LSTM and GRU in a comparison.
    """

    cell = "RNN"

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        num_layers: int = 2,
        embedding_size: int | None = 64,
        dropout: float = 0.0,
    ):
        super().__init__(nn.RNN, vocab_size, hidden_size, num_layers, embedding_size, dropout)


MODELS: dict[str, type[CharModel]] = {"LSTM": LSTMModel, "GRU": GRUModel, "RNN": RNNModel}
BLOCKS = {"LSTM": 4, "GRU": 3, "RNN": 1}  # matrices W_i and W_h that a cell stacks: one for each gate and candidate


def check_sizes(dropout: float, embedding_size: int | None, **sizes: int) -> None:
    """Raise `ValueError` unless every size is a whole number of at least 1 and `dropout` is in [0, 1)."""
    if embedding_size is not None:
        sizes["embedding_size"] = embedding_size
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"{name} is {size!r}; it must be a whole number of at least 1")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}; it must be at least 0 and below 1")


def num_parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def count_parameters(
    cell: str, vocab_size: int, hidden_size: int, num_layers: int = 1, embedding_size: int | None = 64
) -> int:
    """`num_parameters` of a `MODELS[cell]` of these sizes, without building it."""
    inputs = vocab_size if embedding_size is None else embedding_size
    table = 0 if embedding_size is None else vocab_size * embedding_size
    recurrent = 0
    for size in (inputs, *[hidden_size] * (num_layers - 1)):  # what each layer reads
        recurrent += BLOCKS[cell] * hidden_size * (size + hidden_size + 2)  # W_i, W_h and two biases
    return table + recurrent + (hidden_size + 1) * vocab_size


def width_for(parameters: int, cell: str, vocab_size: int, num_layers: int = 1, embedding_size: int | None = 64) -> int:
    """The hidden size that comes nearest to so many parameters. Raises `ValueError` if one unit is too many."""

    def count(width: int) -> int:
        return count_parameters(cell, vocab_size, width, num_layers, embedding_size)

    if parameters < count(1):
        raise ValueError(f"{parameters} parameters are too few: one unit alone takes {count(1)}")
    width = 1
    while count(width + 1) <= parameters:
        width += 1
    return min(width, width + 1, key=lambda units: abs(count(units) - parameters))
