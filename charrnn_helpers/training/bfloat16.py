"""Matrix products in bfloat16 on a CPU, everything else in float32."""

import torch
from torch import Tensor, nn

from ..networks.cells import map_state


class Autocast(nn.Module):
    """The same network under autocast: matrix products in bfloat16; weights, loss and optimiser stay float32.

    Scores are rounded on the way, and so is an LSTM's state. Of a `FusedGRU` only the products with W_h and the scores
    are; its input projection and its state stay float32.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, state=None):
        with torch.autocast("cpu", torch.bfloat16):
            logits, state = self.model(ids, state)
        return logits.float(), map_state(state, Tensor.float)


def autocast(model: nn.Module, precision: str) -> nn.Module:
    """`model` itself for "float32", or, on a CPU, the same network in "bfloat16". Raises `ValueError` otherwise.

    Not on a GPU: under autocast PyTorch hands recurrent layers to cuDNN in float16, whatever was asked for.
    """
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision is {precision!r}; choose 'float32' or 'bfloat16', or ask pick_precision")
    if precision == "bfloat16" and next(model.parameters()).device.type != "cpu":
        raise ValueError(
            "bfloat16 is offered on a CPU only; use 'float32', for which a GPU has fast kernels of its own"
        )
    return Autocast(model) if precision == "bfloat16" else model
