"""The exercises of 05: silent while blank, content with the right answer, exact about the known wrong ones."""

import math

import pytest
import torch

from charrnn_helpers import exercises
from charrnn_helpers.exercises import check, hint, solution
from charrnn_helpers.metrics import paired_difference

NUMBERS = ["5.1", "5.2", "5.3"]


def said(capsys, number, answer):
    check(number, answer)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("blank", [None, ...])
def test_a_blank_answer_is_still_open(capsys, number, blank):
    assert said(capsys, number, blank) == f'{number} is still open. hint("{number}") for a first step.'


@pytest.mark.parametrize("number", ["5.1", "5.3"])  # 5.2 asks for a number
@pytest.mark.parametrize("blank", [lambda *_: None, lambda *_: ...])
def test_a_blank_function_is_still_open(capsys, number, blank):
    assert said(capsys, number, blank) == f'{number} is still open. hint("{number}") for a first step.'


@pytest.mark.parametrize("number", NUMBERS)
def test_the_printed_solution_passes_its_own_check(capsys, number):
    solution(number)
    exec(capsys.readouterr().out, {"math": math, "torch": torch, "check": check})
    assert capsys.readouterr().out.strip() == f"{number} is right."


@pytest.mark.parametrize("number", NUMBERS)
def test_hints_come_one_by_one_and_the_last_stays(capsys, number, monkeypatch):
    monkeypatch.setattr(exercises._EXERCISES[number], "hints_given", 0)
    given = []
    for _ in range(3):
        hint(number)
        given.append(capsys.readouterr().out)
    assert given[0] != given[1]
    assert given[1] == given[2]


def test_the_answer_to_5_2_is_what_metrics_computes(capsys):
    assert said(capsys, "5.2", paired_difference([0.01, 0.03, 0.02], [0, 0, 0]).low) == "5.2 is right."


def windows(losses, start, stop=lambda k: k + 1):
    return [losses[max(0, start(k)) : stop(k)] for k in range(len(losses))]


def mean(piece):
    return sum(piece) / len(piece) if piece else 0.0


def of(kinds, kind):
    return torch.tensor([k == kind for k in kinds])


S = 0.01
ROOT = 3**0.5

WRONG = [
    ("5.1", lambda x, w: [mean(x[k : k + w]) for k in range(len(x) - w + 1)], "have no mean"),
    ("5.1", lambda x, w: [sum(piece) / w for piece in windows(x, lambda k: k - w + 1)], "divide by width"),
    ("5.1", lambda x, w: [mean(piece) for piece in windows(x, lambda k: 0)], "drop out"),
    ("5.1", lambda x, w: [mean(x[k : k + w]) for k in range(len(x))], "look ahead"),
    ("5.1", lambda x, w: [mean(piece) for piece in windows(x, lambda k: k - w)], "one loss too many"),
    ("5.1", lambda x, w: [mean(x[max(0, k - w) : k]) for k in range(len(x))], "itself is missing"),
    ("5.1", lambda x, w: [sum(piece) for piece in windows(x, lambda k: k - w + 1)], "those are sums"),
    ("5.1", lambda x, w: x, "nothing is smoothed"),
    ("5.1", lambda x, w: x[:2], "6 losses went in and 2"),
    ("5.1", lambda x, w: [0.0] * len(x), "8, 6, 6 and 3.67"),
    ("5.2", 0.02 + 4.303 * S / ROOT, "upper end"),
    ("5.2", 4.303 * S / ROOT, "that is the reach"),
    ("5.2", -4.303 * S / ROOT, "add the mean"),
    ("5.2", 0.02 - 4.303 * S, "spread of one pair"),
    ("5.2", 0.02 - 4.303 * S / 3, "square root of 3"),
    ("5.2", 0.02 - 1.96 * S / ROOT, "1.96"),
    ("5.2", 0.02 - S / ROOT, "one standard error"),
    ("5.2", 0.02 - 4.303 * S * (2 / 3) ** 0.5 / ROOT, "n - 1"),
    ("5.2", 0.02, "the middle"),
    ("5.2", 1.0, "1.0000 is not"),
    ("5.3", lambda x, o, ks, k: x[of(ks, k)].sum() / x.sum(), "share of the loss"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].mean() / (x - o).mean(), "ratio of means"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].sum(), "divide by the sum over all"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].mean(), "as in 5.4"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].sum() / len(ks), "number of characters"),
    ("5.3", lambda x, o, ks, k: of(ks, k).float().mean(), "share of the characters"),
    ("5.3", lambda x, o, ks, k: (x - o)[~of(ks, k)].sum() / (x - o).sum(), "all other kinds"),
    ("5.3", lambda x, o, ks, k: 100 * (x - o)[of(ks, k)].sum() / (x - o).sum(), "per cent"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, "name")].sum() / (x - o).sum(), "not a fixed name"),
    ("5.3", lambda x, o, ks, k: 0.0, "the share is"),
]


@pytest.mark.parametrize(("number", "answer", "diagnosis"), WRONG)
def test_a_known_mistake_is_named(capsys, number, answer, diagnosis):
    sentence = said(capsys, number, answer)
    assert sentence.startswith(f"{number}, not yet: ")
    assert diagnosis in sentence
    assert "\n" not in sentence
