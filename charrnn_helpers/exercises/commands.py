"""What a student calls: `check`, `hint`, `solution`, `progress`, `written`; and `claim`. See also `predictions`."""

import inspect
import math
from textwrap import dedent
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ..base.files import atomic_file, runs_folder
from ..base.threads import one_thread
from .engine import EXERCISES, Exercise, Result, judge
from .predictions import answer_to, check_question, is_question

KEPT = "exercise_{}.py"  # in the folder that course and laboratory share, for a later notebook


def claim(words: str, holds: bool) -> None:
    """Print a sentence of the notebook: with ✓ if it holds here, with ✗ if it does not, as it may on another text."""
    print("✓" if holds else "✗", words)


def check(number: str, answer=None, say: str = "all") -> Result:
    """Say whether `answer` solves exercise `number`, or name the fault; return the same as a `Result`.

    In homework a lecturer may choose to `say` "right", which names no fault, or "none", which leaves also that open. A
    blank answer is still open and harms nothing: the notebook runs to its end. The global random numbers of torch
    are left as they were. A number with a capital letter, "3A", is a question about earlier notebooks. Raises
    `ValueError` for no such exercise.
    """
    if is_question(number):
        state, sentence = check_question(number, answer)
        print(sentence)
        return Result(number, state)
    exercise = _find(number)
    with one_thread():  # a check computes little: threads would only wait for each other
        result = judge(exercise, answer)
    exercise.state = result.state
    exercise.accepted = answer if result.state == "solved" else None
    if result.state == "still open":
        print(f'{number} is still open. hint("{number}") for a first step.')
    elif say == "none":
        print(f"{number} is written.")
    elif result.state == "tried":
        print(f"{number}, not yet: {result.mistake}" if say == "all" else f"{number}, not yet.")
    else:
        kept = "kept" in exercise.words and _keep(exercise, answer)
        print(f"{number} is right. {exercise.words['kept']}" if kept else f"{number} is right.")
    return result


def hint(number: str) -> None:
    """Print the next hint for exercise `number`; after the last, the last again."""
    if is_question(number):
        print(f"{number} has no hints, because it asks about an earlier notebook. Choose an answer, and check it.")
        return
    exercise = _find(number)
    hints = exercise.words["hint"]  # "1", "2", …
    exercise.hints_given = min(exercise.hints_given + 1, len(hints))
    print(f"{number}, hint {exercise.hints_given} of {len(hints)}: {hints[str(exercise.hints_given)]}")


def solution(number: str) -> None:
    """Print the solution of exercise `number` with its reason, or the answer to a question such as "3A"."""
    print(answer_to(number) if is_question(number) else _find(number).solution)


def progress(notebook: int) -> None:
    """Print which exercises of a notebook are solved, as `check` last saw them in this session.

    Raises `ValueError` for a notebook without exercises.
    """
    states = {number: asked.state for number, asked in EXERCISES.items() if number[:-1] == str(notebook)}
    if not states:
        others = ", ".join(dict.fromkeys(number[:-1] for number in EXERCISES))
        raise ValueError(f"there are no exercises of notebook {notebook!r}; there are exercises of {others}")
    solved = sum(state == "solved" for state in states.values())
    print(f"{solved} of {len(states)} solved: {', '.join(f'{number} {state}' for number, state in states.items())}")


def written(number: str) -> Any:
    """Return the answer that `check` has found right, so that a notebook goes on with it, or the solution; say which.

    The answer is that of this session, or a class that was kept in the folder `runs`.
    """
    exercise = _find(number)
    path = runs_folder() / KEPT.format(number)
    answer = exercise.accepted
    if answer is None and "kept" in exercise.words and path.is_file():
        answer = _rebuild(exercise, path.read_text(encoding="utf-8"))
    if answer is not None:
        print(f"exercise {number}, as you wrote it")
        return answer
    print(f"exercise {number} is not solved yet, so the notebook goes on with our solution")
    return exercise.answer


def _keep(exercise: Exercise, answer: type[nn.Module]) -> bool:
    """Keep the source of its `forward`, if that is all that is needed to make the class again; say whether it is."""
    try:
        source = dedent(inspect.getsource(answer.forward))
        if not _rebuild(exercise, source):
            return False
        path = runs_folder() / KEPT.format(exercise.number)
        with atomic_file(path) as file:
            file.write(source.encode())
    except (OSError, TypeError, ValueError):  # there is no source, or no room to write it
        return False
    return True


def _rebuild(exercise: Exercise, source: str) -> type[nn.Module] | None:
    """Make the class of the solution with the student's `forward`; `None` if it is not right."""
    names = {"math": math, "torch": torch, "nn": nn, "F": F}
    try:
        exec(source, names)
        answer = type("Written", (exercise.answer,), {"forward": names["forward"]})
    except Exception:  # the reader's own code may fail in any way
        return None
    return answer if judge(exercise, answer).state == "solved" else None


def _find(number: str) -> Exercise:
    if number not in EXERCISES:
        raise ValueError(f"there is no exercise {number!r}; there are {', '.join(sorted(EXERCISES))}")
    return EXERCISES[number]
