"""bfloat16 is taken by the clock, and only where a processor can do it."""

import copy
from types import SimpleNamespace

import pytest
import torch
from charrnn_helpers.training.bfloat16 import Autocast

from charrnn_helpers.training import precision


@pytest.mark.parametrize(
    ("low", "name", "reason"),
    [
        (0.5, "bfloat16", "bfloat16 is 2.00 times as fast as float32 here"),
        (0.9, "float32", "bfloat16 is 1.11 times as fast as float32 here, which is not worth its rounding"),
    ],
)
def test_bfloat16_is_taken_only_where_it_is_clearly_faster(monkeypatch, model, low, name, reason):
    clock = [0.0]

    def one_update(network, *_):
        clock[0] += low if isinstance(network, Autocast) else 1.0

    monkeypatch.setattr(precision, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(precision, "one_update", one_update)
    assert precision.pick_precision("cpu", model) == (name, reason)


def test_a_processor_that_cannot_do_bfloat16_gets_float32(monkeypatch, model):
    def cannot(*_):
        raise RuntimeError("could not create a primitive descriptor for an LSTM\nmore lines")

    monkeypatch.setattr(Autocast, "forward", cannot)
    name, reason = precision.pick_precision("cpu", model)
    assert name == "float32"
    assert reason == "this machine does not train in bfloat16 (could not create a primitive descriptor for an LSTM)"


def test_a_mistake_in_the_model_is_not_blamed_on_the_processor(model):
    class Broken(type(model)):
        def forward(self, ids, state=None):
            raise RuntimeError("a shape does not fit")

    with pytest.raises(RuntimeError, match="a shape does not fit"):
        precision.pick_precision("cpu", Broken(5, 4))


def test_picking_a_precision_changes_nothing_of_the_readers(make_model):
    model = make_model(dropout=0.5).eval()
    before, random_state, threads = copy.deepcopy(model), torch.get_rng_state(), torch.get_num_threads()
    choice = precision.pick_precision("cpu", model, streams=2, window=4)
    assert choice.name in ("float32", "bfloat16")
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), before.parameters(), strict=True))
    assert all(weight.grad is None for weight in model.parameters())
    assert not model.training
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.get_num_threads() == threads


def test_a_forecast_counts_updates_and_weights_and_changes_nothing(monkeypatch, model):
    clock = [0.0]

    def one_update(*_):
        clock[0] += 0.5
        torch.rand(1)

    monkeypatch.setattr(precision, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(precision, "one_update", one_update)
    before, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    weights = sum(weight.numel() for weight in model.parameters())
    config = precision.TrainConfig(updates=120, streams=1000, window=100)
    megabytes = 4 * (4 * weights + 3 * 100_000 * model.head.out_features) / 1e6
    assert precision.forecast(model, config) == f"about 60 s, and {megabytes:.0f} MB of memory"
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_a_forecast_is_that_of_the_faster_number_of_threads(monkeypatch, model):
    clock, threads = [0.0], torch.get_num_threads()

    def one_update(*_):
        clock[0] += 0.1 * torch.get_num_threads()  # beside a busy process

    monkeypatch.setattr(precision, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    monkeypatch.setattr(precision, "one_update", one_update)
    torch.set_num_threads(2)
    try:
        assert precision.forecast(model, precision.TrainConfig(updates=100)).startswith("about 10 s")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
