"""The named runs are reproducible, and the figures that the course prints for them are those of these very recipes."""

import statistics
import threading
from dataclasses import asdict

import pytest
import recipes
import torch
from recipes import RECIPES, Recipe

from charrnn_helpers import train
from charrnn_helpers.experiments import measured
from charrnn_helpers.fast.precision import Precision
from charrnn_helpers.networks.registry import BOTH
from charrnn_helpers.training import loop


@pytest.fixture
def recipe(cell, config):
    return Recipe(cell, 12, 0.2, config(updates=6, validate_every=3), num_layers=2, embedding_size=8)


def test_each_name_has_a_run_for_each_cell():
    assert list(RECIPES) == ["quick", "class", "best"]
    for found in RECIPES.values():
        assert [(cell, recipe.cell) for cell, recipe in found.items()] == [(cell, cell) for cell in BOTH]


def test_a_run_is_train_with_a_network_of_the_seed_and_leaves_the_readers_random_numbers_alone(recipe, vocab, ids):
    before = torch.get_rng_state()
    options = {"device": "cpu", "progress": False, "precision": "float32"}
    model, history = recipe.run(len(vocab), ids, ids[:100], seed=3, **options)
    assert torch.equal(torch.get_rng_state(), before)
    by_hand = recipe.model(len(vocab), seed=3)
    assert list(by_hand.hyperparameters.values())[:5] == [len(vocab), 12, 2, 8, 0.2]
    assert by_hand.cell == recipe.cell
    assert history.finished
    assert history.config.seed == 3
    assert train(by_hand, ids, ids[:100], history.config, **options).losses == history.losses
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), by_hand.parameters(), strict=True))
    assert not torch.equal(recipe.model(len(vocab), seed=3).head.weight, recipe.model(len(vocab), seed=4).head.weight)


def test_precision_is_picked_for_this_network_unless_it_is_given_or_a_run_goes_on(recipe, vocab, ids, monkeypatch):
    asked, stop = [], threading.Event()

    def pick(device, model, streams, window):
        asked.append((device, model.hyperparameters["hidden_size"], streams, window))
        return Precision("bfloat16", "")

    monkeypatch.setattr(recipes, "pick_precision", pick)
    monkeypatch.setitem(loop.PRECISIONS, "bfloat16", lambda model: model)  # not every processor has it
    texts, options = (ids, ids[:100]), {"device": "cpu", "progress": False}
    model, part = recipe.run(len(vocab), *texts, stop=stop, on_validation=lambda _: stop.set(), **options)
    assert not part.finished
    rest = recipe.train(model, *texts, history=part, **options)
    assert rest.finished
    assert rest.precision == "bfloat16"
    assert recipe.run(len(vocab), *texts, precision="float32", **options)[1].precision == "float32"
    assert asked == [("cpu", 12, recipe.config.streams, recipe.config.window)]


def test_the_figures_shown_are_of_these_recipes_and_the_medians_of_their_seeds():
    result = measured("quality")
    assert result["recipes"] == {
        name: {cell: asdict(run) for cell, run in found.items()} for name, found in RECIPES.items()
    }
    for name in RECIPES:
        for cell in BOTH:
            rows = [row for row in result["rows"] if (row["recipe"], row["cell"]) == (name, cell)]
            *seeds, median = rows
            assert [row["seed"] for row in rows] == ["0", "1", "2", "median of 3"]
            for column in ("seconds", "carried", "blocks of 256", "blocks of 64"):
                assert median[column] == statistics.median(row[column] for row in seeds)
