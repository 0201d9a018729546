"""minGRU: one step at a time and all at once are the same, from any state, with either sign, and so are gradients."""

import pytest
import torch

from charrnn_helpers.later import MinGRUCell, MinGRULayers, SignedMinGRUCell, scan
from charrnn_helpers.networks import CELLS, run_cell

both_cells = pytest.mark.parametrize("cell_class", [MinGRUCell, SignedMinGRUCell])


def one_by_one(layers, x, state):
    """What the equations say: each layer, one step after the other."""
    last = []
    for cell, h in zip(layers.cells, state, strict=True):
        x, h = run_cell(cell, x, h)
        last.append(h)
    return x, torch.stack(last)


@both_cells
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("steps", [1, 5, 512])
def test_all_steps_at_once_are_the_steps_one_by_one_with_their_gradients(cell_class, given, steps):
    torch.manual_seed(0)
    layers, x = MinGRULayers(cell_class, 3, 4, 2), torch.randn(2, steps, 3, requires_grad=True)
    state = torch.randn(2, 2, 4, requires_grad=True) if given else None
    zeros = torch.zeros(2, 2, 4)
    weights = [*layers.parameters(), x, *([state] if given else [])]
    results = []
    for h, last in (layers(x, state), one_by_one(layers, x, state if given else zeros)):
        toward = torch.linspace(-1, 1, h.numel()).view(h.shape)  # so that every output counts
        results.append((h, last, *torch.autograd.grad((h * toward).sum() + last.sum(), weights)))
    for at_once, step_by_step in zip(*results, strict=True):
        torch.testing.assert_close(at_once, step_by_step, rtol=1e-4, atol=1e-5)


@both_cells
def test_a_text_in_two_parts_leads_to_the_same_states_as_in_one(cell_class):
    torch.manual_seed(1)
    layers, x = MinGRULayers(cell_class, 3, 4, 2), torch.randn(2, 40, 3)
    h, last = layers(x)
    first, state = layers(x[:, :13])
    second, state = layers(x[:, 13:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), h)
    torch.testing.assert_close(state, last)


def test_a_state_that_is_given_is_taken_as_it_is():
    """Put through an activation once more, it would change: 0.7 kept whole stays 0.7, and -0.7 stays below zero."""
    cell = MinGRUCell(1, 2)
    with torch.no_grad():
        cell.x2h.weight.zero_()
        cell.x2h.bias.copy_(torch.tensor([40.0, 40.0, 5.0, 5.0]))  # z is 1
    h = torch.tensor([[0.7, -0.7]])
    assert torch.equal(cell.all_steps(torch.zeros(1, 9, 1), h), h[:, None].expand(1, 9, 2))


def test_a_scan_takes_negative_multipliers_and_zeros_as_they_are():
    keep, write = torch.tensor([[-1.0, 0.0, -0.5, 2.0], [1.0, 3.0, 0.0, -1.0]])[:, None, :, None]  # (1, T, 1) each
    assert scan(keep, write).flatten().tolist() == [1.0, 3.0, -1.5, -4.0]


@pytest.mark.parametrize("name", ["minGRU", "signed minGRU"])
def test_a_row_says_where_the_gate_stands_and_a_start_reaches_it(name):
    row = CELLS[name]
    step = row.cell_class(5, 6).gates(torch.randn(2, 5), torch.randn(2, 6))
    assert "".join(step) == row.gates
    model = row.model(7, 6, 2, 5, keep_bias=3.0)
    assert all(cell.x2h.bias[:6].tolist() == [3.0] * 6 for cell in model.rnn.cells)
    spread = row.model(7, 6, 2, 5, chrono=50).rnn.cells[1].x2h.bias[:6].exp()
    assert 1 - 1e-5 <= spread.min() < spread.max() <= 49.001


def test_the_signed_multiplier_reaches_both_ends():
    z = torch.tensor([-40.0, 0.0, 40.0])
    assert SignedMinGRUCell(1, 1).multiplier(z).tolist() == [-1.0, 0.0, 1.0]
    assert MinGRUCell(1, 1).multiplier(z)[1:].tolist() == [0.5, 1.0]
