"""The cells written from their equations. What they compute is what `nn.LSTM`, `nn.GRU` and `nn.RNN` compute."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .state import State


class LSTMCell(nn.Module):
    """One LSTM step, as `torch.nn.LSTM` computes it (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

    `x` is (B, E), the state a pair `(h, c)` of (B, H) each; returns the next pair. Gates in PyTorch's order.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 4 * hidden_size)  # W_i*, b_i*
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)  # W_h*, b_h*

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        h, c = state  # (B, H) each; x is (B, E)
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)  # (B, H) each
        i = torch.sigmoid(i)  # how much of the candidate is written
        f = torch.sigmoid(f)  # how much of the old cell is kept
        g = torch.tanh(g)  # the candidate
        o = torch.sigmoid(o)  # how much of the cell is shown
        c = f * c + i * g
        h = o * torch.tanh(c)
        return h, c


class GRUCell(nn.Module):
    """One GRU step, as `torch.nn.GRU` computes it (Cho et al. 2014, with r applied after the product).

    `x` is (B, E), the state `h` is (B, H); returns the next `h`. Gate order r, z, n, as in PyTorch.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, 3 * hidden_size)  # W_i*, b_i*
        self.h2h = nn.Linear(hidden_size, 3 * hidden_size)  # W_h*, b_h*

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)  # (B, H) each
        hr, hz, hn = self.h2h(h).chunk(3, dim=-1)  # (B, H) each
        r = torch.sigmoid(xr + hr)  # how much of the past the candidate may see
        z = torch.sigmoid(xz + hz)  # how much of the past is kept
        n = torch.tanh(xn + r * hn)  # the candidate
        return (1 - z) * n + z * h


def run_cell(cell: nn.Module, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
    """Run a cell along a sequence: `x` (B, T, E) gives outputs (B, T, H) and the last state, (B, H) or a pair of them.

    `cell` has the layers `x2h` and `h2h`, as the two above; without `state` it starts from zeros.
    """
    if x.dim() != 3:
        raise ValueError(f"x has shape {tuple(x.shape)}; run_cell needs (streams, steps, features)")
    if state is None:
        rows, units = cell.h2h.weight.shape
        h = x.new_zeros(x.shape[0], units)
        state = (h, h) if rows == 4 * units else h  # four blocks of rows: an LSTM, which carries c as well
    outputs = []
    for x_t in x.unbind(dim=1):  # (B, E)
        state = cell(x_t, state)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(outputs, dim=1), state
