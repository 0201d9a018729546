"""Every form of a cell computes what its equations say: PyTorch's layers, the faster ones, and plain arrays."""

import copy

import numpy as np
import pytest
import torch

from charrnn_helpers.networks import CELLS, with_cell

IDS = torch.tensor([[0, 3, 6, 2, 2, 5, 1, 4], [6, 6, 0, 1, 5, 3, 2, 0]])  # (2, 8)


@pytest.fixture(params=[(1, None), (2, 5), (3, 5)], ids=["one-hot", "2 layers", "3 layers"])
def by_hand(request, cell_name):
    """A network each of whose steps the hand-written cell makes, in training, with dropout."""
    layers, embedding_size = request.param
    torch.manual_seed(0)
    kind = with_cell(CELLS[cell_name].model, CELLS[cell_name].cell_class)
    return kind(7, 6, layers, embedding_size, dropout=0.5)


@pytest.fixture(params=["LSTM", "GRU", "RNN"])
def cell_name(request):
    return request.param


@pytest.mark.parametrize("form", ["model", "fast"])
def test_the_layers_of_a_form_give_logits_states_and_gradients_of_the_equations(by_hand, cell_name, form):
    by_hand = by_hand.double().eval()
    other = getattr(CELLS[cell_name], form)(**by_hand.hyperparameters).double().eval()
    assert type(other.rnn).forward is not type(by_hand.rnn).forward
    other.load_state_dict(by_hand.state_dict())
    assert list(other.state_dict()) == list(by_hand.state_dict())
    for model in (by_hand, other):
        logits, _ = model(IDS[:, 3:], model(IDS[:, :3])[1])
        logits.square().sum().backward()
    torch.testing.assert_close(other(IDS), by_hand(IDS))
    for weight, same in zip(other.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(weight.grad, same.grad)


@pytest.mark.parametrize("cell_name", ["LSTM", "GRU"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_what_writes_faster_gives_the_logits_of_the_equations_in_float64(by_hand, cell_name, dtype):
    """For one text and for several at once; dropout is off, and training on does not reach the copy."""
    model = CELLS[cell_name].model(**by_hand.hyperparameters).to(dtype)
    model.load_state_dict(by_hand.state_dict())
    one, two = CELLS[cell_name].steps(model, None), CELLS[cell_name].steps(model, 2)
    with torch.no_grad():
        expected = copy.deepcopy(by_hand).double().eval()(IDS)[0].numpy()  # (2, 8, V)
        for weight in model.parameters():
            weight.zero_()
    assert np.abs(np.stack([one.step(i) for i in IDS[0].tolist()]) - expected[0]).max() < 1e-13
    assert np.abs(np.stack([two.step(column) for column in IDS.T.numpy()], axis=1) - expected).max() < 1e-13
