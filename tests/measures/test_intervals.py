"""Intervals hold the truth as often as they say, and verdicts are what they allow one to say."""

import math
from statistics import mean

import numpy as np
import pytest

from charrnn_helpers.measures.intervals import (
    NO_DIFFERENCE,
    Interval,
    bits,
    bootstrap_difference,
    paired_difference,
    pairs_needed,
    verdict,
    verdict_sentence,
)


def test_paired_interval_by_hand():
    found = paired_difference([1.0, 2.0, 3.0], [0.0, 2.0, 1.0])  # differences 1, 0, 2: mean 1, standard error 1/sqrt(3)
    assert found.mean == pytest.approx(1)
    assert found.high - found.mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-5)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([1.0], [2.0], "two or more pairs"),
        ([1.0, 2.0], [1.0], "two or more pairs"),
        ([1.0, math.nan], [1.0, 2.0], "is not a number"),
    ],
)
def test_what_is_no_pair_and_a_pair_that_failed_are_not_passed_over(first, second, said):
    with pytest.raises(ValueError, match=said):
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


def test_of_a_thousand_intervals_of_95_percent_92_to_98_percent_hold_the_truth():
    """Losses of five seeds with two networks: what a seed does to both, what to each, and a true difference."""
    random = np.random.default_rng(0)
    common = random.normal(1.5, 0.05, (1000, 5))
    first, second = common + random.normal(0, 0.01, (2, 1000, 5))
    found = [paired_difference(*pair) for pair in zip(first + 0.03, second, strict=True)]
    assert 0.92 <= mean(interval.low <= 0.03 <= interval.high for interval in found) <= 0.98


def test_bootstrap_and_t_agree_where_there_are_many_pairs():
    random = np.random.default_rng(0)
    first, second = random.normal(1, 0.1, 500), random.normal(0.9, 0.1, 500)
    ours, theirs = bootstrap_difference(first, second), paired_difference(first, second)
    assert ours.mean == theirs.mean
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.002)
    assert bootstrap_difference([1, 2], [0, 1]) == (1, 1, 1)


@pytest.mark.parametrize(("difference", "spread"), [(0.01, 0.02), (0.02, 0.01)])
def test_so_many_pairs_show_such_a_difference_in_four_of_five_experiments(difference, spread):
    needed = pairs_needed(difference + spread * np.array([-1.0, 0.0, 1.0]), np.zeros(3))
    random, shown = np.random.default_rng(0), {}
    for pairs in (needed, max(2, needed // 2)):
        draws = random.normal(difference, spread, (500, pairs))
        found = [paired_difference(draw, np.zeros(pairs)) for draw in draws]
        shown[pairs] = mean(not interval.low <= 0 <= interval.high for interval in found)
    assert shown[needed] == pytest.approx(0.83, abs=0.08)
    assert shown[max(2, needed // 2)] < 0.72


def test_no_number_of_pairs_shows_no_difference():
    assert pairs_needed([1.0, 2.0], [2.0, 1.0]) is None
    assert pairs_needed([1e-9, 1.0, -1.0], [0.0, 0.0, 0.0]) is None
    assert pairs_needed([2.0, 3.0], [1.0, 2.0]) == 2


def test_bits_are_nats_over_ln_2():
    assert bits(2 * math.log(2)) == pytest.approx(2)
