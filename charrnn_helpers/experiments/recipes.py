"""Training runs that are worth a name: what two cores make of a real text in ten seconds, one and five minutes at most.

    recipe = RECIPES["class"]["GRU"]
    model, history = recipe.run(len(vocab), train_ids, val_ids)

Tuned on the validation text of Tiny Shakespeare, with the same number of trials for both cells; notebook 05 tells how,
and what they reach. Seconds are those of the machine named there: it is the updates that are fixed, not the time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..networks.models import CharModel
from ..networks.registry import CELLS
from ..training.config import History, TrainConfig
from ..training.loop import train
from ..training.precision import pick_precision

RESULTS = Path(__file__).parents[1] / "results"


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
        """A fresh network with initial weights drawn from `seed`; the reader's random numbers stay as they are."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            return CELLS[self.cell].fast(
                vocab_size, self.hidden_size, self.num_layers, self.embedding_size, self.dropout
            )

    def run(self, vocab_size: int, train_ids: Tensor, val_ids: Tensor, seed: int = 0, **options):
        """A fresh network and its training: the network with the best validation loss, and the log of the run."""
        model = self.model(vocab_size, seed)
        return model, self.train(model, train_ids, val_ids, seed, **options)

    def train(self, model: CharModel, train_ids: Tensor, val_ids: Tensor, seed: int = 0, **options) -> History:
        """Train `model` as the recipe says, with `seed` for its dropout.

        `options` go to `training.train`, and errors are its. A new run without a `precision` among them gets the one
        that `pick_precision` finds for this network on this machine.
        """
        config = replace(self.config, seed=seed)
        if options.get("precision") is None and options.get("history") is None:
            choice = pick_precision(options.get("device"), model, streams=config.streams, window=config.window)
            options["precision"] = choice.name
        return train(model, train_ids, val_ids, config, **options)


def _config(updates: int, streams: int, window: int, learning_rate: float, warmup: int, decay: float = 0.0):
    return TrainConfig(
        updates=updates,
        streams=streams,
        window=window,
        learning_rate=learning_rate,
        warmup=warmup,
        weight_decay=decay,
        validate_every=-(-updates // 4),
    )


RECIPES: dict[str, dict[str, Recipe]] = {
    "quick": {
        "LSTM": Recipe("LSTM", 192, 0.0, _config(480, 32, 32, 0.015, 100)),
        "GRU": Recipe("GRU", 192, 0.0, _config(430, 32, 32, 0.012, 20)),
    },
    "class": {
        "LSTM": Recipe("LSTM", 256, 0.1, _config(2050, 64, 32, 0.01, 560, 0.05)),
        "GRU": Recipe("GRU", 320, 0.1, _config(1350, 64, 32, 0.01, 135, 0.1)),
    },
    "best": {
        "LSTM": Recipe("LSTM", 448, 0.4, _config(2150, 32, 128, 0.009, 720, 0.1)),
        "GRU": Recipe("GRU", 384, 0.3, _config(2450, 32, 128, 0.009, 240, 0.1)),
    },
}


def measured(name: str) -> dict:
    """The result of a benchmark as it was printed and kept with the package, with the machine it ran on: "quality"."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
