"""The one training loop (`loop`), what decides a run and what it records, evaluation, precision, checkpoints."""

from .bfloat16 import Autocast, autocast
from .checkpoints import Checkpoint, CheckpointError, find_checkpoint, load_checkpoint, save_checkpoint
from .config import History, TrainConfig
from .device import keep_memory, pick_device
from .evaluation import context_losses, eval_mode, evaluate
from .files import whole_file
from .loop import make_optimiser, one_update, train
from .precision import Precision, pick_precision
