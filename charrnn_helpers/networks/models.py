"""The models that the course trains, on `nn.LSTM`, `nn.GRU` and `nn.RNN`."""

import math
from functools import wraps

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..text.arguments import Rows, explained, shown
from .cells import CellLayers, State, weight_names


def orthogonal_start(rnn: nn.RNNBase) -> None:
    """Draw each gate's weights afresh: recurrent ones orthogonal (Saxe et al. 2014), input ones by Glorot (2010).

    An orthogonal matrix turns a vector and keeps its length; the gates and the tanh still shrink a state.
    """
    for name, weight in rnn.named_parameters():  # in PyTorch's layers and in hand-written ones
        for gate in weight.data.split(rnn.hidden_size):  # (H, H) or (H, E); biases stay as PyTorch draws them
            if "weight_hh" in name or name.endswith("h2h.weight"):
                nn.init.orthogonal_(gate)
            elif "weight_ih" in name or name.endswith("x2h.weight"):
                nn.init.xavier_uniform_(gate)


@torch.no_grad()
def start_gates(model: "CharModel", keep_bias: float | None, chrono: int | None) -> None:
    """Set where the gate that keeps starts: an LSTM's forget gate, a GRU's update gate. `None` leaves it as drawn.

    With `keep_bias` each of its biases is that number: at 1 a fresh gate scatters around σ(1) = 0.73. With `chrono=T`
    they are ln U(1, T - 1), drawn now, so that units forget over 1 to T characters; a gate that only writes gets the
    negative (Tallec and Ollivier 2018). PyTorch adds two bias vectors: `b_ih` holds the number, `b_hh` holds 0.
    """
    check_start(model, keep_bias, chrono)
    if keep_bias is None and chrono is None:
        return
    for layer in range(model.rnn.num_layers):
        biases = (getattr(model.rnn, f"bias_{side}_l{layer}") for side in ("ih", "hh"))
        b_ih, b_hh = (bias.view(-1, model.rnn.hidden_size) for bias in biases)  # (blocks, H) each
        start = keep_bias if chrono is None else torch.empty_like(b_ih[0]).uniform_(1, chrono - 1).log()  # (H,)
        b_ih[model.keeps], b_hh[model.keeps] = start, 0.0
        if chrono is not None and model.writes is not None:
            b_ih[model.writes], b_hh[model.writes] = -start, 0.0


def reading(forward):
    """Where `forward(ids, state)` of a network fails for a state that it cannot go on from, a `ValueError` says so."""

    @wraps(forward)
    def call(self, ids, state=None):
        try:
            return forward(self, ids, state)
        except (RuntimeError, IndexError, ValueError):
            wanted = (self.rnn.num_layers, len(ids), self.rnn.hidden_size)
            parts = state if isinstance(state, tuple) else (state,)
            other = isinstance(self.rnn, nn.RNNBase) and isinstance(state, tuple) != isinstance(self.rnn, nn.LSTM)
            if state is not None and (other or any(getattr(part, "shape", None) != wanted for part in parts)):
                what = "a pair of tensors" if isinstance(self.rnn, nn.LSTM) else "a tensor"
                raise ValueError(f"state must be {what} of the shape (layers, B, H), here {wanted}") from None
            raise

    return call


class CharModel(nn.Module):
    """Characters in, a score for every possible next character out: embedding, recurrent layers, one linear layer.

    A subclass names its `cell`, the class of its `recurrent` layers, and the blocks of its gates that keep and write.
    `ids` is a LongTensor (B, T); returns logits (B, T, V) and the state after the last step: (layers, B, H) for a GRU,
    a pair of them for an LSTM. Dropout acts between the layers and on what the last layer gives; `embedding_size=None`
    feeds one-hot rows; `keep_bias` and `chrono` are those of `start_gates`. `hyperparameters` rebuilds the model:
    `CELLS[model.cell].model(**model.hyperparameters)`. Raises `ValueError` for a size or a start that cannot be.
    """

    keeps = writes = None  # which block of rows a gate is, where there is one

    @explained
    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        num_layers: int = 2,
        embedding_size: int | None = 64,
        dropout: float = 0.0,
        keep_bias: float | None = None,
        chrono: int | None = None,
    ):
        super().__init__()
        sizes = {
            "vocab_size": vocab_size,
            "hidden_size": hidden_size,
            "num_layers": num_layers,
            "embedding_size": embedding_size,
            "dropout": dropout,
        }
        check_sizes(**sizes)
        self.hyperparameters = {**sizes, "keep_bias": keep_bias, "chrono": chrono}
        self.vocab_size = vocab_size
        self.embedding = None if embedding_size is None else nn.Embedding(vocab_size, embedding_size)
        self.rnn = self.recurrent(
            vocab_size if embedding_size is None else embedding_size,  # E
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,  # PyTorch drops between layers, and warns if there is one
        )
        orthogonal_start(self.rnn)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, vocab_size)
        start_gates(self, keep_bias, chrono)

    @explained
    @reading
    def forward(self, ids: Rows, state: State | None = None) -> tuple[Tensor, State]:
        if self.embedding is None:
            x = F.one_hot(ids, self.vocab_size).to(self.head.weight.dtype)  # (B, T, V)
        else:
            x = self.embedding(ids)  # (B, T, E)
        h, state = self.rnn(x, state)  # (B, T, H)
        return self.head(self.dropout(h)), state  # (B, T, V)


