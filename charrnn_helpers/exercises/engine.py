"""`check`, `hint`, `solution`, `progress`, and the one recogniser behind every table of exercises.

A table is a file `notebook_NN.toml`, an entry of it an exercise: its fields are those of `Exercise`. What is to be
computed stands there as Python; it may use what this module imports and defines, and the module `notebook_NN`, where
an exercise has to be looked at in a way of its own.
"""

import copy
import inspect
import math  # noqa: F401
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np  # noqa: F401
import torch
from torch import nn
from torch.nn import functional as F  # noqa: F401

from ..text.encoding import Vocabulary  # noqa: F401
from ..training.files import read_table, whole_file


def claim(words: str, holds: bool) -> None:
    """Print a sentence of the notebook: with ✓ if it holds here, with ✗ if it does not, as it may on another text."""
    print("✓" if holds else "✗", words)


@dataclass
class Exercise:
    """One entry of a table. The right answer stands in it once: it is what the printed solution hands to `check`.

    An answer is a number, or a function that is tried on `cases`; each of them gives one outcome. An answer is right
    when all outcomes are those of the solution. The first outcome that is not decides: a wrong answer of the table
    that gives the same outcomes so far names the fault, the first of them if there are several.
    """

    number: str
    names: dict[str, Any] = field(repr=False)  # what its expressions may use
    hints: list[str]
    solution: str
    wrong: list[list[str]] | str  # mistakes and their sentences; or an expression for the list of them
    given: str = ""  # parameters of the expressions in `wrong`, which then say what a mistaken function gives for them
    let: str = ""  # statements that these expressions need before
    define: str = ""  # what other expressions of the entry need
    otherwise: str | list[str] = ""  # for all other answers; a list has one for each outcome: see `_sentence`
    cases: list[str] | str = ()  # arguments to try a function on; none for an exercise that asks for a number
    read: str = ""  # a function: what an answer gives as an outcome; may raise `Wrong`
    observe: str = ""  # a generator of all outcomes of an answer and a case, where `read` cannot say it
    tolerance: float = 1e-4
    kept: str = ""  # for a class whose `forward` is kept once it is right: where it is used; see `written`
    hints_given: int = 0
    state: str = "still open"  # then "tried", "solved"

    def __post_init__(self):
        self.names = dict(self.names)
        exec(self.define, self.names)

    def value(self, expression: str):
        return eval(expression, self.names)

    @cached_property
    def right(self):
        """The answer of the printed solution, which is run once, when it is first needed."""
        answers = []
        exec(self.solution, {**self.names, "check": lambda number, answer: answers.append(answer)})
        return answers[0]

    @cached_property
    def arguments(self) -> list[tuple]:
        """Of each case; a single empty tuple for an exercise that asks for a number, or observes as it likes."""
        if isinstance(self.cases, str):
            return self.value(self.cases)
        return [self.value(case) for case in self.cases] or [()]

    @cached_property
    def wrong_answers(self) -> list[tuple[Any, str]]:
        """Numbers or functions, each with the sentence that names what is wrong with it."""
        if isinstance(self.wrong, str):
            return self.value(self.wrong)
        return [(self._answer(expression), sentence) for expression, sentence in self.wrong]

    def _answer(self, expression: str):
        """What an expression of `wrong` stands for: a value, or the function that it is of `given`."""
        if not self.given:
            return self.value(expression)

        def answer(*case):
            names = {**self.names, **dict(zip(self.given.split(", "), case, strict=True))}
            exec(self.let, names)
            return eval(expression, names)

        return answer

    def outcomes(self, answer) -> Iterator:
        """What an answer gives, case by case, each on fresh copies of the arguments."""
        for case in copy.deepcopy(self.arguments):
            if self.observe:
                yield from self.value(self.observe)(answer, *case)
            else:
                value = answer(*case) if case else answer
                yield value if _is_blank(value) or not self.read else self.value(self.read)(value)

    def diagnose(self, answer) -> str | None:
        """`None` for a right answer, or the sentence that names what is wrong. Raises `StillOpen` for a blank one."""
        try:
            for place, (got, wanted) in enumerate(zip(self.outcomes(answer), self.outcomes(self.right))):
                if not same(got, wanted, self.tolerance):
                    return self._recognise(place, got, wanted)
        except Wrong as fault:
            return str(fault)
        return None

    def _recognise(self, place: int, got, wanted) -> str:
        right = list(self.outcomes(self.right))[:place]
        for answer, sentence in self.wrong_answers:
            first = zip(self.outcomes(answer), [*right, got])
            if all(same(one, other, self.tolerance) for one, other in first):
                return sentence
        if _is_blank(got):
            raise StillOpen
        return self._sentence(place, got, wanted)

    def _sentence(self, place: int, got, wanted) -> str:
        """`otherwise`: a template with {got}, {wanted}, {0}, … (of the case); after a "=" a function of got, wanted."""
        sentence = self.otherwise[place] if isinstance(self.otherwise, list) else self.otherwise
        if sentence.startswith("= "):
            return self.value(sentence[2:])(got, wanted)
        case = () if self.observe or len(self.arguments) <= place else self.arguments[place]
        return sentence.format(*case, got=got, wanted=wanted)


class StillOpen(Exception):
    """The answer is blank: `...`, `None`, or a function that returns one of them."""


class Wrong(Exception):
    """Raised where an answer is read, with the sentence that names what is wrong with it."""


def answered(value):
    """`value`, unless a function left blank gave it. Raises `StillOpen`."""
    if _is_blank(value):
        raise StillOpen
    return value


