"""The comparison with PyTorch finds what is different, and changes nothing of what it is compared with."""

import pytest
import torch
from torch import nn

from charrnn_helpers.measures.compare import compare_with_torch
from charrnn_helpers.networks.cells import GRUCell, LSTMCell, detach, map_state


@pytest.mark.parametrize(("cell", "kind"), [(LSTMCell, nn.LSTM), (GRUCell, nn.GRU)])
def test_comparison_notices_another_equation_and_a_state_that_is_cut_between_steps(cell, kind):
    def gap(change):
        class Changed(cell):
            def forward(self, x, state):
                return super().forward(x, change(state))

        torch.manual_seed(0)
        return compare_with_torch(Changed(5, 6).double(), kind(5, 6, batch_first=True).double(), steps=20)

    assert min(gap(lambda state: map_state(state, lambda part: 0.9 * part))) > 1e-3
    assert gap(detach).outputs < 1e-12  # the outputs do not show it
    assert gap(detach).gradients > 1e-3


def test_comparison_leaves_the_cell_the_reference_and_the_global_random_numbers_alone():
    theirs, cell = nn.GRU(5, 6, batch_first=True), GRUCell(5, 6)
    weights = [*theirs.parameters(), *cell.parameters()]
    before, state = [weight.clone() for weight in weights], torch.get_rng_state()
    compare_with_torch(cell, theirs, steps=5)
    assert torch.equal(torch.get_rng_state(), state)
    for weight, copy in zip([*theirs.parameters(), *cell.parameters()], before, strict=True):
        assert torch.equal(weight, copy)
        assert weight.grad is None
