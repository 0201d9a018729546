"""Cells that differ from LSTM and GRU in one part, to see which part it is that a memory needs.

Each is PyTorch's layer, or the fused one, with weights that are tied, so that it computes what its equations say and is
as fast: an LSTM that writes exactly what it forgets, i = 1 - f (the coupled gates of Greff et al. 2017), and a GRU
without its reset gate, r = 1.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from ..fast.fused_gru import FusedGRU, FusedGRUModel
from ..networks.cells import LSTMCell
from ..networks.models import CharModel, LSTMModel, register
from ..networks.registry import CELLS


class CoupledLSTMCell(LSTMCell):
    """One step of an LSTM that writes exactly what it forgets: i = 1 - f."""

    def gates(self, x: Tensor, state: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Compute the gates of one step and the state that they make, c and h: (B, H) each."""
        h, c = state
        _, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)
        f, g, o = torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
        c = f * c + (1 - f) * g
        return {"i": 1 - f, "f": f, "g": g, "o": o, "c": c, "h": o * torch.tanh(c)}


class CoupledLSTM(nn.LSTM):
    """An `nn.LSTM` of one layer with i = 1 - f: the rows of i are those of f with the other sign.

    As σ(-a) = 1 - σ(a), the weights of the input gate are never used, and no gradient reaches them.
    """

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None):
        """Outputs (B, T, H) and the last state, as `nn.LSTM` gives them."""
        if state is None:
            zeros = x.new_zeros(1, len(x), self.hidden_size)
            state = zeros, zeros
        weights = []
        for weight in (self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0):
            _, f, g, o = weight.split(self.hidden_size)
            weights.append(torch.cat([-f, f, g, o]))
        h, *last = torch.lstm(x, state, weights, True, 1, 0.0, self.training, False, True)
        return h, tuple(last)


class CoupledLSTMModel(LSTMModel):
    """A character model on `CoupledLSTM`."""

    cell = "coupled LSTM"
    recurrent = CoupledLSTM


class ForgetOnlyLSTMModel(LSTMModel):
    """An LSTM in which chrono starts the forget gate alone; the input gate stays as it is drawn."""

    cell = "LSTM, chrono on f only"


class NoResetGRU(FusedGRU):
    """A GRU with r = 1: the rows of r are zero but for a bias of 40, and their gradients are zero."""

    def __init__(self, *sizes, **named):
        super().__init__(*sizes, **named)
        for weight in self.parameters():
            weight.register_hook(self._without_reset)

    def _without_reset(self, gradient: Tensor) -> Tensor:
        gradient = gradient.clone()
        gradient[: self.hidden_size] = 0.0
        return gradient


class NoResetGRUModel(FusedGRUModel):
    """A character model on `NoResetGRU`."""

    cell = "GRU without reset"
    recurrent = NoResetGRU

    def __init__(self, *sizes, **named):
        super().__init__(*sizes, **named)
        with torch.no_grad():
            for name, weight in self.rnn.named_parameters():
                weight[: self.rnn.hidden_size] = 40.0 if name == "bias_ih_l0" else 0.0  # σ(40) is 1 in float32


for _row in (
    replace(CELLS["LSTM"], equations=CoupledLSTMCell, write_gate=None, model=CoupledLSTMModel),  # it writes 1 - f
    replace(CELLS["LSTM"], write_gate=None, model=ForgetOnlyLSTMModel),
    replace(CELLS["GRU"], model=NoResetGRUModel),
):
    register(replace(_row, name=_row.model.cell, fast=None, steps=None))


def live_parameters(model: CharModel) -> int:
    """How many numbers of a network training can change: those of a gate that is tied or fixed do not count."""
    blocks = {CoupledLSTM: 4, NoResetGRU: 3}.get(type(model.rnn))
    tied = sum(weight.numel() for weight in model.rnn.parameters()) // blocks if blocks else 0
    return sum(weight.numel() for weight in model.parameters()) - tied
