"""How far back a gradient reaches is measured at the states themselves."""

from pathlib import Path

import nbformat
import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers import LSTMModel
from charrnn_helpers.measures.gradients import gradient_by_lag

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "02_lstm.ipynb"


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_gradient_by_lag_is_that_of_a_run_which_begins_so_many_steps_before_the_end(cell, make):
    model = make(cell, layers=2).double()
    ids = torch.randint(7, (2, 7), generator=torch.Generator().manual_seed(3))
    found = gradient_by_lag(model, ids)
    assert "".join(found) == ("hc" if cell == "LSTM" else "h")
    for lag in range(1, 6):
        _, state = model(ids[:, : 6 - lag])
        parts = [part.detach().requires_grad_() for part in (state if cell == "LSTM" else (state,))]
        logits, _ = model(ids[:, 6 - lag : 6], tuple(parts) if cell == "LSTM" else parts[0])
        loss = F.cross_entropy(logits[:, -1], ids[:, -1], reduction="sum")
        for norms, gradient in zip(found.values(), torch.autograd.grad(loss, parts), strict=True):
            assert torch.allclose(norms[:, lag - 1], gradient.norm(dim=(0, 2)), rtol=1e-9)


def test_gradients_are_taken_without_dropout_and_leave_a_network_alone(make, only_looked_at):
    model = make("LSTM", layers=2)
    model.dropout.p = 0.5
    ids = torch.randint(7, (3, 9))
    with only_looked_at(model):
        assert torch.equal(gradient_by_lag(model, ids)["h"], gradient_by_lag(model, ids)["h"])
    with pytest.raises(ValueError, match="at least three characters"):
        gradient_by_lag(model, ids[:, :2])


def test_gradients_far_below_the_smallest_single_number_are_still_measured():
    torch.manual_seed(0)
    model = LSTMModel(7, 16, 1, 8, keep_bias=-2.0)
    ids = torch.randint(7, (2, 61))
    single = gradient_by_lag(model, ids)["h"].mean(0)
    double = gradient_by_lag(model.double(), ids)["h"].mean(0)  # changes the model itself
    assert single[57] < 1e-23  # its square is no single number
    assert torch.allclose(single.log(), double.log(), rtol=0.01)


def test_the_ten_lines_that_02_shows_measure_the_same_in_a_plain_rnn(make):
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    (shown,) = (cell.source for cell in cells if cell.source.startswith("def memory_gradient_by_lag"))
    names = {"torch": torch, "F": F}
    exec(shown, names)
    model, ids = make("RNN"), torch.randint(7, (3, 9), generator=torch.Generator().manual_seed(3))
    assert torch.allclose(names["memory_gradient_by_lag"](model, ids).double(), gradient_by_lag(model, ids)["h"])
