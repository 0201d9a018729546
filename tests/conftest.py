"""What several tests share: a tiny text, tiny networks of both kinds, and one order of the tests."""

import pytest
import torch

from charrnn_helpers import TrainConfig, Vocabulary
from charrnn_helpers.models import MODELS

TEXT = "the cat sat on the mat; the dog sat on the log. " * 40


def pytest_collection_modifyitems(items):
    """Browser tests last: they leave an event loop running in this thread."""
    items.sort(key=lambda item: item.path.name == "test_browser.py")


@pytest.fixture(params=["LSTM", "GRU"])
def cell(request):
    """Both cells go through the same test."""
    return request.param


@pytest.fixture(scope="session")
def text():
    return TEXT


@pytest.fixture(scope="session")
def vocab():
    return Vocabulary.from_text(TEXT)


@pytest.fixture(scope="session")
def ids(vocab):
    return vocab.encode(TEXT)


@pytest.fixture
def make_model(cell, vocab):
    """`make_model(dropout=0.3, ...)`: a small network, the same weights for the same `seed`."""

    def make(seed=0, **sizes):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return MODELS[cell](len(vocab), **{"hidden_size": 16, "embedding_size": 8, "num_layers": 2, **sizes})

    return make


@pytest.fixture
def model(make_model):
    return make_model()


@pytest.fixture
def config():
    """`config(updates=5, ...)`: a run that takes a fraction of a second."""

    def make(**settings):
        small = {"updates": 20, "streams": 4, "window": 8, "learning_rate": 1e-2, "warmup": 2, "validate_every": 5}
        return TrainConfig(**{**small, **settings})

    return make
