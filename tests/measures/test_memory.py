"""What a network recalls is what it expects where only a memory can know."""

import numpy as np
import pytest

from charrnn_helpers import Vocabulary
from charrnn_helpers.measures.memory import Recall, recall
from charrnn_helpers.text import tales, tales_grammar
from charrnn_helpers.text.baselines import NGram

STORIES = tales.write_stories(seed=4, characters=4000)
MARKS = [mark for story in tales.split_stories(STORIES) for mark in tales.annotate(story)]
OTHERS = tales.write_stories(seed=5, characters=60_000)
VOCAB = Vocabulary.from_text(OTHERS)
SINGLE = tales_grammar.DEPENDENCIES[:6]  # kinds whose words are told by one letter: one mark, one question


@pytest.mark.parametrize("read", [4, 100, None])
def test_what_is_right_is_the_likeliest_rival_after_so_many_characters(read, make):
    model, ids = make("GRU", vocab_size=len(VOCAB)), VOCAB.encode(STORIES)
    found, after_all = recall(model, VOCAB, STORIES, context=read), model(ids[None])[0][0]
    asked = [(place, mark) for place, mark in enumerate(MARKS) if mark.kind in SINGLE]
    single = np.isin(found.kinds, SINGLE)
    for (place, mark), right, answer in zip(asked, found.right[single], found.answers[single], strict=True):
        logits = after_all[place - 1] if read is None else model(ids[None, max(0, place - read) : place])[0][0, -1]
        assert answer == max(mark.rivals, key=lambda char: logits[VOCAB.encode(char)].item())
        assert right == (mark.char == answer)
    assert sum(share.asked for share in found.by_kind().values()) == len(found.right)
    for kind, share in found.by_kind().items():
        assert sum(part.asked for part in found.by_distance(kind).values()) == share.asked


@pytest.mark.parametrize(("char", "right"), [(",", ["six"]), (".", ["two"])])
def test_a_count_is_one_question_and_right_only_if_every_knock_is(char, right):
    counts = {number: OTHERS.count(f" {number} times") for number in ("two", "three", "four", "five", "six")}

    class Always(NGram):
        """It never stops a count, or always."""

        def probabilities(self, context, order=None):
            return np.eye(len(VOCAB))[VOCAB.encode(char).item()]

    asked = recall(Always(VOCAB.encode(OTHERS), len(VOCAB), 2), VOCAB, OTHERS).by_kind()["count"]
    assert (asked.asked, asked.chance) == (sum(counts.values()), pytest.approx(1 / 5))
    assert asked.right == sum(counts[number] for number in right)


def test_an_ngram_is_asked_as_a_network_is_and_remembers_no_further_than_its_order():
    ids = VOCAB.encode(OTHERS)
    found = recall(NGram(ids, len(VOCAB), 8), VOCAB, STORIES)
    near, far = found.between("name", 1, 5), found.between("name", 40, 10_000)
    assert near.share > 0.9 > 0.4 > far.share


def test_rivals_are_what_another_memory_would_write():
    for mark in MARKS:
        assert (mark.char in mark.rivals) == (mark.kind in tales_grammar.DEPENDENCIES)
        assert len(set(mark.rivals)) == len(mark.rivals) != 1
        if mark.kind == "name":
            assert mark.rivals == "ABKLMZ"


def test_shares_their_chance_and_their_errors_are_those_of_the_questions():
    found = Recall(
        np.array(["name", "name", "name", "count", "count"]),
        np.array([31, 32, 40, 5, 600]),
        np.array([0, 0, 1, 0, 2]),
        np.array([True, False, True, True, False]),
        np.array(list("ABA.,")),
    )
    name = found.by_kind()["name"]
    assert (name.asked, name.right, name.chance) == (3, 2, pytest.approx(1 / 6))
    assert {group: share[:2] for group, share in found.by_distance("name").items()} == {
        "16 to 31": (1, 1),
        "32 to 63": (2, 1),
    }
    assert found.between("name", 32, 41)[:2] == (2, 1)
    assert found.between("name", 31, 40)[:2] == (2, 1)
    # deviations from 2/3: 1/3 - 2/3 in story 0, 1/3 in story 1
    assert name.error == pytest.approx(np.sqrt(2 / 9) / 3)
    low, high = name.interval(0.5)
    assert high - low == pytest.approx(2 * 0.6745 * name.error, rel=1e-3)
    assert name.interval(0.99)[0] <= low


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
