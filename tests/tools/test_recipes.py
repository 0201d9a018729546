"""The named runs are reproducible, and the figures that the course prints for them are those of these very recipes."""

import statistics
from dataclasses import asdict

import pytest
import recipes
import torch
from recipes import RECIPES, Recipe

from charrnn_helpers import train
from charrnn_helpers.experiments import measured
from charrnn_helpers.networks.registry import BOTH


@pytest.fixture
def recipe(cell, config):
    return Recipe(cell, 12, 0.2, config(updates=6, validate_every=3), num_layers=2, embedding_size=8)


def test_each_name_has_a_run_for_each_cell():
    assert list(RECIPES) == ["quick", "class", "best"]
    for found in RECIPES.values():
        assert [(cell, recipe.cell) for cell, recipe in found.items()] == [(cell, cell) for cell in BOTH]


def test_a_run_is_train_with_a_network_of_the_seed_and_leaves_the_readers_random_numbers_alone(recipe, vocab, ids):
    before = torch.get_rng_state()
    options = {"device": "cpu", "progress": False}
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


def test_a_recipe_trains_in_the_precision_that_it_is_given(recipe, vocab, ids, monkeypatch):
    rounded = []

    def note(model):  # not every processor has bfloat16
        rounded.append(model)
        return model

    monkeypatch.setattr(recipes, "in_bfloat16", note)
    options = {"device": "cpu", "progress": False}
    model, _ = recipe.run(len(vocab), ids, ids[:100], precision="bfloat16", **options)
    recipe.run(len(vocab), ids, ids[:100], **options)
    assert rounded == [model]


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
