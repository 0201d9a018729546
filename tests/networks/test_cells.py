"""The cells are what PyTorch computes, outputs, states and gradients."""

import pytest
import torch
from torch import nn

from charrnn_helpers.networks.cells import GRUCell, LSTMCell, RNNCell, run_cell
from charrnn_helpers.networks.compare import compare_with_torch

KINDS = {"LSTM": (LSTMCell, nn.LSTM), "GRU": (GRUCell, nn.GRU), "RNN": (RNNCell, nn.RNN)}
every_cell = pytest.mark.parametrize("name", KINDS)


def reference_of(name, layers=1, units=6, inputs=5):
    torch.manual_seed(0)
    return KINDS[name][1](inputs, units, layers, batch_first=True).double()


def cells_for(name, layers=1, units=6, inputs=5):
    return [KINDS[name][0](units if layer else inputs, units).double() for layer in range(layers)]


@every_cell
@pytest.mark.parametrize("layers", [1, 3])
def test_hand_written_cell_equals_torch_in_outputs_states_and_gradients(name, layers):
    gap = compare_with_torch(cells_for(name, layers), reference_of(name, layers), steps=20)
    assert gap.outputs < 1e-12
    assert gap.states < 1e-12
    assert gap.gradients < 1e-11


@every_cell
def test_single_precision_stays_within_the_margins_that_the_notebooks_state(name):
    gap = compare_with_torch(KINDS[name][0](8, 16), KINDS[name][1](8, 16, batch_first=True), steps=50)
    assert gap.outputs < 1e-5
    assert gap.states < 1e-5
    assert gap.gradients < 1e-3


@every_cell
def test_run_cell_in_two_halves_equals_one_run(name):
    cell = cells_for(name)[0]
    x = torch.randn(2, 9, 5, dtype=torch.float64)
    whole, last = run_cell(cell, x)
    first, state = run_cell(cell, x[:, :4])
    second, end = run_cell(cell, x[:, 4:], state)
    assert whole.shape == (2, 9, 6)
    assert torch.allclose(torch.cat([first, second], dim=1), whole, atol=1e-12)
    for a, b in zip(*((s if isinstance(s, tuple) else (s,)) for s in (last, end)), strict=True):
        assert torch.allclose(a, b, atol=1e-12)


def test_run_cell_says_what_shape_it_needs():
    with pytest.raises(ValueError, match=r"\(5,\)"):
        run_cell(GRUCell(5, 6), torch.zeros(5))
