"""Questions about a real text: versions that differ only in what must be remembered, so that chance is exact."""

import numpy as np
import pytest
import torch
from closers import CLOSING, OPENING, Answers, answer, what_is_open
from torch import nn

from charrnn_helpers import Vocabulary

FILLER = "many words and nothing to keep in mind " * 20 + "\n\n"
MANUAL = (
    FILLER + 'one (or two) ways to go\n\nsee [a list] of things\n\na "str" and (an "int")\n\n(a\n\nb)\n\n"is (so) good"'
)
VOCAB = Vocabulary.from_text(MANUAL)


class Told(nn.Module):
    """A reader that is sure: after a text it expects the character that `rule(text)` names."""

    def __init__(self, rule):
        super().__init__()
        self.rule = rule

    def forward(self, ids):
        logits = torch.zeros(*ids.shape, len(VOCAB))
        for row, text in enumerate(map(VOCAB.decode, ids)):
            logits[row, -1, VOCAB.encode(self.rule(text))] = 1.0
        return logits, None


def what_stands_open(text):
    return CLOSING[OPENING.index(max(OPENING, key=text.rfind))]


def test_who_keeps_it_is_always_right_and_who_does_not_exactly_at_chance():
    questions = what_is_open(MANUAL)
    everything = np.full(len(questions), True)
    assert answer(Told(what_stands_open), VOCAB, questions).right.all()
    share = answer(Told(lambda text: "e"), VOCAB, questions).share(everything)
    assert share.share == share.chance == 1 / 3


def test_a_sign_is_asked_for_where_nothing_else_is_open_and_what_differs_is_the_sign():
    found = what_is_open(MANUAL)
    assert [MANUAL[one.place - one.distance : one.place + 1] for one in found] == ["(or two)", "[a list]", '"str"']
    for one in found:
        assert one.answers == CLOSING
        for version, opening in zip(one.versions, OPENING, strict=True):
            assert version[-one.distance :] == opening + MANUAL[one.place - one.distance + 1 : one.place]
            assert MANUAL[: one.place - one.distance].endswith(version[: -one.distance])


def test_closed_again_asks_as_far_behind_the_sign_as_it_was_open():
    (first, *_) = what_is_open(MANUAL, closed=True)
    assert [version[-15:] for version in first.versions] == ["(or two) ways t", "[or two] ways t", '"or two" ways t']


def test_shares_by_distance_and_their_errors_by_stretch():
    found = Answers(np.array([10, 20, 5000]), np.array([4, 9, 30]), np.array([[1, 1], [1, 1], [0, 0]], dtype=bool))
    assert {group: share[:3] for group, share in found.by_distance((4, 8, 16)).items()} == {
        "4 to 7": (2, 2, 0.5),
        "8 to 15": (2, 2, 0.5),
        "16 on": (2, 0, 0.5),
    }
    # deviations from 2/3 in each stretch: four of 1/3, two of -2/3
    assert found.share(np.full(3, True)).error == pytest.approx(np.sqrt(2 * (4 / 3) ** 2) / 6)


def test_there_must_be_something_to_ask():
    with pytest.raises(ValueError, match="nothing to ask"):
        answer(Told(what_stands_open), VOCAB, what_is_open("too short (a text)"))
