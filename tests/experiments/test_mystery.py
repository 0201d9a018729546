"""A mystery hides what its number says, does not show it, and answers whoever names a fault."""

from dataclasses import replace

import pytest

from charrnn_helpers.experiments import (
    FAULTS,
    Mystery,
    Run,
    Setting,
    answer_to_accusation,
    evidence,
    faults,
    hidden_fault,
    mystery,
    observe,
    signs_of,
)
from charrnn_helpers.experiments.symptoms import OBSERVATIONS
from charrnn_helpers.figures import plot_fault


def test_a_mystery_hides_what_its_number_says_and_does_not_show_it(monkeypatch):
    tiny = Setting(updates=60, streams=4, window=8, units=8, embedding=4, validate_every=20, validated=200)
    monkeypatch.setattr(faults, "USUAL", tiny)
    case = Mystery(19)
    shown = repr(case.run) + evidence(case.run) + plot_fault(case.run, 0.3).words
    assert "eval_forgotten" not in shown
    assert not any(sign in shown for values in OBSERVATIONS.values() for sign in values.values())
    assert case.accuse("eval_forgotten").startswith("Yes")


def test_a_mystery_is_a_run_of_its_own_with_no_sound_twin_in_sight(monkeypatch):
    made = []
    monkeypatch.setattr(mystery, "run", lambda name, seed: made.append((name, seed)) or Run())
    case = Mystery(1)
    Mystery(3)
    assert made == [("shuffled_streams", 1001), ("shuffled_streams", 1003)]  # never a run that 10 has shown
    assert [name for name in vars(case) if not name.startswith("_")] == ["run"]


def test_six_faults_are_hidden_and_none_and_the_numbers_keep_their_meaning(monkeypatch):
    hidden = ["shuffled_streams", "sound", "no_zero_grad", "unshifted_targets", "softmax_twice", "no_detach"]
    assert [hidden_fault(number) for number in (1, 2, 5, 7, 9, 14)] == hidden
    mysteries = {name for name, fault in FAULTS.items() if fault.mystery}
    assert {hidden_fault(number) for number in range(100)} == {*mysteries, "sound"}
    assert len(mysteries) == 6
    assert len(FAULTS) == 11
    monkeypatch.setitem(FAULTS, "twelfth", replace(FAULTS["no_detach"]))  # a fault that a reader adds
    assert [hidden_fault(number) for number in (1, 2, 5, 7, 9, 14)] == hidden


@pytest.mark.parametrize("number", [1, 2, 5, 7, 9, 14, 19])
def test_a_mystery_shows_the_signs_of_what_it_hides_with_no_twin_to_compare(number):
    assert observe(Mystery(number).run) == signs_of(hidden_fault(number))


@pytest.mark.parametrize(
    ("hidden", "named", "would", "does"),
    [
        ("state_reset", "sound", "a sound run the loss is alike at all positions", "first characters of each window"),
        ("sound", "no_detach", "with its history” it stops at the second update", "the run goes to its end"),
        ("smaller_batch", "no_detach", "stops at the second update", "it stops late"),
        ("no_zero_grad", "eval_forgotten", "stay below the clipping limit", "norm is above the clipping limit"),
        ("unshifted_targets", "leaked_target", "loss is below the floor", "more than twice that of a uniform guess"),
        ("unshifted_targets", "softmax_twice", "loss hardly moves", "loss falls below the floor"),
    ],
)
def test_a_wrong_accusation_is_answered_with_what_would_and_what_does_show(hidden, named, would, does):
    sentence = answer_to_accusation(hidden, named)
    assert sentence.startswith("No. With ")
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
