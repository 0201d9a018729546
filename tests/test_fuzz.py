"""Whatever a public function is given, it returns a result, or one sentence of ours. Nothing else changes.

More than the few examples of a usual run: `FUZZ_EXAMPLES=1000 python -m pytest tests/test_fuzz.py`.
"""

import inspect
import os
import random
import signal
import string
import threading
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.stats  # noqa: F401 (it adds to the filters of warnings)
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import charrnn_helpers as course
from charrnn_helpers import fast, measures, networks, sampling, text, training
from charrnn_helpers.base import checks
from charrnn_helpers.networks import CELLS

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "15"))
STORIES = text.write_stories(0, 1500)
APART, READING = text.split_stories(STORIES), measures.read_tales(STORIES)
CHARS = course.Vocabulary.from_text(STORIES + string.printable)
IDS = CHARS.encode(STORIES)[:120]
FEW = course.TrainConfig(updates=2, streams=2, window=5, validate_every=1)
LOSSES = {"a": [1.0, 1.2, 1.1], "b": [1.3, 1.25, 1.4]}
NORMS = torch.tensor([1.0, 0.5, 0.3, 0.1])
PACKAGE = Path(course.__file__).parent


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
MANY = text.write_stories(3, 16_000)  # with each hero
LETTERS = course.Vocabulary.from_text("\nabcdef!?")


def usual_arguments(cell: str) -> dict:
    """Return an argument that works for each name, made anew for each call. `kept.pt` is a checkpoint."""
    texts = {"name_or_path": "assignment", "split": (0.8, 0.1, 0.1), "seed": 0, "characters": 100, "sample": STORIES}
    texts |= {"text": STORIES, "story": APART[0], "stories": APART, "training_text": STORIES, "texts": None}
    texts |= {"vocab": CHARS, "vocab_size": len(CHARS), "ids": IDS, "train_ids": IDS, "val_ids": IDS[:30]}
    texts |= {"order": 2, "streams": 2, "window": 4}
    training = {"model": network(cell), "cell": "GRU", "parameters": 900, "config": FEW, "history": None, **SIZES}
    training |= {"device": "cpu", "name": "cpu", "threads": None, "stop": None, "update": 1, "eight_bits": False}
    training |= {"on_validation": None, "progress": False, "album": None, "resumable": False, "runs": "runs"}
    writing = {"prompt": "Once", "length": 9, "temperature": 1.0, "top_k": None, "top_p": None, "seeds": [0, 1]}
    measures_of_texts = {"losses": np.ones(len(STORIES)), "reading": READING, "kind": "name"}
    measures_of_texts |= {"copies": [measures.samples.Copy(1, 3, 0)], "context": 20}
    measures_of_texts |= {"steps": 3, "stride": 30, "n": 3, "letters": "ab", "shortest": 9, "nats": 1.0}
    numbers = {"norms": NORMS, "values": NORMS[:, None], "feature": np.arange(4), "chosen_on": 2, "smallest": 0.02}
    numbers |= {"first": LOSSES["a"], "second": LOSSES["b"], "confidence": 0.95, "state": None, "logits": NORMS}
    numbers |= {"keep": torch.rand(5, 4, generator=torch.Generator())}
    numbers |= {"interval": measures.Interval(0.1, 0.0, 0.2)}
    parts = len(CELLS[cell].cell_class.carries)
    numbers |= {"states": torch.zeros(parts, 1, 3, 4)}
    return texts | training | writing | measures_of_texts | numbers


def special_arguments(name: str) -> dict:
    """Return the arguments that mean something else in the function of this name."""
    return {
        "LSTMModel": {"vocab_size": 5, **SIZES},
        "TrainConfig": vars(FEW),
        "Vocabulary": {"characters": "abc"},
        "check_sentences": {"text": STORIES, "changes": {200: "Zoe"}},
        "batches": {"inputs": IDS[None, :20], "targets": IDS[None, 1:21]},
        "compare_with_torch": {"cell": networks.GRUCell(3, 4), "reference": torch.nn.GRU(3, 4, batch_first=True)},
        "find_checkpoint": {"text": "tales"},
        "forward": {"ids": IDS[None, :9]},
        "gradient_by_lag": {"ids": IDS[None, :8]},
        "in_mind": {"text": STORIES[:60], "kind": "name"},
        "in_mind_of_states": {"kind": "name"},
        "in_mind_recall": {"text": STORIES, "kind": "name"},
        "mean_states": {"text": MANY, "kind": "name"},
        "perfect_reader": {"text": STORIES[:60], "kind": "friend"},
        "states_along": {"text": STORIES[:60]},
        "key_recall": {"model": network(size=len(LETTERS)), "vocab": LETTERS, "gaps": [3]},
        "gradient_at_key": {"model": network(size=len(LETTERS)), "vocab": LETTERS, "gap": 3},
        "latched_lines": {"vocab": LETTERS},
        "learn_to_count": {"units": 3, "updates": 2, "rate": 0.01},
        "load_checkpoint": {"path": "kept.pt"},
        "longest_copied_span": {"sample": "abc", "training_text": "xabx"},
        "probabilities": {"context": IDS[:4]},
        "run_cell": {"cell": networks.GRUCell(3, 4), "x": torch.zeros(2, 5, 3)},
        "save_checkpoint": {"path": "new.pt"},
        "train": {"update": None},
        "verdict": {"first": "a", "second": "b"},
        "verdict_sentence": {"losses": LOSSES, "first": "a", "second": "b"},
    }.get(name, {})


