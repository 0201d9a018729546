"""`FusedGRU` in a lower precision and with dropout; test_forms.py holds it to the equations."""

import torch
from torch import nn

from charrnn_helpers.fast.fused_gru import FusedGRU, FusedGRUModel


def pair(layers=1, **kwargs):
    """`nn.GRU` and `FusedGRU` with the same weights."""
    torch.manual_seed(0)
    theirs = nn.GRU(5, 7, layers, batch_first=True, **kwargs)
    ours = FusedGRU(5, 7, layers, **kwargs)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def gradients(result, wanted):
    return torch.autograd.grad(sum(part.square().sum() for part in result), wanted)


def largest_gap(ours, theirs):
    return max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))


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


def test_dropout_only_in_training_by_the_global_generator_between_layers_and_before_the_head(vocab, ids):
    theirs, ours = pair(2, dropout=0.5)
    x = torch.randn(2, 6, 5)
    torch.manual_seed(3)
    first = ours(x)[0]
    torch.manual_seed(3)
    assert torch.equal(ours(x)[0], first)
    assert not torch.equal(ours(x)[0], first)
    assert largest_gap(ours.eval()(x), theirs.eval()(x)) < 1e-6
    _, single = pair(1)
    single.dropout = 0.5  # there is nothing between the layers of one
    assert torch.equal(single(x)[0], single(x)[0])
    model = FusedGRUModel(len(vocab), 16, 1, dropout=0.5)
    assert not torch.equal(model(ids[None, :9])[0], model(ids[None, :9])[0])
