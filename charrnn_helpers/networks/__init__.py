"""The cells as equations (`cells`), the models on PyTorch's layers, one registry of cells, and their fast forms."""

from .cells import CellLayers, GRUCell, LSTMCell, RNNCell, State, detach, map_state, run_cell, to_device
from .compare import Gap, compare_with_torch
from .fused_gru import FusedGRU, FusedGRUModel
from .models import (
    CharModel,
    GRUModel,
    LSTMModel,
    RNNModel,
    num_parameters,
    orthogonal_start,
    stepping,
)
from .numpy_network import NumpyNetwork
from .registry import BOTH, CELLS, COMPARED, Cell, count_parameters, register, width_for, written_out