def working_arguments(function, cell: str = "LSTM") -> dict:
    usual, special = usual_arguments(cell), special_arguments(function.__name__)
    parameters = inspect.signature(function).parameters.values()
    single = {part.name for part in parameters if part.kind not in (part.VAR_POSITIONAL, part.VAR_KEYWORD)}
    return {name: usual[name] for name in sorted(single - special.keys())} | special


def is_checked(function) -> bool:
    """Say whether a function, method or class is under `@checked`."""
    function = function.__init__ if isinstance(function, type) else getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename == checks.__file__ and code.co_name == "call"


def call(function, arguments):
    """Call `function`, exhaust what it yields, and put back the random numbers that a new network spends."""
    draws = isinstance(function, type) and issubclass(function, torch.nn.Module)
    with torch.random.fork_rng(devices=[], enabled=draws):
        result = function(**arguments)
        return list(result) if inspect.isgenerator(result) else result


ROOMS = (course, text, networks, training, sampling, fast, measures)
OBJECTS = {
    "vocabulary": CHARS,
    "n-gram": text.NGram(IDS, len(CHARS), 3),
    "config": FEW,
    "LSTM": network("LSTM"),
    "one-hot": network(embedding_size=None),
    "fast": network(fast=True),
}
SUBJECTS = {  # these two have no check of their own, but what they call has
    "learn_to_count": measures.learn_to_count,
    "LSTMModel": networks.LSTMModel,
}
for room in ROOMS:
    SUBJECTS |= {name: function for name, function in vars(room).items() if is_checked(function)}
del SUBJECTS["CharModel"]  # is for others to build on
for label, thing in OBJECTS.items():
    methods = {name: getattr(thing, name) for name in dir(thing) if not name.startswith("_")}
    SUBJECTS |= {f"{label} {name}": method for name, method in methods.items() if is_checked(method)}
ENDLESS = {"characters", "updates", "steps"}  # as much work as is asked for
ENDLESS |= {("latched_lines", "n"), ("key_recall", "gaps"), ("gradient_at_key", "gap")}


DTYPES = (torch.long, torch.int32, torch.uint8, torch.bool, torch.float32, torch.float64)
SHAPES = ((), (0,), (3,), (60,), (1, 9), (2, 0), (2, 3), (1, 2, 3))
FILLS = (0, 1, -1, 10**6, float("nan"), float("inf"))
TENSORS = st.builds(
    lambda shape, fill, dtype: torch.full(shape, fill).to(dtype),
    st.sampled_from(SHAPES),
    st.sampled_from(FILLS),
    st.sampled_from(DTYPES),
)
WHOLE = st.sampled_from([-1, 0, 1, 3])
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
    st.builds(lambda: network("GRU").double()),
    st.builds(torch.nn.Linear, st.just(3), st.just(3)),
)
ODD = st.one_of(NUMBERS, STRINGS, TENSORS, LISTS, ARRAYS, THINGS, OTHER_CHARS, NETWORKS)


def settings_of_the_process():
    return {
        "random numbers": (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()),
        "torch": (torch.get_num_threads(), torch.get_default_dtype(), torch.get_default_device()),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warnings": (list(warnings.filters), np.geterr()),
        "process": (os.getcwd(), dict(os.environ), signal.getsignal(signal.SIGINT)),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make the folder in which these tests run, with a checkpoint in it."""
    folder, before = tmp_path_factory.mktemp("fuzz"), os.getcwd()
    os.chdir(folder)
    course.save_checkpoint("kept.pt", network(), CHARS)
    yield folder
    os.chdir(before)


def is_our_sentence(error):
    """Say whether an error was raised in the package, and is one line."""
    raised_in = Path(traceback.extract_tb(error.__traceback__)[-1].filename)
    return isinstance(error, ValueError | TypeError) and PACKAGE in raised_in.parents and "\n" not in str(error)


def complaint(function, arguments):
    """Say what is wrong with how `function` takes `arguments`; None if nothing is."""
    before = settings_of_the_process()
    try:
        call(function, arguments)
    except FloatingPointError:
        trains = function is course.train
        writes = function in (course.generate, sampling.generate_many, sampling.next_distribution)
        return None if trains or writes else "a FloatingPointError"
    except Exception as error:
        if not is_our_sentence(error):
            return f"{type(error).__name__}: {error}"
    after = settings_of_the_process()
    return None if after == before else f"changed: {[name for name in before if before[name] != after[name]]}"


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_result_or_one_sentence_of_ours_and_nothing_else_changes(name, folder):
    function = SUBJECTS[name]
    call(function, working_arguments(function))  # what is not odd works

    @settings(
        max_examples=EXAMPLES,
        derandomize=EXAMPLES <= 15,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def explains_odd_arguments(data):
        arguments = working_arguments(function, data.draw(st.sampled_from(["LSTM", "GRU"])))
        odd = data.draw(st.sets(st.sampled_from(sorted(arguments)), min_size=1, max_size=2))
        for argument in sorted(odd):
            is_endless = ENDLESS & {argument, (name, argument)}
            any_type = ODD if is_endless else ODD | LARGE
            same_type = {int: WHOLE, float: NUMBERS, torch.Tensor: TENSORS}.get(type(arguments[argument]), any_type)
            arguments[argument] = data.draw(same_type if data.draw(st.booleans()) else any_type)
        assert complaint(function, arguments) is None, {argument: arguments[argument] for argument in odd}

    explains_odd_arguments()
