"""A mystery hides what its number says, does not show it, and answers whoever names a fault."""

import pytest

from charrnn_helpers.experiments import FAULTS, Mystery, Setting, answer_to_accusation, evidence, faults, hidden_fault
from charrnn_helpers.experiments.symptoms import OBSERVATIONS
from charrnn_helpers.figures import plot_fault


def test_a_mystery_hides_what_its_number_says_and_does_not_show_it(monkeypatch):
    tiny = Setting(updates=60, streams=4, window=8, units=8, embedding=4, validate_every=20, validated=200)
    monkeypatch.setattr(faults, "USUAL", tiny)
    case = Mystery(9)
    shown = repr(case.run) + evidence(case.run, case.twin) + plot_fault(case.run, case.twin, 0.3).words
    assert "eval_forgotten" not in shown
    assert not any(sign in shown for values in OBSERVATIONS.values() for sign in values.values())
    assert case.accuse("eval_forgotten").startswith("Yes")


def test_the_numbers_hide_every_fault_and_none_and_keep_their_meaning():
    assert [hidden_fault(number) for number in (8, 9, 20)] == ["state_reset", "eval_forgotten", "sound"]
    assert {hidden_fault(number) for number in range(100)} == {*FAULTS, "sound"}


@pytest.mark.parametrize(
    ("hidden", "named", "would", "does"),
    [
        ("state_reset", "sound", "a sound run the loss is alike at all positions", "first characters of each window"),
        ("sound", "no_detach", "with its history” it stops at the second update", "the run goes to its end"),
        ("one_prediction", "no_detach", "stops at the second update", "stops before the first update"),
        ("last_step_only", "no_zero_grad", "loss goes down smoothly", "loss leaps up and down"),
        ("unshifted_targets", "softmax_twice", "loss hardly moves", "loss falls to nearly zero"),
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
