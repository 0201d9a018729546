"""The line that a fault shows is the line that runs; each does what 10 says; a mystery hides what its number says."""

import threading
import traceback
from dataclasses import replace
from functools import cache

import pytest
import torch

from charrnn_helpers.experiments import (
    FAULTS,
    Mystery,
    Run,
    Setting,
    answer_to_accusation,
    evidence,
    faults,
    find_fault,
    hidden_fault,
    observe,
    program,
    run,
    signs,
)
from charrnn_helpers.experiments.observations import BIGRAM, OBSERVATIONS, TALES_FLOOR, UNIFORM
from charrnn_helpers.figures import plot_fault
from charrnn_helpers.text import Vocabulary, load_corpus
from charrnn_helpers.text.baselines import ladder

TINY = Setting(updates=60, streams=4, window=8, units=8, embedding=4, validate_every=20, validated=200)


@pytest.fixture(scope="module")
def runs():
    """`runs(name)` of seed 1; 10 runs seed 0. The training is the reader's; of the validation there is less."""
    setting = replace(faults.USUAL, validate_every=300, validated=2_000)
    return cache(lambda name: run(name, 1, setting))


def test_a_sound_run_shows_no_sign_of_a_fault(runs):
    sound = runs("sound")
    assert observe(sound) == find_fault("sound").expected
    assert signs(sound) == []
    assert sound.losses[-1] < sound.losses[0] - 1


@pytest.mark.parametrize("name", [*FAULTS][::3])  # of seed 0 the notebook prints the signs of all
def test_a_fault_shows_its_signs_and_no_other_with_no_sound_run_to_compare(runs, name):
    broken = runs(name)
    assert observe(broken) == find_fault(name).expected
    assert len(signs(broken)) == len(FAULTS[name].signs) >= 1


def test_no_two_faults_have_the_same_signs():
    names = [*FAULTS, "sound"]
    assert len({str(sorted(find_fault(name).expected.items())) for name in names}) == len(names)
    for fault in FAULTS.values():
        assert all(value in OBSERVATIONS[one] for one, value in fault.signs.items())


@pytest.mark.parametrize("name", FAULTS)
def test_the_line_shown_is_the_line_that_differs_from_the_sound_program(name):
    fault, sound, broken = FAULTS[name], program("sound"), program(name)
    assert fault.wrong.strip() == "" or fault.wrong not in sound
    changed = [pair for pair in zip(sound.splitlines(), broken.splitlines(), strict=True) if pair[0] != pair[1]]
    assert len(changed) == fault.times
    for right, wrong in changed:
        assert fault.right in right
        assert wrong == right.replace(fault.right, fault.wrong)


def test_what_is_shown_runs_and_a_traceback_shows_its_line(monkeypatch):
    once = {"right": "clip_grad_norm_", "wrong": "1 / 0; a = "}  # once where it is shown: the imports are not
    monkeypatch.setitem(FAULTS, "twelfth", replace(FAULTS["state_reset"], **once))
    with pytest.raises(ZeroDivisionError) as stopped:
        run("twelfth", 0, TINY)
    assert traceback.extract_tb(stopped.tb)[-1].line.startswith("1 / 0")


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
    nan = {"right": "loss = F.cross_entropy", "wrong": "loss = torch.nan * F.cross_entropy"}
    monkeypatch.setitem(FAULTS, "twelfth", replace(FAULTS["state_reset"], **nan))
    broken = run("twelfth", 0, TINY)
    assert broken.error == "ValueError: the loss is not a number"
    assert observe(broken)["error"] == "no number"


def test_what_a_guess_and_a_table_of_pairs_pay_is_what_the_ladder_says():
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    rungs = ladder(vocab.encode(corpus.train[:400_000]), vocab.encode(corpus.val[:20_000]), len(vocab))
    assert pytest.approx(rungs["uniform"]) == UNIFORM
    assert pytest.approx(corpus.floor, abs=0.001) == TALES_FLOOR
    assert pytest.approx(rungs["bigram"], abs=0.02) == BIGRAM


def test_a_mystery_hides_what_its_number_says_and_does_not_show_it(monkeypatch):
    monkeypatch.setattr(faults, "USUAL", TINY)
    case = Mystery(19)
    shown = repr(case.run) + evidence(case.run) + plot_fault(case.run).words
    assert "eval_forgotten" not in shown
    assert not any(sign in shown for values in OBSERVATIONS.values() for sign in values.values())
    assert case.accuse("eval_forgotten").startswith("Yes")


def test_six_faults_are_hidden_and_none_and_the_numbers_keep_their_meaning(monkeypatch):
    hidden = ["shuffled_streams", "sound", "no_zero_grad", "unshifted_targets", "softmax_twice", "no_detach"]
    assert [hidden_fault(number) for number in (1, 2, 5, 7, 9, 14)] == hidden
    mysteries = {name for name, fault in FAULTS.items() if fault.mystery}
    assert {hidden_fault(number) for number in range(100)} == {*mysteries, "sound"}
    assert len(mysteries) == 6
    assert len(FAULTS) == 11
    monkeypatch.setitem(FAULTS, "twelfth", replace(FAULTS["no_detach"]))  # a fault that a reader adds
    assert [hidden_fault(number) for number in (1, 2, 5, 7, 9, 14)] == hidden


def test_the_mystery_of_the_exercise_shows_the_signs_of_what_it_hides():
    assert observe(Mystery(7).run) == find_fault(hidden_fault(7)).expected


@pytest.mark.parametrize(
    ("hidden", "named", "would", "does"),
    [
        ("state_reset", "sound", "In a sound run the loss is about the same", "about as good as a bigram"),
        ("sound", "no_detach", "with its history” it stops at the second update", "the run goes to its end"),
        ("unshifted_targets", "leaked_target", "loss is below the floor", "loss is above that of a bigram"),
    ],
)
def test_a_wrong_accusation_is_answered_with_what_would_and_what_does_show(hidden, named, would, does):
    sentence = answer_to_accusation(hidden, named)
    assert sentence.startswith(("No. With the fault ", "No. In a sound run "))
    before, after = sentence.split("; but here ")
    assert would in before
    assert does in after
    assert hidden == "sound" or FAULTS[hidden].title not in sentence  # it does not give the answer away
    assert named == "sound" or FAULTS[named].title in before


def test_a_right_accusation_is_answered_with_the_reason_and_a_name_that_is_none_refused():
    for name, fault in FAULTS.items():
        assert answer_to_accusation(name, name).startswith(f"Yes: {fault.title}. ")
        assert fault.cause in answer_to_accusation(name, name)
    assert answer_to_accusation("sound", "sound").startswith("Yes: nothing is wrong")
    for names in (("gremlin", "sound"), ("sound", "gremlin")):
        with pytest.raises(ValueError, match="there is no fault 'gremlin'"):
            answer_to_accusation(*names)
