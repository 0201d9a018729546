"""What several tests share: a tiny text, tiny networks of both kinds, and how the tests are shared out (`-n 2`)."""

import os

import pytest
import torch
from hypothesis import settings

from charrnn_helpers import TrainConfig, Vocabulary
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.panels.network_pairs import load_pair
from charrnn_helpers.training.checkpoints import BUNDLED

LONGEST = (
    *("04_training.ipynb", "09_fair_trial.ipynb", "08_inside_the_gates.ipynb", "10_break_it.ipynb"),
    *("05_loss_curves.ipynb", "02_lstm.ipynb", "03_gru.ipynb", "06_generation.ipynb"),
    *("test_panels.py", "test_sweeps.py", "test_faults.py", "test_fuzz.py", "test_benchmarks.py", "test_page.py"),
)
settings.register_profile("any machine", deadline=None)  # timing decides no test
settings.load_profile("any machine")
TEXT = "the cat sat on the mat; the dog sat on the log. " * 40


def pytest_configure(config):
    """With `-n` each process keeps to its share of the cores, and so do the kernels that it starts."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0"))
    if workers:
        threads = max(1, (os.cpu_count() or 1) // workers)
        torch.set_num_threads(threads)
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))


def pytest_collection_modifyitems(items):
    """The longest files begin first, so that the processes end together.

    A browser test leaves an event loop running in its process, so the notebooks come before it. It often waits, and
    then what only computes has the cores.
    """
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (item.path.suffix != ".ipynb", rank.get(item.path.name, len(rank))))


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


@pytest.fixture(scope="session")
def tales_pair():
    """The two networks that come with the course."""
    return load_pair(*(BUNDLED / f"tales-{cell}.pt" for cell in ("lstm", "gru")))


@pytest.fixture
def make_model(cell, vocab):
    """`make_model(dropout=0.3, ...)`: a small network, the same weights for the same `seed`."""

    def make(seed=0, **sizes):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return CELLS[cell].model(len(vocab), **{"hidden_size": 16, "embedding_size": 8, "num_layers": 2, **sizes})

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
