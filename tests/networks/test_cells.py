"""The cells are what PyTorch computes, outputs, states and gradients."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from charrnn_helpers.measures.compare import compare_with_torch
from charrnn_helpers.networks.cells import (
    CellLayers,
    GRUCell,
    LSTMCell,
    RNNCell,
    cells_like,
    detach,
    run_cell,
    share_weights,
    to_device,
)

KINDS = {"LSTM": (LSTMCell, nn.LSTM), "GRU": (GRUCell, nn.GRU), "RNN": (RNNCell, nn.RNN)}
every_cell = pytest.mark.parametrize("name", KINDS)


@every_cell
@pytest.mark.parametrize(("dtype", "margin"), [(torch.double, 1e-12), (torch.float, 1e-5)])
def test_hand_written_cell_equals_torch_in_outputs_states_and_gradients(name, dtype, margin):
    torch.manual_seed(0)
    cell, layer = KINDS[name]
    gap = compare_with_torch(cell(5, 6).to(dtype), layer(5, 6, batch_first=True).to(dtype), steps=20)
    assert max(gap.outputs, gap.states, gap.gradients / 10) < margin


@pytest.mark.parametrize(
    ("name", "block", "spare"), [("GRU", 0, True), ("GRU", 1, True), ("GRU", 2, False), ("LSTM", 3, True)]
)
def test_the_second_bias_is_spare_but_in_the_candidate_of_the_gru(name, block, spare):
    torch.manual_seed(0)
    cell, x = KINDS[name][0](5, 6).double(), torch.randn(2, 9, 5).double()
    before, rows = run_cell(cell, x)[0], slice(6 * block, 6 * (block + 1))
    with torch.no_grad():
        cell.x2h.bias[rows] += cell.h2h.bias[rows]
        cell.h2h.bias[rows] = 0
    assert torch.allclose(run_cell(cell, x)[0], before, atol=1e-12) is spare


@every_cell
def test_layers_of_cells_equal_those_of_torch_and_in_two_halves_one_run(name):
    cell, layer = KINDS[name]
    layers, reference = CellLayers(cell, 5, 6, 3), layer(5, 6, 3, batch_first=True)
    for number, one in enumerate(layers.cells):
        share_weights(one, reference, number)
    x = torch.randn(2, 9, 5)
    whole, last = layers(x)
    assert_close((whole, last), reference(x))
    first, state = layers(x[:, :4])
    second, end = layers(x[:, 4:], state)
    assert_close((torch.cat([first, second], dim=1), end), (whole, last))


@every_cell
@pytest.mark.parametrize("training", [True, False])
def test_layers_like_those_of_torch_are_in_their_mode(name, training):
    cell, layer = KINDS[name]
    reference = layer(5, 6, 2, batch_first=True, dropout=0.5).train(training)
    layers, x = cells_like(reference, cell), torch.randn(2, 9, 5)
    assert layers.training is training
    assert torch.equal(layers(x)[0], layers(x)[0]) is not training
    assert layers.cells[1].h2h.weight is reference.weight_hh_l1


@pytest.mark.parametrize(
    ("cell", "reference", "sentence"),
    [
        (LSTMCell, nn.LSTM(5, 6, batch_first=True, bidirectional=True), "one direction and biases"),
        (GRUCell, nn.GRU(5, 6, batch_first=True, bias=False), "one direction and biases"),
        (RNNCell, nn.RNN(5, 6, batch_first=True, nonlinearity="relu"), "RNNCell computes tanh"),
        (LSTMCell, nn.GRU(5, 6, batch_first=True), "give both the same sizes"),
    ],
    ids=["bidirectional", "without biases", "relu", "another cell"],
)
def test_layers_that_a_cell_does_not_describe_are_refused(cell, reference, sentence):
    with pytest.raises(ValueError, match=sentence):
        cells_like(reference, cell)


def test_a_grus_state_stays_within_one_and_an_lstms_cell_may_grow():
    torch.manual_seed(0)
    gru, lstm, x = GRUCell(4, 32), LSTMCell(4, 32), torch.randn(8, 200, 4)
    for weight in (*gru.parameters(), *lstm.parameters()):
        weight.data.mul_(10)
    assert run_cell(gru, x)[0].abs().max() <= 1 + 1e-6
    assert run_cell(lstm, x)[1][1].abs().max() > 2


A, B = torch.ones(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)


@pytest.mark.parametrize("state", [A, (A, B), None], ids=["h", "(h, c)", "none"])
def test_every_part_is_cut_off_and_moved_and_the_kind_of_state_stays(state):
    cut, moved = detach(state), to_device(state, "meta")
    torch.testing.assert_close(cut, state)
    assert type(cut) is type(moved) is (torch.Tensor if state is A else type(state))
    for alone, there in zip(cut, moved, strict=True) if isinstance(state, tuple) else [(cut, moved)] * (state is A):
        assert not alone.requires_grad
        assert there.device.type == "meta"
