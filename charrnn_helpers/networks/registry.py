"""One row for each cell: all that the course knows of it."""

from __future__ import annotations

from .fused_gru import FusedGRUModel
from .models import CharModel, GRUModel, LSTMModel, RNNModel

MODELS: dict[str, type[CharModel]] = {"LSTM": LSTMModel, "GRU": GRUModel, "RNN": RNNModel}
BLOCKS = {"LSTM": 4, "GRU": 3, "RNN": 1}  # matrices W_i and W_h that a cell stacks: one for each gate and candidate


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


FASTEST: dict[str, type[CharModel]] = {"LSTM": LSTMModel, "GRU": FusedGRUModel}  # for training on a CPU
CELLS: dict[str, type[CharModel]] = {**FASTEST, "RNN": RNNModel}

LSTM_COLOUR = "#0072B2"
GRU_COLOUR = "#D55E00"
RNN_COLOUR = "#009E73"
STYLES = {
    "LSTM": {"color": LSTM_COLOUR, "linestyle": "-"},
    "GRU": {"color": GRU_COLOUR, "linestyle": "--"},
    "RNN": {"color": RNN_COLOUR, "linestyle": "-."},
    "floor": {"color": "#777777", "linestyle": ":"},
}
MARKERS = {"LSTM": "o", "GRU": "s", "RNN": "^"}
