"""An import does nothing but import."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


OFFLINE = """
import os, pkgutil, random, socket, sys, warnings
import numpy, torch

connections = []
sys.addaudithook(lambda event, _: connections.append(event) if event.startswith("socket.") else None)
warnings.filterwarnings("error", module="charrnn_helpers")  # what others deprecate among themselves is theirs

def settings():
    return (
        torch.get_num_threads(), torch.get_num_interop_threads(), torch.get_default_dtype(), torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision(), torch.initial_seed(),
        torch.get_rng_state().tolist(), random.getstate(), numpy.random.get_state()[1].tolist(),
        dict(os.environ), os.getcwd(), os.listdir(),
    )

before = settings()
import charrnn_helpers
assert "pooch" not in sys.modules
for module in pkgutil.walk_packages(charrnn_helpers.__path__, "charrnn_helpers."):
    __import__(module.name)
assert "matplotlib.pyplot" not in sys.modules
assert settings() == before
assert connections == [], connections

def refuse(*_, **__):
    raise AssertionError("no network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from charrnn_helpers import LSTMModel, TrainConfig, Vocabulary, generate, load_corpus, train

corpus = load_corpus("assignment")
vocab = Vocabulary.from_text(corpus.text)
model = LSTMModel(len(vocab), 8, 1, 4)
config = TrainConfig(updates=2, streams=2, window=5)
train(model, vocab.encode(corpus.train), vocab.encode(corpus.val), config, device="cpu", progress=False)
assert len(generate(model, vocab, "A", 5)) == 6
"""


def test_importing_every_module_and_training_need_no_network_and_an_import_changes_nothing(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    command = [sys.executable, "-c", OFFLINE]
    process = subprocess.run(command, capture_output=True, text=True, cwd=work, env=environment, timeout=600)
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
