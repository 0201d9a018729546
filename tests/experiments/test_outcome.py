"""What the trial's rows answer, recomputed by formulas of this file's own."""

import math

import numpy as np
import pytest
from scipy.special import stdtr

from charrnn_helpers.experiments import outcome
from charrnn_helpers.experiments.outcome import difference, holm, primary_looks


def rows(text, lstm, gru, budget="24 M"):
    where = {"part": "confirmation", "text": text, "size": "350 K", "budget": budget}
    return [
        {**where, "cell": cell, "seed": seed, "test": test}
        for cell, tests in (("LSTM", lstm), ("GRU", gru))
        for seed, test in enumerate(tests)
    ]


def drawn(mean, spread, seed):
    return (mean + spread * np.random.default_rng(seed).standard_normal(10)).tolist()


def by_hand(text, a, b):
    """Mean, standard error, degrees of freedom."""
    d = np.array(a) - np.array(b)
    variance = ((d - d.mean()) ** 2).sum() / (len(d) - 1)
    return d.mean(), math.sqrt(variance * (1 / len(d) + (1 / 8 if text == "shakespeare" else 0))), len(d) - 1


@pytest.mark.parametrize("text", ["tales", "shakespeare"])
@pytest.mark.parametrize("gap", [-0.03, 0.001, 0.018])
def test_a_difference_is_what_the_protocol_says(text, gap):
    lstm, gru = drawn(1.5 + gap, 0.01, 1), drawn(1.5, 0.004, 2)
    found = difference(rows(text, lstm, gru), text, "24 M")
    mean, error, freedom = by_hand(text, lstm, gru)
    assert found.interval.mean == pytest.approx(mean)
    assert stdtr(freedom, (found.interval.high - mean) / error) == pytest.approx(0.975)
    assert found.p == pytest.approx(2 * stdtr(freedom, -abs(mean) / error))
    one_sided = [stdtr(freedom, (mean - 0.02) / error), stdtr(freedom, -(mean + 0.02) / error)]
    assert found.p_equivalent == pytest.approx(max(one_sided))


def test_holm_multiplies_the_smallest_by_all_and_keeps_the_order():
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("gap", "spread", "verdict"),
    [
        (-0.05, 0.01, "the LSTM is better"),
        (0.05, 0.01, "the GRU is better"),
        (0.006, 0.002, "the GRU is better, by less than matters"),
        (0.02, 0.004, "the GRU is better, and whether it matters is undecided"),
        (0.001, 0.004, "equivalent"),
        (0.001, 0.2, "no difference detected, nor equivalence shown"),
    ],
)
def test_verdicts(gap, spread, verdict):
    d = np.array(drawn(0.0, 1.0, 3))
    d = gap + spread * (d - d.mean()) / d.std(ddof=1)
    found = [row for text in ("tales", "shakespeare") for row in rows(text, 1.5 + d, [1.5] * 10)]
    looks = primary_looks(found)
    assert [look.verdict for look in looks] == [verdict] * 2
    assert f"LSTM minus GRU {gap:+.4f} nats, 95 % interval" in str(looks[0])


def test_a_seed_counts_once():
    found = rows("tales", [1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="a seed stands there twice"):
        difference(found + found[:1], "tales", "24 M")


def test_looks_wait_for_all_seeds():
    found = rows("tales", drawn(1, 1, 1), drawn(1, 1, 2)) + rows("shakespeare", drawn(1, 1, 1)[:9], drawn(1, 1, 2)[:9])
    with pytest.raises(ValueError, match=r"seeds are missing: \[10, 9\] of 10"):
        primary_looks(found)
    with pytest.raises(ValueError, match="both need the same"):
        difference(rows("tales", [1.0, 2.0], [1.0]), "tales", "24 M")
    assert outcome.LARGEST == "24 M"
