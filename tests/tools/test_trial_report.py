"""The report for a referee is what its command writes from the rows, and its curves are what they say."""

from itertools import combinations

import numpy as np
import pytest
import trial_report

from charrnn_helpers.experiments import trial_rows


def test_the_report_that_ships_is_the_one_of_the_rows():
    assert trial_report.REPORT.read_text(encoding="utf-8") == trial_report.report(trial_rows())


def test_the_best_of_n_trials_is_the_mean_over_all_ways_to_draw_them():
    losses = np.random.default_rng(0).normal(1, 0.1, 32)
    where = {"part": "tuning", "text": "tales", "size": "350 K", "budget": "1.5 M", "cell": "GRU"}
    found = trial_report.best_of(
        [{**where, "trial": k, "val": {"stories": x}} for k, x in enumerate(losses)], "tales", "GRU"
    )
    assert len(found) == 32
    assert found[0] == pytest.approx(losses.mean())
    assert found[1] == pytest.approx(np.mean([min(pair) for pair in combinations(losses, 2)]))
    assert found[-1] == pytest.approx(losses.min())


def test_settings_at_an_edge_are_told_of_the_trial_and_its_seeds():
    inside = {"rate": 0.01, "warmup": 0.1, "start": {"keep_bias": 1.0}, "clip": 1, "dropout": 0.2, "weight_decay": 0.03}
    found = [
        {"part": "confirmation", "text": "shakespeare", "size": "350 K", "budget": "24 M", "cell": cell, "seed": seed}
        for cell in ("LSTM", "GRU")
        for seed in range(10)
    ]
    for row in found:
        row["trial"] = 14 if row["cell"] == "LSTM" or row["seed"] < 7 else 9
        row["settings"] = inside if row["trial"] == 14 else inside | {"rate": 0.05, "start": {"keep_bias": 3.9}}
    assert trial_report.edges(found, "shakespeare", "24 M") == {
        "GRU, trial 9, 3 seeds": {"rate": 0.05, "keep_bias": 3.9}
    }
