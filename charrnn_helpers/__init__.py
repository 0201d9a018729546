"""Helpers of the course, in rooms. A room imports only what stands above it:

base        what every room needs of Python and the machine: checks of arguments, files, memory, threads
text        texts and how they are split, the story grammar, characters as numbers, the n-gram ladder
networks    the two cells as equations, the models on `nn.LSTM` and `nn.GRU`, one registry of cells
training    the one loop, evaluation, device and threads, checkpoints
sampling    `generate`, and the distribution of the next character
fast        what is there for speed alone: it computes what the rooms above compute, and enters it into the registry
later       what came after LSTM and GRU: minGRU, a small Transformer
measures    bits and intervals, excess over the floor, samples and their sentences, gates, units, gradients, memory
experiments many runs at once, the trial, the time of a run, planted faults
figures     every figure, with its description in words
panels      every interactive panel
exercises   `check`, `hint`, `solution`: a module and a table of words for each notebook
homework    what a class hands in: notebooks and their marks, answers before and after the course, reports
lecturer    students' copies, homework and marks, slides, a link for a class
"""

from . import fast as fast  # importing it enters its forms into the registry of cells
from .networks.models import GRUModel, LSTMModel
from .sampling import generate
from .text.corpus import load_corpus
from .text.encoding import Vocabulary
from .training.checkpoints import load_checkpoint, save_checkpoint
from .training.config import TrainConfig
from .training.device import pick_device
from .training.evaluation import evaluate
from .training.loop import train

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
