"""Whatever a public function is given: a result, or one sentence that names the argument; and nothing else changes.

More than the few examples of a usual run: `FUZZ_EXAMPLES=1000 python -m pytest tests/test_fuzz.py`.
"""

import os
import random
import re
import signal
import string
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.stats  # noqa: F401 (it adds to the filters of warnings)
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import charrnn_helpers as course
from charrnn_helpers import measures, networks, sampling, text, training
from charrnn_helpers.networks import CELLS

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
STORIES = text.write_stories(0, 1500)
CHARS = course.Vocabulary.from_text(STORIES + string.printable)
IDS = CHARS.encode(STORIES)[:120]
FEW = course.TrainConfig(updates=2, streams=2, window=5, validate_every=1)
LOSSES = {"a": [1.0, 1.2, 1.1], "b": [1.3, 1.25, 1.4]}
NORMS = torch.tensor([1.0, 0.5, 0.3, 0.1])


def network(cell="GRU", size=None, fast=False, **sizes):
    kind = CELLS[cell].fast if fast else CELLS[cell].model
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(size or len(CHARS), **{"hidden_size": 4, "num_layers": 1, "embedding_size": 3, **sizes})


def not_a_number():
    model = network("LSTM")
    torch.nn.init.constant_(model.head.weight, float("nan"))
    return model


def draws(function):
    """`function`, which spends random numbers of the process."""

    def call(**named):
        with torch.random.fork_rng(devices=[]):
            return function(**named)

    return call


def reads(cell, **options):
    return lambda ids, state: network(cell, **options)(ids, state), lambda: {"ids": IDS[None, :9], "state": None}


