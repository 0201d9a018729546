"""The exercises of 07: blank, right, and the likeliest mistakes, each named by its own fault."""

import pytest

from charrnn_helpers import exercises
from charrnn_helpers.exercises import check

WRONG = {
    "7.1": [(50, "nothing left to draw"), (0, "always a text"), (200, "length of each text"), (3, "is not the number")],
    "7.2": [
        (lambda a, b: next((i for i, (x, y) in enumerate(zip(a, b), 1) if x != y), min(len(a), len(b))), "from 1"),
        (lambda a, b: sum(x != y for x, y in zip(a, b)), "number of differences"),
        (lambda a, b: next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), None), "return nothing"),
        (lambda a, b: max((i for i, (x, y) in enumerate(zip(a, b)) if x != y), default=min(len(a), len(b))), "later"),
    ],
    "7.3": [
        (lambda p, v: [c for c in p if c in v.characters], "list"),
        (lambda p, v: p, "nothing was left out"),
        (lambda p, v: "".join(c for c in p if c not in v.characters), "turn the condition"),
        (lambda p, v: "".join(sorted(set(p) & set(v.characters))), "lost the order"),
    ],
}


@pytest.mark.parametrize("number", WRONG)
def test_blank_is_open_and_the_solution_passes(number, capsys):
    check(number, ...)
    check(number, lambda *arguments: None)
    assert capsys.readouterr().out.count("still open") >= (2 if number != "7.1" else 1)
    exec(exercises._EXERCISES[number].solution, {"check": check})
    assert f"{number} is right." in capsys.readouterr().out


@pytest.mark.parametrize(("number", "wrong", "named"), [(n, w, s) for n, rows in WRONG.items() for w, s in rows])
def test_each_mistake_is_named(number, wrong, named, capsys):
    check(number, wrong)
    said = capsys.readouterr().out
    assert "not yet" in said
    assert named in said
