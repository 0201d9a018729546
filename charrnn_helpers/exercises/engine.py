"""What an exercise is, and `judge`, which says whether an answer is right, or what is wrong with it."""

import ast
import copy
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from textwrap import dedent
from typing import Any, NamedTuple

import torch

from ..base.files import read_table


class Result(NamedTuple):
    """What `check` makes of an answer, besides the sentence that it prints."""

    exercise: str
    state: str  # "still open", "tried", "solved"
    mistake: str = ""  # the sentence that names what is wrong with an answer that was tried
    points: float = 0.0  # 1 if right; 0.5 if the mistake is known by name, or half of the outcomes come right before it

    def _ipython_display_(self) -> None:
        """Show nothing: a cell that ends in `check` has its sentence already."""


class Recorded(NamedTuple):
    """What an answer gave in another process: data, so that the process in which it is judged runs none of its code."""

    outcomes: list[tuple[str | None, Any]]  # each after its sentence, if that is a text
    problem: str = ""  # what ended them before their time, as `problem_of` says it


class StillOpen(Exception):
    """The answer is blank: `...`, `None`, or a function that returns one of them."""


class Wrong(Exception):
    """Raised where an answer is read, with the sentence that names what is wrong with it."""


@dataclass
class Exercise:
    """An exercise: its right answer, wrong answers with a sentence for each, and how an answer is looked at.

    An answer is a value, or a function that is tried on `inputs`; each input gives one outcome, or as many as `observe`
    yields. An answer is right when all its outcomes are those of the right answer. The first outcome that differs
    decides: the first wrong answer that gives the same outcomes up to there has the sentence. If there is none, the
    outcome has a sentence of its own: a text, where {got} and {wanted} stand for the outcomes, or a function of them.

    `mistakes` yields pairs of a sentence and a wrong answer. If it takes the parameters of the answer, it yields what
    wrong answers return for one input. A sentence too long for a line stands in the table of words, under a name.
    """

    number: str
    answer: Any
    mistakes: Callable[..., Iterator[tuple[str, Any]]] = lambda: iter(())  # none where `observe` has all sentences
    inputs: list[tuple] | tuple = ((),)
    read: Callable = lambda value: value  # makes an outcome of what an answer gives; may raise `Wrong`
    otherwise: str | Callable[..., str] = "otherwise"  # its sentence; {0} is the first part of the input
    observe: Callable[..., Iterator[tuple]] | None = None  # yields outcomes, each after its sentence; instead of `read`
    tolerance: float = 1e-4
    hints_given: int = 0
    state: str = "still open"  # then "tried", "solved"
    accepted: Any = None  # the answer that was found right in this session

    @cached_property
    def module(self) -> Path:
        """The file of its notebook's exercises; the table of words lies beside it."""
        return Path(__file__).with_name(f"notebook_{int(self.number[:-1]):02}.py")

    @cached_property
    def words(self) -> dict:
        return read_table(self.module.with_suffix(".toml"))[self.number]

    @cached_property
    def solution(self) -> str:
        """The lines of its module between `# %% 2a` and `exercise`, and the call of `check` for what they define."""
        source = self.module.read_text(encoding="utf-8")
        lines = re.split(r"\n\n\n@?exercise", source.partition(f"# %% {self.number}\n")[2])[0]
        defined = re.findall(r"^(?:def |class )?(\w+)", lines, re.MULTILINE)
        return f'{lines}\n\ncheck("{self.number}", {defined[-1]})'

    def wrong_answers(self) -> list[tuple[str, Any]]:
        """List the sentences, each with an answer that gets it."""
        mistakes = self.mistakes
        if inspect.signature(mistakes).parameters:  # then an answer is a function that returns what is yielded
            sentences = [sentence for sentence, _ in mistakes(*copy.deepcopy(self.inputs[0]))]
            answer = lambda position, *given: next(islice(mistakes(*given), position, None))[1]
            pairs = [(sentence, partial(answer, position)) for position, sentence in enumerate(sentences)]
        else:
            pairs = mistakes()
        return [(self.words.get(sentence, sentence), answer) for sentence, answer in pairs]

    def outcomes(self, answer) -> Iterator[tuple]:
        """Yield the outcomes of an answer, input by input, each on fresh copies and after its sentence."""
        if isinstance(answer, Recorded):
            yield from answer.outcomes
            if answer.problem:
                raise StillOpen if answer.problem == STILL_OPEN else Wrong(answer.problem)
            return
        for given in copy.deepcopy(self.inputs):
            if self.observe:
                yield from self.observe(answer, *given)
                continue
            value = answer(*given) if given else answer
            otherwise = self.words.get(self.otherwise, self.otherwise)
            sentence = partial(otherwise.format, *given) if isinstance(otherwise, str) else otherwise
            yield sentence, value if is_blank(value) else self.read(value)

    def compare(self, answer) -> Result:
        """Compare an answer with the right one. Raises `StillOpen`, and `Wrong` where an answer cannot be read."""
        seen, right = [], list(self.outcomes(self.answer))
        for (sentence, got), (usual, wanted) in zip(self.outcomes(answer), right, strict=True):
            if not same(got, wanted, self.tolerance):
                known = self._find_mistake([*seen, got])
                mistake = known or self._say_otherwise(got, wanted, sentence or usual)
                half = known or len(seen) >= len(right) / 2
                return Result(self.number, "tried", mistake, points=0.5 if half else 0.0)
            seen.append(got)
        return Result(self.number, "solved", points=1.0)

    def _find_mistake(self, seen: list) -> str:
        """Find the sentence of the first wrong answer that gives the outcomes `seen`; an empty one if none does."""
        for sentence, answer in self.wrong_answers():
            if all(same(outcome, got, self.tolerance) for (_, outcome), got in zip(self.outcomes(answer), seen)):
                return sentence
        return ""

    def _say_otherwise(self, got, wanted, otherwise: str | Callable[..., str]) -> str:
        """Say what is wrong with an outcome in the words of `otherwise`. Raises `StillOpen` if it is blank."""
        answered(got)
        fill = self.words.get(otherwise, otherwise).format if isinstance(otherwise, str) else otherwise
        return fill(got=got, wanted=wanted)


