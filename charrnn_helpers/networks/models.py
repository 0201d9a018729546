"""The models that the course trains, on `nn.LSTM`, `nn.GRU` and `nn.RNN`, or on a cell of your own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..base.checks import Float, Int, checked, checked_on_failure
from .cells import CellLayers, State, biases_by_block, cells_like, share_weights
from .checks import check_sizes, check_start, explain_wrong_state
from .registry import CELLS, Cell


def orthogonal_start(rnn: nn.Module) -> None:
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
    cell = CELLS[model.cell]
    check_start(cell, keep_bias, chrono)
    if (keep_bias is None and chrono is None) or model.head.weight.is_meta:  # "meta": a checkpoint brings the weights
        return
    for layer in range(model.rnn.num_layers):
        b_ih, *others = biases_by_block(model.rnn, layer)  # (blocks, H) each
        start: Any = keep_bias if chrono is None else torch.empty_like(b_ih[0]).uniform_(1, chrono - 1).log()  # (H,)
        starts = {cell.keep_gate: start}
        if chrono is not None and cell.write_gate is not None:
            starts[cell.write_gate] = -start
        for gate, numbers in starts.items():
            block = cell.blocks.index(gate)
            b_ih[block] = numbers
            for b_hh in others:
                b_hh[block] = 0.0


class CharModel(nn.Module):
    """Characters in, a score for every possible next character out: embedding, recurrent layers, one linear layer.

    A subclass names its `cell`, a row of the registry, and the class of its `recurrent` layers. `ids` is a LongTensor
    (B, T); returns logits (B, T, V) and the state after the last step: (layers, B, H) for a GRU, a pair of them for an
    LSTM. Dropout acts between the layers and on what the last layer gives; `embedding_size=None` feeds one-hot rows;
    `keep_bias` and `chrono` are those of `start_gates`, and "usual" is what the row says. `hyperparameters` rebuilds
    the model: `CELLS[model.cell].model(**model.hyperparameters)`. Raises `ValueError` for a size or a start that cannot
    be.
    """

    @checked
    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        num_layers: int = 2,
        embedding_size: int | None = 64,
        dropout: float = 0.0,
        keep_bias: float | str | None = "usual",
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
        if keep_bias == "usual":
            keep_bias = CELLS[self.cell].keep_bias if chrono is None else None
        self.hyperparameters = {**sizes, "keep_bias": keep_bias, "chrono": chrono}
        self.vocab_size = vocab_size
        self.embedding = None if embedding_size is None else nn.Embedding(vocab_size, embedding_size)
        inputs = vocab_size if embedding_size is None else embedding_size  # E
        between = dropout if num_layers > 1 else 0.0  # PyTorch drops between layers, and warns if there is one
        self.rnn = self.recurrent(inputs, hidden_size, num_layers, batch_first=True, dropout=between)
        orthogonal_start(self.rnn)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, vocab_size)
        start_gates(self, keep_bias, chrono)

    @checked_on_failure
    @explain_wrong_state
    def forward(
        self, ids: Int[Tensor, "batch time"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch time vocab"], State]:
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


class GRUModel(CharModel):
    """A character model on `nn.GRU`; its update gate starts where PyTorch draws it unless told."""

    cell = "GRU"
    recurrent = nn.GRU


class RNNModel(CharModel):
    """A character model on `nn.RNN`, without gates: h_t = tanh(W_i x_t + b_i + W_h h_{t-1} + b_h) (Elman 1990).

    It is what gates were invented to improve, and stands beside LSTM and GRU in a comparison.
    """

    cell = "RNN"
    recurrent = nn.RNN


def register(cell: Cell) -> None:
    """Let the course know a cell, or a new version of one: from now on it is in `CELLS`.

    Without a `model` it gets one that computes its equations step by step, which is slow.
    """
    if cell.model is None:
        layers = staticmethod(partial(CellLayers, cell.cell_class))
        cell = replace(cell, model=type(f"{cell.name}Model", (CharModel,), {"cell": cell.name, "recurrent": layers}))
    CELLS[cell.name] = replace(cell, fast=cell.fast or cell.model)


for _model in (LSTMModel, GRUModel, RNNModel):
    register(replace(CELLS[_model.cell], model=_model))


@checked
def layers_as_cells(model: CharModel) -> list[nn.Module]:
    """Give the recurrent layers of a network as hand-written cells with its weights, one for each layer."""
    by_hand = isinstance(model.rnn, CellLayers)
    return list((model.rnn if by_hand else cells_like(model.rnn, CELLS[model.cell].cell_class)).cells)


def with_cell(base: type[CharModel], cell_class: type[nn.Module]) -> type[CharModel]:
    """Make a class of models like `base`, on `nn.LSTM` or `nn.GRU`, each step of which a hand-written cell computes.

    Its weights are PyTorch's, under their names: it starts as `base` does, and is kept and read as one. `cell_class`
    has the layers `x2h` and `h2h`, the names `carries`, and `forward(x, state)`, as those of `cells` have.
    """

    class LayersOfCells(base.recurrent):
        def __init__(self, *sizes, **options):
            super().__init__(*sizes, **options)
            self.by_hand = (cells_like(self, cell_class),)  # in a tuple, so that no weight is counted twice

        def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
            (layers,) = self.by_hand
            for number, cell in enumerate(layers.cells):
                share_weights(cell, self, number)  # again, because a move to another device may replace them
            return layers.train(self.training)(x, state)

    return type(base.__name__, (base,), {"recurrent": LayersOfCells})


@checked
def num_parameters(model: nn.Module) -> int:
    """Count the numbers that training may change."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
