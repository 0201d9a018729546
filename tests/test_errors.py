"""A mistake gets one sentence: what is wrong, what was given, what to do. And an import does nothing but import."""

import errno
import re
import subprocess
import sys
import textwrap

import pooch
import pytest
import torch

from charrnn_helpers import (
    GRUModel,
    LSTMModel,
    TrainConfig,
    Vocabulary,
    evaluate,
    generate,
    load_checkpoint,
    load_corpus,
    save_checkpoint,
    train,
)
from charrnn_helpers.text.encoding import as_streams

VOCAB = Vocabulary.from_text("the cat sat")
MODELS = {cell.cell: cell(len(VOCAB), 4, 1, 3) for cell in (LSTMModel, GRUModel)}


def write(model, prompt="the", length=5, **options):
    return generate(model, VOCAB, prompt, length, **options)


def file_with(folder, content, name="mine.txt"):
    (folder / name).write_bytes(content)
    return folder / name


def short_run(model, train_characters=200, val_characters=50):
    ids = VOCAB.encode("the cat sat" * 20)
    config = TrainConfig(updates=1, streams=2, window=4)
    return train(model, ids[:train_characters], ids[:val_characters], config, device="cpu", progress=False)


def damaged(model, folder):
    path = save_checkpoint(folder / "net.pt", model, VOCAB)
    path.write_bytes(path.read_bytes()[:500])
    return path


def no_network(monkeypatch, folder):
    def fail(*_, **__):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.delenv("CHARRNN_DATA", raising=False)
    monkeypatch.setattr(pooch, "retrieve", fail)
    return "shakespeare"


def full_disk(monkeypatch, folder):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    return folder / "net.pt"


# What the reader does (model, folder, monkeypatch); what the sentence must name; what it must advise.
MISTAKES = {
    "unknown character": (
        lambda m, d, p: VOCAB.encode("the cäts"),
        ["'ä'", "position 5", "'the cäts'"],
        "near it there is 'a'",
    ),
    "unknown character without a neighbour": (
        lambda m, d, p: VOCAB.encode("a€"),
        ["'€'", "position 1"],
        "it holds ' aceh",
    ),
    "unknown character in a prompt": (lambda m, d, p: write(m, "Cat"), ["'C'", "position 0"], "near it there is 'c'"),
    "index outside the vocabulary": (
        lambda m, d, p: VOCAB.decode(torch.tensor([0, 99])),
        ["99", "position 1"],
        "0 to 6",
    ),
    "vocabulary of an empty text": (lambda m, d, p: Vocabulary.from_text(""), ["at least one character"], "not empty"),
    "empty file": (lambda m, d, p: load_corpus(file_with(d, b"")), ["'mine'", "0 characters", "at least 20"], "longer"),
    "short file": (
        lambda m, d, p: load_corpus(file_with(d, b"abc")),
        ["'mine'", "3 characters", "at least 20"],
        "longer",
    ),
    "text too short for the streams": (
        lambda m, d, p: as_streams(torch.arange(3), 4),
        ["3", "at least 5"],
        "fewer streams",
    ),
    "text too short to evaluate": (
        lambda m, d, p: evaluate(m, torch.tensor([1])),
        ["1 char", "at least 2"],
        "to predict",
    ),
    "text too short to train": (lambda m, d, p: short_run(m, 2), ["2 characters", "at least 3"], "more text"),
    "text too short for one window": (lambda m, d, p: short_run(m, 8), ["window is 4", "3 steps"], "from 1 to 3"),
    "validation text too short": (
        lambda m, d, p: short_run(m, 200, 1),
        ["validation", "1 char", "at least 2"],
        "to predict",
    ),
    "length below zero": (lambda m, d, p: write(m, length=-3), ["length is -3"], "zero or more"),
    "temperature of zero": (lambda m, d, p: write(m, temperature=0), ["temperature is 0", "above zero"], "use greedy"),
    "temperature below zero": (lambda m, d, p: write(m, temperature=-1.5), ["temperature is -1.5"], "use greedy"),
    "empty prompt": (lambda m, d, p: write(m, ""), ["prompt is empty"], "at least one character"),
    "file that is not UTF-8": (
        lambda m, d, p: load_corpus(file_with(d, "Ein Märchen von früher".encode("latin-1"))),
        ["mine.txt", "not UTF-8", "byte 5"],
        "save it as UTF-8",
    ),
    "no such text": (
        lambda m, d, p: load_corpus("shakspeare"),
        ["'shakspeare'"],
        "tales, assignment, python_docs, shakespeare",
    ),
    "damaged checkpoint": (lambda m, d, p: load_checkpoint(damaged(m, d)), ["net.pt", "damaged"], "train again"),
    "checkpoint of another vocabulary": (
        lambda m, d, p: load_checkpoint(save_checkpoint(d / "net.pt", m, VOCAB), Vocabulary("xyz")),
        ["net.pt", "another vocabulary", "7 of its", "3 of yours"],
        "load the text it was trained on",
    ),
    "missing checkpoint": (lambda m, d, p: load_checkpoint(d / "net.pt"), ["no checkpoint", "net.pt"], "04_training"),
    "no network": (
        lambda m, d, p: load_corpus(no_network(p, d)),
        ["Shakespeare", "unreachable"],
        "load_corpus('tales')",
    ),
    "full disk": (
        lambda m, d, p: save_checkpoint(full_disk(p, d), m, VOCAB),
        ["net.pt", "No space left"],
        "free some room",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("cell", MODELS)
def test_a_mistake_gets_one_sentence_that_names_it_and_says_what_to_do(mistake, cell, tmp_path, monkeypatch):
    make, named, advice = MISTAKES[mistake]
    with pytest.raises(ValueError) as caught:
        make(MODELS[cell], tmp_path, monkeypatch)
    sentence = str(caught.value)
    for piece in [*named, advice]:
        assert piece in sentence
    assert "\n" not in sentence
    assert not re.search(r"[.!?] +[A-Z]", sentence), "one sentence, please"
    assert not sentence.endswith(".")
    assert 20 < len(sentence.replace(str(tmp_path), "")) < 320


def in_a_fresh_python(code):
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


def test_an_import_opens_no_connection_sets_no_seed_changes_no_threads_and_says_nothing():
    done = in_a_fresh_python(
        """
        import random, socket, warnings
        import numpy as np
        import torch

        def refuse(*_, **__):
            raise AssertionError("the import wants the network")

        socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
        warnings.simplefilter("error")

        def settings():
            return (
                torch.get_num_threads(), torch.get_num_interop_threads(), torch.get_default_dtype(),
                torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
                torch.get_float32_matmul_precision(),
                torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist(),
            )

        before = settings()
        import charrnn_helpers
        from charrnn_helpers import exercises, metrics, plots, sampling, training, widgets
        assert settings() == before
        """
    )
    assert done.stdout == done.stderr == ""


def test_a_model_is_trained_and_writes_without_any_connection():
    in_a_fresh_python(
        """
        import socket

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
    )
