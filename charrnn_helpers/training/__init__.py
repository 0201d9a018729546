"""Train and evaluate networks: the loop, its settings and its history, the number of threads, checkpoints."""

from ..base.threads import one_thread
from .checkpoints import BUNDLED, find_checkpoint
from .config import History
from .evaluation import context_losses
from .loop import DivergenceError, make_optimiser, one_update

__all__ = ["BUNDLED", "History", "context_losses", "find_checkpoint"]
__all__ += ["DivergenceError", "make_optimiser", "one_thread", "one_update"]