def _is_blank(value) -> bool:
    return value is None or value is ...


def same(got, wanted, tolerance: float = 1e-4) -> bool:
    """Strings and nothings alike, tuples part by part, numbers or tensors of one shape equal within `tolerance`."""
    if _is_blank(got) or _is_blank(wanted) or isinstance(got, str) or isinstance(wanted, str):
        return type(got) is type(wanted) and got == wanted
    if isinstance(got, tuple) and isinstance(wanted, tuple):
        return len(got) == len(wanted) and all(same(*pair, tolerance) for pair in zip(got, wanted))
    got, wanted = (torch.as_tensor(value, dtype=torch.float64).detach() for value in (got, wanted))
    return got.shape == wanted.shape and bool(((got - wanted).abs() <= tolerance).all())


def two_things(value, names: str, example: str):
    """`value` if it is a pair. Raises `Wrong` for anything else."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise Wrong(f"return two things, {names}: `return {example}`")
    return tuple(value)


def as_number(value) -> float:
    """`value` as a number, also from a tensor of one element. Raises `TypeError` for a string."""
    return torch.as_tensor(value, dtype=torch.float64).item()


def _table(notebook: str) -> dict[str, Exercise]:
    """The exercises of a notebook, "notebook_02", by number."""
    folder = Path(__file__).parent
    names = dict(globals())  # F, nn, np, Vocabulary are there for the tables
    if (folder / f"{notebook}.py").is_file():
        names |= vars(import_module(f".{notebook}", __package__))
    entries = read_table(folder / f"{notebook}.toml")
    return {number: Exercise(number, names, **entry) for number, entry in entries.items()}


def check(number: str, answer=None) -> None:
    """Say whether `answer` solves exercise `number`, or name the fault. Raises `ValueError` for no such exercise.

    A blank answer is still open and harms nothing: the notebook runs to its end. The global random numbers of torch
    are left as they were.
    """
    asked = _find(number)
    try:
        with torch.random.fork_rng(devices=[]):
            fault = asked.diagnose(answered(answer))
    except StillOpen:
        asked.state = "still open"
        print(f'{number} is still open. hint("{number}") for a first step.')
        return
    except Exception as error:  # the reader's own code may fail in any way; say how, and go on
        fault = f"your code stopped with {type(error).__name__}: {error}"
    asked.state = "solved" if fault is None else "tried"
    if fault is not None:
        print(f"{number}, not yet: {fault}")
    else:
        print(f"{number} is right. {asked.kept if asked.kept and _keep(asked, answer) else ''}".strip())


def written(number: str) -> type[nn.Module]:
    """The class that `check` has found right and kept in the folder `runs`, or else that of the solution; says which.

    Raises `ValueError` for an exercise whose answers are not kept.
    """
    asked = _find(number)
    if not asked.kept:
        raise ValueError(f"the answers to {number} are not kept")
    path = _kept_at(asked)
    if path.is_file() and (answer := _rebuilt(asked, path.read_text(encoding="utf-8"))):
        print(f"exercise {number}, as you wrote it")
        return answer
    print(f"exercise {number} has not been solved in this folder: this is its solution")
    return asked.right


def _keep(asked: Exercise, answer: type[nn.Module]) -> bool:
    """Keep the source of its `forward`, if that is all that is needed to make it again."""
    try:
        source = dedent(inspect.getsource(answer.forward))
        if _rebuilt(asked, source):
            _kept_at(asked).parent.mkdir(exist_ok=True)
            with whole_file(_kept_at(asked)) as file:
                file.write(source.encode())
            return True
    except (OSError, TypeError):  # no source, or no place to write
        pass
    return False


def _kept_at(asked: Exercise) -> Path:
    return Path("runs") / f"exercise_{asked.number}.py"


def _rebuilt(asked: Exercise, source: str) -> type[nn.Module] | None:
    """The class of the solution with this `forward`; `None` if it is not right."""
    names = dict(asked.names)
    try:
        exec(source, names)
        answer = type("Written", (asked.right,), {"forward": names["forward"]})
        with torch.random.fork_rng(devices=[]):
            return answer if asked.diagnose(answer) is None else None
    except Exception:  # the reader's own code may fail in any way
        return None


def hint(number: str) -> None:
    """Print the next hint for exercise `number`; after the last, the last again."""
    asked = _find(number)
    step = min(asked.hints_given, len(asked.hints) - 1)
    asked.hints_given += 1
    print(f"{number}, hint {step + 1} of {len(asked.hints)}: {asked.hints[step]}")


def solution(number: str) -> None:
    """Print the solution of exercise `number` with its reason."""
    print(_find(number).solution.strip("\n"))


def progress(notebook: int) -> None:
    """Print which exercises of a notebook are solved, as `check` last saw them in this session.

    Raises `ValueError` for a notebook without exercises.
    """
    states = {number: one.state for number, one in EXERCISES.items() if number.split(".")[0] == str(notebook)}
    if not states:
        raise ValueError(f"there are no exercises of notebook {notebook!r}; give a number from 1 to 12")
    solved = sum(state == "solved" for state in states.values())
    print(f"{solved} of {len(states)} solved: {', '.join(f'{number} {state}' for number, state in states.items())}")


def _find(number: str) -> Exercise:
    if number not in EXERCISES:
        raise ValueError(f"there is no exercise {number!r}; there are {', '.join(sorted(EXERCISES))}")
    return EXERCISES[number]


EXERCISES: dict[str, Exercise] = {}
for _path in sorted(Path(__file__).parent.glob("notebook_*.toml")):
    EXERCISES |= _table(_path.stem)
