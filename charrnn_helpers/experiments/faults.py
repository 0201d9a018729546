"""Plant mistakes that programs with recurrent networks are known for, each in a small run of its own.

A fault is a patch of the program in `fault_program.py`: the line that it shows is the line that runs.
`run("state_reset")` trains with the fault, `run("sound")` without any. A `Mystery` hides one of them.
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
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor, nn

from ..base.threads import one_thread
from ..text.corpus import load_corpus
from ..text.encoding import Vocabulary
from . import fault_program
from .observations import NO_SIGNS, OBSERVATIONS, TABLES, Run, Setting, in_words


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Describe one mistake: what the program should say, what it says instead, and how one finds out."""

    title: str
    right: str  # a piece of the sound program
    wrong: str  # what takes its place; "" for nothing
    times: int = 1  # how often `right` stands in the program
    cause: str = ""  # why the signs are what they are
    test: str = ""  # how to be sure
    signs: dict[str, str]  # the observations that differ from those of a sound run: see `OBSERVATIONS`
    mystery: bool = False  # is it kept for the mysteries, or shown in class?

    @property
    def expected(self) -> dict[str, str]:
        """What its run should show: a value for each of `OBSERVATIONS`."""
        return {**NO_SIGNS, **self.signs}


FAULTS = {name: Fault(**entry) for name, entry in TABLES["faults"].items()}
SOUND = Fault(title="a sound run", right="model.train()", wrong="model.train()", signs={})
USUAL = Setting()
HIDDEN = (*(name for name, fault in FAULTS.items() if fault.mystery), "sound")
FIRST_SEED = 1000  # of mystery 0: no other run of 10 has such a seed, so no picture there gives a mystery away


def find_fault(name: str | Fault) -> Fault:
    """Return the fault of that name, or the fault itself if one is given; "sound" is one that changes nothing.

    Raises `ValueError` for another name.
    """
    if isinstance(name, Fault):
        return name
    if name not in FAULTS and name != "sound":
        raise ValueError(f"there is no fault {name!r}; choose one of {', '.join(FAULTS)}, or 'sound'")
    return FAULTS.get(name, SOUND)


def program(name: str | Fault = "sound") -> str:
    """Return the text that `run` executes: the sound program, or the one with a fault in it.

    The imports never change, because 10 does not show them. Raises `ValueError` for an unknown name, or if the right
    line does not stand where the fault says it does.
    """
    imports, gap, text = inspect.getsource(fault_program).partition("\n\n\n")
    fault = find_fault(name)
    if (times := text.count(fault.right)) != fault.times:
        raise ValueError(
            f"the right line of “{fault.title}” must occur {fault.times} time(s) in the program, and occurs {times} "
            f"time(s): {fault.right}"
        )
    return imports + gap + text.replace(fault.right, fault.wrong)


@one_thread()
def run(
    name: str | Fault = "sound",
    seed: int = 0,
    setting: Setting | None = None,
    on_update: Callable[[int], None] | None = None,
) -> Run:
    """Train a small network on `tales` with a fault, or with none for "sound", and record what it shows.

    The same seed gives the same initial weights and windows to every fault. `on_update(updates)` is called after each
    update with their number so far. Raises `ValueError` as `program` does.
    """
    planted = _executed(program(name), f"<the program with: {find_fault(name).title}>", seed)
    setting = setting or USUAL
    corpus, record = load_corpus("tales"), Run(on_update=on_update)
    val_text = corpus.val[: setting.validated]
    vocab = _vocabulary(name, corpus.text, 2 * seed + 1)
    windows = planted.cut(vocab.encode(corpus.train[: setting.read]), setting.streams, setting.window)
    record.fed = [(vocab.decode(x[0]), vocab.decode(y[0])) for x, y in windows[:2]]
    (x, y), (next_x, _) = windows[:2]
    record.shifted = torch.equal(x[:, 1:], y[:, :-1])
    record.in_order = torch.equal(next_x[:, 0], y[:, -1])
    model, val_ids = _network(planted, len(vocab), setting, seed), vocab.encode(val_text)
    try:
        planted.train(model, windows, val_ids, setting, record)
    except (RuntimeError, ValueError) as problem:
        first_sentence = re.split(r" \(or|\.", str(problem))[0]
        record.error = f"{type(problem).__name__}: {first_sentence}"
        return record
    record.validated_again = planted.validate(model, val_ids)
    loaded, its_vocab = _network(planted, len(vocab), setting, seed), _vocabulary(name, corpus.text, 2 * seed + 2)
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
    """Return the wrong line, the right line, the reason and the test of a fault, one below the other."""
    fault = FAULTS[name]
    lines = {"wrong": fault.wrong or "(nothing)", "right": fault.right, "why": fault.cause, "test": fault.test}
    return "\n".join(f"{word:5}  {text}" for word, text in lines.items())


class Mystery:
    """Train with a hidden fault, or with none. `run` is the record, and `accuse` says whether a guess is right.

    The number decides which fault it is; two numbers may hide the same one, in two runs.
    """

    def __init__(self, number: int):
        self._hidden = hidden_fault(number)
        self.run = run(self._hidden, FIRST_SEED + number)

    def accuse(self, name: str) -> str:
        """Say whether it is this fault, and why. Raises `ValueError` for a name that is none."""
        return answer_to_accusation(self._hidden, name)


def hidden_fault(number: int) -> str:
    """Return what the mystery of that number hides. It is here for checks; to look it up spoils the game."""
    return random.Random(number).choice(HIDDEN)


def answer_to_accusation(hidden: str, named: str) -> str:
    """Answer a reader who names the fault `named` when it is `hidden`. Either may be "sound"."""
    fault, suspect = find_fault(hidden), find_fault(named)
    if hidden == named == "sound":
        return "Yes: nothing is wrong with this run. It takes some skill to find no fault where there is none."
    if hidden == named:
        return f"Yes: {fault.title}. What it shows: {'; '.join(in_words(fault.expected))}. The reason: {fault.cause}."
    differs = next(name for name in OBSERVATIONS if fault.expected[name] != suspect.expected[name])
    would, does = (OBSERVATIONS[differs][each.expected[differs]] for each in (suspect, fault))
    where = "In a sound run" if suspect is SOUND else f"With the fault “{suspect.title}”"
    return f"No. {where} {would}; but here {does}."


def _executed(source: str, filename: str, seed: int) -> ModuleType:
    """Execute the program as a module. A fault that draws lots finds in it a `random` of its own."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)  # for tracebacks
    module = ModuleType(fault_program.__name__)
    module.__package__ = fault_program.__package__
    module.random = random.Random(seed)
    exec(compile(source, filename, "exec"), vars(module))
    return module


def _vocabulary(name: str | Fault, text: str, hash_seed: int) -> Vocabulary:
    """Return what `vocabulary` gives in a Python process of its own, which orders sets by `hash_seed`."""
    fault = find_fault(name)
    code = inspect.getsource(fault_program.vocabulary).replace(fault.right, fault.wrong)
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
    """Return the largest change of a score before the last step when the last character is changed."""
    model.eval()
    other = ids.clone()
    other[-1] = (ids[-1] + 1) % model.head.out_features
    before, after = (model(each[None])[0][:, :-1] for each in (ids, other))
    return (after - before).abs().max().item()
