"""Copying, repetition, validity and verdicts say what one finds by hand or by brute force."""

import math
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn_helpers.measures.excess import excess_by_distance, excess_by_kind, read_tales
from charrnn_helpers.measures.intervals import (
    NO_DIFFERENCE,
    Interval,
    bits,
    bootstrap_difference,
    interquartile_mean,
    learning_curve_band,
    paired_difference,
    pairs_needed,
    verdict,
    verdict_sentence,
)
from charrnn_helpers.measures.samples import (
    CopyFinder,
    copied_places,
    distinct,
    forgotten,
    longest_copied_span,
    loop_length,
    novelty,
    real_words,
    sample_report,
    tales_validity,
    valid_stories,
)
from charrnn_helpers.text import tales, tales_grammar

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


@given(TEXT, TEXT, st.integers(1, 6))
def test_copies_are_those_that_brute_force_finds(sample, training_text, shortest):
    found = CopyFinder(training_text, shortest).find(sample)
    pieces = {(i, j) for i in range(len(sample)) for j in range(i + shortest, len(sample) + 1)}
    copied = {(i, j) for i, j in pieces if sample[i:j] in training_text}
    longest = {(i, j) for i, j in copied if not {(i - 1, j), (i, j + 1)} & copied}  # within no longer one
    assert [(copy.start, copy.end) for copy in found] == sorted(longest)
    for start, end, place in found:
        assert training_text[place : place + end - start] == sample[start:end]
    marked = copied_places(found, len(sample))
    assert marked.tolist() == [any(i <= place < j for i, j in copied) for place in range(len(sample))]


def test_equal_numbers_of_different_pieces_are_no_copies(monkeypatch):
    """The numbers only point to candidates; the text decides."""
    alike = lambda text, n: np.zeros(len(text) - n + 1, np.uint64)
    monkeypatch.setattr("charrnn_helpers.measures.samples._piece_numbers", alike)
    assert CopyFinder("abcdef", 3).find("abxdef") == [(3, 6, 3)]


def test_a_copy_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        CopyFinder("a text", 0)


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


def test_real_words_are_those_of_the_other_text_whatever_their_case():
    assert real_words("The cat, the dgo!", "the CAT and the dog") == 3 / 4
    with pytest.raises(ValueError, match="no words"):
        real_words("... 12", "a b")


# --- validity -------------------------------------------------------------------------------------------------------


def test_the_text_of_the_grammar_is_valid_throughout():
    found = tales_validity(tales.write_stories(seed=5, characters=4000))
    assert found.sentences > 20
    assert found.grammatical == found.remembering == 1


def test_another_hero_is_grammatical_and_does_not_remember():
    story = tales.write_stories(seed=5, characters=1)
    hero = next(name for name in tales_grammar.WORDS["name"] if f" {name}" in story)
    other = next(
        name for name in (tales_grammar.GIRLS if hero in tales_grammar.GIRLS else tales_grammar.BOYS) if name != hero
    )
    first, rest = story.split(".", 1)
    assert hero in rest
    found = tales_validity(first + "." + rest.replace(hero, other))
    assert found.grammatical == 1
    assert found.remembering < 1


def test_what_is_forgotten_is_named():
    story = tales.write_stories(seed=6, characters=1)  # the colour of its object returns
    assert set(forgotten(story)) == set(tales_grammar.DEPENDENCIES)
    assert not any(forgotten(story).values())
    colour = next(colour for colour in tales_grammar.WORDS["colour"] if f" {colour} " in story)
    other = next(word for word in tales_grammar.WORDS["colour"] if word != colour)
    first, rest = story.split(f" {colour} ", 1)
    wrong = f"{first} {colour} " + rest.replace(f" {colour} ", f" {other} ")
    assert [kind for kind, share in forgotten(wrong).items() if share] == ["colour"]
    with pytest.raises(ValueError, match="no grammatical sentence"):
        forgotten("Cat the sat. ")


def test_a_broken_sentence_lowers_both_shares():
    story = tales.write_stories(seed=5, characters=1)
    count = tales_validity(story).sentences
    found = tales_validity("Cat the sat. " + story)
    assert found.grammatical == pytest.approx(count / (count + 1))
    assert found.remembering <= found.grammatical


