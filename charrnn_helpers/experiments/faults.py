"""Planted faults: the mistakes that programs with recurrent networks are known for, each on a small run of its own.

A fault is a patch of the program in `fault_program.py`: the line that it shows is the line that runs.
`run("state_reset")` trains with the fault, and `run("sound")`, or `run("sound_sgd")` for the one fault that needs
another optimiser, without any.
"""

from __future__ import annotations

import inspect
import io
import json
import linecache
import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType

import torch
from torch import Tensor, nn

from ..networks.models import LSTMModel, RNNModel
from ..text.corpus import Corpus, load_corpus
from ..text.encoding import Vocabulary
from . import fault_program
from .symptoms import NO_SIGNS, Run, Setting


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One mistake: what the program should say, what it says instead, and how one finds out."""

    title: str
    right: str  # a piece of the sound program
    wrong: str  # what takes its place; "" for nothing
    places: int = 1  # how often `right` stands in the program
    symptom: str  # what one sees
    cause: str  # why
    test: str  # how to be sure
    signs: dict[str, str]  # what a reader can observe, where it differs from a sound run: see `OBSERVATIONS`
    twin: str = "sound"  # the run without the fault, alike in all else


FAULTS = {
    "one_prediction": Fault(
        title="one prediction against a window of targets",
        right="F.cross_entropy(logits.flatten(0, 1), y.flatten())",
        wrong="F.cross_entropy(logits[:, -1], y.flatten())",
        symptom="it stops at the first update: Expected input batch_size (32) to match target batch_size (1024)",
        cause="the network's last step alone is scored, (B, V), against the targets of all steps, (B · T,)",
        test="print the shapes of both arguments of the loss",
        signs={"stop": "shapes"},
    ),
    "last_step_only": Fault(
        title="only the last step is scored",
        right="F.cross_entropy(logits.flatten(0, 1), y.flatten())",
        wrong="F.cross_entropy(logits[:, -1], y[:, -1])",
        symptom="it runs, learns slowly, and the training loss is ragged: each update looks at 32 predictions, "
        "not 1,024",
        cause="of every T predictions T - 1 are thrown away: less to learn from, at the same price",
        test="count the predictions behind each loss",
        signs={"training": "slow", "raggedness": "ragged", "norm": "large"},
    ),
    "no_detach": Fault(
        title="the state is carried with its history",
        right="state = detach(state)",
        wrong="state = state",
        symptom="it stops at the second update: Trying to backward through the graph a second time",
        cause="the new window's gradient runs on into the last window, whose intermediate results are gone",
        test="ask state[0].requires_grad: it must be False where a window begins",
        signs={"stop": "graph"},
    ),
    "state_reset": Fault(
        title="the state is thrown away between windows",
        right="logits, state = model(x, state)",
        wrong="logits, state = model(x, None)",
        symptom="the first characters of every window cost much more than the others, while the mean loss "
        "hardly shows it",
        cause="at a window's first character the network knows that one character and nothing before it",
        test="plot the loss by position in the window: it must be flat",
        signs={"position": "costly"},
    ),
    "unshifted_targets": Fault(
        title="the targets are the inputs",
        right="x, y = window[:, :-1], window[:, 1:]",
        wrong="x, y = window[:, :-1], window[:, :-1]",
        symptom="training loss falls to zero, far below the floor, while samples repeat one character",
        cause="the network learns to copy what it reads",
        test="decode one window and its targets, and read them; no loss may be below the floor",
        signs={"training": "zero", "validation": "absurd", "norm": "vanishing", "text": "copied"},
    ),
    "no_clipping": Fault(
        title="the gradient is not clipped",
        right="clip_grad_norm_(model.parameters(), setting.clip)",
        wrong="",
        symptom="the loss jumps up and recovers slowly, or not at all; single gradient norms are many times the "
        "usual one",
        cause="one large gradient throws the weights far away, and it takes long to come back from there",
        test="plot the norm before clipping: how often is it above the limit, and how far?",
        signs={"training": "slow", "norm": "spikes"},
        twin="sound_sgd",
    ),
    "shuffled_streams": Fault(
        title="the windows come in random order, and the state is carried",
        right="for window in pieces:",
        wrong="for window in random.sample(pieces, len(pieces)):",
        symptom="the first characters of every window cost more than with no memory at all",
        cause="the state speaks of another place in the text: it is worse than an empty one",
        test="decode two windows that follow each other in one stream: the second must go on where the first ends",
        signs={"position": "misled", "text": "jumping"},
    ),
    "eval_forgotten": Fault(
        title="dropout stays on while we validate and write",
        right="model.eval()",
        wrong="",
        places=2,
        symptom="validation loss is too high, and not the same when one looks twice",
        cause="at every character dropout silences other outputs, and other ones at the next look",
        test="validate twice without training in between: the numbers must be equal",
        signs={"second look": "another"},
    ),
    "unordered_vocabulary": Fault(
        title="the vocabulary has another order in every process",
        right="characters = sorted(set(text))",
        wrong="characters = list(set(text))",
        symptom="all is well until the network is loaded again: then its loss is far above a uniform guess, its "
        "text is noise",
        cause="a set of strings has another order in each process: index 7 is another character",
        test="save, load in a new process, and validate: the loss must be the same",
        signs={"loaded": "lost"},
    ),
    "softmax_twice": Fault(
        title="probabilities are handed to a loss that takes a softmax itself",
        right="F.cross_entropy(logits.flatten(0, 1), y.flatten())",
        wrong="F.cross_entropy(logits.flatten(0, 1).softmax(-1), y.flatten())",
        symptom="training loss hardly moves and gradients are close to zero; validated without it, the loss is absurd",
        cause="probabilities lie between 0 and 1: as scores they are all nearly alike, and their gradients vanish",
        test="at most how good can the loss be if every score is between 0 and 1? ln(1 + (V - 1) / e)",
        signs={"training": "stuck", "validation": "absurd", "norm": "vanishing"},
    ),
    "no_zero_grad": Fault(
        title="gradients are added to those of all updates before",
        right="optimiser.zero_grad()",
        wrong="",
        symptom="gradient norms are several times the usual ones from the start, and it learns slowly",
        cause="backward() adds to .grad: without zero_grad each update follows a sum over the updates before it",
        test="call backward() twice on the same window: the norm must not double",
        signs={"training": "slow", "norm": "large"},
    ),
}
SOUND_RUNS = ("sound", "sound_sgd")


def signs_of(name: str) -> dict[str, str]:
    """What the run of a fault, or a sound one, is expected to show: a value for each of `OBSERVATIONS`."""
    return {**NO_SIGNS, **FAULTS[name].signs} if name in FAULTS else dict(NO_SIGNS)


USUAL = Setting()
SGD = replace(USUAL, sgd=True, learning_rate=3.0, clip=0.5)


def program(fault: str = "sound") -> str:
    """The text that `run` executes: the sound program, or the one with a fault in it.

    Raises `ValueError` for an unknown name, or if the right line does not stand where the fault says it does.
    """
    if fault not in FAULTS and fault not in SOUND_RUNS:
        raise ValueError(f"there is no fault {fault!r}; there are {', '.join(FAULTS)}, and 'sound'")
    sound = inspect.getsource(fault_program)
    if fault in FAULTS and sound.count(FAULTS[fault].right) != FAULTS[fault].places:
        raise ValueError(
            f"the right line of {fault!r} must stand {FAULTS[fault].places} time(s) in the program, and stands "
            f"{sound.count(FAULTS[fault].right)} time(s): {FAULTS[fault].right}"
        )
    return _patched(sound, fault)


def run(fault: str = "sound", seed: int = 0, setting: Setting | None = None) -> Run:
    """Train a small network on `tales` with `fault`, a name of `FAULTS` or "sound"; what it showed is in the `Run`.

    The same seed gives the same initial weights and windows to every fault. Raises `ValueError` as `program` does.
    """
    planted = _executed(program(fault), f"<the program of {fault}>", seed)
    if setting is None:
        setting = SGD if "sound_sgd" in (fault, FAULTS[fault].twin if fault in FAULTS else "") else USUAL
    corpus, record = _tales(), Run()
    val_text = corpus.val[: setting.validated]
    vocab = _vocabulary(fault, corpus.text, 2 * seed + 1)
    windows = planted.cut(vocab.encode(corpus.train[:400_000]), setting.streams, setting.window)
    record.fed = [(vocab.decode(x[0]), vocab.decode(y[0])) for x, y in windows[:2]]
    (x, y), (following, _) = windows[:2]
    record.shifted = torch.equal(x[:, 1:], y[:, :-1])
    record.in_order = torch.equal(following[:, 0], y[:, -1])
    model, val_ids = _network(len(vocab), setting, seed), vocab.encode(val_text)
    try:
        planted.train(model, windows, val_ids, setting, record)
    except (RuntimeError, ValueError) as problem:
        said = re.split(r" \(or|\.", str(problem))[0]
        record.error = f"{type(problem).__name__}: {said}"
        return record
    record.second_look = planted.validate(model, val_ids)
    loaded, its_vocab = _saved_and_loaded(model, setting), _vocabulary(fault, corpus.text, 2 * seed + 2)
    record.reloaded = planted.validate(loaded, its_vocab.encode(val_text))
    record.sample = planted.write(loaded, its_vocab, "Once ", 120)
    return record


@cache
def _tales() -> Corpus:
    """Made once: it takes a third of a run."""
    return load_corpus("tales")


def _patched(text: str, fault: str) -> str:
    return text.replace(FAULTS[fault].right, FAULTS[fault].wrong) if fault in FAULTS else text


def _executed(source: str, filename: str, seed: int) -> ModuleType:
    """The program as a module. A fault that draws lots finds in it a `random` of its own."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)  # for tracebacks
    module = ModuleType(fault_program.__name__)
    module.__package__ = fault_program.__package__
    module.random = random.Random(seed)
    exec(compile(source, filename, "exec"), vars(module))
    return module


