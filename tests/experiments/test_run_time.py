"""A forecast says how long a run will take, and changes nothing."""

import copy
from types import SimpleNamespace

import torch

from charrnn_helpers import TrainConfig
from charrnn_helpers.experiments import forecast
from charrnn_helpers.training import loop


def updates_that_take(monkeypatch, seconds):
    """Let an update take `seconds(threads)`, draw a random number, and compute nothing."""
    clock = [0.0]

    def one_update(*_):
        clock[0] += seconds(torch.get_num_threads())
        torch.rand(1)
        return 1.0, 1.0, None

    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(loop, "one_update", one_update)


def test_a_forecast_counts_updates_and_weights_and_changes_nothing(monkeypatch, make_model):
    model = make_model(dropout=0.5)
    updates_that_take(monkeypatch, lambda threads: 0.5)
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    weights = sum(weight.numel() for weight in model.parameters())
    config = TrainConfig(updates=120, streams=1000, window=100)
    megabytes = 4 * (4 * weights + 3 * 100_000 * model.head.out_features) / 1e6
    assert forecast(model, config) == f"about 60 s, and {megabytes:.0f} MB of memory"
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
