"""`FusedGRU` is `nn.GRU` in outputs, states and gradients; its hand-written backward is checked in double precision."""

import pytest
import torch
from torch import nn

from charrnn_helpers import GRUModel, load_checkpoint, save_checkpoint
from charrnn_helpers.networks.fused_gru import FusedGRU, FusedGRUModel


def pair(layers=1, **kwargs):
    """`nn.GRU` and `FusedGRU` with the same weights."""
    torch.manual_seed(0)
    theirs = nn.GRU(5, 7, layers, batch_first=True, **kwargs)
    ours = FusedGRU(5, 7, layers, **kwargs)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def gradients(result, wanted):
    outputs, last = result
    pull = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(1)).to(outputs.dtype)
    return torch.autograd.grad((outputs * pull).sum() + (last**2).sum(), wanted)


def largest_gap(ours, theirs):
    return max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("with_state", [True, False])
def test_outputs_states_and_gradients_are_those_of_torch(layers, with_state):
    theirs, ours = pair(layers)
    x = torch.randn(3, 11, 5, requires_grad=True)
    h0 = torch.randn(layers, 3, 7, requires_grad=True) if with_state else None
    inputs = [x, h0] if with_state else [x]
    expected, found = theirs(x, h0), ours(x, h0)
    assert largest_gap(found, expected) < 1e-6
    wanted = gradients(expected, [*inputs, *theirs.parameters()])
    assert largest_gap(gradients(found, [*inputs, *ours.parameters()]), wanted) < 5e-6


def test_backward_is_the_derivative_of_forward():
    """Against finite differences, for the input, the first state and every weight."""
    torch.manual_seed(0)
    gru = FusedGRU(2, 3, 2).double()
    x = torch.randn(2, 4, 2, dtype=torch.double, requires_grad=True)
    h0 = torch.randn(2, 2, 3, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, h0, *weights: gru(x, h0), (x, h0, *gru.parameters()))
    rows = torch.randn(5, 2, dtype=torch.double, requires_grad=True)
    ids = torch.tensor([[0, 1, 2, 0], [4, 4, 3, 1]])
    known = (rows, h0, *gru.parameters())
    assert torch.autograd.gradcheck(lambda rows, h0, *weights: gru.forward_ids(rows, ids, h0), known)


def test_only_the_last_state_or_only_the_outputs_may_be_used():
    theirs, ours = pair()
    x = torch.randn(2, 4, 5)
    for part in (0, 1):
        for gru in (theirs, ours):
            gru.zero_grad()
            gru(x)[part].square().sum().backward()
        assert largest_gap([w.grad for w in ours.parameters()], [w.grad for w in theirs.parameters()]) < 1e-5


def test_looked_up_rows_are_the_same_as_rows_given():
    _, ours = pair(2)
    rows, ids = torch.randn(6, 5), torch.randint(6, (3, 9))
    assert largest_gap(ours.forward_ids(rows, ids), ours(rows[ids])) < 1e-6


def test_under_autocast_it_is_near_and_its_state_stays_in_float32():
    _, ours = pair()
    x = torch.randn(3, 40, 5)
    exact, _ = ours(x)
    with torch.autocast("cpu", torch.bfloat16):
        near, last = ours(x)
    assert near.dtype == last.dtype == torch.float32
    assert 0 < (near - exact).abs().max() < 0.02
    weights = list(ours.parameters())
    for low, full in zip(gradients((near, last), weights), gradients(ours(x), weights), strict=True):
        assert low.dtype == torch.float32
        assert (low - full).abs().max() < 0.02 * full.abs().max()


def test_dropout_between_layers_only_in_training_and_by_the_global_generator():
    theirs, ours = pair(2, dropout=0.5)
    x = torch.randn(2, 6, 5)
    torch.manual_seed(3)
    first = ours(x)[0]
    torch.manual_seed(3)
    assert torch.equal(ours(x)[0], first)
    assert not torch.equal(ours(x)[0], first)
    assert largest_gap(ours.eval()(x), theirs.eval()(x)) < 1e-6


def test_dropout_takes_a_share_and_scales_the_rest_and_not_before_the_first_layer(vocab, ids):
    """The mean over many draws is the network without dropout, as far as the layer above is nearly linear."""
    _, ours = pair(2, dropout=0.5)
    with torch.no_grad():
        for weight in ours.parameters():
            weight.mul_(0.3)
    x = torch.randn(2, 6, 5)
    exact = ours.eval()(x)[0]
    mean = torch.stack([ours.train()(x)[0] for _ in range(300)]).mean(0)
    assert (mean - exact).abs().max() < 0.1 * exact.abs().max()
    _, single = pair(1, dropout=0.0)
    single.dropout = 0.5  # there is nothing between the layers of one
    assert torch.equal(single.train()(x)[0], single.eval()(x)[0])
    torch.manual_seed(0)
    model = FusedGRUModel(len(vocab), 16, 1, dropout=0.5)
    assert not torch.equal(model(ids[None, :9])[0], model(ids[None, :9])[0])  # before the head


@pytest.mark.parametrize("shape", [(1, 1, 7), (3, 7)])
def test_a_state_of_another_shape_is_refused(shape):
    _, ours = pair(1)
    with pytest.raises(ValueError, match=r"it must be \(layers, B, H\) = \(1, 3, 7\)"):
        ours(torch.randn(3, 4, 5), torch.zeros(shape))


def test_another_layout_is_refused_and_second_derivatives_are_not_wrong_but_refused():
    with pytest.raises(ValueError, match="batch_first"):
        FusedGRU(3, 4, batch_first=False)
    _, ours = pair()
    x = torch.randn(1, 3, 5, requires_grad=True)
    (slope,) = torch.autograd.grad(ours(x)[0].square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


@pytest.mark.parametrize("embedding_size", [None, 8])
def test_the_model_has_the_weights_and_scores_of_a_gru_model(embedding_size, vocab, ids, tmp_path):
    models = []
    for kind in (GRUModel, FusedGRUModel):
        torch.manual_seed(0)
        models.append(kind(len(vocab), 16, 2, embedding_size, dropout=0.3).eval())
    plain, fused = models
    assert plain.hyperparameters == fused.hyperparameters
    assert plain.state_dict().keys() == fused.state_dict().keys()
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), fused.parameters(), strict=True))
    texts = ids[:60].view(3, 20)
    assert largest_gap(fused(texts), plain(texts)) < 1e-5
    with torch.inference_mode():
        assert largest_gap(fused(texts), plain(texts)) < 1e-5
    loaded = load_checkpoint(save_checkpoint(tmp_path / "a.pt", fused, vocab)).model
    assert largest_gap(loaded(texts), plain(texts)) == 0
