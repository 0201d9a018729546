"""The shares of the characters add up to the state, and what they say to what an empty state would lose."""

import numpy as np
import pytest
import torch

from charrnn_helpers import Vocabulary
from charrnn_helpers.measures import authorship, trace
from charrnn_helpers.measures.authorship import brightest_word, mentions_lit, shares, written_by
from charrnn_helpers.measures.units import HERO
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.text import tales

TEXT = "a cab, bad: abc, a bad cab and a cad"
VOCAB = Vocabulary.from_text(TEXT)
BOTH = pytest.mark.parametrize("cell", ["LSTM", "GRU"])


@pytest.fixture
def model(cell, make):
    model = make(cell, vocab_size=len(VOCAB), units=6).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight *= 3  # gates that open and shut
    return model


@BOTH
def test_shares_add_up_to_the_state(cell, model):
    (record,) = trace(model, VOCAB.encode(TEXT))
    assert torch.allclose(shares(record).sum(dim=0), record[CELLS[cell].holds][-1])
    assert shares(record).shape == record["h"].shape


@BOTH
def test_light_adds_up_to_what_an_empty_state_would_lose(cell, model):
    at, back = 30, 8
    light = written_by(model, VOCAB, TEXT, at, back, steps=2000)
    ids, chosen = VOCAB.encode(TEXT), VOCAB.encode(TEXT[at])
    whole, empty = model(ids[None, :at])[0][0, -1], model(ids[None, at - back : at])[0][0, -1]
    rival = whole.argsort()[-1 if whole.argmax() != chosen else -2]
    lost = (whole[chosen] - whole[rival]) - (empty[chosen] - empty[rival])
    assert light.sum() == pytest.approx(lost.item(), rel=1e-4)
    assert (light[-back:] == 0).all()
    assert (light[:-back] != 0).all()


@BOTH
def test_a_network_is_left_alone_and_a_wrong_place_or_network_is_named(cell, model, make, only_looked_at):
    with only_looked_at(model):
        assert (written_by(model, VOCAB, TEXT, 20) == written_by(model, VOCAB, TEXT[:21], 20)).all()
    for place in (8, len(TEXT)):
        with pytest.raises(ValueError, match="with more than 8 before it, 9 to 35"):
            written_by(model, VOCAB, TEXT, place)
    for other in (make("RNN"), make(cell, layers=2), torch.nn.Linear(2, 2)):
        with pytest.raises(ValueError, match="an LSTM or a GRU of one layer"):
            written_by(other, VOCAB, TEXT, 20)


def test_the_brightest_word_is_that_of_most_light_all_its_mentions_together():
    light = np.zeros(20)
    light[[2, 3, 12]] = 3, 2, 4  # cab: 5; abc: 4
    assert brightest_word(TEXT, light) == "cab"
    light[17] = 3  # a
    assert brightest_word(TEXT, light) == "cab"
    light[0] = 3
    assert brightest_word(TEXT, light) == "a"
    with pytest.raises(ValueError, match="no word stands before"):
        brightest_word(", ;", np.zeros(2))


def test_mentions_are_counted_where_the_network_is_right(make, monkeypatch):
    text = tales.write_stories(seed=3, characters=9_000)
    story, vocab = tales.split_stories(text)[0], Vocabulary.from_text(text)
    model = make("GRU", vocab_size=len(vocab))
    name = HERO.search(story)
    asked = [(at, mark) for at, mark in enumerate(tales.annotate(story)) if mark.kind == "name" and mark.distance >= 16]
    assert asked

    def light(_model, _vocab, text, at):
        found = np.zeros(at)
        found[slice(*(name.span() if at != asked[0][0] else (name.end() + 1, name.end() + 4)))] = 1
        return found

    monkeypatch.setattr(authorship, "written_by", light)
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.zero_()
        model.head.bias[vocab.encode(name[0][0])] = 1.0
    share = mentions_lit(model, vocab, [story], "name")
    assert (share.asked, share.right) == (len(asked), len(asked) - 1)
    assert 0 < share.chance < 0.2
    assert mentions_lit(model, vocab, [story], "name", most=1)[:2] == (1, 0)
    with torch.no_grad():
        model.head.bias[vocab.encode(name[0][0])] = -1.0
    with pytest.raises(ValueError, match="the network is right at no name"):
        mentions_lit(model, vocab, [story], "name")
    with pytest.raises(ValueError, match="it must be 'name' or 'pronoun'"):
        mentions_lit(model, vocab, [story], "door")
