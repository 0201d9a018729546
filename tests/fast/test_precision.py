"""A run in bfloat16 is near that in float32, is chosen by the clock, and is refused where a processor cannot do it."""

import threading
from types import SimpleNamespace

import pytest
import torch

from charrnn_helpers import train
from charrnn_helpers.fast import precision
from charrnn_helpers.fast.precision import Bfloat16, PrecisionError, pick_precision


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_is_near_float32_and_everything_kept_is_float32(make_model, ids, config):
    exact, near = (
        train(make_model(), ids, ids[:100], config(updates=40), device="cpu", progress=False, precision=precision)
        for precision in ("float32", "bfloat16")
    )
    assert (exact.precision, near.precision) == ("float32", "bfloat16")
    assert near.losses != exact.losses
    assert near.losses == pytest.approx(exact.losses, abs=0.1)
    assert near.losses[-1] < 0.9 * near.losses[0]
    state = near.resume["state"]
    kept = [*near.best_weights.values(), *(state if isinstance(state, tuple) else (state,))]
    assert {tensor.dtype for tensor in kept} == {torch.float32}


@pytest.fixture
def old_processor(monkeypatch):
    """A processor without bfloat16, as oneDNN reports it."""

    def cannot(*_):
        raise RuntimeError("could not create a primitive descriptor for an LSTM\nmore lines")

    monkeypatch.setattr(Bfloat16, "forward", cannot)
    return r"this processor does not train this network in bfloat16 \(could not create .* an LSTM\)"


def test_a_processor_without_bfloat16_is_named_before_the_training_begins(old_processor, make_model, ids, config):
    model, untouched = make_model(dropout=0.5), make_model(dropout=0.5)
    random_state = torch.get_rng_state()
    with pytest.raises(PrecisionError, match=rf"{old_processor}; use precision='float32'"):
        train(model, ids, ids[:100], config(), device="cpu", precision="bfloat16", progress=False)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), untouched.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), random_state)


def test_a_run_in_bfloat16_goes_on_in_float32_on_such_a_processor(old_processor, model, ids, config):
    options = {"device": "cpu", "progress": False}
    stop = threading.Event()
    stop.set()
    history = train(model, ids, ids[:100], config(), **options, stop=stop)
    history.precision = "bfloat16"  # on another machine
    with pytest.raises(PrecisionError, match=old_processor):
        train(model, ids, ids[:100], config(), **options, history=history)
    assert train(model, ids, ids[:100], config(), **options, history=history, precision="float32").finished


@pytest.mark.parametrize(
    ("low", "name", "reason"),
    [
        (0.5, "bfloat16", "bfloat16 is 2.00 times as fast as float32 here"),
        (0.9, "float32", "bfloat16 is 1.11 times as fast as float32 here, which is not worth its rounding"),
    ],
)
def test_bfloat16_is_chosen_only_where_it_is_clearly_faster(monkeypatch, model, low, name, reason):
    def fake_train(*_, precision, **options):
        return SimpleNamespace(seconds=low if precision == "bfloat16" else 1.0, finished=True)

    monkeypatch.setattr(precision, "train", fake_train)
    assert pick_precision("cpu", model) == (name, reason)


def test_a_processor_without_bfloat16_gets_float32(old_processor, model):
    choice = pick_precision("cpu", model, streams=2, window=4)
    assert choice.name == "float32"
    assert "could not create a primitive descriptor for an LSTM" in choice.reason
