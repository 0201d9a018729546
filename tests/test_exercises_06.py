"""The exercises of 06: silent while blank, content with the right answer, exact about the known wrong ones."""

import math

import pytest
import torch

from charrnn_helpers.exercises import check, solution

NUMBERS = ["6.1", "6.2", "6.3", "6.4"]


def said(capsys, number, answer):
    check(number, answer)
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("blank", [None, ...])
def test_a_blank_answer_is_still_open(capsys, number, blank):
    assert said(capsys, number, blank) == f'{number} is still open. hint("{number}") for a first step.'


@pytest.mark.parametrize("number", ["6.2", "6.4"])
def test_a_blank_function_is_still_open(capsys, number):
    assert "still open" in said(capsys, number, lambda *_: None)


@pytest.mark.parametrize("number", NUMBERS)
def test_the_printed_solution_passes_its_own_check(capsys, number):
    solution(number)
    exec(capsys.readouterr().out, {"math": math, "torch": torch, "check": check})
    assert capsys.readouterr().out.strip() == f"{number} is right."


def minimum(bar, scale=True):
    def rule(p, share):
        kept = p * bar(p, share)
        return kept / kept.sum() if scale else kept

    return rule


def pieces(sample, n):
    return [sample[i : i + n] for i in range(len(sample) - n + 1)]


def copied(sample, text, n):
    return [piece in text for piece in pieces(sample, n)]


WRONG = [
    ("6.1", 0.36, "divide by their sum"),
    ("6.1", 0.4728, "temperature 2"),
    ("6.1", 0.6, "temperature 1"),
    ("6.1", 1.2, "above one"),
    ("6.1", 1.0, "greedy"),
    ("6.1", 0.5, "squared"),
    ("6.2", minimum(lambda p, s: p >= s * p.max(), scale=False), "do not sum to one"),
    ("6.2", minimum(lambda p, s: p >= s), "bar is `share` itself"),
    ("6.2", minimum(lambda p, s: p < s * p.max()), "unlikely ones"),
    ("6.2", minimum(lambda p, s: p > s * p.max()), "exactly at the bar"),
    ("6.2", lambda p, s: p, "nothing was left out"),
    ("6.2", minimum(lambda p, s: p == p.max()), "greedy"),
    ("6.2", lambda p, s: p >= s * p.max(), "which characters are kept"),
    ("6.2", lambda p, s: p[p >= s * p.max()], "one probability for each"),
    ("6.3", 0.85 * 0.15 / 40, "variance of the share"),
    ("6.3", 0.3571, "one sentence"),
    ("6.3", 0.1275, "variance of one sentence"),
    ("6.3", 0.85, "share itself"),
    ("6.3", 0.00893, "root of 40"),
    ("6.3", 0.1107, "95 %"),
    ("6.4", lambda s, t, n: sum(copied(s, t, n)), "how many"),
    ("6.4", lambda s, t, n: sum(p in t for p in set(pieces(s, n))) / len(set(pieces(s, n))), "different pieces"),
    ("6.4", lambda s, t, n: sum(copied(s, t, n)[:-1]) / (len(s) - n), "last piece"),
    ("6.4", lambda s, t, n: sum(copied(s, t, n)) / len(s), "only 8 pieces"),
    ("6.4", lambda s, t, n: 1 - sum(copied(s, t, n)) / len(copied(s, t, n)), "share that is new"),
]


@pytest.mark.parametrize(("number", "wrong", "named"), WRONG)
def test_each_mistake_is_named(capsys, number, wrong, named):
    out = said(capsys, number, wrong)
    assert out.startswith(f"{number}, not yet")
    assert named in out