def _vocabulary(fault: str, text: str, hash_seed: int) -> Vocabulary:
    """What the program's `vocabulary` gives in a Python process of its own, which orders sets by `hash_seed`."""
    code = _patched(inspect.getsource(fault_program.vocabulary), fault)
    code += "import json, sys\nprint(json.dumps(vocabulary(json.load(sys.stdin))))"
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    answer = subprocess.check_output([sys.executable, "-c", code], input=json.dumps(text), env=environment, text=True)
    return Vocabulary(json.loads(answer))


def _network(characters: int, setting: Setting, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        kind = RNNModel if setting.sgd else LSTMModel
        model = kind(characters, setting.units, 1, setting.embedding, setting.dropout)
    model.dropout = SeededDropout(setting.dropout, torch.Generator().manual_seed(seed))
    return model


def _saved_and_loaded(model: nn.Module, setting: Setting) -> nn.Module:
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    loaded = _network(model.vocab_size, setting, seed=0)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    loaded.dropout = model.dropout  # its random numbers go on
    return loaded


class SeededDropout(nn.Module):
    """`nn.Dropout` with random numbers of its own: a run in a panel then leaves the reader's alone."""

    def __init__(self, share: float, generator: torch.Generator):
        super().__init__()
        self.share, self.generator = share, generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (torch.rand(x.shape, generator=self.generator) >= self.share) / (1 - self.share)
