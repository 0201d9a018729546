"""What the trial's rows answer: verdicts, corrections, parts and births, on rows that are made for it."""

import math

import numpy as np
import pytest

from charrnn_helpers.experiments import outcome
from charrnn_helpers.experiments.outcome import analyses, difference, holm


def rows(text, lstm, gru, budget="24 M"):
    where = {"part": "confirmation", "text": text, "size": "350 K", "budget": budget}
    return [
        {**where, "cell": cell, "seed": seed, "test": test}
        for cell, tests in (("LSTM", lstm), ("GRU", gru))
        for seed, test in enumerate(tests)
    ]


def drawn(mean, spread, seed):
    return (mean + spread * np.random.default_rng(seed).standard_normal(10)).tolist()


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
        (0.001, 0.004, "the two are equivalent"),
        (0.001, 0.2, "no difference is shown, nor equivalence"),
    ],
)
def test_verdicts(gap, spread, verdict):
    d = np.array(drawn(0.0, 1.0, 3))
    d = gap + spread * (d - d.mean()) / d.std(ddof=1)
    found = [row for text in ("tales", "shakespeare") for row in rows(text, 1.5 + d, [1.5] * 10)]
    first, second = analyses(found)
    assert first.verdict == second.verdict == verdict
    assert f"{verdict}: LSTM minus GRU is {gap:+.3f} nats per character" in second.sentence


def test_only_the_largest_budget_is_corrected_for_two_looks():
    d = np.array(drawn(0.0, 1.0, 3))
    d = (d - d.mean()) / d.std(ddof=1)
    for budget in ("6 M", "24 M"):
        found = rows("tales", 1.5041 + 0.005 * d, [1.5] * 10, budget)  # p is 0.03, and Holm's 0.06
        first, _ = analyses(found + rows("shakespeare", 1.5 + 0.04 * d, [1.5] * 10, budget), budget)
        assert (first.p < 0.05) == (budget == "6 M")


def test_a_seed_counts_once():
    found = rows("tales", [1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="a seed stands there twice"):
        difference(found + found[:1], "tales", "24 M")


def test_looks_wait_for_all_seeds():
    found = rows("tales", drawn(1, 1, 1), drawn(1, 1, 2)) + rows("shakespeare", drawn(1, 1, 1)[:9], drawn(1, 1, 2)[:9])
    with pytest.raises(ValueError, match=r"seeds are missing: \[10, 9\] of 10"):
        analyses(found)
    with pytest.raises(ValueError, match="both need the same"):
        difference(rows("tales", [1.0, 2.0], [1.0]), "tales", "24 M")
    assert outcome.LARGEST == "24 M"


def parts(cell, seed, excess, **more):
    where = {"part": "confirmation", "text": "tales", "size": "350 K", "budget": "6 M"}
    kinds = {"all": [100, sum(excess.values())], **{kind: [25, 4 * nats] for kind, nats in excess.items()}}
    return {**where, "cell": cell, "seed": seed, "by kind": kinds, **more}


def test_a_difference_is_the_sum_of_what_it_is_made_of():
    rows = [parts("LSTM", seed, {"name": 0.03 + seed / 100, "free": 0.02}) for seed in range(3)]
    rows += [parts("GRU", seed, {"name": 0.01, "free": 0.03 + seed / 50}) for seed in range(3)]
    found = outcome.decomposition(rows, "6 M")
    assert found["name"].mean == pytest.approx(0.03)  # 0.02, 0.03 and 0.04
    assert found["free"].mean == pytest.approx(-0.03)  # -0.01, -0.03 and -0.05
    assert found["all"].mean == pytest.approx(found["name"].mean + found["free"].mean)
    assert found["name"].high - found["name"].mean == pytest.approx(4.302653 * 0.01 / math.sqrt(3))


def test_a_budget_is_finished_when_both_cells_have_all_seeds_on_both_texts():
    found = [row for text in ("tales", "shakespeare") for row in rows(text, [1.0] * 10, [1.0, 1.2] * 5, budget="6 M")]
    assert outcome.finished(found) == ["6 M"]
    assert outcome.differences(found)["tales"][6.0].mean == pytest.approx(-0.1)
    assert outcome.mean_losses(found)["shakespeare"] == {"LSTM": {6.0: 1.0}, "GRU": {6.0: pytest.approx(1.1)}}
    assert outcome.finished(found[:-1]) == []
