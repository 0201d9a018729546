"""Each exercise is walked as a reader would, with all its wrong answers, and a few that are none of these."""

import ast
import json
import math
import re
import runpy
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from torch import nn
from torch.nn import functional as F

from charrnn_helpers.exercises import EXERCISES, check, claim, hint, progress, solution, written
from charrnn_helpers.exercises.engine import judge, record
from charrnn_helpers.later import MinGRUCell
from charrnn_helpers.measures import paired_difference
from charrnn_helpers.networks import GRUCell, LSTMCell, detach
from charrnn_helpers.networks.cells import map_state
from charrnn_helpers.text import Vocabulary
from charrnn_helpers.text.encoding import as_streams, batches


@pytest.fixture
def said(capsys, tmp_path, monkeypatch):
    """`said(check, "1a", answer)`: what that call prints. What it keeps, it keeps in a folder of the test."""
    monkeypatch.chdir(tmp_path)

    def say(call, *given):
        call(*given)
        return capsys.readouterr().out.removesuffix("\n")

    return say


def at_hand(number):
    """What the notebook of an exercise imports, and what its earlier exercises have written, by name."""
    (path,) = (Path(__file__).parents[2] / "notebooks").rglob(f"{int(number[:-1]):02}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tree = ast.parse("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    names = {}
    exec(ast.unparse([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]), names)
    earlier = [other for other in EXERCISES if other[:-1] == number[:-1] and other < number]
    written_before = [EXERCISES[other].answer for other in earlier if callable(EXERCISES[other].answer)]
    return {**{answer.__name__: answer for answer in written_before}, **names}


@pytest.mark.parametrize("number", list(EXERCISES))
def test_an_exercise_is_open_gives_hints_names_mistakes_and_its_solution_is_right_in_its_notebook(
    said, number, monkeypatch
):
    exercise = EXERCISES[number]
    blank = [lambda *_: None, lambda *_: ...] if callable(exercise.answer) else []
    for answer in (None, ..., *blank):
        assert said(check, number, answer) == f'{number} is still open. hint("{number}") for a first step.'
    monkeypatch.setattr(exercise, "hints_given", 0)
    hints = list(exercise.words["hint"].values())
    for step in [*range(len(hints)), len(hints) - 1]:
        assert said(hint, number) == f"{number}, hint {step + 1} of {len(hints)}: {hints[step]}"
    assert len(set(hints)) >= 2
    for sentence, answer in exercise.wrong_answers():
        assert said(check, number, answer) == f"{number}, not yet: {sentence}"
        assert judge(exercise, record(exercise, answer)).mistake == sentence  # as in another process
        assert " " in sentence  # no name without its words
    source = "".join(path.read_text(encoding="utf-8") for path in exercise.module.parent.glob("*.py"))
    for name in set(exercise.words) - {"hint", "wrong_c", "wrong_h"}:
        assert f'"{name}"' in source  # no words without a mistake
    assert said(exec, said(solution, number), at_hand(number)) == f"{number} is right."


def slips_and_repairs_by_pairs(names):
    """8g without a loop over single names."""
    right = [name == names[0] for name in names]
    pairs = [*pairwise(right)]
    return pairs.count((True, False)), pairs.count((False, True))


def update_with_logs(model, x, y, state, optimiser, clip):
    """4b without `cross_entropy`; the order of the lines differs where it may."""
    optimiser.zero_grad()
    logits, state = model(x, state)
    loss = -logits.log_softmax(-1).gather(-1, y[..., None]).mean()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()
    return loss.item(), norm, map_state(state, lambda part: part.detach().clone())


def mean_surprise_without_return(probabilities, targets):
    came = probabilities[torch.arange(len(targets)), targets]
    -came.log().mean()


def update_without_flatten(model, x, y, state, optimiser, clip):
    logits, state = model(x, state)
    return F.cross_entropy(logits, y), 0.0, state


def correlation(values, feature):
    return torch.corrcoef(torch.cat([values.T, feature[None]]))[-1, :-1]


def by_walking(scores, u, temperature, k):
    """A sampler in plain Python: the k likeliest keep their weights, and u walks along them."""
    weights = [math.exp(score / temperature) for score in scores.tolist()]
    lowest = sorted(weights)[-k]
    left = u * sum(weight for weight in weights if weight >= lowest)
    for index, weight in enumerate(weights):
        left -= weight if weight >= lowest else 0
        if left < 0:
            return index


def score_of(initial, model, vocab, before):
    with torch.no_grad():
        return model(vocab.encode(before)[None])[0][0, -1].softmax(-1)[vocab.encode(initial)]


RIGHT = [
    ("1a", Vocabulary.from_text),
    ("1b", lambda p, y: torch.nn.functional.nll_loss(p.log(), y)),
    ("1c", lambda ids, B, T: [*batches(*as_streams(ids, B), T)]),
    ("2a", torch.sigmoid(torch.tensor(3.0))),
    ("2b", LSTMCell),
    ("3a", GRUCell),
    ("4a", detach),
    ("4b", update_with_logs),
    ("5b", lambda first, second, t: [*paired_difference(first, second)]),
    ("5a", lambda *given: max(given[3], key=lambda initial: score_of(initial, *given[:3]))),
    ("6a", lambda *given: by_walking(*given)),
    ("7b", " Her "),
    ("8b", lambda values, feature: int(correlation(values, feature).abs().argmax())),
    ("8c", lambda change: change[:, torch.randperm(160)]),
    ("8e", torch.tensor([[18.0, 0, -9], [-30, 0, 9], [0, 2, 0], [1, 0, 5]])),
    ("8f", lambda letter: (True, letter == "a", 1)),
    ("8g", slips_and_repairs_by_pairs),
    ("9b", 0.0116),
    ("9c", lambda p, level=0.05: [x * len(p) < level for x in p]),
    ("9e", lambda losses, oracle, kinds: {kind: ((losses - oracle) * (kinds == kind)).mean() for kind in kinds}),
    ("10c", lambda x1, y1, x2: bool((x1[:, 1:] == y1[:, :-1]).all() and (x2[:, 0] == y1[:, -1]).all())),
    ("11a", MinGRUCell),
    ("11b", lambda: (torch.tensor(-300.0), 150, 0.25, 0.25)),
    ("11c", lambda T, reach: torch.ones(T, T).tril().triu(-reach).bool()),
    ("12a", lambda d_gates, states: torch.einsum("tbi,tbj->ij", d_gates, states)),
]


@pytest.mark.parametrize(("number", "answer"), RIGHT)
def test_another_right_answer_is_right_too(said, number, answer):
    assert said(check, number, answer) == f"{number} is right."


def cell(given, forward):
    """The class of a cell with another `forward`."""
    return type("Written", (given,), {"forward": forward})


def numbering(**methods):
    """Our answer to 1a with other methods."""
    return type("Numbering", (EXERCISES["1a"].answer,), methods)


def cut_along_the_streams(self, x, state):
    i, f, g, o = (self.x2h(x) + self.h2h(state[0])).chunk(4)
    return i * f, g * o


def added_before_they_are_cut(self, x, h):
    r, z, n = (self.x2h(x) + self.h2h(h)).chunk(3, dim=-1)
    z, n = torch.sigmoid(z), torch.tanh(torch.sigmoid(r) * n)
    return (1 - z) * n + z * h


def half_cut_off(self, x, state):
    step = LSTMCell.gates(self, x.detach(), state)
    return step["h"], step["c"]


def latch(**rows):
    """Our answer to 8e with other rows."""
    return [*(dict(zip("ifgo", EXERCISES["8e"].answer, strict=True)) | rows).values()]


IN_NO_TABLE = [  # answers that are read, or fall through the table: one of each sort
    ("1a", EXERCISES["1a"].answer("abc"), "give the class itself"),
    ("1a", numbering(encode=lambda self, words: words), "yours has characters in it"),
    ("1a", numbering(encode=lambda self, words: [7] * len(words)), "'then' is (5, 3, 2, 4), and you give (7, 7, 7, 7)"),
    ("1a", numbering(decode=lambda self, numbers: [*"then"]), "yours returns a list: put it together"),
    ("1a", numbering(decode=lambda self, numbers: "hen"), "decode should give back 'then', and gives 'hen'"),
    ("1c", lambda ids, B, T: ids, "return a list of pairs (x, y)"),
    ("1c", lambda ids, B, T: (ids.view(B, -1)[:, :T], ids.view(B, -1)[:, :T]), "return the list behind the loop"),
    ("1c", lambda ids, B, T: [(ids[:T], ...)] * 2, "the targets are still `...`"),
    ("1c", lambda ids, B, T: [(ids, ids)] * 2, "x and y of batch 0 should be ([[0, 1, 2, 3], ["),
    ("2b", LSTMCell(5, 3), "give the class itself"),
    ("2b", cell(LSTMCell, cut_along_the_streams), "cut along the last axis, not along the streams"),
    ("2b", cell(LSTMCell, lambda self, x, s: (s[0], self.gates(x, s)["c"])), "c is right; h is not o * tanh(c)"),
    ("2b", cell(LSTMCell, half_cut_off), "the numbers are right, the gradients are not"),
    ("2b", cell(LSTMCell, lambda *_: 1 / 0), "your code stopped with ZeroDivisionError: division by zero"),
    ("8e", [[1, 2, 3]], "yours has the shape (1, 3)"),
    ("8e", latch(i=[0, 0, -10]), "after a marked value of 1 the cell is not above 0.5"),
    ("8e", latch(f=[0, 0, 1]), "100 characters of 0 later less than 0.9 of it is left"),
    ("8e", latch(i=[0, 0, 10], f=[0, 0, 10]), "values without a mark change it"),
    ("8e", latch(f=[0, 0, 10]), "a second mark with the value -1 does not replace it"),
    ("8e", latch(o=[0, 0, -10]), "the cell c is right; h does not show it"),
    ("1b", mean_surprise_without_return, "your function returns nothing: end it with a line `return"),
    ("3a", nn.GRUCell, "keep the class as it is given"),
    ("3a", cell(GRUCell, lambda self, x, h: (h, h)), "return one tensor, the new h"),
    ("3a", cell(GRUCell, added_before_they_are_cut), "r multiplies the input as well"),
    ("4a", lambda state: state, "the GRU's h still leads back into the window before it"),
    ("4a", lambda state: [*state] if isinstance(state, tuple) else state.detach(), "h and c, and you return a list"),
    ("4a", lambda state: detach(state)[0] if isinstance(state, tuple) else detach(state), "you return a Tensor"),
    ("4a", lambda state: map_state(state, torch.zeros_like), "the numbers of the GRU's state must stay"),
    ("4a", lambda state: (detach(state[0]), state[1]) if isinstance(state, tuple) else detach(state), "LSTM's c still"),
    ("4b", update_without_flatten, "flatten the logits to (B · T, V), and y"),
    ("4b", lambda *given: (0.0, *EXERCISES["4b"].answer(*given)[1:]), "the loss that you return is not the mean"),
    (
        "5b",
        lambda first, second, t: EXERCISES["5b"].answer(first[:3], second[:3], 4.303),
        "n and t come from what is given",
    ),
    ("5a", lambda model, vocab, before, initials: 2, "return the letter itself, initials[k]"),
    ("6a", lambda s, u, t, k: (s / t).softmax(0), "the index of one character; you return 5 numbers"),
    ("6a", lambda s, u, t, k: int(torch.multinomial((s / t).softmax(0), 1)), "let u decide"),
    ("6a", lambda s, u, t, k: None if u > 0.5 else by_walking(s, u, t, k), "you return nothing"),
    ("6a", lambda s, u, t, k: by_walking(s, u, t, k) if t < 2 else 3, "temperature 2 and k = 3 it should be 1"),
    ("6b", lambda step, prompt, us, pick: [1] * 10, "the first 1 characters are right, and then comes 1 where 4"),
    ("8g", lambda names: (9, 9), "there are 1 slips, 1 of them put right, and you give (9, 9)"),
    ("7b", "a", "“her hair” or “his hair”"),
    ("8b", lambda v, f: correlation(v, f).abs(), "return the index of one unit; you return 7 numbers"),
    ("8c", lambda change: 3 * change, "that is the operation itself"),
    ("8c", lambda change: -change, "that is the operation backwards"),
    ("8c", lambda change: 0 * change, "nothing is changed"),
    ("8c", lambda change: F.normalize(change) + F.normalize(torch.randn(4, 160)), "a part of it still points"),
    ("8c", torch.randn_like, "bring each row to the length of its own"),
    ("8c", lambda change: F.normalize(torch.randn(4, 160)), "each row is 1 long"),
    ("8c", lambda change: F.normalize(torch.randn(4, 160), dim=(0, 1)) * change.norm(), "the whole is as long"),
    ("8c", lambda change: torch.randn(4, 160) * change.norm(dim=-1, keepdim=True), "noise is not 1 long"),
    ("8c", lambda change: torch.randn(4, 160) * change, "about as long as those"),
    ("8c", lambda change: torch.randn(4, 160) * change.norm(dim=-1, keepdim=True) ** 2, "controls nothing"),
    ("8f", lambda letter: (1.5, 1, 1), "a gate lies between 0 and 1, and 1.5 does not"),
    ("9c", lambda p: [False] * len(p), "as many tests as there are p"),
    ("9e", lambda losses, oracle, kinds: {"free": 0.1}, "the parts of free, name, spelling are (0.12, 0.44, 0.05)"),
    ("10a", "shuffled", "give the name as a string, one of smaller_batch"),
    ("10c", lambda x1, y1, x2: EXERCISES["10c"].answer(x1[:1], y1[:1], x2[:1]), "must hold in all"),
    ("11a", nn.GRUCell, "keep the class as it is given"),
    ("11a", cell(MinGRUCell, lambda self, x, h: x), "the new h should be (B, H)"),
    ("11a", cell(MinGRUCell, lambda self, x, h: self.gates(x.detach(), h)["h"]), "the gradients are not"),
    ("11b", lambda: (-400, 200), "return four numbers"),
    ("11b", lambda: (-20, 10, 0, 0.5), "after 400 characters the last states should be (0.0, 1.0, 0.0, 0.0)"),
    ("11c", lambda T, reach: torch.zeros(T, T), "return a tensor of True and False"),
    ("11c", lambda T, reach: torch.ones(T, T) > 0, "the mask is not the right one"),
    ("12a", lambda d_gates, states: torch.bmm(d_gates.mT, states).sum(0), "one product a step"),
]


@pytest.mark.parametrize(("number", "answer", "words"), IN_NO_TABLE)
def test_every_other_answer_gets_one_sentence(said, number, answer, words):
    sentence = said(check, number, answer)
    assert sentence.startswith(f"{number}, not yet: ")
    assert words in sentence


def test_check_returns_what_it_says_with_points_and_a_notebook_shows_nothing_more(said, capsys):
    def without_its_last_part(*given):
        da_n, da_z, da_r = EXERCISES["12b"].answer(*given)
        return da_n, da_z, 3 * da_r

    def with_a_known_mistake(dh, h, r, z, n, a_hn):
        return dh * (1 - z), *EXERCISES["12b"].answer(dh, h, r, z, n, a_hn)[1:]

    def with_an_unknown_one(*given):
        return tuple(7 * part for part in EXERCISES["12b"].answer(*given))

    sentence = "da_n and da_z are right; da_r, the reset gate's, is not right yet"
    result = check("12b", without_its_last_part)
    assert result == ("12b", "tried", sentence, 0.5)
    points = [judge(EXERCISES["12b"], answer).points for answer in (with_a_known_mistake, with_an_unknown_one)]
    assert points == [0.5, 0]
    assert capsys.readouterr().out == f"12b, not yet: {sentence}\n"
    assert DisplayFormatter().format(result) == ({}, {})
    assert (check("12b", ...), check("12b", EXERCISES["12b"].answer)) == (
        ("12b", "still open", "", 0),
        ("12b", "solved", "", 1),
    )


def test_a_notebook_goes_on_with_what_was_found_right_or_with_our_solution(said, monkeypatch):
    monkeypatch.setattr(EXERCISES["4a"], "accepted", None)
    assert written("4a") == EXERCISES["4a"].answer
    answer = lambda state: detach(state)
    said(check, "4a", answer)
    assert said(written, "4a") == "exercise 4a, as you wrote it"
    assert written("4a") is answer
    said(check, "4a", lambda state: state)  # changed for the worse
    assert written("4a") == EXERCISES["4a"].answer


def test_a_right_cell_is_kept_and_found_again(said, tmp_path, monkeypatch):
    monkeypatch.setattr(EXERCISES["3a"], "accepted", None)
    assert said(written, "3a") == "exercise 3a is not solved yet, so the notebook goes on with our solution"
    source = EXERCISES["3a"].solution.replace("xr + hr", "hr + xr").replace("check", "answer = ").replace('"3a", ', "")
    Path("theirs.py").write_text(f"import torch\nfrom torch import nn\n{source}")
    theirs = runpy.run_path("theirs.py")["answer"]
    assert said(check, "3a", theirs) == "3a is right. 04 will train it."
    kept = tmp_path / "runs" / "exercise_3a.py"
    assert "hr + xr" in kept.read_text()
    assert said(written, "3a") == "exercise 3a, as you wrote it"
    assert written("3a") is theirs
    EXERCISES["3a"].accepted = None  # as in the next session
    (tmp_path / "further").mkdir()
    for folder in ("further", ".."):  # the laboratory finds it, too
        monkeypatch.chdir(folder)
        assert written("3a") not in (theirs, EXERCISES["3a"].answer)
    for broken in (kept.read_text().replace("(1 - z)", "z"), kept.read_text()[:-10]):
        kept.write_text(broken)
        assert written("3a") is EXERCISES["3a"].answer


def test_checking_does_not_disturb_the_global_random_numbers(said):
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    for number, exercise in EXERCISES.items():
        said(check, number, exercise.answer)
        said(check, number, lambda *_: torch.rand(1))
    assert torch.equal(torch.rand(1), expected)


def test_progress_tells_what_check_last_said(monkeypatch, said):
    four = [number for number in EXERCISES if number[:-1] == "4"]
    for number in four:
        monkeypatch.setattr(EXERCISES[number], "state", "still open")
    open_ones = [f"{number} still open" for number in four]
    assert said(progress, 4) == f"0 of {len(four)} solved: {', '.join(open_ones)}"
    said(check, "4a", detach)
    said(check, "4b", lambda *_: 0.0)
    assert said(progress, 4) == "1 of 2 solved: 4a solved, 4b tried"
    said(check, "4a", lambda state: state)  # changed for the worse
    said(check, "4b", ...)
    assert said(progress, 4) == "0 of 2 solved: 4a tried, 4b still open"


def test_progress_names_the_notebooks_that_have_exercises():
    with pytest.raises(ValueError, match=r"no exercises of notebook 14; there are exercises of 1, 2, .*, 12, 13$"):
        progress(14)


def test_there_is_no_such_exercise():
    for ask in (check, hint, solution):
        with pytest.raises(ValueError, match=re.escape("there is no exercise '14a'; there are 10a, 10b")):
            ask("14a")


def test_a_claim_says_whether_it_holds(capsys):
    claim("two is even", 2 % 2 == 0)
    claim("two is odd", 2 % 2 == 1)
    assert capsys.readouterr().out == "✓ two is even\n✗ two is odd\n"
