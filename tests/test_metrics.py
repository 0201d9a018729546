"""Copying, repetition, validity and verdicts say what one finds by hand or by brute force."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn_helpers import tales
from charrnn_helpers.metrics import (
    Interval,
    bits,
    distinct,
    longest_copied_span,
    loop_length,
    novelty,
    paired_difference,
    tales_validity,
    verdict,
)

TEXT = st.text(alphabet="ab c", max_size=30)


def test_one_bit_is_ln_2_nats():
    assert bits(math.log(2)) == pytest.approx(1)


# --- copying and repetition -----------------------------------------------------------------------------------------


@given(TEXT, TEXT)
def test_copied_span_is_as_long_as_brute_force_finds(sample, training_text):
    span = longest_copied_span(sample, training_text)
    pieces = [sample[i:j] for i in range(len(sample) + 1) for j in range(i, len(sample) + 1)]
    assert span in sample
    assert span in training_text
    assert len(span) == max(len(piece) for piece in pieces if piece in training_text)


def test_novelty_is_none_for_a_copy_and_whole_for_other_words():
    text = "the old cat sat on the old mat"
    assert novelty("old cat sat on the", text) == 0
    assert novelty("a young dog ran far away", text) == 1
    assert novelty("the old cat sat down", text) == 0.5  # two sequences of four, the second is new


def test_distinct_counts_what_is_said_for_the_first_time():
    assert distinct("a b c d") == 1
    assert distinct("a b a b a") == 2 / 4
    assert distinct("a a a a", n=1) == 1 / 4


@pytest.mark.parametrize("measure", [distinct, lambda sample, n: novelty(sample, "a b c", n)])
def test_too_short_a_sample_is_refused(measure):
    with pytest.raises(ValueError, match="fewer than 5 words"):
        measure("a b c", n=5)


def test_novelty_of_no_words_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        novelty("a b", "a b", n=0)


@given(st.text(alphabet="abc", max_size=10), st.text(alphabet="abc", min_size=1, max_size=6), st.integers(3, 5))
def test_a_loop_at_the_end_is_found(start, piece, times):
    found = loop_length(start + piece * times)
    assert found is not None
    assert found <= len(piece)


@pytest.mark.parametrize(
    ("sample", "length"), [("xxabababab", 2), ("abcabc", None), ("aab", None), ("", None), ("zzz", 1)]
)
def test_loops_by_hand(sample, length):
    assert loop_length(sample) == length


# --- validity -------------------------------------------------------------------------------------------------------


def test_the_text_of_the_grammar_is_valid_throughout():
    found = tales_validity(tales.generate(seed=5, characters=4000))
    assert found.sentences > 20
    assert found.grammatical == found.remembering == 1


def test_another_hero_is_grammatical_and_does_not_remember():
    story = tales.generate(seed=5, characters=1)
    hero = next(name for name in tales.WORDS["name"] if f" {name}" in story)
    other = next(name for name in (tales.GIRLS if hero in tales.GIRLS else tales.BOYS) if name != hero)
    first, rest = story.split(".", 1)
    assert hero in rest
    found = tales_validity(first + "." + rest.replace(hero, other))
    assert found.grammatical == 1
    assert found.remembering < 1


def test_a_broken_sentence_lowers_both_shares():
    story = tales.generate(seed=5, characters=1)
    count = tales_validity(story).sentences
    found = tales_validity("Cat the sat. " + story)
    assert found.grammatical == pytest.approx(count / (count + 1))
    assert found.remembering <= found.grammatical


def test_no_whole_sentence_is_refused():
    with pytest.raises(ValueError, match="no whole sentence"):
        tales_validity("Once a cold")


# --- comparisons ----------------------------------------------------------------------------------------------------


def test_paired_interval_by_hand():
    found = paired_difference([1.0, 2.0, 3.0], [0.0, 2.0, 1.0])  # differences 1, 0, 2: mean 1, standard error 1/sqrt(3)
    assert found.mean == pytest.approx(1)
    assert found.high - found.mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-5)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


@pytest.mark.parametrize(("first", "second"), [([1.0], [2.0]), ([1.0, 2.0], [1.0]), ([], [])])
def test_a_single_pair_has_no_interval(first, second):
    with pytest.raises(ValueError, match="two or more pairs"):
        paired_difference(first, second)


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(0.01, -0.01, 0.03), "no detectable difference"),
        (Interval(-0.05, -0.06, -0.04), "LSTM is better"),
        (Interval(0.05, 0.04, 0.06), "GRU is better"),
        (Interval(0.003, 0.001, 0.005), "GRU is ahead, by less"),
    ],
)
def test_verdict_names_a_winner_only_beyond_zero_and_beyond_what_matters(interval, said):
    assert verdict(interval, "LSTM", "GRU", smallest=0.02).startswith(said)
