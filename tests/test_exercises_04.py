"""The exercises of 04: silent while blank, content with the right answer, exact about the known wrong ones."""

import math

import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import TrainConfig
from charrnn_helpers.exercises import check, solution

NUMBERS = ["4.1", "4.2", "4.3"]


def said(capsys, number, answer):
    check(number, answer)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("blank", [None, ...])
def test_a_blank_answer_is_still_open(capsys, number, blank):
    assert said(capsys, number, blank) == f'{number} is still open. hint("{number}") for a first step.'


@pytest.mark.parametrize("number", ["4.2", "4.3"])  # 4.1 asks for a number
@pytest.mark.parametrize("blank", [lambda *_: None, lambda *_: ...])
def test_a_blank_function_is_still_open(capsys, number, blank):
    assert said(capsys, number, blank) == f'{number} is still open. hint("{number}") for a first step.'


@pytest.mark.parametrize("number", NUMBERS)
def test_the_printed_solution_passes_its_own_check(capsys, number):
    solution(number)
    exec(capsys.readouterr().out, {"math": math, "torch": torch, "check": check})
    assert capsys.readouterr().out.strip() == f"{number} is right."


def test_other_right_answers_are_right_too(capsys):
    config = TrainConfig(updates=1000, warmup=100, learning_rate=0.01, final_share=0)
    assert said(capsys, "4.3", config.rate) == "4.3 is right."
    assert said(capsys, "4.1", 4.5) == "4.1 is right."

    def gathered(logits, targets):
        return -logits.log_softmax(-1).gather(-1, targets[..., None]).mean()

    assert said(capsys, "4.2", gathered) == "4.2 is right."


def falling(wave, rise=lambda u: (u + 1) / 100, progress=lambda u: (u - 100) / 900):
    return lambda u: 0.01 * (rise(u) if u < 100 else wave(progress(u)))


def half(p):
    return (1 + math.cos(math.pi * p)) / 2


WRONG = [
    ("4.1", math.log2(90), "in bits"),
    ("4.1", math.log10(90), "base 10"),
    ("4.1", -math.log(90), "the sign"),
    ("4.1", 1 / 90, "minus its logarithm"),
    ("4.1", 0, "certain and right"),
    ("4.1", 3.0, "3 is not it"),
    ("4.2", lambda x, y: F.cross_entropy(x.transpose(1, 2), y, reduction="sum"), "you summed over all questions"),
    ("4.2", lambda x, y: F.cross_entropy(x.transpose(1, 2), y, reduction="none"), "take their mean"),
    ("4.2", lambda x, y: F.cross_entropy(x[:, -1], y[:, -1]), "last step only"),
    ("4.2", lambda x, y: F.cross_entropy(x.transpose(1, 2), y, reduction="none").sum(1).mean(), "summed over time"),
    ("4.2", lambda x, y: -F.cross_entropy(x.transpose(1, 2), y), "the sign"),
    ("4.2", lambda x, y: torch.tensor(0.0), "for one example you give 0.000"),
    ("4.2", lambda x, y: F.cross_entropy(x, y), "your code stopped"),
    ("4.3", falling(half, rise=lambda u: u / 100), "learns nothing"),
    ("4.3", falling(half, rise=lambda u: 1), "no warm-up"),
    ("4.3", falling(half, progress=lambda u: u / 1000), "at update 100 the rate should be 0.01"),
    ("4.3", falling(lambda p: math.cos(math.pi * p)), "add 1 and halve it"),
    ("4.3", falling(lambda p: 1 - half(p)), "where the warm-up ends"),
    ("4.3", falling(lambda p: 1), "does not fall"),
    ("4.3", falling(half, rise=lambda u: (u + 1) / 100 + 0.1), "at update 0 the rate should be 0.0001"),
]


@pytest.mark.parametrize(("number", "answer", "diagnosis"), WRONG)
def test_a_known_mistake_is_named(capsys, number, answer, diagnosis):
    sentence = said(capsys, number, answer)
    assert sentence.startswith(f"{number}, not yet: ")
    assert diagnosis in sentence
    assert "\n" not in sentence
