"""The recogniser walks the tables as a reader would, and a few answers that stand in no table."""

import math
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from charrnn_helpers import TrainConfig
from charrnn_helpers.exercises import EXERCISES, check, claim, hint, progress, solution
from charrnn_helpers.measures import paired_difference
from charrnn_helpers.networks import detach, num_parameters


@pytest.fixture
def said(capsys):
    """`said(check, "1.1", answer)`: what that call prints."""

    def say(call, *given):
        call(*given)
        return capsys.readouterr().out.removesuffix("\n")

    return say


@pytest.mark.parametrize("number", list(EXERCISES))
def test_an_exercise_is_open_gives_hints_names_mistakes_and_finds_its_own_solution_right(said, number, monkeypatch):
    exercise = EXERCISES[number]
    blank = [lambda *_: None, lambda *_: ...] if callable(exercise.right) else []
    for answer in (None, ..., *blank):
        assert said(check, number, answer) == f'{number} is still open. hint("{number}") for a first step.'
    monkeypatch.setattr(exercise, "hints_given", 0)
    hints = exercise.hints
    for step in [*range(len(hints)), len(hints) - 1]:
        assert said(hint, number) == f"{number}, hint {step + 1} of {len(hints)}: {hints[step]}"
    assert len(set(hints)) >= 2
    for answer, sentence in exercise.wrong_answers:
        assert said(check, number, answer) == f"{number}, not yet: {sentence}"
    assert len({sentence for _, sentence in exercise.wrong_answers}) >= 3
    names = {"math": math, "np": np, "torch": torch, "nn": nn, "check": check}
    assert said(exec, said(solution, number), names) == f"{number} is right."


def update(clip=1.0, zero=True, state_after=detach):
    def one(model, optimiser, x, y, state):
        logits, state = model(x, state)
        if zero:
            optimiser.zero_grad()
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        return loss.item(), state_after(state)

    return one


def correlation(values, feature):
    return torch.corrcoef(torch.cat([values.T, feature[None]]))[-1, :-1]


RIGHT = [
    ("1.1", lambda ids: [ids[: len(ids) - 1], ids.roll(-1)[:-1]]),
    ("1.3", lambda losses: float(losses.mean() * math.log2(math.e))),
    ("1.4", 0.406),
    ("2.3", lambda inputs, units, layers: num_parameters(nn.LSTM(inputs, units, layers))),
    ("4.1", 4.5),
    ("4.2", lambda logits, targets: -logits.log_softmax(-1).gather(-1, targets[..., None]).mean()),
    ("4.3", TrainConfig(updates=1000, warmup=100, learning_rate=0.01, final_share=0).rate),
    ("5.2", paired_difference([0.01, 0.03, 0.02], [0, 0, 0]).low),
    ("8.1", lambda gates: -1 / gates.log().mean(0, keepdim=True)),
    ("8.1", lambda gates: -len(gates) / gates.log().sum()),
    ("8.2", lambda values, feature: int(correlation(values, feature).abs().argmax())),
    ("8.3", torch.tensor([10.0])),
    ("9.2", 0.0116),
    ("9.3", lambda p, level=0.05: [x * len(p) < level for x in p]),
    ("10.3", lambda x1, y1, x2: bool((x1[:, 1:] == y1[:, :-1]).all() and (x2[:, 0] == y1[:, -1]).all())),
]


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_another_right_answer_is_right_too(said, number, answer):
    assert said(check, number, answer) == f"{number} is right."


@torch.no_grad()
def small_forget_biases(lstm):
    for layer in range(2):
        getattr(lstm, f"bias_ih_l{layer}")[6:12] = 0.3
        getattr(lstm, f"bias_hh_l{layer}")[6:12] = 0.0


@torch.no_grad()
def fold_other_rows(gru):
    gru.bias_ih_l0[2:8] += gru.bias_hh_l0[2:8]
    gru.bias_hh_l0[2:8] = 0.0


