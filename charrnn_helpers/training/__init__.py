"""The one training loop (`loop`), what decides a run and what it records, evaluation, precision, checkpoints."""

from .checkpoints import BUNDLED, find_checkpoint
from .config import History
from .device import keep_memory
from .evaluation import context_losses
from .loop import make_optimiser, one_update
from .precision import forecast, pick_precision
from .threads import one_thread