def test_whole_stories_are_counted_and_an_unfinished_one_is_left_out():
    stories = tales.write_stories(seed=5, characters=3000)
    count = stories.count("\n\n")
    assert valid_stories(stories + "Once a cold") == (count, count)
    assert valid_stories(stories.replace(".", "!", 1)) == (count - 1, count)
    assert valid_stories("Once a cold") == (0, 0)


def test_a_report_on_the_text_itself_and_on_a_broken_one():
    text = tales.write_stories(seed=5, characters=4000)
    training = tales.write_stories(seed=6, characters=60_000)
    good = sample_report([text, text], training)
    assert good["stories"] == good["grammatical"] == good["remembers"] == 1
    assert not any(good[f"forgets {kind}"] for kind in tales_grammar.DEPENDENCIES)
    assert 0 < good["novelty 2"] < good["novelty 4"] < good["novelty 8"] <= 1
    bad = sample_report([text, text.replace("the", "teh")], training)
    assert bad["real words"] < good["real words"]
    assert bad["grammatical"] < good["grammatical"]
    assert sample_report([training[:3000]], training)["copied"] == 3000
    assert "stories" not in sample_report([text], training, grammar=False)


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


def test_a_pair_that_failed_is_not_passed_over():
    with pytest.raises(ValueError, match="is not a number"):
        paired_difference([1.0, math.nan], [1.0, 2.0])


SIMULATED = 1000
PAIRS = 5


def simulated(difference, seed):
    """Losses of five seeds with two networks: what a seed does to both, what to each, and a true difference."""
    random = np.random.default_rng(seed)
    common = random.normal(1.5, 0.05, (SIMULATED, PAIRS))
    return zip(
        common + difference + random.normal(0, 0.01, (SIMULATED, PAIRS)),
        common + random.normal(0, 0.01, (SIMULATED, PAIRS)),
        strict=True,
    )


@pytest.mark.parametrize("seed", range(3))
def test_of_a_thousand_intervals_of_95_percent_92_to_98_percent_hold_the_truth(seed):
    found = [paired_difference(first, second) for first, second in simulated(0.03, seed)]
    assert 0.92 <= mean(interval.low <= 0.03 <= interval.high for interval in found) <= 0.98


@pytest.mark.parametrize("seed", range(3))
def test_without_a_difference_a_winner_is_named_in_at_most_6_percent(seed):
    found = [verdict(paired_difference(*pair), "LSTM", "GRU", smallest=0) for pair in simulated(0, seed)]
    assert mean(said != NO_DIFFERENCE for said in found) <= 0.06


def test_a_bootstrap_of_five_pairs_is_too_narrow_as_it_says():
    pairs = list(simulated(0.03, 0))[:200]
    found = [bootstrap_difference(*pair) for pair in pairs]
    assert 0.75 < mean(interval.low <= 0.03 <= interval.high for interval in found) < 0.92


def test_bootstrap_and_t_agree_where_there_are_many_pairs():
    random = np.random.default_rng(0)
    first, second = random.normal(1, 0.1, 500), random.normal(0.9, 0.1, 500)
    ours, theirs = bootstrap_difference(first, second), paired_difference(first, second)
    assert ours.mean == theirs.mean
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.002)
    assert bootstrap_difference([1, 2], [0, 1]) == (1, 1, 1)


