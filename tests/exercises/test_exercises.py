"""Every exercise: silent while blank, content with the right answer, exact about the known wrong ones."""

import math

import mistakes_01
import mistakes_0203
import mistakes_04
import mistakes_05
import mistakes_06
import mistakes_07
import mistakes_08
import mistakes_09
import mistakes_10
import numpy as np
import pytest
import torch
from torch import nn

from charrnn_helpers.exercises import check, everything, hint, progress, solution

NUMBERS = sorted(everything._EXERCISES)
ASK_FOR_A_NUMBER = {
    "1.4",
    "2.1",
    "3.3",
    "4.1",
    "5.2",
    "6.1",
    "6.3",
    "7.1",
    "8.3",
    "9.2",
    "10.1",
}  # the others ask for a function
MISTAKES = (
    mistakes_01,
    mistakes_0203,
    mistakes_04,
    mistakes_05,
    mistakes_06,
    mistakes_07,
    mistakes_08,
    mistakes_09,
    mistakes_10,
)
WRONG = [row for module in MISTAKES for row in module.WRONG]
RIGHT = [row for module in MISTAKES for row in getattr(module, "RIGHT", [])]


def said(capsys, number, answer):
    check(number, answer)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_blank_answer_is_still_open(capsys, number):
    for blank in [None, ...] if number in ASK_FOR_A_NUMBER else [None, ..., lambda *_: None, lambda *_: ...]:
        assert said(capsys, number, blank) == f'{number} is still open. hint("{number}") for a first step.'


@pytest.mark.parametrize("number", NUMBERS)
def test_the_printed_solution_passes_its_own_check(capsys, number):
    solution(number)
    exec(capsys.readouterr().out, {"math": math, "np": np, "torch": torch, "nn": nn, "check": check})
    assert capsys.readouterr().out.strip() == f"{number} is right."


@pytest.mark.parametrize("number", NUMBERS)
def test_hints_come_one_by_one_and_the_last_stays(capsys, number, monkeypatch):
    monkeypatch.setattr(everything._EXERCISES[number], "hints_given", 0)
    count = len(everything._EXERCISES[number].hints)
    given = []
    for _ in range(count + 1):
        hint(number)
        given.append(capsys.readouterr().out)
    assert count >= 2
    assert len(set(given)) == count
    assert given[-1] == given[-2]


@pytest.mark.parametrize(("number", "answer", "diagnosis"), WRONG)
def test_a_known_mistake_is_named(capsys, number, answer, diagnosis):
    sentence = said(capsys, number, answer)
    assert sentence.startswith(f"{number}, not yet: ")
    assert diagnosis in sentence
    assert "\n" not in sentence


def test_at_least_three_mistakes_of_every_exercise_are_known():
    known = [number for number, _, _ in WRONG]
    assert {number: known.count(number) for number in NUMBERS if known.count(number) < 3} == {}


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_another_right_answer_is_right_too(capsys, number, answer):
    assert said(capsys, number, answer) == f"{number} is right."


def test_an_answer_that_fails_is_reported_and_not_raised(capsys):
    assert "your code stopped with ZeroDivisionError" in said(capsys, "2.2", lambda *_: 1 / 0)


def test_checking_does_not_disturb_the_global_random_numbers(capsys):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    for number in NUMBERS:
        check(number, lambda *_: None)
    assert torch.equal(torch.rand(1), expected)


def test_progress_tells_what_check_last_said(capsys, monkeypatch):
    for number in ("4.1", "4.2", "4.3"):
        monkeypatch.setattr(everything._EXERCISES[number], "state", "still open")

    def shown():
        progress(4)
        return capsys.readouterr().out.strip()

    assert shown() == "0 of 3 solved: 4.1 still open, 4.2 still open, 4.3 still open"
    said(capsys, "4.1", math.log(90))
    said(capsys, "4.2", lambda logits, targets: logits.sum())
    assert shown() == "1 of 3 solved: 4.1 solved, 4.2 tried, 4.3 still open"
    said(capsys, "4.1", 90.0)  # changed for the worse
    said(capsys, "4.2", ...)
    assert shown() == "0 of 3 solved: 4.1 tried, 4.2 still open, 4.3 still open"
    with pytest.raises(ValueError, match="1 to 10"):
        progress(11)
