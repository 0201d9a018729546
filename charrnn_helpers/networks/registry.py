"""One row for each cell: all that the course knows of it. Everything else asks here.

CELLS["GRU"].model(vocab_size)     a network
register(Cell("MGU", MGUCell, …))  a cell of your own: it trains, writes, is kept, plotted and swept as the others
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from .cells import GRUCell, LSTMCell, RNNCell


@dataclass(frozen=True)
class Cell:
    """What sets one kind of cell apart. Gates and states are named by the letters of its equations.

    At each step a cell keeps a share of its memory and writes something new to it:
    memory = keep_gate * memory + write_gate * candidate. Then it shows h = output_gate * tanh(memory).
    """

    name: str
    cell_class: Any  # the class of the cell written by hand, with `gates` and `carries`
    blocks: str  # what each block of H rows of W_x and W_h computes, in their order: gates and candidate
    memory: str  # the state in which it keeps what it knows
    keep_gate: str | None = None  # without one, nothing says which share of the memory is kept
    write_gate: str | None = None  # without one, 1 - keep_gate is written
    candidate: str | None = None
    output_gate: str | None = None  # without one, h is the memory itself
    keep_bias: float | None = None  # where the bias of the keep gate usually starts; None: as PyTorch draws it

    colour: str = "#000000"
    line: str = "-"  # as Matplotlib writes it
    marker: str = "o"
    hatch: str = ""

    model: Any = None  # the class of its networks; without one, `register` makes one that computes the equations
    fast: Any = None  # a faster class with the same weights and results, from the room `fast`
    steps: Callable[[nn.Module, int | None], Any] | None = None  # a faster `sampling.ModuleSteps`, from there as well

    @property
    def gates(self) -> str:
        """The letters that `cell_class.gates` gives: blocks first, then the states that are made of them."""
        return self.blocks + "".join(state for state in reversed(self.cell_class.carries) if state not in self.blocks)

    @property
    def style(self) -> dict[str, str]:
        """How a line in a figure looks."""
        return {"color": self.colour, "linestyle": self.line}


class Cells(dict[str, Cell]):
    """Cells by name. Looking up one that is not there raises a `ValueError` that lists those that are."""

    def __missing__(self, cell: str) -> Cell:
        raise ValueError(f"there is no cell {cell!r}; choose from {', '.join(self)}")


BOTH = ("LSTM", "GRU")  # the two that the course compares
COMPARED = (*BOTH, "RNN")  # and what gates were invented to improve
CELLS = Cells(
    LSTM=Cell(
        name="LSTM",
        cell_class=LSTMCell,
        blocks="ifgo",
        memory="c",
        keep_gate="f",
        write_gate="i",
        candidate="g",
        output_gate="o",
        keep_bias=1.0,  # Jozefowicz et al. 2015
        colour="#0072B2",
        line="-",
        marker="o",
        hatch="",
    ),
    GRU=Cell(
        name="GRU",
        cell_class=GRUCell,
        blocks="rzn",
        memory="h",
        keep_gate="z",
        candidate="n",
        colour="#D55E00",
        line="--",
        marker="s",
        hatch="//",
    ),
    RNN=Cell(
        name="RNN",
        cell_class=RNNCell,
        blocks="h",
        memory="h",
        colour="#009E73",
        line="-.",
        marker="^",
        hatch="\\\\",
    ),
)
