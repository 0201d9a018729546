"""A run in bfloat16 is near that in float32, is chosen by the clock, and is refused where a processor cannot do it."""

from types import SimpleNamespace

import precision
import pytest
import torch
from precision import Bfloat16, PrecisionError, in_bfloat16, pick_precision

from charrnn_helpers import evaluate, train


@pytest.mark.usefixtures("bfloat16")
def test_bfloat16_is_near_float32_and_everything_kept_is_float32(make_model, ids, config):
    model, options = make_model(), {"device": "cpu", "progress": False}
    exact = train(make_model(), ids, ids[:100], config(updates=40), **options)
    near = train(in_bfloat16(model), ids, ids[:100], config(updates=40), **options)
    assert near.losses != exact.losses
    assert near.losses == pytest.approx(exact.losses, abs=0.1)
    assert near.losses[-1] < 0.9 * near.losses[0]
    assert near.best_loss == evaluate(model, ids[:100], window=2000)  # validated in float32
    state = near.resume["state"]
    kept = [*near.best_weights.values(), *(state if isinstance(state, tuple) else (state,))]
    assert {tensor.dtype for tensor in kept} == {torch.float32}


@pytest.fixture
def old_processor(monkeypatch):
    """A processor without bfloat16, as oneDNN reports it."""

    def cannot(*_):
        raise RuntimeError("could not create a primitive descriptor for an LSTM\nmore lines")

    monkeypatch.setattr(Bfloat16, "forward", cannot)


def test_a_processor_without_bfloat16_is_named_before_the_training_begins(old_processor, make_model):
    model, untouched = make_model(dropout=0.5), make_model(dropout=0.5)
    random_state = torch.get_rng_state()
    with pytest.raises(PrecisionError, match=r"does not train this network in bfloat16 \(could not .* an LSTM\)"):
        in_bfloat16(model)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), untouched.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), random_state)
    assert pick_precision("cpu", model, streams=2, window=4) == "float32"


@pytest.mark.parametrize(("low", "name"), [(0.5, "bfloat16"), (0.9, "float32")])
def test_bfloat16_is_chosen_only_where_it_is_clearly_faster(monkeypatch, model, low, name):
    def fake_train(network, *_, **options):
        return SimpleNamespace(seconds=low if isinstance(network, Bfloat16) else 1.0, finished=True)

    monkeypatch.setattr(precision, "train", fake_train)
    monkeypatch.setattr(precision, "in_bfloat16", Bfloat16)
    assert pick_precision("cpu", model, streams=2, window=4) == name