IN_NO_TABLE = [  # answers that are read, or fall through the table; and those on its edge
    ("1.1", lambda ids: ids[1:], "return two things, the inputs and the targets: `return x, y`"),
    ("1.1", lambda ids: (ids[:-1], ids[:-1]), "your targets are not shifted"),
    ("1.1", lambda ids: (ids[:-1], ids[2:]), "5 inputs and 4 targets"),
    ("1.1", lambda ids: (ids[:3], ids[2:5]), "the inputs are 7 3 5"),
    ("1.2", lambda b, t, n, B: 25, "right for n = 41, but for b = 3, t = 1, n = 40, B = 4 you say 25, and it is 28"),
    ("1.2", lambda b, t, n, B: 99, "for b = 2, t = 5, n = 41, B = 4 you say 99, and it is 25"),
    ("1.3", lambda losses: 0.0, "2.885 bits"),
    ("1.4", 0.1, "0.100 bits is not it"),
    ("1.4", "half", "your code stopped with TypeError"),
    ("2.1", 10.0, "a gate lies between 0 and 1, and 10 does not"),
    ("2.1", 0.9, "f = 0.900 leaves 0.122 after 20 characters"),
    ("2.2", lambda i, f, g, o, c: o, "return two things, the new h and the new c: `return h, c`"),
    ("2.2", lambda i, f, g, o, c: (o, o), "the new c is not"),
    ("2.2", lambda i, f, g, o, c: (c, f * c + i * g), "c is right; h is not"),
    ("2.2", lambda *_: 1 / 0, "your code stopped with ZeroDivisionError: division by zero"),
    ("2.3", lambda *_: 7, "for inputs=64, units=128, layers=3 you count 7, and nn.LSTM has 363,520"),
    ("2.3", lambda *_: 363_520, "for inputs=5, units=7, layers=1 you count 363520, and nn.LSTM has 392"),
    ("2.4", small_forget_biases, "add up to 0.30"),
    ("3.1", lambda z, n, h: h, "it should be 0.50"),
    ("3.2", lambda x, h, r, U, W: h, "it is not tanh"),
    ("3.3", 171, "4/3 of 128"),
    ("3.3", 151, "a GRU of 151 units has 98,301 parameters here, the LSTM 99,328"),
    ("3.4", fold_other_rows, "r and z, and nothing else"),
    ("4.1", 0.02, "0.02 is not it"),
    ("4.2", lambda x, y: F.cross_entropy(x.transpose(1, 2), y, reduction="none"), "you give (3, 5) losses"),
    ("4.2", lambda x, y: torch.tensor(0.0), "for one example you give 0.000"),
    ("4.3", lambda update: EXERCISES["4.3"].right(update) + 0.001, "at update 0 the rate should be 0.0001"),
    ("5.1", lambda losses, width: losses[:2], "6 losses went in and 2"),
    ("5.1", lambda losses, width: [0.0] * len(losses), "8, 6, 6 and 3.67"),
    ("5.2", 1.0, "1.0000 is not"),
    ("5.3", lambda *_: 0.0, "for the example the share is 0.638"),
    ("5.3", lambda x, o, kinds, kind: EXERCISES["5.3"].right(x, o, kinds, "name"), "not a fixed name"),
    ("6.1", 0.5, "every probability is squared"),
    ("6.2", lambda p, share: p >= share * p.max(), "which characters are kept"),
    ("6.2", lambda p, share: p[p >= share * p.max()], "one probability for each of the 5 characters"),
    ("6.2", lambda p, share: 2 * p, "the bar is 0.12: three are kept"),
    ("6.2", lambda p, s: p * (p > s * p.max()) / p[p > s * p.max()].sum(), "exactly at the bar"),
    ("6.3", 1.0, "1 is not it"),
    ("6.4", lambda *_: 0.1, "four stand in 'cdababcd'"),
    ("6.4", lambda *_: 0.5, "and you say 0.500"),
    ("7.1", 3, "3 is not the number"),
    ("7.2", lambda a, b: 7, "part at 2, and you gave 7"),
    ("7.2", lambda a, b: 2 if len(b) == len(a) else 4, "not 4"),
    ("7.3", lambda prompt, vocab: list(prompt), "you return a list of characters"),
    ("7.3", lambda prompt, vocab: "", "and you gave ''"),
    ("8.1", lambda gates: gates.mean(), "it is 3.88 characters"),
    ("8.2", lambda v, f: correlation(v, f).abs(), "return one number, that of a unit; you return 7"),
    ("8.2", lambda v, f: correlation(v, f).abs().max(), "return its number"),
    ("8.2", lambda v, f: 7, "there are units 0 to 6, and you return 7"),
    ("8.2", lambda v, f: v.std(0).argmin(), "were not the closest"),
    ("8.3", 7, "how often is 0.2 halved"),
    ("9.1", lambda H, E: 1, "for H = 128 and E = 64 it is 152, and you give 1"),
    ("9.1", lambda H, E: 152, "for H = 20 and E = 100"),
    ("9.2", 0.5, "0.5000 is not it"),
    ("9.3", lambda p: [x < 0.01 for x in p], "the number of tests is that of the list"),
    ("9.3", lambda p: [x < 0.01 for x in p if x < 0.1], "5 values went in and 4"),
    ("9.3", lambda p: [False] * len(p), "only the first counts"),
    ("10.1", "shuffled", "give the name as a string, one of one_prediction"),
    ("10.2", update(zero=False, state_after=lambda state: state), "detach what you return"),
    ("10.2", update(clip=5.0), "so is the clipping to 1.0"),
    ("10.2", update(clip=0.5), "compare it line by line"),
    ("10.3", lambda x1, y1, x2: EXERCISES["10.3"].right(x1[:1], y1[:1], x2[:1]), "must hold in all"),
]


