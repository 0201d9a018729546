"""One row for each cell: all that the course knows of it. Everything else asks here.

CELLS["GRU"].model(vocab_size)     a network
register(Cell("MGU", MGUCell, …))  a cell of your own: it trains, writes, is kept, plotted and swept as the others
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ..text.arguments import explained
from .cells import CellLayers, GRUCell, LSTMCell, RNNCell, copy_weights
from .models import CharModel, GRUModel, LSTMModel, RNNModel, model_on


@dataclass(frozen=True)
class Cell:
    """What sets one kind of cell apart. Without a `model` it trains as its equations are written, slowly."""

    name: str
    equations: type[nn.Module]  # the cell written by hand, with `gates` and `carries`
    blocks: int  # matrices W_i and W_h that it stacks: one for each gate and candidate
    gates: str  # the letters that `equations.gates` gives: gates, then states
    holds: str  # the state in which it keeps what it knows
    keeps: str | None  # the gate that says how much of that state is kept
    colour: str
    line: str  # as Matplotlib writes it
    marker: str
    hatch: str
    model: type[CharModel] | None = None
    fast: type[CharModel] | None = None  # a faster model with the same weights and results, from the room `fast`
    steps: Callable[[nn.Module, int | None], Any] | None = None  # a faster `sampling.ModuleSteps`, from there as well

    def __post_init__(self):
        if self.model is None:
            object.__setattr__(self, "model", model_on(self.equations, self.name))
        if self.fast is None:
            object.__setattr__(self, "fast", self.model)

    @property
    def style(self) -> dict[str, str]:
        """Of a line in a figure."""
        return {"color": self.colour, "linestyle": self.line}


class Cells(dict[str, Cell]):
    """Cells by name; one that is not there gets a `ValueError` with those that are."""

    def __missing__(self, cell: str) -> Cell:
        raise ValueError(f"there is no cell {cell!r}; choose from {', '.join(self)}")


CELLS = Cells()
BOTH = ("LSTM", "GRU")  # the two that the course compares
COMPARED = (*BOTH, "RNN")  # and what gates were invented to improve


def register(cell: Cell) -> None:
    """Let the course know a cell, or a new version of one."""
    CELLS[cell.name] = cell


register(
    Cell(
        name="LSTM",
        equations=LSTMCell,
        blocks=4,
        gates="ifgoch",
        holds="c",
        keeps="f",
        colour="#0072B2",
        line="-",
        marker="o",
        hatch="",
        model=LSTMModel,
    )
)
register(
    Cell(
        name="GRU",
        equations=GRUCell,
        blocks=3,
        gates="rznh",
        holds="h",
        keeps="z",
        colour="#D55E00",
        line="--",
        marker="s",
        hatch="//",
        model=GRUModel,
    )
)
register(
    Cell(
        name="RNN",
        equations=RNNCell,
        blocks=1,
        gates="h",
        holds="h",
        keeps=None,
        colour="#009E73",
        line="-.",
        marker="^",
        hatch="\\\\",
        model=RNNModel,
    )
)


@explained
def written_out(model: CharModel) -> list[nn.Module]:
    """The recurrent layers of a network as hand-written cells, with its weights: one for each layer."""
    if isinstance(model.rnn, CellLayers):
        return list(model.rnn.cells)
    cells = []
    for layer in range(model.rnn.num_layers):
        inputs = model.rnn.hidden_size if layer else model.rnn.input_size
        with torch.device("meta"):  # draws no random numbers
            cell = CELLS[model.cell].equations(inputs, model.rnn.hidden_size)
        copy_weights(cell, model.rnn, layer)
        cells.append(cell)
    return cells


@explained
def count_parameters(
    cell: str, vocab_size: int, hidden_size: int, num_layers: int = 1, embedding_size: int | None = 64
) -> int:
    """`num_parameters` of a `CELLS[cell].model` of these sizes, without building it."""
    inputs = vocab_size if embedding_size is None else embedding_size
    table = 0 if embedding_size is None else vocab_size * embedding_size
    reads = inputs + (num_layers - 1) * hidden_size  # of all layers together
    recurrent = CELLS[cell].blocks * hidden_size * (reads + num_layers * (hidden_size + 2))  # W_i, W_h and two biases
    return table + recurrent + (hidden_size + 1) * vocab_size


@explained
def width_for(parameters: int, cell: str, vocab_size: int, num_layers: int = 1, embedding_size: int | None = 64) -> int:
    """The hidden size that comes nearest to so many parameters. Raises `ValueError` if one unit is too many."""

    def count(width: int) -> int:
        return count_parameters(cell, vocab_size, width, num_layers, embedding_size)

    if parameters < count(1):
        raise ValueError(f"{parameters} parameters are too few: one unit alone takes {count(1)}")
    width = bisect_right(range(1, 1_000_000), parameters, key=count)
    return min(width, width + 1, key=lambda units: abs(count(units) - parameters))
