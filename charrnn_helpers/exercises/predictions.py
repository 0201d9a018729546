"""What a student says before seeing: `predict` notes an expectation, and questions look back at earlier notebooks.

Committing to a prediction, and answering short questions about earlier lessons, make what is learnt last longer.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ..base.files import read_table

_PREDICTED: dict[str, object] = {}  # by section, in this session


def predict(section: str, expected=..., *choices: str) -> None:
    """Note what you expect of the experiment in `section`, before its result is shown.

    `expected` is one of `choices`, or anything if there are none. With `...`, or with a word that is not among the
    choices, the prediction stays open and the notebook goes on.
    """
    _PREDICTED.pop(section, None)
    if expected is None or expected is ...:
        what = _listed(choices) if choices else "what you expect"
        print(f"{section}: no prediction yet. Write {what} in place of the dots.")
        return
    if choices:
        try:
            expected = _find(expected, choices, section)
        except ValueError as problem:
            print(problem)
            return
    _PREDICTED[section] = expected
    print(f"{section}: you predict {_shown(expected)}.")


def came_out(section: str, result) -> None:
    """Print what came out in `section` beside what was predicted."""
    if section not in _PREDICTED:
        print(f"{section}: you made no prediction; it came out {_shown(result)}.")
    elif _PREDICTED[section] == result:
        print(f"{section}: you predicted {_shown(result)}, and so it came out.")
    else:
        print(f"{section}: you predicted {_shown(_PREDICTED[section])}; it came out {_shown(result)}.")


def is_question(number: str) -> bool:
    """Is this the number of a question about earlier notebooks, "3A"?"""
    return number[-1:].isupper() and number in _questions()


def check_question(number: str, answer) -> tuple[str, str]:
    """Judge the answer to a question: "still open", "tried" or "solved", and the sentence to print."""
    question = _questions()[number]
    choices = sorted([question["answer"], *question["wrong"]])
    if answer is None or answer is ...:
        return "still open", f"{number} is still open. Write {_listed(choices)} in place of the dots."
    try:
        answer = _find(answer, choices, number)
    except ValueError as problem:
        return "tried", str(problem)
    if answer == question["answer"]:
        return "solved", f"{number} is right."
    return "tried", f"{number}, not yet: {question['wrong'][answer]}"


def answer_to(number: str) -> str:
    """Return the right answer to a question about earlier notebooks."""
    return _shown(_questions()[number]["answer"])


@cache
def _questions() -> dict[str, dict]:
    tables = map(read_table, sorted(Path(__file__).parent.glob("notebook_*.toml")))
    return {number: entry for table in tables for number, entry in table.items() if "answer" in entry}


def _find(given, choices: Sequence[str], number: str) -> str:
    """Find the choice that was meant, whatever its case."""
    for choice in choices:
        if str(given).strip().lower() == choice.lower():
            return choice
    raise ValueError(f"{number}: {given!r} is not one of the answers; write {_listed(choices)}")


def _listed(choices: Sequence[str]) -> str:
    quoted = [f'"{choice}"' for choice in choices]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else quoted[0]


def _shown(value) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
