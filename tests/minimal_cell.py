"""The third cell of the tests: what CONTRIBUTING writes, complete."""

import torch
from torch import nn

from charrnn_helpers.networks import Cell


class MinimalCell(nn.Module):
    """A cell with one gate (the minimal gated unit of Zhou et al. 2016, who swap `f` and `1 - f`)."""

    carries = ("h",)

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.x2h = nn.Linear(input_size, 2 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 2 * hidden_size)

    def gates(self, x, h):
        (xf, xn), (hf, hn) = self.x2h(x).chunk(2, dim=-1), self.h2h(h).chunk(2, dim=-1)
        f = torch.sigmoid(xf + hf)
        n = torch.tanh(xn + f * hn)
        return {"f": f, "n": n, "h": f * h + (1 - f) * n}

    def forward(self, x, h):
        return self.gates(x, h)["h"]


LOOK = {"colour": "#CC79A7", "line": ":", "marker": "D", "hatch": "xx"}
ROW = Cell("MGU", MinimalCell, "fn", memory="h", keep_gate="f", candidate="n", **LOOK)