# each with arguments that work, made anew for each call; `file` is the path of a checkpoint
MODEL = lambda: {"model": network(), "vocab": CHARS}
WRITES = lambda: {**MODEL(), "prompt": "Once", "length": 3, "temperature": 1.0, "top_k": None, "top_p": None}
PAIRED = lambda: {"first": LOSSES["a"], "second": LOSSES["b"]}
READING = lambda: {"losses": np.ones(len(STORIES)), "reading": measures.read_tales(STORIES)}
SIZES = {"hidden_size": 4, "num_layers": 1, "embedding_size": 3, "dropout": 0.0, "keep_bias": None, "chrono": None}
NGRAM = text.NGram(IDS, len(CHARS), 3)
SUBJECTS = {
    # the public names
    "load_corpus": (course.load_corpus, lambda: {"name_or_path": "assignment", "split": (0.8, 0.1, 0.1)}),
    "Vocabulary": (course.Vocabulary, lambda: {"characters": "abc"}),
    "from_text": (course.Vocabulary.from_text, lambda: {"text": "abc"}),
    "encode": (CHARS.encode, lambda: {"text": "abc"}),
    "decode": (CHARS.decode, lambda: {"ids": IDS}),
    "LSTMModel": (
        draws(course.LSTMModel),
        lambda: {"vocab_size": 5, **SIZES},
    ),
    "GRUModel": (draws(course.GRUModel), lambda: {"vocab_size": 5, **SIZES}),
    "an LSTM reads": reads("LSTM"),
    "a GRU reads": reads("GRU", embedding_size=None),
    "a fast GRU reads": reads("GRU", fast=True),
    "TrainConfig": (course.TrainConfig, lambda: dict(vars(FEW))),
    "rate": (FEW.rate, lambda: {"update": 1}),
    "train": (
        course.train,
        lambda: {
            **{"model": network("LSTM"), "train_ids": IDS, "val_ids": IDS[:20], "config": FEW, "history": None},
            **{"device": "cpu", "precision": None, "threads": None, "stop": None, "on_validation": None},
            "progress": False,
        },
    ),
    "evaluate": (course.evaluate, lambda: {"model": network("LSTM"), "ids": IDS, "window": None}),
    "generate": (course.generate, lambda: {**WRITES(), "seed": 0}),
    "save_checkpoint": (
        course.save_checkpoint,
        lambda: {"path": "new.pt", **MODEL(), "text": "", "history": None, "album": None, "resumable": False},
    ),
    "load_checkpoint": (course.load_checkpoint, lambda: {"path": "kept.pt", "vocab": None}),
    "pick_device": (course.pick_device, lambda: {"name": "cpu"}),
    # text
    "NGram": (text.NGram, lambda: {"ids": IDS, "vocab_size": len(CHARS), "order": 3}),
    "losses": (NGRAM.losses, lambda: {"ids": IDS, "order": None}),
    "loss": (NGRAM.loss, lambda: {"ids": IDS, "order": 2}),
    "probabilities": (NGRAM.probabilities, lambda: {"context": IDS[:4], "order": None}),
    "best_ngram": (
        text.best_ngram,
        lambda: {"train_ids": IDS, "val_ids": IDS[:30], "vocab_size": len(CHARS), "highest": 3},
    ),
    "ladder": (text.ladder, lambda: {"train_ids": IDS, "val_ids": IDS[:30], "vocab_size": len(CHARS)}),
    "as_streams": (text.as_streams, lambda: {"ids": IDS, "streams": 2}),
    "batches": (
        lambda **named: list(text.batches(**named)),
        lambda: {"inputs": IDS[None, :20], "targets": IDS[None, 1:21], "window": 4},
    ),
    "annotate": (text.annotate, lambda: {"story": text.split_stories(STORIES)[0]}),
    "check_sentences": (text.check_sentences, lambda: {"text": STORIES}),
    "log_prob": (text.log_prob, lambda: {"text": STORIES}),
    "next_characters": (text.next_characters, lambda: {"text": STORIES[:50]}),
    "split_stories": (text.split_stories, lambda: {"text": STORIES}),
    "surprise": (text.surprise, lambda: {"text": STORIES}),
    "write_stories": (text.write_stories, lambda: {"seed": 0, "characters": 100}),
    # networks
    "num_parameters": (networks.num_parameters, lambda: {"model": network()}),
    "run_cell": (
        networks.run_cell,
        lambda: {"cell": networks.GRUCell(3, 4), "x": torch.zeros(2, 5, 3), "state": None},
    ),
    "compare_with_torch": (
        networks.compare_with_torch,
        lambda: {"cell": networks.GRUCell(3, 4), "reference": torch.nn.GRU(3, 4, batch_first=True), "steps": 3},
    ),
    "NumpyNetwork": (networks.NumpyNetwork, lambda: {"model": network(), "texts": None}),
    "written_out": (networks.written_out, lambda: {"model": network()}),
    "count_parameters": (
        networks.count_parameters,
        lambda: {"cell": "GRU", "vocab_size": 5, "hidden_size": 4, "num_layers": 1, "embedding_size": None},
    ),
    "width_for": (
        networks.width_for,
        lambda: {"parameters": 900, "cell": "GRU", "vocab_size": 5, "num_layers": 1, "embedding_size": None},
    ),
    # training
    "find_checkpoint": (training.find_checkpoint, lambda: {"cell": "GRU", "text": "tales", "runs": "runs"}),
    "context_losses": (
        training.context_losses,
        lambda: {"model": network(), "ids": IDS, "context": 20, "stride": 30, "chunk": 10},
    ),
    "make_optimiser": (training.make_optimiser, lambda: {"model": network(), "config": FEW}),
    "forecast": (training.forecast, lambda: {"model": network(), "config": FEW}),
    "pick_precision": (
        training.pick_precision,
        lambda: {"device": "cpu", "model": network(), "streams": 2, "window": 3},
    ),
    # sampling
    "next_distribution": (
        sampling.next_distribution,
        lambda: {"logits": NORMS, "temperature": 1.0, "top_k": None, "top_p": None},
    ),
    "logits_after": (sampling.logits_after, lambda: {**MODEL(), "text": "Once"}),
    "next_probabilities": (
        sampling.next_probabilities,
        lambda: {**MODEL(), "prompt": "Once", "temperature": 1.0, "top_k": None, "top_p": None},
    ),
    "generate_many": (sampling.generate_many, lambda: {**WRITES(), "seeds": [0, 1]}),
    # measures
    "written_by": (measures.written_by, lambda: {**MODEL(), "text": STORIES[:60], "at": 40, "back": 8, "steps": 2}),
    "brightest_word": (measures.brightest_word, lambda: {"text": "Leo sat", "light": np.ones(7)}),
    "remembered_places": (
        measures.remembered_places,
        lambda: {**MODEL(), "stories": text.split_stories(STORIES), "kind": "pronoun", "most": 9},
    ),
    "counted": (measures.counted, lambda: {"letters": "ab", "n": 3}),
    "latched_lines": (
        measures.latched_lines,
        lambda: {"vocab": course.Vocabulary.from_text("\nabcdef!?"), "n": 3},
    ),
    "learn_to_count": (
        measures.learn_to_count,
        lambda: {"cell": "GRU", "letters": "ab", "seed": 0, "units": 3, "updates": 2, "rate": 0.01},
    ),
    "chance_by_kind": (measures.chance_by_kind, lambda: {"reading": READING()["reading"]}),
    "excess_by_kind": (measures.excess_by_kind, READING),
    "excess_by_distance": (measures.excess_by_distance, READING),
    "read_tales": (measures.read_tales, lambda: {"text": STORIES}),
    "time_constants": (measures.time_constants, lambda: {"keep": torch.rand(5, 4, generator=torch.Generator())}),
    "trace": (measures.trace, lambda: {"model": network(), "ids": IDS[:8]}),
    "decay": (measures.decay, lambda: {"norms": NORMS, "first": 1, "last": 3}),
    "gradient_by_lag": (measures.gradient_by_lag, lambda: {"model": network(), "ids": IDS[None, :8]}),
    "bits": (measures.bits, lambda: {"nats": 1.0}),
    "paired_difference": (measures.paired_difference, lambda: {**PAIRED(), "confidence": 0.95}),
    "bootstrap_difference": (measures.bootstrap_difference, PAIRED),
    "pairs_needed": (measures.pairs_needed, lambda: {**PAIRED(), "confidence": 0.95, "power": 0.8}),
    "verdict": (
        measures.verdict,
        lambda: {"interval": measures.Interval(0.1, 0.0, 0.2), "first": "a", "second": "b", "smallest": 0.02},
    ),
    "verdict_sentence": (
        measures.verdict_sentence,
        lambda: {"losses": LOSSES, "first": "a", "second": "b", "smallest": 0.02, "confidence": 0.95},
    ),
    "recall": (measures.recall, lambda: {**MODEL(), "text": STORIES, "context": None}),
    "find_copies": (
        measures.find_copies,
        lambda: {"sample": STORIES[:50], "training_text": STORIES, "shortest": 9},
    ),
    "copied_places": (measures.copied_places, lambda: {"copies": [measures.samples.Copy(1, 3, 0)], "length": 9}),
    "distinct": (measures.distinct, lambda: {"sample": STORIES, "n": 2}),
    "longest_copied_span": (measures.longest_copied_span, lambda: {"sample": "abc", "training_text": "xabx"}),
    "loop_length": (measures.loop_length, lambda: {"sample": "abababab"}),
    "novelty": (measures.novelty, lambda: {"sample": STORIES, "training_text": STORIES, "n": 2}),
    "one_hero": (measures.one_hero, lambda: {"sample": STORIES}),
    "tales_validity": (measures.tales_validity, lambda: {"sample": STORIES}),
    "best_unit": (measures.best_unit, lambda: {"values": NORMS[:, None], "feature": np.arange(4), "chosen_on": 2}),
    "correlations": (measures.correlations, lambda: {"values": NORMS[:, None], "feature": np.arange(4)}),
    "position_in_sentence": (measures.position_in_sentence, lambda: {"text": STORIES}),
}
ENDLESS = {"characters", "updates", "highest", "steps", "batch"}  # as much work as is asked for


