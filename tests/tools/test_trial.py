"""The trial: what is tuned, which runs follow from which rows, and that no text is chosen on and tested."""

import json
import math
from functools import cache
from types import SimpleNamespace

import pytest
import torch
import trial
from trial import RANGES, at_edges, settings

from charrnn_helpers.experiments.protocol import BUDGETS, SEEDS
from charrnn_helpers.training.config import History, TrainConfig

PLACE = {"text": "shakespeare", "size": "350 K"}


def tuning(budget, cell, number, **val):
    return {"part": "tuning", **PLACE, "budget": budget, "cell": cell, "trial": number, "val": val}


def rows(budget, numbers, **best):
    """Tuning rows of all cells; `best` is what comes first, by judge, and after it the trials in their order."""
    return [
        tuning(
            budget,
            cell,
            number,
            **{f"tenth {judge[1:]}": (number != first) + number / 1000 for judge, first in best.items()},
        )
        for cell in BUDGETS[budget].cells
        for number in numbers
    ]


def of_gru(runs):
    return [run["trial"] for run in runs if run["cell"] == "GRU"]


def test_the_trials_fill_their_ranges_and_are_the_same_for_both_cells():
    drawn = [settings(number, "shakespeare", "LSTM") for number in range(32)]
    assert drawn == [settings(number, "shakespeare", "GRU") for number in range(32)]
    low, high = RANGES["rate"]
    places = [math.log(one.rate / low) / math.log(high / low) * 32 for one in drawn]
    assert sorted(math.floor(place) for place in places) == list(range(32))  # one in each of 32 equal steps
    assert sum("chrono" in one.start for one in drawn) == 16
    assert min(one.dropout for one in drawn) < 0.02 < 0.48 < max(one.dropout for one in drawn)
    assert sum("rate" in at_edges(one._asdict(), "shakespeare") for one in drawn) == 6


def test_a_plain_rnn_has_no_start_tales_no_dropout_and_late_trials_more_of_it():
    assert settings(3, "shakespeare", "RNN").start == {}
    assert settings(3, "tales", "GRU").dropout == 0.0 < settings(3, "shakespeare", "GRU").dropout
    assert settings(203, "shakespeare", "GRU") == settings(3, "shakespeare", "GRU")._replace(dropout=0.4)


def test_no_tenth_is_tested_with_settings_that_were_chosen_on_it():
    assert all(trial.judge_of("shakespeare", seed) != f"tenth {seed}" for seed in SEEDS)


def test_the_best_go_on_by_each_judge_and_at_last_with_more_dropout():
    found = rows("1.5 M", range(32), _2=20, _7=30)
    at_6 = of_gru(trial.tuning_runs(found, **PLACE, budget="6 M"))
    assert at_6 == [20, 0, 1, 2, 3, 4, 5, 6, 30]
    found += rows("6 M", at_6, _2=3, _7=4)
    assert of_gru(trial.tuning_runs(found, **PLACE, budget="24 M")) == [3, 0, 1, 103, 203, 4, 104, 204]


@pytest.mark.parametrize("budget", ["6 M", "24 M"])
def test_a_seed_takes_the_best_of_what_its_own_judge_let_through(budget):
    found = rows("1.5 M", range(32), _2=20, _7=30)
    found += rows("6 M", [0, 1, 2, 3, 4, 5, 6, 20, 30], _2=30, _7=20)  # 30 did not pass tenth 2, nor 20 tenth 7
    if budget == "24 M":
        found += rows("24 M", [0, 1, 2, 100, 200, 20, 30], _2=30, _7=20)
    runs = trial.confirming_runs(found, **PLACE, budget=budget)
    assert len(runs) == 10 * len(BUDGETS[budget].cells)
    assert {run["trial"] for run in runs} == {0}


def test_nothing_goes_on_before_a_budget_is_complete():
    with pytest.raises(ValueError, match=r"1.5 M, LSTM: the trials \[31\] are not made yet"):
        trial.tuning_runs(rows("1.5 M", range(31), _2=20, _7=30), **PLACE, budget="6 M")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fold_trains_on_eight_tenths_and_is_tested_on_another(seed, monkeypatch):
    text = " ".join(map(str, range(10_000, 60_000)))  # no word twice
    monkeypatch.setattr(trial, "load_corpus", lambda _: SimpleNamespace(text=text))
    run = {"text": "shakespeare", "budget": "1.5 M", "seed": seed}
    vocab, parts = trial.parts_of(run)
    train, val = vocab.decode(parts.train), vocab.decode(parts.val["next"])
    assert abs(len(train) - 8 * len(parts.test)) < 100
    assert parts.test[5000:6000] not in train
    assert val[5000:6000] not in train
    del run["seed"]
    judged = trial.parts_of(run)[1].val[trial.judge_of("shakespeare", seed)]
    assert vocab.decode(judged)[5000:6000] not in parts.test


def test_every_seed_has_stories_of_its_own_and_both_cells_the_same():
    run = {"text": "tales", "budget": "6 M"}
    parts = [trial.parts_of({**run, "seed": seed}, 0.001)[1] for seed in (0, 1, 1)] + [trial.parts_of(run, 0.001)[1]]
    beginnings = {tuple(one.train[:500].tolist()) for one in parts}
    assert len(beginnings) == 3
    assert len({one.test for one in parts}) == 3
    assert torch.equal(parts[1].val["next"], parts[2].val["next"])
    assert not torch.equal(parts[0].val["next"][:500], parts[1].val["next"][:500])


def test_a_run_that_diverges_counts_with_what_it_had(monkeypatch):
    run = {"part": "confirmation", "text": "tales", "size": "50 K", "budget": "1.5 M", "cell": "GRU"}

    def diverges(*_, **__):
        raise FloatingPointError

    monkeypatch.setattr(trial, "train", diverges)
    row = trial.make({**run, "trial": 1, "seed": 0}, 0.001)
    assert row["status"] == "diverged"
    assert row["test"] == row["val"]["next"] == pytest.approx(math.log(51), abs=1e-5)


def test_a_run_that_was_interrupted_is_no_row(monkeypatch):
    monkeypatch.setattr(trial, "train", lambda *_, **__: History("GRU", TrainConfig(2)))
    run = {"part": "tuning", "text": "tales", "size": "50 K", "budget": "1.5 M", "cell": "GRU", "trial": 1}
    with pytest.raises(RuntimeError, match="interrupted after 0 updates"):
        trial.make(run, 0.001)


def test_the_trial_tunes_confirms_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    budgets = {name: budget._replace(trials=2, cells=("GRU",)) for name, budget in trial.BUDGETS.items()}
    monkeypatch.setattr(trial.common, "side_by_side", map)  # one after the other, in this process
    monkeypatch.setattr(trial, "SEEDS", range(2))
    monkeypatch.setattr(trial, "write_stories", cache(trial.write_stories))
    small = ["--scale", "0.001", "--rows", str(tmp_path / "rows.jsonl"), "--texts", "tales", "--sizes", "50 K"]
    monkeypatch.setattr(trial, "BUDGETS", {"1.5 M": budgets["1.5 M"]})
    first = trial.main(small)
    assert [row["part"] for row in first] == [part for part in ("tuning", "confirmation", "n-gram") for _ in range(2)]
    monkeypatch.setattr(trial, "BUDGETS", {name: budgets[name] for name in ("1.5 M", "6 M")})
    both = trial.main(small)
    assert both[:6] == json.loads(json.dumps(first))
    assert len(both) == 12
    assert all(row["test"] > row["floor"] for row in both if row["part"] == "confirmation")
