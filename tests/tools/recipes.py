"""Training runs that are worth a name: what two cores make of a real text in ten seconds, one and five minutes at most.

    recipe = RECIPES["class"]["GRU"]
    model, history = recipe.run(len(vocab), train_ids, val_ids)

Tuned on the validation text of Tiny Shakespeare, with the same number of trials for both cells; notebook 12 tells how,
and what they reach. Seconds are those of the machine named there: it is the updates that are fixed, not the time.
"""

from dataclasses import dataclass, replace

import torch
from precision import in_bfloat16
from torch import Tensor

from charrnn_helpers import TrainConfig, train
from charrnn_helpers.networks import CELLS, CharModel
from charrnn_helpers.training import History


@dataclass(frozen=True)
class Recipe:
    """A network and the run that trains it, for one cell."""

    cell: str  # "LSTM" or "GRU"
    hidden_size: int
    dropout: float
    config: TrainConfig
    num_layers: int = 1
    embedding_size: int | None = 64

    def model(self, vocab_size: int, seed: int = 0) -> CharModel:
        """Make a network with initial weights drawn from `seed`. The reader's random numbers stay as they are."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            return CELLS[self.cell].fast(
                vocab_size, self.hidden_size, self.num_layers, self.embedding_size, self.dropout
            )

    def run(self, vocab_size: int, train_ids: Tensor, val_ids: Tensor, seed: int = 0, **options):
        """Make a network and train it. Return it, with the weights of the best validation loss, and its history."""
        model = self.model(vocab_size, seed)
        return model, self.train(model, train_ids, val_ids, seed, **options)

    def train(
        self, model: CharModel, train_ids: Tensor, val_ids: Tensor, seed: int = 0, precision: str = "float32", **options
    ) -> History:
        """Train `model` as the recipe says, with `seed` for its dropout.

        `precision` is "float32" or "bfloat16". Other `options` go to `training.train`, which also raises the errors.
        """
        network = in_bfloat16(model) if precision == "bfloat16" else model
        return train(network, train_ids, val_ids, replace(self.config, seed=seed), **options)


def _recipe(cell: str, hidden_size: int, dropout: float, updates: int, **settings) -> Recipe:
    """Describe a run that looks at the validation text four times."""
    return Recipe(cell, hidden_size, dropout, TrainConfig(updates, validate_every=-(-updates // 4), **settings))


_QUICK = {"streams": 32, "window": 32, "weight_decay": 0.0}
_CLASS = {"streams": 64, "window": 32, "learning_rate": 0.01}
_BEST = {"streams": 32, "window": 128, "learning_rate": 0.009, "weight_decay": 0.1}
RECIPES: dict[str, dict[str, Recipe]] = {
    "quick": {
        "LSTM": _recipe("LSTM", 192, 0.0, updates=480, warmup=100, learning_rate=0.015, **_QUICK),
        "GRU": _recipe("GRU", 192, 0.0, updates=430, warmup=20, learning_rate=0.012, **_QUICK),
    },
    "class": {
        "LSTM": _recipe("LSTM", 256, 0.1, updates=2050, warmup=560, weight_decay=0.05, **_CLASS),
        "GRU": _recipe("GRU", 320, 0.1, updates=1350, warmup=135, weight_decay=0.1, **_CLASS),
    },
    "best": {
        "LSTM": _recipe("LSTM", 448, 0.4, updates=2150, warmup=720, **_BEST),
        "GRU": _recipe("GRU", 384, 0.3, updates=2450, warmup=240, **_BEST),
    },
}
