"""The line that a fault shows is the line that runs; each does what 10 says it does, on three seeds."""

import re
import threading
import traceback
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import torch

from charrnn_helpers.experiments import FAULTS, Run, Setting, faults, observe, program, run, signs, signs_of
from charrnn_helpers.experiments.symptoms import KNOWING_ONE, OBSERVATIONS, UNIFORM
from charrnn_helpers.text import Vocabulary, load_corpus
from charrnn_helpers.text.baselines import ladder

ROOT = Path(__file__).resolve().parents[2]
TINY = Setting(updates=60, streams=4, window=8, units=8, embedding=4, validate_every=20, validated=200)


@pytest.fixture(scope="module", params=(0, 1, 2))
def twins(request):
    """A seed, and the sound runs of it. The training is the reader's; of the validation there is less."""
    with pytest.MonkeyPatch.context() as patch:
        for usual in ("USUAL", "SGD"):
            patch.setattr(faults, usual, replace(getattr(faults, usual), validate_every=300, validated=2_000))
        yield request.param, {name: run(name, request.param) for name in faults.SOUND_RUNS}


def test_sound_runs_show_no_sign_of_a_fault(twins):
    for twin in twins[1].values():
        assert observe(twin, twin) == signs_of("sound")
        assert signs(twin, twin) == []
        assert twin.losses[-1] < twin.losses[0] - 1


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_shows_its_signs_and_no_other(twins, name):
    seed, twin = twins[0], twins[1][FAULTS[name].twin]
    broken = run(name, seed)
    assert observe(broken, twin) == signs_of(name)
    assert len(signs(broken, twin)) == len(FAULTS[name].signs) >= 1


def test_no_two_faults_have_the_same_signs():
    names = [*FAULTS, "sound"]
    assert len({str(sorted(signs_of(name).items())) for name in names}) == len(names)
    for fault in FAULTS.values():
        assert all(value in OBSERVATIONS[one] for one, value in fault.signs.items())


@pytest.mark.parametrize("name", FAULTS)
def test_the_line_shown_is_the_line_that_differs_from_the_sound_program(name):
    fault, sound, broken = FAULTS[name], program("sound"), program(name)
    assert fault.wrong.strip() == "" or fault.wrong not in sound
    changed = [pair for pair in zip(sound.splitlines(), broken.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(changed) == fault.places
    for right, wrong in changed:
        assert fault.right in right
        assert wrong == right.replace(fault.right, fault.wrong)


def test_what_is_shown_runs_and_a_traceback_shows_its_line(monkeypatch):
    monkeypatch.setitem(FAULTS, "twelfth", replace(FAULTS["state_reset"], wrong="1 / 0"))
    with pytest.raises(ZeroDivisionError) as stopped:
        run("twelfth", 0, TINY)
    assert traceback.extract_tb(stopped.tb)[-1].line.startswith("1 / 0")


@pytest.mark.parametrize(("right", "stands"), [("logits = nothing", 0), ("model.eval()", 2)])
def test_a_right_line_that_is_not_where_the_fault_says_and_a_name_that_is_none_are_refused(monkeypatch, right, stands):
    monkeypatch.setitem(FAULTS, "twelfth", replace(FAULTS["state_reset"], right=right))
    with pytest.raises(ValueError, match=rf"must stand 1 time\(s\) in the program, and stands {stands} time"):
        run("twelfth", 0, TINY)
    with pytest.raises(ValueError, match="there is no fault 'gremlin'"):
        run("gremlin")


def test_a_run_is_that_of_its_seed_whatever_the_reader_draws_meanwhile_on_another_thread(monkeypatch):
    before = torch.get_rng_state()
    alone, other = (run("eval_forgotten", seed, TINY) for seed in (1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    box, training, note = [], threading.Event(), Run.note
    monkeypatch.setattr(Run, "note", lambda *seen: (training.set(), note(*seen)))
    thread = threading.Thread(target=lambda: box.append(run("eval_forgotten", 1, TINY)))
    with torch.random.fork_rng():
        thread.start()
        training.wait(60)  # not while the model is made: that takes a moment of the global generator
        while thread.is_alive():
            torch.rand(1000)
    assert box[0].losses == alone.losses != other.losses
    assert box[0].sample == alone.sample


def test_a_run_whose_loss_is_no_number_stops_and_says_so(monkeypatch):
    wrong = "loss = torch.nan * F.cross_entropy(logits.flatten(0, 1), y.flatten())"
    right = "loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())"
    monkeypatch.setitem(FAULTS, "twelfth", replace(FAULTS["no_clipping"], right=right, wrong=wrong))
    broken = run("twelfth", 0, TINY)
    assert broken.error == "ValueError: the loss is not a number"
    assert observe(broken, broken)["stop"] == "no number"


def test_10_shows_every_fault_and_its_first_aid_names_the_section():
    cells = nbformat.read(ROOT / "notebooks" / "10_break_it.ipynb", as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    for name in FAULTS:
        assert f'trained("{name}")' in code
        assert f'diagnosis("{name}")' in code
    headings = {line[3:].replace(" ", "-") for cell in cells for line in cell.source.split("\n") if line[:3] == "## "}
    (aid,) = (cell.source for cell in cells if "### First aid" in cell.source)
    linked = re.findall(r"\(#(.+?)\)", aid)
    assert len(linked) == len(FAULTS)
    assert set(linked) <= headings


def test_what_a_guess_and_a_table_of_pairs_pay_is_what_the_ladder_says():
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    rungs = ladder(vocab.encode(corpus.train[:400_000]), vocab.encode(corpus.val[:20_000]), len(vocab))
    assert pytest.approx(rungs["uniform"]) == UNIFORM
    assert pytest.approx(rungs["bigram"], abs=0.02) == KNOWING_ONE
