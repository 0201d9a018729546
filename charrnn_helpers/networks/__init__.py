"""The cells as equations (`cells`), one row for each in `registry`, the models on PyTorch's layers (`models`)."""

from .cells import CellLayers, GRUCell, LSTMCell, RNNCell, State, detach, map_state, run_cell, to_device
from .compare import Gap, compare_with_torch
from .models import (
    CharModel,
    GRUModel,
    LSTMModel,
    RNNModel,
    layers_as_cells,
    num_parameters,
    orthogonal_start,
    register,
    with_cell,
)
from .registry import BOTH, CELLS, COMPARED, Cell, count_parameters, width_for

__all__ = [
    "BOTH",
    "CELLS",
    "COMPARED",
    "Cell",
    "CellLayers",
    "CharModel",
    "GRUCell",
    "GRUModel",
    "Gap",
    "LSTMCell",
    "LSTMModel",
    "RNNCell",
    "RNNModel",
    "State",
    "compare_with_torch",
    "count_parameters",
    "detach",
    "layers_as_cells",
    "map_state",
    "num_parameters",
    "orthogonal_start",
    "register",
    "run_cell",
    "to_device",
    "width_for",
    "with_cell",
]
