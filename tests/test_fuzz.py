"""Whatever a public function is given: a result, or one sentence that names the argument; and nothing else changes.

More than the few examples of a usual run: `FUZZ_EXAMPLES=1000 python -m pytest tests/test_fuzz.py`.
"""

import inspect
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
from charrnn_helpers import experiments, fast, measures, networks, sampling, text, training
from charrnn_helpers.networks import CELLS
from charrnn_helpers.text import checks

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "25"))
STORIES = text.write_stories(0, 1500)
APART, READING = text.split_stories(STORIES), measures.read_tales(STORIES)
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


SIZES = {"hidden_size": 4, "num_layers": 1, "embedding_size": 3, "dropout": 0.0, "keep_bias": None, "chrono": None}


def usual(cell: str) -> dict:
    """An argument that works, for each name; made anew for each call. `kept.pt` is a checkpoint."""
    return {
        **{"model": network(cell), "vocab": CHARS, "vocab_size": len(CHARS), "cell": "GRU", "parameters": 900},
        **SIZES,
        # texts
        **{"name_or_path": "assignment", "split": (0.8, 0.1, 0.1), "seed": 0, "characters": 100, "sample": STORIES},
        **{"text": STORIES, "story": APART[0], "stories": APART, "training_text": STORIES},
        **{"ids": IDS, "train_ids": IDS, "val_ids": IDS[:30], "order": 2, "streams": 2, "window": 4},
        # training
        **{"config": FEW, "history": None, "device": "cpu", "name": "cpu", "precision": None, "threads": None},
        **{"stop": None, "on_validation": None, "progress": False, "update": 1},
        **{"album": None, "resumable": False, "runs": "runs", "context": 20, "stride": 30, "texts": None},
        # writing
        **{"prompt": "Once", "length": 9, "temperature": 1.0, "top_k": None, "top_p": None, "seeds": [0, 1]},
        # measures
        **{"losses": np.ones(len(STORIES)), "reading": READING, "kind": "pronoun", "most": 9},
        **{"at": 40, "back": 8, "steps": 3, "n": 3, "letters": "ab", "shortest": 9},
        **{"words": [measures.authorship.RememberedWord(STORIES, 40, {"Leo"})] * 2, "lights": [np.ones(40)] * 2},
        **{"norms": NORMS, "values": NORMS[:, None], "feature": np.arange(4), "chosen_on": 2, "nats": 1.0},
        **{"first": LOSSES["a"], "second": LOSSES["b"], "smallest": 0.02, "confidence": 0.95},
        **{"keep": torch.rand(5, 4, generator=torch.Generator()), "interval": measures.Interval(0.1, 0.0, 0.2)},
        **{"copies": [measures.samples.Copy(1, 3, 0)], "state": None, "logits": NORMS},
    }


LETTERS = course.Vocabulary.from_text("\nabcdef!?")


def own(name: str) -> dict:
    """Where in the function of this name an argument means something else."""
    return {
        "LSTMModel": {"vocab_size": 5, **SIZES},
        "TrainConfig": vars(FEW),
        "Vocabulary": {"characters": "abc"},
        "batches": {"inputs": IDS[None, :20], "targets": IDS[None, 1:21]},
        "brightest_word": {"text": "Leo sat", "light": np.ones(7)},
        "compare_with_torch": {"cell": networks.GRUCell(3, 4), "reference": torch.nn.GRU(3, 4, batch_first=True)},
        "find_checkpoint": {"text": "tales"},
        "forward": {"ids": IDS[None, :9]},
        "gradient_by_lag": {"ids": IDS[None, :8]},
        "latched_lines": {"vocab": LETTERS},
        "learn_to_count": {"units": 3, "updates": 2, "rate": 0.01},
        "load_checkpoint": {"path": "kept.pt"},
        "longest_copied_span": {"sample": "abc", "training_text": "xabx"},
        "loop_length": {"sample": "abababab"},
        "probabilities": {"context": IDS[:4]},
        "run_cell": {"cell": networks.GRUCell(3, 4), "x": torch.zeros(2, 5, 3)},
        "save_checkpoint": {"path": "new.pt"},
        "share_latched": {"model": network(size=len(LETTERS)), "vocab": LETTERS},
        "verdict": {"first": "a", "second": "b"},
        "verdict_sentence": {"losses": LOSSES, "first": "a", "second": "b"},
    }.get(name, {})