EXERCISES: dict[str, Exercise] = {}


def exercise(number: str, answer, **options) -> Callable[[Callable], None]:
    """Enter an exercise with this right answer; return a decorator of its `mistakes`. `options` are its fields."""
    EXERCISES[number] = entered = Exercise(number, answer, **options)
    return lambda mistakes: setattr(entered, "mistakes", mistakes)


def judge(exercise: Exercise, answer) -> Result:
    """Judge an answer, or what was recorded of it. The global random numbers of torch are left as they were."""
    try:
        with torch.random.fork_rng(devices=[]):
            return exercise.compare(answered(answer))
    except Exception as error:
        problem = problem_of(error)
        if problem == STILL_OPEN and forgets_to_return(answer):
            return Result(exercise.number, "tried", "your function returns nothing: end it with a line `return …`")
        return Result(exercise.number, *((problem,) if problem == STILL_OPEN else ("tried", problem)))


def record(exercise: Exercise, answer) -> Recorded:
    """Record all outcomes of an answer, as numbers, tensors, texts and tuples of them; they are not judged here."""
    outcomes: list[tuple[str | None, Any]] = []
    try:
        with torch.random.fork_rng(devices=[]):
            for sentence, outcome in exercise.outcomes(answered(answer)):
                outcomes.append((sentence if isinstance(sentence, str) else None, _as_data(outcome)))
    except Exception as error:
        return Recorded(outcomes, problem_of(error))
    return Recorded(outcomes)


def _as_data(value):
    if value is None or value is ...:
        return None
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return kind(value)  # not a kind of NumPy's
    if isinstance(value, tuple):
        return tuple(map(_as_data, value))
    return torch.as_tensor(value).detach()


STILL_OPEN = "still open"


def problem_of(error: Exception) -> str:
    """Say what is wrong with an answer that ended with an error: its own code may fail in any way."""
    if isinstance(error, StillOpen):
        return STILL_OPEN
    return str(error) if isinstance(error, Wrong) else f"your code stopped with {type(error).__name__}: {error}"


def forgets_to_return(answer) -> bool:
    """Is `answer` a function, or a cell with a `forward`, that is written out, without `...`, but returns nothing?"""
    try:
        tree = ast.parse(dedent(inspect.getsource(getattr(answer, "forward", answer))))
    except (OSError, TypeError, SyntaxError):  # there is no source, or not that of one function
        return False
    if not isinstance(tree.body[0], ast.FunctionDef):
        return False
    parts = list(ast.walk(tree))
    left_open = any(isinstance(part, ast.Constant) and part.value is ... for part in parts)
    return not left_open and not any(isinstance(part, ast.Return) and part.value for part in parts)


def is_blank(value) -> bool:
    return value is None or value is ...


def answered(value):
    """Return `value`. Raises `StillOpen` if it is blank."""
    if is_blank(value):
        raise StillOpen
    return value


def same(got, wanted, tolerance: float = 1e-4) -> bool:
    """Compare strings and blanks exactly, tuples part by part, numbers or tensors of one shape within `tolerance`."""
    if any(is_blank(value) or isinstance(value, str) for value in (got, wanted)):
        return type(got) is type(wanted) and got == wanted
    if isinstance(got, tuple) and isinstance(wanted, tuple):
        return len(got) == len(wanted) and all(same(*pair, tolerance) for pair in zip(got, wanted, strict=True))
    got, wanted = (torch.as_tensor(value, dtype=torch.float64).detach() for value in (got, wanted))
    return got.shape == wanted.shape and bool(((got - wanted).abs() <= tolerance).all())


def parts_of(value, example: str) -> tuple:
    """Return a tuple of as many parts as the example, "mean, low, high", names. Raises `Wrong` for anything else."""
    number = len(example.split(", "))
    if not isinstance(answered(value), tuple | list) or len(value) != number:
        raise Wrong(f"return {'two' if number == 2 else 'three'} things: `return {example}`")
    return tuple(value)


def as_number(value) -> float:
    """Make a number, also of a tensor of one element. Raises `TypeError` for a string."""
    return torch.as_tensor(value, dtype=torch.float64).item()


def as_index(value, what: str) -> int:
    """Make the index of a character or a unit, as `what` says. Raises `Wrong` for anything else."""
    index = None if isinstance(value, str) else torch.as_tensor(answered(value))
    if index is None or (index.is_floating_point() and index.numel() == 1):
        raise Wrong(f"return the index of the {what}, a whole number; you return {value!r}")
    if index.numel() != 1:
        raise Wrong(f"return the index of one {what}; you return {index.numel()} numbers")
    return int(index)


def seeded(seed: int, make: Callable[[], Any]) -> Any:
    """Call `make` with the global random numbers of torch begun at `seed`, and leave them as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return make()
