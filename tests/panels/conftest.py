"""What the tests of panels share: how to work and read a panel without a browser, a small text, small networks."""

import ipywidgets as ipw
import pytest
import torch

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus
from charrnn_helpers.networks.registry import BOTH, CELLS
from charrnn_helpers.panels.live_training import RunControls
from charrnn_helpers.panels.network_pairs import Pair
from charrnn_helpers.training.config import History


def within(panel):
    """A panel's widgets, from top to bottom."""
    for child in panel.children:
        yield child
        yield from within(child) if isinstance(child, ipw.Box) else ()


@pytest.fixture
def controls():
    """`controls(panel)`: every control of a panel by its name."""
    return lambda panel: {one.description: one for one in within(panel) if getattr(one, "description", "")}


@pytest.fixture
def words():
    """`words(panel)`: all that a panel says, pictures and all."""
    return lambda panel: " ".join(one.value for one in within(panel) if isinstance(one, ipw.HTML))


@pytest.fixture
def run_of():
    """`run_of(panel)`: the training that its buttons start and stop."""
    return lambda panel: next(one for one in within(panel) if isinstance(one, RunControls)).run


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """A small text, in a folder of its own where `runs` will be; no panel has trained yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(RunControls, "runs", {})
    (tmp_path / "pets.txt").write_text("a cat sat on a mat; a dog ran to a log. " * 60, encoding="utf-8")
    return load_corpus("pets.txt")


@pytest.fixture
def pair(corpus):
    """Two small networks for that text, untrained."""
    vocab = Vocabulary.from_text(corpus.text)
    torch.manual_seed(0)
    return Pair({cell: CELLS[cell].model(len(vocab), 8, 1, 4).eval() for cell in BOTH}, vocab, corpus)


@pytest.fixture
def histories():
    return {cell: History(cell, TrainConfig()) for cell in BOTH}
