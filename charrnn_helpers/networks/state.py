"""The state of a recurrent network: a tensor for one kind of cell, a pair for the other, one function for both."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

State = Tensor | tuple[Tensor, Tensor]  # GRU: h; LSTM: (h, c)


def map_state(state: State | None, function: Callable[[Tensor], Tensor]) -> State | None:
    """Apply `function` to every tensor of a state: one for a GRU, two for an LSTM, none for `None`."""
    if state is None:
        return None
    return tuple(function(part) for part in state) if isinstance(state, tuple) else function(state)


def detach(state: State | None) -> State | None:
    """The same numbers, cut off from the steps that made them: gradients stop here."""
    return map_state(state, lambda part: part.detach())


def to_device(state: State | None, device: torch.device | str) -> State | None:
    """The same state on `device`."""
    return map_state(state, lambda part: part.to(device))