def tensor(shape, dtype, fill, device="cpu"):
    return torch.full(shape, fill).to(device=device, dtype=dtype)


DTYPES = (
    torch.long,
    torch.int32,
    torch.uint8,
    torch.bool,
    torch.float32,
    torch.float64,
    torch.bfloat16,
    torch.complex64,
)
SHAPES = ((), (0,), (3,), (60,), (1, 9), (2, 0), (2, 3), (1, 2, 3))
TENSORS = st.builds(
    tensor,
    st.sampled_from(SHAPES),
    st.sampled_from(DTYPES),
    st.sampled_from([0, 1, -1, 10**6, float("nan"), float("inf")]),
)
META = st.builds(tensor, st.sampled_from(SHAPES), st.sampled_from(DTYPES), st.just(0), st.just("meta"))  # no numbers
NUMBERS = st.sampled_from([-1, 0, 1, 2, 3, 0.5, -0.5, 1e-300, 1e300, float("nan"), float("inf"), float("-inf"), True])
LARGE = st.sampled_from([10**15, -(10**15), 2**63, 10**30, -(10**30)])
STRINGS = st.sampled_from(["", "x", "Once", "é", "\0", "\ud800", "x" * 300, "\n\n", "tales", "GRU", "cuda:99", b"x"])
LISTS = st.sampled_from([[], [1], [0.1, 0.9], ["a", "b"], [None], (1, 2), {}, {"a": [1]}, {3: None}, {"x"}])
ARRAYS = st.sampled_from([np.zeros(3), np.zeros(0), np.full((2, 2), np.nan), np.array(["x"]), np.int64(3), np.array(2)])
THINGS = st.sampled_from([None, object(), len, int, Path("x"), Path("kept.pt"), FEW, CHARS, threading.Event(), 2j])
OTHER_CHARS = st.sampled_from([course.Vocabulary("ab"), course.Vocabulary("".join(map(chr, range(32, 300))))])
NETWORKS = st.one_of(
    st.builds(network, st.sampled_from(["LSTM", "GRU", "RNN"]), st.sampled_from([2, len(CHARS)])),
    st.builds(not_a_number),
    st.builds(lambda kind: network("GRU").to(kind), st.sampled_from([torch.float64, torch.bfloat16, "meta"])),
    st.builds(torch.nn.Linear, st.just(3), st.just(3)),
)
ODD = st.one_of(NUMBERS, STRINGS, TENSORS, LISTS, ARRAYS, THINGS, OTHER_CHARS, NETWORKS)


