"""What a network pays beyond the oracle is counted once, where it is paid."""

import math

import numpy as np
import pytest

from charrnn_helpers.measures.excess import (
    Reading,
    by_distance,
    chance_by_kind,
    excess_by_kind,
    mean_excess,
    read_tales,
)
from charrnn_helpers.text import tales

TEXT = tales.write_stories(seed=3, characters=6000)
READING = read_tales(TEXT)


def test_excess_of_the_oracle_is_nothing_and_of_others_what_they_pay_more():
    assert all(found.mean == 0 for found in excess_by_kind(READING.oracle, READING).values())
    found = excess_by_kind(READING.oracle + np.where(READING.kinds == "count", 2.0, 0.5), READING)
    assert found["count"].mean == pytest.approx(2)
    assert found["free"].mean == pytest.approx(0.5)
    marks = [mark for story in tales.split_stories(TEXT) for mark in tales.annotate(story)]
    assert found["name"].characters == sum(mark.kind == "name" for mark in marks)
    assert found["all"].characters == len(TEXT)


def test_a_guess_among_equally_likely_words_pays_the_logarithm_of_their_number_once_a_word():
    found, words = chance_by_kind(READING), len(tales.split_stories(TEXT))  # of counts: one in each story
    assert found["name"] == pytest.approx(math.log(6))
    assert found["pronoun"] == pytest.approx(math.log(2))
    assert found["count"] * sum(READING.kinds == "count") == pytest.approx(words * math.log(5))


def test_a_kind_that_a_text_does_not_ask_for_has_no_chance():
    assert "name" not in chance_by_kind(Reading(np.array(["free", "count"]), np.array([0, 9]), np.zeros(2)))


def test_excess_by_distance_counts_what_must_be_remembered_once():
    found = mean_excess(READING.oracle + READING.distances, READING, by_distance(READING.distances))
    assert sum(group.characters for group in found.values()) == sum(READING.distances > 0)
    for name, group in found.items():
        low, _, high = name.partition(" to ")
        assert int(low.split()[0]) <= group.mean <= float(high or "inf")


def test_characters_without_a_loss_are_left_out_and_a_wrong_number_of_losses_is_refused():
    losses = READING.oracle.copy()
    losses[0] = math.nan
    assert excess_by_kind(losses, READING)["all"].characters == len(TEXT) - 1
    with pytest.raises(ValueError, match="one for each"):
        excess_by_kind(losses[1:], READING)
