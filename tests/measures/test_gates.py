"""What is traced of a network is what the network does."""

import pytest
import torch
from torch.nn import functional as F

from charrnn_helpers.measures.gates import trace
from charrnn_helpers.networks.registry import CELLS


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(("layers", "embedding", "dtype"), [(1, None, torch.float64), (2, 4, torch.float32)])
def test_traced_states_are_those_of_the_network(cell, layers, embedding, dtype, make, only_looked_at):
    model = make(cell, layers=layers, embedding=embedding).to(dtype)
    ids = torch.randint(7, (30,))
    with only_looked_at(model):
        traced = trace(model, ids)
    assert len(traced) == layers
    x = F.one_hot(ids, 7).to(dtype) if embedding is None else model.embedding(ids)
    outputs, _ = model.rnn(x[None])
    assert torch.allclose(traced[-1]["h"], outputs[0], atol=1e-6)
    for layer in traced:
        assert "".join(layer) == CELLS[cell].gates
        assert all(values.shape == (30, 5) and values.dtype == dtype for values in layer.values())