def settings_of_the_process():
    return (
        random.getstate(),
        *(np.random.get_state()[1].tolist(), np.geterr(), torch.get_rng_state().tolist()),
        *(torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device()),
        *(torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.are_deterministic_algorithms_enabled()),
        *(list(warnings.filters), os.getcwd(), dict(os.environ), signal.getsignal(signal.SIGINT)),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the files of these tests lie; the tests run in it."""
    place, before = tmp_path_factory.mktemp("fuzz"), os.getcwd()
    os.chdir(place)
    course.save_checkpoint("kept.pt", network(), CHARS)
    yield place
    os.chdir(before)


OWN_WORDS = {  # how a sentence may call an argument
    **dict.fromkeys(["ids", "train_ids", "val_ids", "context"], "ids|index|text|indices|characters"),
    **dict.fromkeys(
        ["text", "story", "sample", "samples", "training_text", "characters"], "text|story|sample|character"
    ),
    **dict.fromkeys(["first", "second", "losses"], "values?|pairs|losses"),
    **{"name_or_path": "text", "path": "checkpoint|written", "name": "device|machine", "model": "network|LSTM"},
    **{
        "prompt": "vocabulary",
        "text": "text|story|vocabulary",
        "letters": "vocabulary",
        "history": "run",
        "stories": "story|stories|network",
    },
    **{"chrono": "gate", "norms": "norm|lags", "feature": "characters", "values": "characters", "light": "word"},
    **{
        "order": "orders",
        "inputs": "stream",
        "logits": "scores",
        "reading": "characters",
        "runs": "trained",
        "units": "hidden_size",
        "highest": "order",
    },
}


def is_one_sentence(said, names):
    """About one of the arguments `names`."""
    called = "|".join(f"{re.escape(name)}|{OWN_WORDS.get(name, name)}" for name in names)
    return re.search(rf"(?<![a-z])({called})", said) and not re.search(r"\n|[.!] +[A-Z][a-z]", said)


def complaint(function, arguments):
    """What is wrong with how `function` takes `arguments`; None if nothing is."""
    before = settings_of_the_process()
    try:
        function(**arguments)
    except FloatingPointError:
        return None if function in (course.train, course.generate, sampling.generate_many) else "a FloatingPointError"
    except (ValueError, TypeError) as error:
        if not is_one_sentence(str(error), arguments):
            return f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    after = settings_of_the_process()
    return None if after == before else f"changed: {[pair for pair in zip(before, after) if pair[0] != pair[1]]}"


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_result_or_one_sentence_that_names_the_argument_and_nothing_else_changes(name, folder):
    function, make = SUBJECTS[name]
    function(**make())  # what is not odd works

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=EXAMPLES <= 25,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def holds(data):
        arguments = make()
        odd = data.draw(st.sets(st.sampled_from(sorted(arguments)), min_size=1, max_size=2))
        for one in sorted(odd):
            more = META if isinstance(arguments[one], torch.Tensor) else LARGE if one not in ENDLESS else NUMBERS
            arguments[one] = data.draw(ODD | more)
        assert complaint(function, arguments) is None, {one: arguments[one] for one in odd}

    holds()