class LSTMModel(CharModel):
    """A character model on `nn.LSTM`; its forget gate starts at a bias of 1 (Jozefowicz et al. 2015) unless told."""

    cell = "LSTM"
    recurrent = nn.LSTM
    keeps, writes = 1, 0  # f and i among i, f, g, o

    def __init__(self, *sizes, keep_bias: float | None = 1.0, chrono: int | None = None, **named):
        if chrono is not None and keep_bias == 1.0:
            keep_bias = None  # what is usual gives way
        super().__init__(*sizes, keep_bias=keep_bias, chrono=chrono, **named)


class GRUModel(CharModel):
    """A character model on `nn.GRU`; its update gate starts where PyTorch draws it unless told."""

    cell = "GRU"
    recurrent = nn.GRU
    keeps = 1  # z among r, z, n; it writes with 1 - z


class RNNModel(CharModel):
    """A character model on `nn.RNN`, without gates: h_t = tanh(W_i x_t + b_i + W_h h_{t-1} + b_h) (Elman 1990).

    It is what gates were invented to improve, and stands beside LSTM and GRU in a comparison.
    """

    cell = "RNN"
    recurrent = nn.RNN


def model_on(equations: type[nn.Module], name: str) -> type[CharModel]:
    """The class of character models on a hand-written cell that PyTorch does not have."""

    def layers(inputs: int, units: int, depth: int, *, batch_first: bool, dropout: float) -> CellLayers:
        return CellLayers([equations(units if layer else inputs, units) for layer in range(depth)], dropout)

    return type(f"{name}Model", (CharModel,), {"cell": name, "recurrent": staticmethod(layers)})


def stepping(base: type[CharModel], equations: type[nn.Module]) -> type[CharModel]:
    """`base`, a class of models on `nn.LSTM` or `nn.GRU`, each step of which a hand-written cell makes.

    Its weights are PyTorch's, under their names: it starts as `base` does, and is kept and read as one. `equations`
    has the layers `x2h` and `h2h`, the names `carries`, and `forward(x, state)`, as those of `cells` have.
    """

    class Layers(base.recurrent):
        def __init__(self, inputs: int, units: int, depth: int, *, batch_first: bool, dropout: float):
            super().__init__(inputs, units, depth, batch_first=batch_first, dropout=dropout)
            with torch.device("meta"):  # the weights are those of PyTorch's layers
                cells = [equations(units if layer else inputs, units) for layer in range(depth)]
            self.written = (CellLayers(cells, dropout),)  # in a tuple, so that no weight is counted twice

        def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
            (layers,) = self.written
            for number, cell in enumerate(layers.cells):
                for linear, name, theirs in weight_names(cell, number):
                    setattr(linear, name, getattr(self, theirs))
            return layers.train(self.training)(x, state)

    return type(base.__name__, (base,), {"recurrent": Layers})


MOST = 2_000_000_000  # weights of a network, 8 GB


@explained
def check_sizes(dropout: float, embedding_size: int | None, **sizes: int) -> None:
    """Raise `ValueError` unless every size is a whole number of at least 1 and `dropout` is in [0, 1)."""
    if embedding_size is not None:
        sizes["embedding_size"] = embedding_size
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"{name} is {shown(size)}; it must be a whole number of at least 1")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}; it must be at least 0 and below 1")
    inputs, units = sizes.get("embedding_size", sizes["vocab_size"]), sizes["hidden_size"]
    if 4 * sizes["num_layers"] * units * (units + inputs) + sizes["vocab_size"] * (units + inputs) > MOST:
        said = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"a network with {said} would have more than {MOST:,} weights; choose smaller sizes")


def check_start(model: CharModel, keep_bias: float | None, chrono: int | None) -> None:
    """Raise `ValueError` unless the gate that keeps is there and can start so: see `start_gates`."""
    if keep_bias is None and chrono is None:
        return
    if model.keeps is None:
        raise ValueError(f"keep_bias and chrono start a gate that keeps, and {model.cell} has none: leave them out")
    if keep_bias is not None and chrono is not None:
        raise ValueError(f"keep_bias is {keep_bias} and chrono is {chrono}; one gate has one start: give only one")
    if chrono is None and not (isinstance(keep_bias, int | float) and math.isfinite(keep_bias)):
        raise ValueError(f"keep_bias is {shown(keep_bias)}; it must be a number, or None for PyTorch's own start")
    if chrono is not None and not (isinstance(chrono, int) and chrono >= 3):
        raise ValueError(f"chrono is {shown(chrono)}; it must be a whole number of characters, at least 3")


@explained
def num_parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
