"""What a network recalls is what it expects where only a memory can know."""

import numpy as np
import pytest

from charrnn_helpers import Vocabulary
from charrnn_helpers.measures.memory import Recall, recall, usual_answers
from charrnn_helpers.text import tales, tales_grammar

STORIES = tales.write_stories(seed=4, characters=4000)
MARKS = [mark for story in tales.split_stories(STORIES) for mark in tales.annotate(story)]
VOCAB = Vocabulary.from_text(STORIES)


@pytest.mark.parametrize("read", [4, 100, None])
def test_what_is_right_is_the_likeliest_rival_after_so_many_characters(read, make):
    model, ids = make("GRU", vocab_size=len(VOCAB)), VOCAB.encode(STORIES)
    found, after_all = recall(model, VOCAB, STORIES, context=read), model(ids[None])[0][0]
    asked = [(place, mark) for place, mark in enumerate(MARKS) if mark.kind in tales_grammar.DEPENDENCIES]
    for (place, mark), right in zip(asked, found.right, strict=True):
        if read is None:
            logits = after_all[place - 1]
        else:
            logits = model(ids[None, max(0, place - read) : place])[0][0, -1]
        assert right == (mark.char == max(mark.rivals, key=lambda char: logits[VOCAB.encode(char)].item()))
    for shares in (found.by_kind(), found.by_distance()):
        assert sum(share.asked for share in shares.values()) == len(asked)
    assert 0.2 < found.guessed.mean() < 0.8


def test_rivals_are_what_another_memory_would_write():
    for mark in MARKS:
        assert (mark.char in mark.rivals) == (mark.kind in tales_grammar.DEPENDENCIES)
        assert len(set(mark.rivals)) == len(mark.rivals) != 1
        if mark.kind == "name":
            assert mark.rivals == "ABEGLM"


def test_shares_their_guesses_and_their_errors_are_those_of_the_questions():
    found = Recall(
        np.array(["name", "name", "name", "count", "count"]),
        np.array([31, 32, 40, 5, 600]),
        np.array([0, 0, 1, 0, 2]),
        np.array([True, False, True, True, False]),
        np.array([False, False, True, True, True]),
    )
    name = found.by_kind()["name"]
    assert (name.asked, name.right, name.guess) == (3, 2, 1 / 3)
    assert found.by_kind()["count"][:3] == (2, 1, 1.0)
    assert {group: share[:2] for group, share in found.by_distance().items()} == {
        "1 to 31": (2, 2),
        "32 to 63": (2, 1),
        "512 on": (1, 0),
    }
    # deviations from 2/3: 1/3 - 2/3 in story 0, 1/3 in story 1
    assert name.error == pytest.approx(np.sqrt(2 / 9) / 3)
    low, high = name.interval(0.5)
    assert high - low == pytest.approx(2 * 0.6745 * name.error, rel=1e-3)
    assert name.interval(0.99)[0] <= low


def test_the_usual_answer_is_the_one_that_training_stories_give_most_often():
    assert usual_answers()[",."] == ","  # another knock, more often than the end
    assert usual_answers()["ABEGLM"] in "ABEGLM"


def test_recall_needs_something_to_recall_and_leaves_dropout_and_modes_alone(make, only_looked_at):
    model = make("LSTM", vocab_size=len(VOCAB))
    with pytest.raises(ValueError, match="nothing to remember"):
        recall(model, VOCAB, "")
    with pytest.raises(ValueError, match="at least 1 character"):
        recall(model, VOCAB, STORIES, context=0)
    model.dropout.p = 0.9
    model.head.eval()  # modes may be mixed
    with only_looked_at(model):
        first, again = (recall(model, VOCAB, STORIES, context=20).right for _ in range(2))
    assert (first == again).all()
