"""The models are what the course says they are: their sizes, their start, and what they compute."""

import pytest
import torch
from torch import nn

from charrnn_helpers.networks.models import LSTMModel
from charrnn_helpers.networks.registry import CELLS

both = pytest.mark.parametrize("name", ["LSTM", "GRU"])
all_three = pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
IDS = torch.tensor([[0, 3, 6, 2, 2, 5, 1, 4], [6, 6, 0, 1, 5, 3, 2, 0]])  # (2, 8)


def tiny(name, **options):
    torch.manual_seed(0)
    return CELLS[name].model(7, **{"hidden_size": 6, "embedding_size": 5, "num_layers": 2, **options}).double()


@all_three
def test_one_step_at_a_time_gives_what_the_whole_sequence_gives(name):
    model = tiny(name)
    logits, state = model(IDS)
    assert logits.shape == (2, 8, 7)
    assert [part.shape for part in (state if name == "LSTM" else (state,))] == [(2, 2, 6)] * (1 + (name == "LSTM"))
    carried, steps = None, []
    for ids in IDS.split(1, dim=1):
        step, carried = model(ids, carried)
        steps.append(step)
    torch.testing.assert_close((torch.cat(steps, dim=1), carried), (logits, state))


@both
def test_one_hot_rows_equal_an_embedding_that_is_the_identity(name):
    one_hot, embedded = tiny(name, embedding_size=None), tiny(name, embedding_size=7)
    weights = one_hot.state_dict()
    embedded.load_state_dict({**weights, "embedding.weight": torch.eye(7, dtype=torch.float64)})
    assert torch.allclose(one_hot(IDS)[0], embedded(IDS)[0], atol=1e-12)


@pytest.mark.parametrize("forget_bias", [1.0, 2.5, None])
def test_forget_biases_add_up_to_what_was_asked_and_the_others_are_those_of_torch(forget_bias):
    torch.manual_seed(0)
    ours = LSTMModel(7, 6, 2, None, forget_bias=forget_bias).rnn.state_dict()
    torch.manual_seed(0)
    theirs = nn.LSTM(7, 6, 2).state_dict()
    for layer in range(2):
        found, expected = (one[f"bias_ih_l{layer}"] + one[f"bias_hh_l{layer}"] for one in (ours, theirs))
        if forget_bias is not None:
            expected[6:12] = forget_bias
        assert torch.equal(found, expected)


@all_three
def test_each_gates_recurrent_weights_start_orthogonal(name):
    model = tiny(name)
    for layer in range(2):
        for gate in getattr(model.rnn, f"weight_hh_l{layer}").float().split(6):
            assert torch.allclose(gate @ gate.T, torch.eye(6), atol=1e-5)


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
