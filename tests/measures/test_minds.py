"""What a network has in mind is its own answer: asked on a copy of its state, and at chance where it knows nothing."""

import numpy as np
import pytest
import torch

from charrnn_helpers import Vocabulary, load_checkpoint, measures
from charrnn_helpers.measures.minds import labels_of, states_side_by_side, words_of
from charrnn_helpers.networks import BOTH, COMPARED
from charrnn_helpers.text import tales
from charrnn_helpers.training.checkpoints import BUNDLED

STORIES = tales.write_stories(seed=31, characters=20_000)
VOCAB = Vocabulary.from_text(tales.write_stories(seed=1, characters=20_000))
FIRST = tales.split_stories(STORIES)[0]
every_cell = pytest.mark.parametrize("cell", COMPARED)


def bundled(cell):
    return load_checkpoint(BUNDLED / f"tales-{cell.lower()}.pt")


@every_cell
def test_the_answer_is_what_the_network_expects_after_text_and_cue(make, only_looked_at, cell):
    model = make(cell, len(VOCAB))
    initials = VOCAB.encode("".join(name[0] for name in words_of("name")))
    with only_looked_at(model):
        answers = measures.in_mind(model, VOCAB, FIRST[:30])
    with torch.no_grad():
        logits, _ = model(VOCAB.encode(FIRST[:18] + '. "I am ')[None])
    assert answers.shape == (30, 6)
    np.testing.assert_allclose(answers[17], logits[0, -1, initials].softmax(-1), atol=1e-5)


@every_cell
def test_a_text_is_read_on_from_a_given_state(make, cell):
    model = make(cell, len(VOCAB), layers=2)
    with torch.no_grad():
        _, state = model(VOCAB.encode(FIRST[:20])[None])
    whole = measures.in_mind(model, VOCAB, FIRST[:40], "friend")
    np.testing.assert_allclose(measures.in_mind(model, VOCAB, FIRST[20:40], "friend", state), whole[20:], atol=1e-5)


@every_cell
def test_parts_read_side_by_side_have_the_states_of_one_after_the_other(make, cell):
    model, text = make(cell, len(VOCAB)), "".join(tales.split_stories(STORIES)[:3])
    apart = [measures.states_along(model, VOCAB, story) for story in tales.split_stories(text)]
    torch.testing.assert_close(states_side_by_side(model, VOCAB, text), torch.cat(apart, dim=2))


@pytest.mark.parametrize("cell", BOTH)
def test_a_trained_network_knows_the_hero_everywhere_and_an_untrained_one_nowhere(cell):
    checkpoint = bundled(cell)
    recall = measures.in_mind_recall(checkpoint.model, checkpoint.vocab, STORIES)
    assert recall.by_kind()["name"].share > 0.9
    assert recall.between("name", 64, 256).share > 0.85
    untrained = checkpoint.album[0]
    assert measures.in_mind_recall(untrained, checkpoint.vocab, STORIES).by_kind()["name"].share < 0.4
    assert measures.in_mind(untrained, checkpoint.vocab, FIRST).max() < 0.4  # and it is not sure


def test_changing_the_state_changes_who_is_in_mind_for_the_rest_of_the_story():
    checkpoint = bundled("GRU")
    model, vocab = checkpoint.model, checkpoint.vocab
    means = measures.mean_states(model, vocab, tales.write_stories(seed=32, characters=30_000))
    story = "Here is the story of Leo of the lake. One Monday Leo got a blue lamp. It was cold and dry"
    state = measures.states_along(model, vocab, story)[:, :, -1:]
    leo, zoe = (words_of("name").index(name) for name in ("Leo", "Zoe"))
    changed = state + means[:, :, zoe : zoe + 1] - means[:, :, leo : leo + 1]
    assert measures.in_mind_of_states(model, vocab, state)[0].argmax() == leo
    later = measures.in_mind(model, vocab, ". The moon shone over the hills.", state=changed[0])
    assert (later.argmax(axis=1) == zoe).mean() > 0.9


def test_the_perfect_reader_knows_from_the_first_letter_to_the_end_of_the_story():
    answers = measures.perfect_reader(FIRST + "Once")
    hero = labels_of(FIRST, "name").max()
    start = FIRST.index(words_of("name")[hero])
    np.testing.assert_allclose(answers[:start], 1 / 6)
    np.testing.assert_allclose(answers[start : len(FIRST) - 1, hero], 1)
    np.testing.assert_allclose(answers[len(FIRST) - 1 :], 1 / 6)


def test_beliefs_of_the_perfect_reader_agree_with_the_probability_of_what_follows():
    """P(word | text) is P(word said next) where the text stands before it: Bayes, by the other functions."""
    for kind, beginning in (("name", "Once a big child called "), ("friend", "There was a ")):
        story = beginning if kind == "name" else f"Once a shy child called Leo lived by the inn. {beginning}big "
        belief = measures.perfect_reader(story, kind)[-1]
        by_letter = {word[0]: share for word, share in zip(words_of(kind), belief, strict=True)}
        assert by_letter == pytest.approx(tales.next_characters(story))
    with pytest.raises(ValueError, match="goes on with 'x'"):
        measures.perfect_reader("Oncex")


def test_distances_count_from_where_the_word_was_written_last():
    story = "Here is the story of Leo of the lake. One Monday Leo got"
    model = bundled("GRU")
    recall = measures.in_mind_recall(model.model, model.vocab, story)
    assert recall.distances.tolist() == [*range(28), *range(5)]
    assert ((recall.answers == "L") == recall.right).all()


def test_a_hero_without_a_story_is_named(make):
    with pytest.raises(ValueError, match=r"is about (Ada|Zoe|Meg|Ben|Kit|Leo); give more"):
        measures.mean_states(make("GRU", len(VOCAB)), VOCAB, FIRST)
