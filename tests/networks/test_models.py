"""The models are what the course says they are: their sizes, their start, and what they compute."""

import json

import pytest
import torch

from charrnn_helpers.fast.fused_gru import FusedGRUModel
from charrnn_helpers.networks.models import GRUModel, LSTMModel
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


def biases(model, layer):
    """What the two vectors add up to, for each block: (blocks, H)."""
    return (getattr(model.rnn, f"bias_ih_l{layer}") + getattr(model.rnn, f"bias_hh_l{layer}")).view(-1, 6).detach()


GATED = pytest.mark.parametrize("build", [LSTMModel, GRUModel, FusedGRUModel])


@GATED
@pytest.mark.parametrize("options", [{}, {"keep_bias": None}, {"keep_bias": 2.5}, {"chrono": 100}])
def test_the_gate_that_keeps_starts_as_asked_and_all_else_as_torch_draws_it(build, options):
    torch.manual_seed(0)
    ours = build(7, 6, 2, None, **options)
    torch.manual_seed(0)
    theirs = build(7, 6, 2, None, keep_bias=None)
    keeps = CELLS[ours.cell].blocks.index(CELLS[ours.cell].keep_gate)
    writes = CELLS[ours.cell].blocks.find("i")
    usual = 1.0 if build is LSTMModel else None
    for layer in range(2):
        found, expected = biases(ours, layer), biases(theirs, layer)
        if "chrono" in options:
            assert bool((found[keeps].exp() >= 1 - 1e-5).all() and (found[keeps].exp() <= 99.001).all())
            assert len(found[keeps].unique()) == 6
            assert writes < 0 or torch.equal(found[writes], -found[keeps])
            touched = [keeps, writes][: 1 + (writes >= 0)]
            expected[touched] = found[touched]
        elif (asked := options.get("keep_bias", usual)) is not None:
            expected[keeps] = asked
        assert torch.equal(found, expected)
    for name, weight in theirs.state_dict().items():
        assert "bias_" in name or torch.equal(ours.state_dict()[name], weight)


@GATED
@pytest.mark.parametrize("options", [{}, {"keep_bias": 2}, {"chrono": 30}])
def test_hyperparameters_are_plain_and_rebuild_the_model_with_its_start(build, options):
    torch.manual_seed(0)
    first = build(7, 6, **options)
    assert json.loads(json.dumps(first.hyperparameters)) == first.hyperparameters
    torch.manual_seed(0)
    again = CELLS[first.cell].model(**first.hyperparameters).state_dict()
    assert all(torch.equal(weight, again[name]) for name, weight in first.state_dict().items())


@pytest.mark.parametrize("options", [{"keep_bias": 1.0}, {"chrono": 9}])
def test_a_cell_without_gates_has_none_to_start(options):
    with pytest.raises(ValueError, match="a gate that keeps, and RNN has none: leave them out"):
        CELLS["RNN"].model(7, 6, **options)


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
