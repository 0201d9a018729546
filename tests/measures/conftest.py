"""Small networks of any cell, and a look at one that must leave no trace."""

from contextlib import contextmanager

import pytest
import torch

from charrnn_helpers.networks.registry import CELLS


@pytest.fixture
def make():
    """`make("GRU", layers=2, ...)`: a small network, always with the same weights."""

    def network(cell, vocab_size=7, units=5, layers=1, embedding=4):
        torch.manual_seed(0)
        return CELLS[cell].model(vocab_size, units, layers, embedding)

    return network


@pytest.fixture
def only_looked_at():
    """`with only_looked_at(model):` asserts that network and random numbers are afterwards as they were before."""

    @contextmanager
    def watched(model):
        random, modes = torch.get_rng_state(), [part.training for part in model.modules()]
        weights = [weight.clone() for weight in model.parameters()]
        yield
        assert torch.equal(torch.get_rng_state(), random)
        assert [part.training for part in model.modules()] == modes
        assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))
        assert all(weight.grad is None for weight in model.parameters())

    return watched