@pytest.mark.parametrize(("mean_difference", "spread"), [(0.01, 0.02), (0.02, 0.01), (0.001, 0.01)])
def test_so_many_pairs_show_such_a_difference_in_four_of_five_experiments(mean_difference, spread):
    shape = np.array([-1.0, 0.0, 1.0])  # standard deviation 1
    needed = pairs_needed(mean_difference + spread * shape, np.zeros(3))
    random = np.random.default_rng(0)
    shown = {}
    for pairs in (needed, max(2, needed // 2)):
        draws = random.normal(mean_difference, spread, (1000, pairs))
        found = [paired_difference(draw, np.zeros(pairs)) for draw in draws[: 400 if pairs > 100 else 1000]]
        shown[pairs] = mean(not interval.low <= 0 <= interval.high for interval in found)
    assert shown[needed] == pytest.approx(0.83, abs=0.08)
    assert shown[max(2, needed // 2)] < 0.72


def test_no_number_of_pairs_shows_no_difference():
    assert pairs_needed([1.0, 2.0], [2.0, 1.0]) is None
    assert pairs_needed([1e-9, 1.0, -1.0], [0.0, 0.0, 0.0]) is None
    assert pairs_needed([2.0, 3.0], [1.0, 2.0]) == 2


def test_interquartile_mean_leaves_the_outer_quarters_out():
    assert interquartile_mean([100, 1, 2, 3, 4, 5, 6, -100]) == (2 + 3 + 4 + 5) / 4
    with pytest.raises(ValueError, match="no values"):
        interquartile_mean([])


def test_band_is_an_interval_at_each_point():
    curves = [[3.0, 2.0], [1.0, 2.0], [2.0, 2.0]]
    band = learning_curve_band([10, 20], curves)
    first = paired_difference([3.0, 1.0, 2.0], [0.0, 0.0, 0.0])
    assert (band.low[0], band.mean[0], band.high[0]) == pytest.approx((first.low, first.mean, first.high))
    assert band.low[1] == band.mean[1] == band.high[1] == 2
    for curves in ([[1.0, 2.0]], [[1.0, 2.0], [1.0]]):
        with pytest.raises(ValueError, match="two or more curves"):
            learning_curve_band([10, 20], curves)


# --- loss by dependency ---------------------------------------------------------------------------------------------


def test_excess_of_the_oracle_is_nothing_and_of_others_what_they_pay_more():
    text = tales.write_stories(seed=3, characters=6000)
    reading = read_tales(text)
    assert all(found.mean == 0 for found in excess_by_kind(reading.oracle, reading).values())
    losses = reading.oracle + np.where(reading.kinds == "count", 2.0, 0.5)
    found = excess_by_kind(losses, reading)
    assert found["count"].mean == pytest.approx(2)
    assert found["free"].mean == pytest.approx(0.5)
    marks = [mark for story in tales.split_stories(text) for mark in tales.annotate(story)]
    assert found["name"].characters == sum(mark.kind == "name" for mark in marks)
    assert found["all"].characters == len(text)


def test_excess_by_distance_counts_what_must_be_remembered_once():
    text = tales.write_stories(seed=3, characters=6000)
    reading = read_tales(text)
    losses = reading.oracle + reading.distances
    found = excess_by_distance(losses, reading)
    assert sum(group.characters for group in found.values()) == sum(reading.distances > 0)
    for name, group in found.items():
        low, _, high = name.partition(" to ")
        assert int(low.split()[0]) <= group.mean <= float(high or "inf")


def test_characters_without_a_loss_are_left_out_and_a_wrong_number_of_losses_is_refused():
    text = tales.write_stories(seed=3, characters=1)
    reading = read_tales(text)
    losses = reading.oracle.copy()
    losses[0] = math.nan
    assert excess_by_kind(losses, reading)["all"].characters == len(text) - 1
    with pytest.raises(ValueError, match="one for each"):
        excess_by_kind(losses[1:], reading)


def test_the_sentence_holds_the_verdict_and_all_it_rests_on():
    losses = {"LSTM": [1.30, 1.32, 1.28], "GRU": [1.00, 1.01, 0.99], "RNN": [1.29, 1.31, 1.31]}
    clear, unclear = (verdict_sentence(losses, "LSTM", other, smallest=0.02) for other in ("GRU", "RNN"))
    interval = paired_difference(losses["LSTM"], losses["GRU"])
    assert clear.startswith("GRU is better (LSTM minus GRU: +0.3000 nats, 95 % interval ")
    assert f"{interval.low:+.4f} to {interval.high:+.4f}, 3 pairs)" in clear
    assert "would show it" not in clear
    needed = pairs_needed(losses["LSTM"], losses["RNN"])
    assert unclear.startswith(f"{NO_DIFFERENCE} (LSTM minus RNN")
    assert unclear.endswith(f"; {needed} pairs would show it")
