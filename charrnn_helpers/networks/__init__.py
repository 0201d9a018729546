"""The cells as equations (`cells`), the models on PyTorch's layers, and one registry of cells."""

from .cells import CellLayers, GRUCell, LSTMCell, RNNCell, State, detach, map_state, run_cell, to_device
from .compare import Gap, compare_with_torch
from .models import (
    CharModel,
    GRUModel,
    LSTMModel,
    RNNModel,
    num_parameters,
    orthogonal_start,
    stepping,
)
from .registry import BOTH, CELLS, COMPARED, Cell, count_parameters, register, width_for, written_out
