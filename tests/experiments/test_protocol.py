"""The trial's plan: what is tuned, which runs follow from which rows, and that no text is chosen on and tested."""

import math
from types import SimpleNamespace

import pytest
import torch

from charrnn_helpers.experiments import protocol
from charrnn_helpers.experiments.protocol import BUDGETS, SEEDS, settings

PLACE = {"text": "shakespeare", "size": "350 K"}


def tuning(budget, cell, trial, **val):
    return {"part": "tuning", **PLACE, "budget": budget, "cell": cell, "trial": trial, "val": val}


def rows(budget, trials, best):
    """Tuning rows of all cells; `best` is what comes first, by judge, and after it the trials in their order."""
    return [
        tuning(budget, cell, trial, **{judge: float(trial != first) + trial / 100 for judge, first in best.items()})
        for cell in BUDGETS[budget].cells
        for trial in trials
    ]


def test_the_trials_fill_their_ranges_and_are_the_same_for_both_cells():
    drawn = [settings(trial, "shakespeare", "LSTM") for trial in range(32)]
    assert drawn == [settings(trial, "shakespeare", "GRU") for trial in range(32)]
    places = [math.log(one.rate / 0.0005) / math.log(60) * 32 for one in drawn]
    assert sorted(math.floor(place) for place in places) == list(range(32))  # one in each of 32 equal steps
    assert sum("chrono" in one.start for one in drawn) == 16
    assert min(one.dropout for one in drawn) < 0.02 < 0.48 < max(one.dropout for one in drawn)


def test_a_plain_rnn_has_no_start_and_tales_no_dropout():
    assert settings(3, "shakespeare", "RNN").start == {}
    assert settings(3, "tales", "GRU").dropout == 0.0 < settings(3, "shakespeare", "GRU").dropout


def test_no_tenth_is_tested_with_settings_that_were_chosen_on_it():
    assert all(protocol.judge_of("shakespeare", seed) != f"tenth {seed}" for seed in SEEDS)


def test_the_best_go_on_to_the_next_budget_by_each_judge():
    found = rows("1.5 M", range(32), {"tenth 2": 20, "tenth 7": 30})
    runs = protocol.tuning_runs(found, **PLACE, budget="6 M")
    assert [run["trial"] for run in runs if run["cell"] == "GRU"] == [20, 0, 1, 2, 3, 4, 5, 6, 30]


def test_a_seed_takes_the_best_of_what_its_own_judge_let_through():
    found = rows("1.5 M", range(32), {"tenth 2": 20, "tenth 7": 30})
    found += rows("6 M", [0, 1, 2, 3, 4, 5, 6, 20, 30], {"tenth 2": 30, "tenth 7": 20})
    runs = protocol.confirming_runs(found, **PLACE, budget="6 M")
    assert len(runs) == 30
    assert {run["trial"] for run in runs} == {0}  # 30 did not pass tenth 2, nor 20 tenth 7


@pytest.mark.parametrize(("best", "first"), [(21, 32), (0, 40), (11, None)])
def test_eight_trials_more_are_made_beyond_an_edge_for_every_cell(best, first):
    found = rows("24 M", range(32), {"tenth 2": best, "tenth 7": best})
    runs = protocol.more_runs(found, **PLACE, budget="24 M")
    assert [run["trial"] for run in runs] == ([] if first is None else [*range(first, first + 8)] * 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fold_trains_on_eight_tenths_and_is_tested_on_another(seed, monkeypatch):
    text = " ".join(map(str, range(10_000, 60_000)))  # no word twice
    monkeypatch.setattr(protocol, "load_corpus", lambda _: SimpleNamespace(text=text))
    run = {"text": "shakespeare", "budget": "1.5 M", "seed": seed}
    vocab, parts = protocol.parts_of(run)
    train, val = vocab.decode(parts.train), vocab.decode(parts.val["next"])
    assert abs(len(train) - 8 * len(parts.test)) < 100
    assert parts.test[5000:6000] not in train
    assert val[5000:6000] not in train
    del run["seed"]
    judged = protocol.parts_of(run)[1].val[protocol.judge_of("shakespeare", seed)]
    assert vocab.decode(judged)[5000:6000] not in parts.test


def test_seeds_read_other_stretches_of_the_stories_and_are_tested_on_other_stories():
    run = {"text": "tales", "budget": "6 M"}
    parts = [protocol.parts_of({**run, "seed": seed}, 0.001)[1] for seed in (0, 1)]
    assert not torch.equal(parts[0].train[:1000], parts[1].train[:1000])
    assert torch.equal(parts[0].train[2400:3400], parts[1].train[:1000])  # a tenth of the pool further on
    assert parts[0].test[:100] != parts[1].test[:100]
    assert torch.equal(parts[0].val["next"], parts[1].val["next"])


def test_a_run_that_diverges_counts_with_what_it_had(monkeypatch):
    run = {"part": "confirmation", "text": "tales", "size": "50 K", "budget": "1.5 M", "cell": "GRU"}

    def diverges(*_, **__):
        raise FloatingPointError

    monkeypatch.setattr(protocol, "train", diverges)
    row = protocol.make({**run, "trial": 1, "seed": 0}, 0.001)
    assert row["status"] == "diverged"
    assert row["test"] == row["val"]["next"] == pytest.approx(math.log(51), abs=1e-5)
