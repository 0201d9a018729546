"""Helpers of the course: each module holds one idea, and imports only what stands above it in this list.

tales, corpus, encoding, baselines, models, fused, training, recipes, plain, sampling, live, pairs, metrics, probes,
sweep, trial, faults; then plots, controls, widgets and exercises; kit stands alone.
"""

from .corpus import load_corpus
from .encoding import Vocabulary
from .models import GRUModel, LSTMModel
from .sampling import generate
from .training import TrainConfig, evaluate, load_checkpoint, pick_device, save_checkpoint, train

__all__ = [
    "GRUModel",
    "LSTMModel",
    "TrainConfig",
    "Vocabulary",
    "evaluate",
    "generate",
    "load_checkpoint",
    "load_corpus",
    "pick_device",
    "save_checkpoint",
    "train",
]
