"""Every gate and state of a trained network while it reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# ------------------------------------------------------------------------------------------------- gates and states


@torch.no_grad()
def trace(model: nn.Module, ids: Tensor) -> list[dict[str, Tensor]]:
    """Every gate and state while `model` reads `ids` (T,) from a zero state: a dict for each layer, of (T, H) each.

    An LSTM has i, f, g, o, c, h; a GRU r, z, n, h; a plain RNN h. The equations are those of `LSTMCell` and `GRUCell`,
    with the weights of `model.rnn`. Raises `ValueError` for a text without characters.
    """
    if ids.dim() != 1 or not len(ids):
        raise ValueError(f"ids has shape {tuple(ids.shape)}; trace reads one text of at least one character, (T,)")
    step, names = STEPS[model.cell]
    rnn = model.rnn
    x = (
        F.one_hot(ids, model.vocab_size).to(model.head.weight.dtype)
        if model.embedding is None
        else model.embedding(ids)
    )  # (T, E)
    layers = []
    for layer in range(rnn.num_layers):
        w_x, w_h, b_x, b_h = (
            getattr(rnn, f"{kind}_{side}_l{layer}") for kind in ("weight", "bias") for side in ("ih", "hh")
        )
        h = c = x.new_zeros(rnn.hidden_size)
        rows = []
        for from_x in F.linear(x, w_x, b_x):  # (gates * H,) at each step
            row = step(from_x, F.linear(h, w_h, b_h), h, c)
            h, c = row[-1], row[-2]  # c is read by the LSTM only
            rows.append(torch.stack(row[-len(names) :]))
        values = torch.stack(rows, dim=1)  # (gates and states, T, H)
        layers.append(dict(zip(names, values, strict=True)))
        x = values[-1]  # the next layer reads h
    return layers


def _lstm_step(from_x: Tensor, from_h: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    i, f, g, o = (from_x + from_h).chunk(4)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = f * c + i * g
    return i, f, g, o, c, o * torch.tanh(c)


def _gru_step(from_x: Tensor, from_h: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    (xr, xz, xn), (hr, hz, hn) = from_x.chunk(3), from_h.chunk(3)
    r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
    n = torch.tanh(xn + r * hn)
    return r, z, n, (1 - z) * n + z * h


def _rnn_step(from_x: Tensor, from_h: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    h = torch.tanh(from_x + from_h)
    return h, h


STEPS = {
    "LSTM": (_lstm_step, ("i", "f", "g", "o", "c", "h")),
    "GRU": (_gru_step, ("r", "z", "n", "h")),
    "RNN": (_rnn_step, ("h",)),
}
KEEPS = {"LSTM": "f", "GRU": "z"}  # the gate that says how much of the old state is kept
HOLDS = {"LSTM": "c", "GRU": "h", "RNN": "h"}  # the state that is kept


def time_constants(keep: Tensor) -> Tensor:
    """For each unit, after how many characters 1/e of a value is left: -1 / mean(ln gate), of `keep` (T, H).

    What is left after T characters is the *product* of the gates, so their logarithms are averaged, not the gates. It
    says how long the gate alone would hold a value; what else is written to the unit is not in it. (Tallec and
    Ollivier 2018 relate gates to time constants.)
    """
    return -1 / keep.clamp(1e-7, 1 - 1e-7).log().mean(dim=0)
