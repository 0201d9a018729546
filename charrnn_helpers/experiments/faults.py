"""Planted faults: the mistakes that programs with recurrent networks are known for, each on a small run of its own.

A fault is a patch of the program in `fault_program.py`: the line that it shows is the line that runs.
`run("state_reset")` trains with the fault, `run("sound")` without any.
"""

import inspect
import io
import json
import linecache
import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import torch
from torch import Tensor, nn

from ..text.corpus import Corpus, load_corpus
from ..text.encoding import Vocabulary
from . import fault_program
from .symptoms import NO_SIGNS, TABLES, Run, Setting


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
    mystery: bool = False  # is it kept for the mysteries, or shown in class?


FAULTS = {name: Fault(**entry) for name, entry in TABLES["faults"].items()}


def signs_of(name: str) -> dict[str, str]:
    """What the run of a fault, or a sound one, is expected to show: a value for each of `OBSERVATIONS`."""
    return {**NO_SIGNS, **FAULTS[name].signs} if name in FAULTS else dict(NO_SIGNS)


USUAL = Setting()


def program(fault: str = "sound") -> str:
    """The text that `run` executes: the sound program, or the one with a fault in it.

    Raises `ValueError` for an unknown name, or if the right line does not stand where the fault says it does.
    """
    if fault not in FAULTS and fault != "sound":
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
    setting = setting or USUAL
    corpus, record = _tales(), Run()
    val_text = corpus.val[: setting.validated]
    vocab = _vocabulary(fault, corpus.text, 2 * seed + 1)
    windows = planted.cut(vocab.encode(corpus.train[: setting.read]), setting.streams, setting.window)
    record.fed = [(vocab.decode(x[0]), vocab.decode(y[0])) for x, y in windows[:2]]
    (x, y), (following, _) = windows[:2]
    record.shifted = torch.equal(x[:, 1:], y[:, :-1])
    record.in_order = torch.equal(following[:, 0], y[:, -1])
    model, val_ids = _network(planted, len(vocab), setting, seed), vocab.encode(val_text)
    try:
        planted.train(model, windows, val_ids, setting, record)
    except (RuntimeError, ValueError) as problem:
        said = re.split(r" \(or|\.", str(problem))[0]
        record.error = f"{type(problem).__name__}: {said}"
        return record
    record.second_look = planted.validate(model, val_ids)
    loaded, its_vocab = _network(planted, len(vocab), setting, seed), _vocabulary(fault, corpus.text, 2 * seed + 2)
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    loaded.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    loaded.dropout = model.dropout  # its random numbers go on
    record.reloaded = planted.validate(loaded, its_vocab.encode(val_text))
    record.sample = planted.write(loaded, its_vocab, "Long ago ", 120)
    record.own_text = planted.validate(loaded, its_vocab.encode(record.sample))
    record.foresight = _foresight(loaded, val_ids[: setting.window])
    return record


def diagnosis(name: str) -> str:
    """The line that is wrong, the line that is right, the reason and the test of a fault, one below the other."""
    fault = FAULTS[name]
    lines = {"wrong": fault.wrong or "(nothing)", "right": fault.right, "why": fault.cause, "test": fault.test}
    return "\n".join(f"{word:5}  {text}" for word, text in lines.items())


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


def _network(planted: ModuleType, characters: int, setting: Setting, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return planted.Network(characters, setting)


@torch.no_grad()
def _foresight(model: nn.Module, ids: Tensor) -> float:
    """The largest change of a score when the last character is changed; the last step's own scores do not count."""
    model.eval()
    other = ids.clone()
    other[-1] = (ids[-1] + 1) % model.head.out_features
    before, after = (model(one[None])[0][:, :-1] for one in (ids, other))
    return (after - before).abs().max().item()
