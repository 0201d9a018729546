"""Each planted fault does what 10 says it does, on three seeds, and a sound run does not; the mystery answers well."""

import inspect
import re
import threading
from itertools import permutations
from pathlib import Path

import nbformat
import pytest
import torch

from charrnn_helpers.experiments import faults
from charrnn_helpers.experiments.faults import (
    FAULTS,
    OBSERVATIONS,
    SOUND_RUNS,
    Mystery,
    Setting,
    answer_to_accusation,
    evidence,
    hidden_fault,
    observe,
    run,
    signs,
    signs_of,
)
from charrnn_helpers.figures import plot_fault
from charrnn_helpers.text.baselines import ladder
from charrnn_helpers.training import loop as training

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (0, 1, 2)
TINY = Setting(updates=60, streams=4, window=8, units=8, embedding=4, validate_every=20, validated=200)


@pytest.fixture(scope="module", params=SEEDS)
def twins(request):
    """The sound runs of one seed."""
    return {name: run(name, request.param) for name in SOUND_RUNS}


def test_sound_runs_show_no_sign_of_a_fault(twins):
    for twin in twins.values():
        assert observe(twin, twin) == signs_of("sound")
        assert signs(twin, twin) == []
        assert twin.losses[-1] < twin.losses[0] - 1


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_shows_its_signs_and_no_other(twins, name):
    twin = twins[FAULTS[name].twin]
    broken = run(name, twin.seed)
    assert observe(broken, twin) == signs_of(name)
    assert len(signs(broken, twin)) == len(FAULTS[name].signs) >= 1


def test_no_two_faults_have_the_same_signs():
    names = [*FAULTS, "sound"]
    assert len({str(sorted(signs_of(name).items())) for name in names}) == len(names)
    for fault in FAULTS.values():
        assert all(value in OBSERVATIONS[one] for one, value in fault.signs.items())


@pytest.mark.parametrize(("hidden", "named"), list(permutations([*FAULTS, "sound"], 2)))
def test_a_wrong_accusation_is_answered_with_what_would_and_what_does_show(hidden, named):
    sentence = answer_to_accusation(hidden, named)
    assert sentence.startswith("No. ")
    would, does = sentence.split("; but here ")
    real, supposed = signs_of(hidden), signs_of(named)
    differing = [one for one in OBSERVATIONS if real[one] != supposed[one]]
    assert any(OBSERVATIONS[one][supposed[one]] in would and OBSERVATIONS[one][real[one]] in does for one in differing)
    if hidden in FAULTS:
        assert FAULTS[hidden].title not in sentence  # it does not give the answer away
    if named in FAULTS:
        assert FAULTS[named].title in would


@pytest.mark.parametrize("name", [*FAULTS, "sound"])
def test_a_right_accusation_is_answered_with_the_reason(name):
    sentence = answer_to_accusation(name, name)
    assert sentence.startswith("Yes")
    if name in FAULTS:
        assert FAULTS[name].cause in sentence


def test_a_name_that_is_none_is_refused():
    for wrong in (
        lambda: run("gremlin"),
        lambda: answer_to_accusation("gremlin", "sound"),
        lambda: answer_to_accusation("sound", "gremlin"),
    ):
        with pytest.raises(ValueError, match="there is no fault 'gremlin'"):
            wrong()


def test_a_mystery_hides_what_its_number_says_and_does_not_show_it(monkeypatch):
    monkeypatch.setattr(faults, "USUAL", TINY)
    case = Mystery(9)
    assert hidden_fault(9) == "eval_forgotten"
    shown = repr(case.run) + evidence(case.run, case.twin) + plot_fault(case.run, case.twin, 0.3).words
    assert "eval_forgotten" not in shown
    assert not any(sign in shown for values in OBSERVATIONS.values() for sign in values.values())
    assert "sgd" not in repr(Mystery(7).run)
    assert case.accuse("eval_forgotten").startswith("Yes")
    assert {hidden_fault(number) for number in range(100)} == {*FAULTS, "sound"}


def test_the_same_seed_gives_the_same_run_and_leaves_the_readers_random_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = run("sound", 3, TINY)
    assert torch.equal(torch.rand(1), expected)
    again, other = run("sound", 3, TINY), run("sound", 4, TINY)
    assert first.losses == again.losses != other.losses
    assert first.sample == again.sample


def test_a_run_on_a_thread_is_the_same_whatever_the_reader_draws_meanwhile():
    alone, box = run("eval_forgotten", 1, TINY), []
    thread = threading.Thread(target=lambda: box.append(run("eval_forgotten", 1, TINY)))
    with torch.random.fork_rng():
        model_made = threading.Event()
        thread.start()
        while thread.is_alive():
            model_made.wait(0.2)  # not while the model is made: that takes a moment of the global generator
            torch.rand(1000)
    assert box[0].losses == alone.losses
    assert box[0].sample == alone.sample


def test_a_reader_who_adds_a_fault_changes_no_mystery():
    assert set(faults.HIDDEN) == {*FAULTS, "sound"}
    before = [hidden_fault(number) for number in range(30)]
    assert before[8:10] == ["state_reset", "eval_forgotten"]


def test_a_run_whose_loss_is_no_number_says_so():
    broken = faults.Run("no_clipping", 0, TINY, error="ValueError: the loss is not a number")
    assert observe(broken, broken)["stop"] == "no number"


def test_faults_that_do_not_touch_the_training_leave_every_loss_as_it_is():
    assert run("unordered_vocabulary", 0, TINY).losses == run("sound", 0, TINY).losses


def test_the_shared_loop_knows_no_faults():
    assert not re.search(r"\bfaults?\b|broken", inspect.getsource(training), re.IGNORECASE)
    assert "fault" not in inspect.signature(training.train).parameters


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
    vocab, train_ids, val_ids = faults._text(20_000)
    rungs = ladder(train_ids, val_ids, len(vocab))
    assert pytest.approx(rungs["uniform"]) == faults.UNIFORM
    assert pytest.approx(rungs["bigram"], abs=0.02) == faults.KNOWING_ONE
