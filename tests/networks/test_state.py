"""One function for both kinds of state: a tensor, and a pair of them."""

import pytest
import torch

from charrnn_helpers.networks.state import detach, map_state, to_device

A, B = torch.ones(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)


@pytest.mark.parametrize("state", [A, (A, B)], ids=["h", "(h, c)"])
def test_every_part_is_mapped_cut_off_and_moved_and_the_kind_of_state_stays(state):
    doubled, cut, moved = map_state(state, lambda part: 2 * part), detach(state), to_device(state, "meta")
    assert type(doubled) is type(cut) is type(moved) is (tuple if isinstance(state, tuple) else torch.Tensor)
    if not isinstance(state, tuple):
        state, doubled, cut, moved = (state,), (doubled,), (cut,), (moved,)
    for part, twice, alone, there in zip(state, doubled, cut, moved, strict=True):
        assert torch.equal(twice, 2 * part)
        assert torch.equal(alone, part)
        assert not alone.requires_grad
        assert there.device.type == "meta"


def test_no_state_stays_no_state():
    assert detach(None) is None
    assert to_device(None, "cpu") is None