def working(function, cell: str = "LSTM") -> dict:
    """Arguments of `function` that work."""
    known, special = usual(cell), own(function.__name__)
    parts = inspect.signature(function).parameters.values()
    named = {part.name for part in parts if part.kind not in (part.VAR_POSITIONAL, part.VAR_KEYWORD)}
    return {name: known[name] for name in sorted(named - special.keys())} | special


def explained(function) -> bool:
    """Is it under `@checked`?"""
    function = function.__init__ if isinstance(function, type) else getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename == checks.__file__ and code.co_name == "call"


def called(function, named):
    """What `function` gives, to its end; without the random numbers that a new network spends."""
    draws = isinstance(function, type) and issubclass(function, torch.nn.Module)
    with torch.random.fork_rng(devices=[], enabled=draws):
        found = function(**named)
        return list(found) if inspect.isgenerator(found) else found


NGRAM = text.NGram(IDS, len(CHARS), 3)
FORECAST = experiments.forecast
ROOMS = (course, text, networks, training, sampling, fast, measures)
OBJECTS = (CHARS, NGRAM, FEW, network("LSTM"), network(embedding_size=None), network(fast=True))
SUBJECTS = {  # without `CharModel`, which is for others to build on
    **{name: thing for room in ROOMS for name, thing in vars(room).items() if explained(thing) and name != "CharModel"},
    **{
        f"{type(thing).__name__} {number} {name}": getattr(thing, name)
        for number, thing in enumerate(OBJECTS)
        for name in dir(thing)
        if not name.startswith("_") and explained(getattr(thing, name))
    },
    "learn_to_count": measures.learn_to_count,  # what they call is
    "LSTMModel": networks.LSTMModel,
    "forecast": FORECAST,
}
ENDLESS = {"characters", "updates", "steps"}  # as much work as is asked for
ENDLESS |= {(name, "n") for name in ("latched_lines", "share_latched")}


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
LARGE = st.sampled_from([10**15, -(10**15), 10**30, -(10**30)])
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
        called(function, arguments)
    except FloatingPointError:
        trains_or_writes = (course.train, course.generate, sampling.generate_many, fast.pick_precision, FORECAST)
        return None if function in trains_or_writes else "a FloatingPointError"
    except (ValueError, TypeError) as error:
        if not is_one_sentence(str(error), arguments):
            return f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    after = settings_of_the_process()
    return None if after == before else f"changed: {[pair for pair in zip(before, after) if pair[0] != pair[1]]}"


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_result_or_one_sentence_that_names_the_argument_and_nothing_else_changes(name, folder):
    function = SUBJECTS[name]
    called(function, working(function))  # what is not odd works

    @settings(
        max_examples=EXAMPLES,
        derandomize=EXAMPLES <= 25,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def holds(data):
        named = working(function, data.draw(st.sampled_from(["LSTM", "GRU"])))
        odd = data.draw(st.sets(st.sampled_from(sorted(named)), min_size=1, max_size=2))
        for one in sorted(odd):
            endless = ENDLESS & {one, (name, one)}
            more = META if isinstance(named[one], torch.Tensor) else NUMBERS if endless else LARGE
            named[one] = data.draw(ODD | more)
        assert complaint(function, named) is None, {one: named[one] for one in odd}

    holds()


def test_all_public_functions_are_asked_but_those_that_say_nothing_of_their_own():
    rooms = (text, networks, training, measures)
    public = {name for room in rooms for name, thing in vars(room).items() if inspect.isfunction(thing)}
    shown = {"one_update", "with_cell"}  # as the notebooks define them, or for one use there
    assert public - SUBJECTS.keys() - shown == {*("detach", "register", "one_thread", "learn_to_latch")}
    assert {*course.__all__, "LSTMModel 3 forward", "Vocabulary 0 encode", "NGram 1 losses"} <= SUBJECTS.keys()
