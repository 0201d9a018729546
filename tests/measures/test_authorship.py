"""The parts that the characters wrote add up to the state, and what they say to what an empty state would lose."""

import numpy as np
import pytest
import torch

from charrnn_helpers import Vocabulary
from charrnn_helpers.measures import authorship, trace
from charrnn_helpers.measures.authorship import (
    RememberedWord,
    brightest_word,
    mentions_lit,
    parts,
    remembered_words,
    written_by,
)
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
def test_parts_add_up_to_the_state(cell, model):
    (record,) = trace(model, VOCAB.encode(TEXT))
    assert torch.allclose(parts(record, CELLS[cell]).sum(dim=0), record[CELLS[cell].memory][-1])
    assert parts(record, CELLS[cell]).shape == record["h"].shape


@BOTH
def test_light_adds_up_to_what_an_empty_state_would_lose(cell, model):
    at, back = 30, 8
    light = written_by(model, VOCAB, TEXT, at, back, steps=200)
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
        assert (written_by(model, VOCAB, TEXT, 30) == written_by(model, VOCAB, TEXT[:31], 30)).all()
    for place in (24, len(TEXT)):
        with pytest.raises(ValueError, match="with more than 24 before it, 25 to 35"):
            written_by(model, VOCAB, TEXT, place)
    for other in (make("RNN"), make(cell, layers=2), torch.nn.Linear(2, 2)):
        with pytest.raises(ValueError, match="an LSTM or a GRU of one layer"):
            written_by(other, VOCAB, TEXT, 30)


def test_the_brightest_word_is_that_of_most_light_in_a_single_mention():
    light = np.zeros(20)
    light[[2, 3, 12]] = 3, 2, 4  # cab: 5; abc: 4
    assert brightest_word(TEXT, light) == "cab"
    light[[0, 17]] = 3, 3  # a, and a again
    assert brightest_word(TEXT, light) == "cab"
    light[0] = 6
    assert brightest_word(TEXT, light) == "a"
    with pytest.raises(ValueError, match="no word stands before"):
        brightest_word(", ;", np.zeros(2))


@pytest.fixture
def knows(make):
    """A network that always expects one letter; the stories that it is asked about, and their letters."""
    stories = tales.split_stories(tales.write_stories(seed=3, characters=9_000))
    vocab = Vocabulary.from_text("".join(stories))

    def network(letter):
        model = make("GRU", vocab_size=len(vocab))
        with torch.no_grad():
            model.head.weight.zero_()
            model.head.bias.zero_()
            model.head.bias[vocab.encode(letter)] = 1.0
        return model

    return network, stories, vocab


def test_places_are_those_where_the_network_is_right_evenly_taken(knows):
    network, stories, vocab = knows
    name = HERO.search(stories[0])[0]
    marks = enumerate(tales.annotate(stories[0]))
    asked = [at for at, mark in marks if mark.kind == "name" and mark.distance >= 16 and at > authorship.FIRST]
    found = remembered_words(network(name[0]), vocab, stories[:1], "name")
    assert [place.at for place in found] == asked
    assert {place.mentions == {name, "her"} or place.mentions == {name, "his"} for place in found} == {True}
    ends = remembered_words(network(name[0]), vocab, stories[:1], "name", most=2)
    assert [place.at for place in ends] == [asked[0], asked[-1]]
    with pytest.raises(ValueError, match="the network is right at no name"):
        remembered_words(network("."), vocab, stories[:1], "name")
    with pytest.raises(ValueError, match="it must be 'name' or 'pronoun'"):
        remembered_words(network("."), vocab, stories, "door")


def test_mentions_are_counted_and_so_is_chance():
    places = [RememberedWord("Ada saw Ben. Ada sang", at, {"Ada"}) for at in (12, 13, 16)]
    light = np.array([0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 1.0])
    share = mentions_lit(places, [light[: place.at] for place in places])  # Ben, Ben, and Ada's second mention
    assert (share.asked, share.right) == (3, 1)
    assert share.chance == pytest.approx((1 / 3 + 1 / 3 + 2 / 4) / 3)
