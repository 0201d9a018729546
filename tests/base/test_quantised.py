"""An int8 for each weight: near what was there, and the same again when it is written down a second time."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from charrnn_helpers.base.quantised import from_int8, to_int8


@given(st.integers(0, 2**31), st.floats(-60, 60))
def test_what_int8_says_is_near_and_says_the_same_numbers_and_scales_again(seed, exponent):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(40, 9, generator=generator) * 2.0**exponent * torch.rand(40, 1, generator=generator)
    q, scales = to_int8(weight)
    assert (q.dtype, scales.dtype, scales.shape) == (torch.int8, torch.float32, (40,))
    assert (q.int().abs().amax(dim=1) == 127).all()
    found = from_int8(q, scales)
    assert ((found - weight).abs() <= 0.501 * scales[:, None]).all()
    assert (scales <= 1.0001 * weight.abs().amax(dim=1) / 127).all()
    again = to_int8(found)
    assert torch.equal(again[0], q)
    assert torch.equal(again[1], scales)
    assert torch.equal(found.double(), q.double() * scales.double()[:, None])  # exact, in any precision


def test_by_hand_and_a_row_of_zeros():
    q, scales = to_int8(torch.tensor([[1.0, -2.54, 0.0], [0.0, 0.0, 0.0]]))
    assert q.tolist() == [[50, -127, 0], [0, 0, 0]]
    assert scales.tolist() == pytest.approx([0.02, 1], rel=1e-4)
    assert from_int8(q, scales)[1].tolist() == [0, 0, 0]
