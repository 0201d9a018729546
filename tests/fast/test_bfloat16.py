"""In bfloat16 a run is near that in float32, and all that is kept is float32."""

import pytest
import torch
from charrnn_helpers.training.bfloat16 import autocast

from charrnn_helpers import train


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


def test_a_precision_that_is_not_offered_is_named_and_bfloat16_is_refused_off_the_cpu(model):
    with pytest.raises(ValueError, match="precision is 'bf16'; choose 'float32' or 'bfloat16'"):
        autocast(model, "bf16")
    with pytest.raises(ValueError, match="bfloat16 is offered on a CPU only"):
        autocast(model.to("meta"), "bfloat16")