@pytest.mark.parametrize(("number", "answer", "words"), IN_NO_TABLE)
def test_every_other_answer_gets_one_sentence(said, number, answer, words):
    sentence = said(check, number, answer)
    assert sentence.startswith(f"{number}, not yet: ")
    assert words in sentence


def test_checking_does_not_disturb_the_global_random_numbers(said):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    for number, exercise in EXERCISES.items():
        said(check, number, exercise.right)
        said(check, number, lambda *_: torch.rand(1))
    assert torch.equal(torch.rand(1), expected)


def test_entering_the_tables_runs_no_solution():
    """So the first cell of a notebook stays quick, and its random numbers stay as they were."""
    code = (
        "import torch; before = torch.get_rng_state(); from charrnn_helpers.exercises import EXERCISES;"
        "assert torch.equal(torch.get_rng_state(), before); assert len(EXERCISES) > 30;"
        "assert not any('right' in vars(exercise) for exercise in EXERCISES.values())"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_progress_tells_what_check_last_said(monkeypatch, said):
    for number in ("4.1", "4.2", "4.3"):
        monkeypatch.setattr(EXERCISES[number], "state", "still open")
    assert said(progress, 4) == "0 of 3 solved: 4.1 still open, 4.2 still open, 4.3 still open"
    said(check, "4.1", math.log(90))
    said(check, "4.2", lambda logits, targets: logits.sum())
    assert said(progress, 4) == "1 of 3 solved: 4.1 solved, 4.2 tried, 4.3 still open"
    said(check, "4.1", 90.0)  # changed for the worse
    said(check, "4.2", ...)
    assert said(progress, 4) == "0 of 3 solved: 4.1 tried, 4.2 still open, 4.3 still open"
    with pytest.raises(ValueError, match="1 to 10"):
        progress(11)


def test_there_is_no_such_exercise():
    for ask in (check, hint, solution):
        with pytest.raises(ValueError, match=re.escape("there is no exercise '11.1'; there are 1.1, 1.2")):
            ask("11.1")


def test_a_claim_says_whether_it_holds(capsys):
    claim("two is even", 2 % 2 == 0)
    claim("two is odd", 2 % 2 == 1)
    assert capsys.readouterr().out == "✓ two is even\n✗ two is odd\n"
