"""The models are what the course says they are: their sizes, their start, and what they compute."""

import pytest
import torch
from torch import nn

from charrnn_helpers.networks.models import LSTMModel, num_parameters
from charrnn_helpers.networks.registry import CELLS, count_parameters, width_for

both = pytest.mark.parametrize("name", ["LSTM", "GRU"])
all_three = pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
IDS = torch.tensor([[0, 3, 6, 2, 2, 5, 1, 4], [6, 6, 0, 1, 5, 3, 2, 0]])  # (2, 8)


def tiny(name, **options):
    torch.manual_seed(0)
    return CELLS[name].model(7, **{"hidden_size": 6, "embedding_size": 5, "num_layers": 2, **options}).double()


@all_three
def test_shapes_of_logits_and_state(name):
    model = tiny(name)
    logits, state = model(IDS)
    assert logits.shape == (2, 8, 7)
    parts = state if name == "LSTM" else (state,)
    assert [tuple(part.shape) for part in parts] == [(2, 2, 6)] * (2 if name == "LSTM" else 1)
    assert model.cell == name
    assert model.vocab_size == 7


@all_three
def test_logits_one_step_at_a_time_equal_those_of_the_whole_sequence(name):
    model = tiny(name)
    state, steps = None, []
    for ids in IDS.split(1, dim=1):
        logits, state = model(ids, state)
        steps.append(logits)
    assert torch.allclose(torch.cat(steps, dim=1), model(IDS)[0], atol=1e-12)


@both
def test_one_hot_rows_equal_an_embedding_that_is_the_identity(name):
    one_hot, embedded = tiny(name, embedding_size=None), tiny(name, embedding_size=7)
    weights = one_hot.state_dict()
    embedded.load_state_dict({**weights, "embedding.weight": torch.eye(7, dtype=torch.float64)})
    assert torch.allclose(one_hot(IDS)[0], embedded(IDS)[0], atol=1e-12)


@pytest.mark.parametrize("forget_bias", [1.0, 2.5])
def test_forget_biases_add_up_to_what_was_asked(forget_bias):
    rnn = LSTMModel(7, 6, 2, 5, forget_bias=forget_bias).rnn
    for layer in range(2):
        total = getattr(rnn, f"bias_ih_l{layer}") + getattr(rnn, f"bias_hh_l{layer}")
        assert torch.equal(total[6:12], torch.full((6,), forget_bias))
        assert (total[:6] != forget_bias).all()
        assert (total[12:] != forget_bias).all()


def test_forget_bias_none_leaves_torch_biases_alone():
    torch.manual_seed(0)
    ours = LSTMModel(7, 6, 1, None, forget_bias=None).rnn
    torch.manual_seed(0)
    theirs = nn.LSTM(7, 6, 1, batch_first=True)
    assert torch.equal(ours.bias_ih_l0, theirs.bias_ih_l0)
    assert torch.equal(ours.bias_hh_l0, theirs.bias_hh_l0)


@all_three
def test_each_gates_recurrent_weights_start_orthogonal(name):
    model = tiny(name)
    for layer in range(2):
        for gate in getattr(model.rnn, f"weight_hh_l{layer}").float().split(6):
            assert torch.allclose(gate @ gate.T, torch.eye(6), atol=1e-5)


@all_three
def test_hyperparameters_rebuild_the_model(name):
    model = tiny(name, dropout=0.25, embedding_size=None)
    twin = CELLS[model.cell].model(**model.hyperparameters).double()
    twin.load_state_dict(model.state_dict())
    assert torch.equal(model.eval()(IDS)[0], twin.eval()(IDS)[0])
    assert twin.hyperparameters == model.hyperparameters
    assert all(type(value) in (int, float, type(None)) for value in model.hyperparameters.values())


@both
@pytest.mark.parametrize("layers", [1, 2])
def test_dropout_acts_in_training_and_not_in_evaluation(name, layers, recwarn):
    model = tiny(name, dropout=0.5, num_layers=layers)
    assert not torch.equal(model(IDS)[0], model(IDS)[0])
    model.eval()
    assert torch.equal(model(IDS)[0], model(IDS)[0])
    assert not recwarn.list


IMPOSSIBLE = {"vocab_size": 0, "hidden_size": 2.5, "num_layers": -1, "embedding_size": 0, "dropout": 1.0}


@pytest.mark.parametrize(("size", "value"), [*IMPOSSIBLE.items(), ("dropout", -0.1)])
def test_a_size_that_cannot_be_is_named(size, value):
    with pytest.raises(ValueError, match=f"^{size} is {value}; it must be .*$"):
        CELLS["GRU"].model(**{"vocab_size": 7, size: value})


# --- counted without building ---------------------------------------------------------------------------------------


@all_three
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("embedding_size", [5, None])
def test_parameters_are_counted_without_building(name, layers, embedding_size):
    built = tiny(name, num_layers=layers, embedding_size=embedding_size)
    assert count_parameters(name, 7, 6, layers, embedding_size) == num_parameters(built)


def test_parameters_that_are_frozen_are_not_counted():
    model = tiny("GRU")
    before = num_parameters(model)
    model.head.bias.requires_grad_(False)
    assert before - num_parameters(model) == 7


@all_three
@pytest.mark.parametrize(("wanted", "layers"), [(3_000, 1), (50_000, 2), (50_300, 2)])
def test_no_other_width_comes_nearer_to_so_many_parameters(name, wanted, layers):
    width = width_for(wanted, name, 60, layers, 16)
    misses = {units: abs(count_parameters(name, 60, units, layers, 16) - wanted) for units in range(1, 2 * width + 2)}
    assert misses[width] == min(misses.values())


def test_a_network_that_cannot_be_that_small_is_refused():
    with pytest.raises(ValueError, match="too few"):
        width_for(100, "LSTM", 60)
