"""The comparison with PyTorch finds what is different, and changes nothing of what it is compared with."""

import pytest
import torch
from torch import nn

from charrnn_helpers.networks.cells import GRUCell, LSTMCell
from charrnn_helpers.networks.compare import compare_with_torch
from charrnn_helpers.networks.state import detach


class ChoCell(GRUCell):
    """The reset gate inside the product, as Cho et al. print it."""

    def gates(self, x, h):
        step = super().gates(x, h)
        units = h.shape[-1]
        hn = (step["r"] * h) @ self.h2h.weight[2 * units :].T + self.h2h.bias[2 * units :]
        n = torch.tanh(self.x2h(x)[..., 2 * units :] + hn)
        return {**step, "h": (1 - step["z"]) * n + step["z"] * h}


def reference(kind=nn.GRU):
    torch.manual_seed(0)
    return kind(5, 6, batch_first=True).double()


def test_comparison_notices_another_equation():
    gap = compare_with_torch(ChoCell(5, 6).double(), reference(), steps=20)
    assert min(gap) > 1e-3


@pytest.mark.parametrize(("cell", "kind"), [(LSTMCell, nn.LSTM), (GRUCell, nn.GRU)])
def test_comparison_notices_a_state_that_is_cut_between_steps(cell, kind):
    class Cut(cell):
        def forward(self, x, state):
            return super().forward(x, detach(state))

    gap = compare_with_torch(Cut(5, 6).double(), reference(kind), steps=20)
    assert gap.outputs < 1e-12  # the outputs do not show it
    assert gap.gradients > 1e-3


def test_comparison_leaves_the_reference_and_the_global_random_numbers_alone():
    theirs, cell = reference(), GRUCell(5, 6)
    before, state = [weight.clone() for weight in theirs.parameters()], torch.get_rng_state()
    compare_with_torch(cell, theirs, steps=5)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(weight.grad is None for weight in theirs.parameters())
    with torch.no_grad():
        cell.x2h.weight.add_(1.0)  # the cell has a copy
    assert all(torch.equal(a, b) for a, b in zip(before, theirs.parameters(), strict=True))


@pytest.mark.parametrize(
    "change", [{"batch_first": False}, {"bias": False}, {"bidirectional": True}, {"num_layers": 2}], ids=str
)
def test_comparison_refuses_a_reference_that_the_cell_does_not_describe(change):
    with pytest.raises(ValueError, match=r"reference must be|one cell for each layer"):
        compare_with_torch(GRUCell(5, 6), nn.GRU(5, 6, **{"batch_first": True, **change}))


def test_comparison_names_a_size_that_differs():
    with pytest.raises(ValueError, match="weight_ih"):
        compare_with_torch(GRUCell(4, 6), nn.GRU(5, 6, batch_first=True))
