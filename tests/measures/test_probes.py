"""A linear probe reads what a state holds, fails where nothing is held, and does not say what a network uses."""

import pytest

from charrnn_helpers import load_checkpoint, measures
from charrnn_helpers.text import tales
from charrnn_helpers.training.checkpoints import BUNDLED

FITTED, OTHERS = (tales.write_stories(seed, characters=60_000) for seed in (41, 42))


@pytest.fixture(scope="module")
def gru():
    return load_checkpoint(BUNDLED / "tales-gru.pt")


def share(model, vocab, probe, **options):
    return measures.probe_recall(model, vocab, OTHERS, probe, **options).by_kind()[probe.kind].share


def test_a_probe_finds_the_hero_in_stories_that_it_was_not_fitted_to(gru):
    probe = measures.fit_probe(gru.model, gru.vocab, FITTED)
    assert probe.weight.shape == (6, gru.model.rnn.hidden_size)
    assert share(gru.model, gru.vocab, probe) > 0.95


def test_with_shuffled_labels_there_is_nothing_to_be_found(gru):
    probe = measures.fit_probe(gru.model, gru.vocab, FITTED, shuffle_seed=1)
    assert share(gru.model, gru.vocab, probe, shuffle_seed=2) < 0.4


def test_an_untrained_gru_whose_gates_keep_holds_the_hero_and_does_not_use_it(gru):
    untrained = gru.album[0]
    assert share(untrained, gru.vocab, measures.fit_probe(untrained, gru.vocab, FITTED)) > 0.8
    assert measures.in_mind_recall(untrained, gru.vocab, OTHERS).by_kind()["name"].share < 0.4


def test_a_hero_without_a_story_is_named(gru):
    with pytest.raises(ValueError, match=r"is about (Ada|Zoe|Meg|Ben|Kit|Leo); give more"):
        measures.fit_probe(gru.model, gru.vocab, tales.split_stories(FITTED)[0])
