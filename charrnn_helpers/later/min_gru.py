"""minGRU, a GRU whose gate and candidate do not look at the state, so that all steps can be computed at once.

What is left out of a GRU:  z = σ(W_z x + U_z h)  becomes  z = σ(W_z x),  and
                            n = tanh(W_n x + r * U_n h)  becomes  n = W_n x,  without the gate r.
What stays:                 h = (1 - z) * n + z * h.

So h enters only through a product with a number that is known beforehand. Such steps can be joined in pairs, then in
fours, and so on: `scan` needs log2(T) rounds for T steps. The cells are after Feng et al. 2024 (arXiv 2410.01201), and
the negative multipliers after Grazzi et al. 2024 (arXiv 2411.12537). Here z is the share that is kept, as in PyTorch.
"""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.cells import CellLayers
from ..networks.models import CharModel


def scan(keep: Tensor, write: Tensor) -> Tensor:
    """Compute h_t = keep_t * h_{t-1} + write_t for all T steps at once, from a state of zeros before the first.

    `keep` and `write` are (B, T, H), and so is the result. In each round a step is joined with the one `reach` steps
    before: keep2 * (keep1 * h + write1) + write2 = (keep2 * keep1) * h + (keep2 * write1 + write2). There is no
    logarithm and no division, so the numbers may have either sign, and a `keep` of 0 does no harm.
    """
    reach = 1  # step t now holds the sum of what was written in the last `reach` steps, and the product of `keep`
    while reach < keep.shape[1]:
        joined = write[:, reach:] + keep[:, reach:] * write[:, :-reach]
        write = torch.cat([write[:, :reach], joined], dim=1)
        keep = torch.cat([keep[:, :reach], keep[:, reach:] * keep[:, :-reach]], dim=1)
        reach *= 2
    return write


class MinGRUCell(nn.Module):
    """One minGRU step: `x` is (B, E), the state `h` is (B, H), and the call returns the next `h`."""

    carries = ("h",)  # the state: what the next step reads

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.hidden_size = hidden_size
        self.x2h = nn.Linear(input_size, 2 * hidden_size)  # W_z and W_n; there is no h2h

    def multiplier(self, z: Tensor) -> Tensor:
        """Compute which share of the old state is kept: from 0 to 1."""
        return torch.sigmoid(z)

    def known_beforehand(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the gate z and the candidate n, (..., H) each, of one step (B, E) or of all steps (B, T, E)."""
        z, n = self.x2h(x).chunk(2, dim=-1)
        return self.multiplier(z), n

    def gates(self, x: Tensor, h: Tensor) -> dict[str, Tensor]:
        """Compute the gate z, the candidate n and the new state h of one step: (B, H) each."""
        z, n = self.known_beforehand(x)
        h = (1 - z) * n + z * h
        return {"z": z, "n": n, "h": h}

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return self.gates(x, h)["h"]

    def all_steps(self, x: Tensor, h: Tensor) -> Tensor:
        """Compute the states (B, T, H) after all steps of `x` (B, T, E) at once; `h` (B, H) is taken as it is.

        What is kept of the state is written by the first step. The state goes through no activation: it has been
        through all that it must go through.
        """
        z, n = self.known_beforehand(x)
        write = (1 - z) * n
        return scan(z, torch.cat([write[:, :1] + z[:, :1] * h[:, None], write[:, 1:]], dim=1))


class SignedMinGRUCell(MinGRUCell):
    """A minGRU whose multiplier lies between -1 and 1: a step can turn the sign of what is kept."""

    def multiplier(self, z: Tensor) -> Tensor:
        """Compute by what the old state is multiplied: from -1 to 1."""
        return 2 * torch.sigmoid(z) - 1


class MinGRULayers(CellLayers):
    """A stack of minGRU cells with the interface of `nn.GRU(batch_first=True)`; all steps are computed at once."""

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if state is None:
            state = x.new_zeros(self.num_layers, len(x), self.hidden_size)
        last_states = []
        for layer, cell in enumerate(self.cells):
            if layer > 0:
                x = F.dropout(x, self.dropout, self.training)
            x = cell.all_steps(x, state[layer])  # (B, T, H)
            last_states.append(x[:, -1])
        return x, torch.stack(last_states)  # (layers, B, H)


class MinGRUModel(CharModel):
    """A character model on minGRU. It needs two layers: the gates of the first see one character only."""

    cell = "minGRU"
    recurrent = staticmethod(partial(MinGRULayers, MinGRUCell))


class SignedMinGRUModel(CharModel):
    """A character model on minGRU whose multipliers may be negative."""

    cell = "signed minGRU"
    recurrent = staticmethod(partial(MinGRULayers, SignedMinGRUCell))
