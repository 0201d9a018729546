"""What an exercise is, and `judge`, which says whether an answer is right, or what is wrong with it."""

import copy
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ..base.files import read_table

END = "no more outcomes"  # the last outcome of each answer, so that one too few, or too many, differs from the right


class Verdict(NamedTuple):
    """What `judge` makes of an answer."""

    state: str  # "still open", "tried", "solved"
    sentence: str = ""  # what is wrong with an answer that was tried


class StillOpen(Exception):
    """The answer is blank: `...`, `None`, or a function that returns one of them."""


class Wrong(Exception):
    """Raised where an answer is read, with the sentence that names what is wrong with it."""


@dataclass
class Exercise:
    """An exercise: its right answer, wrong answers with a sentence for each, and how an answer is looked at.

    An answer is a value, or a function that is tried on `inputs`; each input gives one outcome. An answer is right when
    all its outcomes are those of the right answer. The first outcome that differs decides: the first wrong answer that
    gives the same outcomes up to there has the sentence.

    `mistakes` yields pairs of a sentence and a wrong answer. If it takes the parameters of the answer, it yields what
    wrong answers return for one input. A sentence too long for a line stands in the table of words, under a name.
    """

    number: str
    answer: Any
    mistakes: Callable[..., Iterator[tuple[str, Any]]]
    inputs: list[tuple] | tuple = ()
    read: Callable = lambda value: value  # makes an outcome of what an answer gives; may raise `Wrong`
    observe: Callable[..., Iterator] | None = None  # takes an answer and an input, yields outcomes; instead of `read`
    otherwise: Callable[..., str] | None = None  # makes a sentence of the outcome and the right one, if no other fits
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
        """The lines of its module between `# %% 2a` and `@exercise`, and the call of `check` for what they define."""
        source = self.module.read_text(encoding="utf-8")
        lines = source.partition(f"# %% {self.number}\n")[2].partition("\n\n\n@exercise")[0]
        defined = re.findall(r"^(?:def |class )?(\w+)", lines, re.MULTILINE)
        return f'{lines}\n\ncheck("{self.number}", {defined[-1]})'

    def wrong_answers(self) -> list[tuple[str, Any]]:
        """List the sentences, each with an answer that gets it."""
        takes_input = inspect.signature(self.mistakes).parameters
        pairs = as_functions(self.mistakes, *copy.deepcopy(self.inputs[0])) if takes_input else self.mistakes()
        return [(self.words.get(sentence, sentence), answer) for sentence, answer in pairs]

    def outcomes(self, answer) -> Iterator:
        """Yield the outcomes of an answer, input by input, each on fresh copies."""
        for given in copy.deepcopy(self.inputs) or [()]:
            if self.observe:
                yield from self.observe(answer, *given)
            else:
                value = answer(*given) if given else answer
                yield value if is_blank(value) else self.read(value)
        yield END

    def find_fault(self, answer) -> str | None:
        """Say what is wrong with an answer; `None` if nothing is. Raises `StillOpen`, and `Wrong` for a sentence."""
        seen = []
        for got, wanted in zip(self.outcomes(answer), list(self.outcomes(self.answer))):
            if not same(got, wanted, self.tolerance):
                return self._find_sentence([*seen, got], wanted)
            seen.append(wanted)
        return None

    def _find_sentence(self, seen: list, wanted) -> str:
        """Find the sentence for the outcomes `seen`, of which the last should have been `wanted`.

        If no wrong answer gives them, it is that of `otherwise`: the function, or the words, which may be others for
        each outcome. In the words {got} and {wanted} stand for the outcomes, {0} for the first part of the input.
        """
        for sentence, answer in self.wrong_answers():
            if all(same(*pair, self.tolerance) for pair in zip(self.outcomes(answer), seen)):
                return sentence
        position, got = len(seen) - 1, seen[-1]
        if is_blank(got):
            raise StillOpen
        if got is END or wanted is END:
            return f"it gives {'fewer' if got is END else 'more'} results than are asked for"
        if self.otherwise:
            return self.otherwise(got, wanted)
        words = self.words["otherwise"]
        if not isinstance(words, str):
            words = words[str(position + 1)]
        given = self.inputs[position] if self.inputs and not self.observe else ()
        return words.format(*given, got=got, wanted=wanted)


def as_functions(mistakes: Callable, *sample) -> Iterator[tuple[str, Callable]]:
    """Yield each sentence with a function that returns what is yielded beside it, for any input like the sample."""
    for position, (sentence, _) in enumerate(mistakes(*sample)):
        yield sentence, lambda *given, position=position: next(islice(mistakes(*given), position, None))[1]


EXERCISES: dict[str, Exercise] = {}


def exercise(number: str, answer, **options) -> Callable[[Callable], None]:
    """Enter an exercise with this right answer: a decorator of its `mistakes`. `options` are fields of `Exercise`."""

    def enter(mistakes: Callable) -> None:
        EXERCISES[number] = Exercise(number, answer, mistakes, **options)

    return enter


def judge(exercise: Exercise, answer) -> Verdict:
    """Judge an answer. The global random numbers of torch are left as they were."""
    try:
        with torch.random.fork_rng(devices=[]):
            fault = exercise.find_fault(answered(answer))
    except StillOpen:
        return Verdict("still open")
    except Wrong as wrong:
        fault = str(wrong)
    except Exception as error:  # the reader's own code may fail in any way
        fault = f"your code stopped with {type(error).__name__}: {error}"
    return Verdict("solved") if fault is None else Verdict("tried", fault)


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


def parts_of(value, names: str, example: str) -> tuple:
    """Return a tuple of as many parts as the example, "x, y", has. Raises `Wrong` for anything else."""
    number = len(example.split(", "))
    if not isinstance(answered(value), tuple | list) or len(value) != number:
        raise Wrong(f"return {'two' if number == 2 else 'three'} things, {names}: `return {example}`")
    return tuple(value)


def as_number(value) -> float:
    """Make a number, also of a tensor of one element. Raises `TypeError` for a string."""
    return torch.as_tensor(value, dtype=torch.float64).item()
