"""Record every gate and state of a network while it reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..base.checks import Int, checked
from ..base.threads import one_thread
from ..networks.cells import state_of
from ..networks.models import layers_as_cells
from ..training.device import device_of


@checked
@one_thread()
@torch.no_grad()
def trace(model: nn.Module, ids: Int[Tensor, "characters"]) -> list[dict[str, Tensor]]:
    """Record every gate and state while `model` reads `ids` (T,) from a zero state.

    Returns a dict for each layer with what the cell's `gates` returns, (T, H) each: i, f, g, o, c, h of an LSTM; r, z,
    n, h of a GRU; h of a plain RNN. Raises `ValueError` for a text without characters.
    """
    if not len(ids):
        raise ValueError("ids is empty; trace reads a text of at least one character")
    ids = ids.to(device_of(model))
    x = (
        F.one_hot(ids, model.vocab_size).to(model.head.weight.dtype)
        if model.embedding is None
        else model.embedding(ids)
    )  # (T, E)
    records = []
    for cell in layers_as_cells(model):
        steps = []
        step = dict.fromkeys(cell.carries, x.new_zeros(model.rnn.hidden_size))
        for x_t in x:  # (E,)
            step = cell.gates(x_t, state_of(cell.carries, step))
            steps.append(step)
        records.append({name: torch.stack([step[name] for step in steps]) for name in step})
        x = records[-1]["h"]  # what the next layer reads
    return [{name: values.cpu() for name, values in record.items()} for record in records]
