"""What is there for speed alone: everything here computes what the core computes, only faster.

The core (`text`, `networks`, `training`, `sampling`) imports nothing of this room and works without it. When the
package is imported, this room enters its forms into the registry of cells, where training and `generate` ask for them.
"""

from dataclasses import replace

from ..networks.registry import CELLS, register
from .fused_gru import FusedGRU, FusedGRUModel
from .numpy_network import NumpyNetwork, has_numpy_form, numpy_steps

__all__ = ["FusedGRU", "FusedGRUModel", "NumpyNetwork", "has_numpy_form", "numpy_steps"]

register(replace(CELLS["LSTM"], steps=numpy_steps))
register(replace(CELLS["GRU"], fast=FusedGRUModel, steps=numpy_steps))
