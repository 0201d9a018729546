"""A mistake gets one sentence: what is wrong, what was given, what to do. And an import does nothing but import."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pooch
import pytest
import torch

from charrnn_helpers import Vocabulary, evaluate, generate, load_checkpoint, load_corpus, save_checkpoint, train
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.text import as_streams

ROOT = Path(__file__).resolve().parents[1]
VOCAB = Vocabulary.from_text("the cat sat")


class Reader:
    """Someone with a network and a folder, who makes the mistakes below."""

    def __init__(self, model, config, folder, monkeypatch):
        self.model, self.config, self.folder, self.monkeypatch = model, config, folder, monkeypatch

    def writes(self, prompt="the", length=5, **options):
        return generate(self.model, VOCAB, prompt, length, **options)

    def loads(self, content):
        path = self.folder / "mine.txt"
        path.write_bytes(content)
        return load_corpus(path)

    def trains(self, length=200, val_length=50):
        ids = VOCAB.encode("the cat sat" * 20)
        return train(self.model, ids[:length], ids[:val_length], self.config, device="cpu", progress=False)

    def saves(self):
        return save_checkpoint(self.folder / "net.pt", self.model, VOCAB)

    def loads_half_a_checkpoint(self):
        path = self.saves()
        path.write_bytes(path.read_bytes()[:500])
        return load_checkpoint(path)

    def fails_in(self, module, function, number):
        """From now on a call of `module.function` fails as the system says it by `number`."""

        def fail(*_, **__):
            raise OSError(number, os.strerror(number))

        self.monkeypatch.setattr(module, function, fail)
        return self

    def loads_shakespeare(self):
        self.monkeypatch.delenv("CHARRNN_DATA", raising=False)
        return load_corpus("shakespeare")


# What the reader does, and what the sentence must hold: the thing, what is wrong with it, and last what to do.
MISTAKES = {
    "unknown": (lambda r: VOCAB.encode("the cäts"), "'ä', at position 5 in 'the cäts'", "near it there is 'a'"),
    "unknown in a prompt": (lambda r: r.writes("Cat"), "'C', at position 0", "near it there is 'c'"),
    "index out of range": (lambda r: VOCAB.decode(torch.tensor([0, 99])), "index 99 at position 1", "0 to 6"),
    "vocabulary of an empty text": (lambda r: Vocabulary.from_text(""), "at least one character", "not empty"),
    "no text": (lambda r: load_corpus("shakspeare"), "'shakspeare'", "tales, assignment, python_docs, shakespeare"),
    "short file": (lambda r: r.loads(b"abc"), "'mine'", "3 characters", "at least 20", "longer"),
    "not UTF-8": (lambda r: r.loads(b"Ein M\xe4rchen"), "mine.txt is not UTF-8", "byte 5", "save it as UTF-8"),
    "no network": (
        lambda r: r.fails_in(pooch, "retrieve", errno.ENETUNREACH).loads_shakespeare(),
        *("Shakespeare", "unreachable", "load_corpus('tales')"),
    ),
    "too short for the streams": (lambda r: as_streams(torch.arange(3), 4), "3", "at least 5", "fewer streams"),
    "too short to evaluate": (lambda r: evaluate(r.model, torch.tensor([1])), "1 char", "at least 2", "to predict"),
    "too short to train": (lambda r: r.trains(2), "2 characters", "at least 3", "more text"),
    "too short for one window": (lambda r: r.trains(8), "window is 4", "3 steps", "from 1 to 3"),
    "too short to validate": (lambda r: r.trains(200, 1), "validation", "1 char", "at least 2", "to predict"),
    "empty prompt": (lambda r: r.writes(""), "prompt is empty", "at least one character"),
    "length below zero": (lambda r: r.writes(length=-3), "length is -3", "zero or more"),
    "temperature of zero": (lambda r: r.writes(temperature=0), "temperature is 0", "above zero", "use greedy"),
    "no checkpoint": (lambda r: load_checkpoint(r.folder / "net.pt"), "no checkpoint", "net.pt", "04_training"),
    "damaged checkpoint": (lambda r: r.loads_half_a_checkpoint(), "net.pt", "damaged", "train again"),
    "another vocabulary": (
        lambda r: load_checkpoint(r.saves(), Vocabulary("xyz")),
        *("net.pt", "another vocabulary", "7 of its", "3 of yours", "load the text it was trained on"),
    ),
    "full disk": (
        lambda r: r.fails_in(torch, "save", errno.ENOSPC).saves(),
        *("net.pt", "No space left", "free some room"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_sentence_that_names_it_and_says_what_to_do(mistake, cell, config, tmp_path, monkeypatch):
    make, *pieces = MISTAKES[mistake]
    model = CELLS[cell].model(len(VOCAB), 4, 1, 3)
    with pytest.raises(ValueError) as caught:
        make(Reader(model, config(updates=1, streams=2, window=4), tmp_path, monkeypatch))
    sentence = str(caught.value)
    for piece in pieces:
        assert piece in sentence
    assert "\n" not in sentence
    assert not re.search(r"[.!?] +[A-Z]", sentence), "one sentence, please"
    assert not sentence.endswith(".")
    assert 20 < len(sentence.replace(str(tmp_path), "")) < 320


OFFLINE = """
import os, pkgutil, random, socket, sys, warnings
import numpy, torch

asked = []
sys.addaudithook(lambda event, _: asked.append(event) if event.startswith("socket.") else None)
warnings.simplefilter("error")

def settings():
    return (
        torch.get_num_threads(), torch.get_num_interop_threads(), torch.get_default_dtype(), torch.is_grad_enabled(),
        torch.are_deterministic_algorithms_enabled(), torch.get_float32_matmul_precision(), torch.initial_seed(),
        torch.get_rng_state().tolist(), random.getstate(), numpy.random.get_state()[1].tolist(),
        dict(os.environ), os.getcwd(), os.listdir(),
    )

before = settings()
import charrnn_helpers
assert not {"pooch", "matplotlib.pyplot"} & set(sys.modules)
for module in pkgutil.walk_packages(charrnn_helpers.__path__, "charrnn_helpers."):
    __import__(module.name)
assert settings() == before
assert asked == [], asked

def refuse(*_, **__):
    raise AssertionError("no network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
warnings.simplefilter("default")
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
    done = subprocess.run(command, capture_output=True, text=True, cwd=work, env=environment, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
