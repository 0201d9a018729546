"""Training runs that are worth a name: what two cores make of a real text in ten seconds, one and five minutes at most.

    recipe = RECIPES["class"]["GRU"]
    model, history = recipe.run(len(vocab), train_ids, val_ids)

Tuned on the validation text of Tiny Shakespeare, with the same number of trials for both cells; notebook 12 tells how,
and what they reach. Seconds are those of the machine named there: it is the updates that are fixed, not the time.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ..fast.precision import pick_precision
from ..networks.models import CharModel
from ..networks.registry import CELLS
from ..training.config import History, TrainConfig
from ..training.files import read_table
from ..training.loop import train

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


RECIPES: dict[str, dict[str, Recipe]] = {
    name: {cell: Recipe(cell, **{**row, "config": TrainConfig(**row["config"])}) for cell, row in rows.items()}
    for name, rows in read_table(Path(__file__).with_name("recipes.toml")).items()
}


def measured(name: str) -> dict:
    """The result of a benchmark as it was printed and kept with the package, with the machine it ran on: "quality"."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
