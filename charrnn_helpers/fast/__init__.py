"""What is there for speed alone: everything here computes what the core computes, only faster.

The core (`text`, `networks`, `training`, `sampling`) imports nothing of this room and works without it. When the
package is imported, this room enters its forms where training and `generate` ask for them: in the registry of cells.

What each module gains, measured on two cores of a Xeon with AMX:

fused_gru      an update of a GRU of 192 units takes 0.64 of the time of `nn.GRU` (12.4 times one of 128 units)
numpy_network  500 characters take 11 ms (GRU) or 21 ms (LSTM), and 143 or 194 ms by calling the module
timing         nothing: it is what notebook 12 compares times with
"""

from dataclasses import replace

from ..networks.models import register
from ..networks.registry import CELLS
from .fused_gru import FusedGRU, FusedGRUModel
from .numpy_network import NumpyNetwork, has_numpy_form, numpy_steps
from .timing import time_in_turn, update_of

__all__ = ["FusedGRU", "FusedGRUModel"]
__all__ += ["NumpyNetwork", "has_numpy_form", "numpy_steps"]
__all__ += ["time_in_turn", "update_of"]

register(replace(CELLS["LSTM"], steps=numpy_steps))
register(replace(CELLS["GRU"], fast=FusedGRUModel, steps=numpy_steps))
