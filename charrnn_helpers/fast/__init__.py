"""What is there for speed alone: everything here computes what the core computes, only faster.

The core (`text`, `networks`, `training`, `sampling`) imports nothing of this room and works without it. When the
package is imported, this room enters its forms where training, checkpoints and `generate` ask for them: faster cells
into their registry, bfloat16 among the precisions, weights of eight bits as the form of an album, and the clock as
what chooses the number of threads.
"""

from dataclasses import replace

from ..networks.models import register
from ..networks.registry import CELLS
from ..training.checkpoints import ALBUM_FORM
from ..training.loop import BEFORE_TRAINING, PRECISIONS
from ..training.threads import CHOICE
from .allocation import keep_memory
from .fused_gru import FusedGRU, FusedGRUModel
from .numpy_network import NumpyNetwork, has_numpy_form, numpy_steps
from .precision import PrecisionError, in_bfloat16, pick_precision
from .quantised import dequantise, quantise
from .thread_choice import choose_threads

__all__ = ["FusedGRU", "FusedGRUModel", "keep_memory"]
__all__ += ["NumpyNetwork", "has_numpy_form", "numpy_steps"]
__all__ += ["PrecisionError", "in_bfloat16", "pick_precision"]

register(replace(CELLS["LSTM"], steps=numpy_steps))
register(replace(CELLS["GRU"], fast=FusedGRUModel, steps=numpy_steps))
BEFORE_TRAINING.append(keep_memory)
PRECISIONS["bfloat16"] = in_bfloat16
ALBUM_FORM.update(store=quantise, restore=dequantise)
CHOICE["threads"] = choose_threads
