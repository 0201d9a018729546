"""The cells as equations (`cells`), one row for each in `registry`, the models on PyTorch's layers (`models`)."""

from .cells import GRUCell, LSTMCell, RNNCell, detach, run_cell
from .models import CharModel, GRUModel, LSTMModel, RNNModel, num_parameters, register, with_cell
from .registry import BOTH, CELLS, COMPARED, Cell

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "detach", "run_cell"]
__all__ += ["CharModel", "GRUModel", "LSTMModel", "RNNModel", "num_parameters", "register", "with_cell"]
__all__ += ["BOTH", "CELLS", "COMPARED", "Cell"]
