"""Training in bfloat16, where a processor can do it and the clock says that it is faster."""

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..base.checks import checked
from ..networks.cells import State, map_state
from ..training.config import TrainConfig
from ..training.device import pick_device
from ..training.loop import train


class PrecisionError(ValueError):
    """A network cannot be trained in bfloat16 here; the message says why and what to do."""


class Bfloat16(nn.Module):
    """Computes the matrix products of a network in bfloat16; weights, loss and optimiser stay float32.

    Scores are rounded on the way, and so is an LSTM's state. In a `FusedGRU` only the products with W_h and the scores
    are rounded; its input projection and its state stay float32.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        with torch.autocast("cpu", torch.bfloat16):
            logits, state = self.model(ids, state)
        return logits.float(), map_state(state, Tensor.float)


def in_bfloat16(model: nn.Module) -> nn.Module:
    """Return `model` with its matrix products in bfloat16, after a trial of one step forward and back on a copy.

    The trial is needed because oneDNN finds out only while it computes whether a processor has, for example, an LSTM in
    bfloat16. Raises `PrecisionError` where it has not, and on a GPU: there, under autocast, PyTorch gives recurrent
    layers to cuDNN in float16, whatever was asked for.
    """
    if next(model.parameters()).device.type != "cpu":
        raise PrecisionError("bfloat16 is offered on a CPU only; use precision='float32', which a GPU computes fast")
    ids, copied = torch.zeros(1, 2, dtype=torch.long), copy.deepcopy(model).eval()  # without dropout: nothing is drawn
    try:
        logits, _ = Bfloat16(copied)(ids)
        logits.sum().backward()
    except (RuntimeError, NotImplementedError) as problem:  # "could not create a primitive descriptor for the LSTM"
        copied(ids)  # raises if the mistake is in the network itself
        reason = str(problem).partition("\n")[0].partition(". ")[0]
        raise PrecisionError(
            f"this processor does not train this network in bfloat16 ({reason}); use precision='float32'"
        ) from None
    return Bfloat16(model)


class Precision(NamedTuple):
    """What `pick_precision` chose, for `train(..., precision=choice.name)`, and a sentence that says why."""

    name: str  # "float32" or "bfloat16"
    reason: str


CLEARLY = 1.15  # times as fast; bfloat16 keeps 8 bits of a number, and a small gain is not worth that


@checked
def pick_precision(
    device: str | torch.device | None, model: nn.Module, *, streams: int = 32, window: int = 64
) -> Precision:
    """Time a few updates of a copy of `model` in float32 and in bfloat16, and choose bfloat16 if it is clearly faster.

    A processor that cannot train this network in bfloat16 gets float32. Weights, random numbers and the number of
    threads stay as they are.
    """
    if min(streams, window) < 1:
        raise ValueError(f"streams is {streams} and window is {window}; each must be at least 1")
    if pick_device(device).type != "cpu":
        return Precision("float32", "a GPU has fast kernels for float32 (TF32 where the card has it)")
    copied, config = copy.deepcopy(model).cpu(), TrainConfig(updates=3, streams=streams, window=window)
    ids, threads = torch.zeros(streams * window + 1, dtype=torch.long), torch.get_num_threads()

    def seconds(precision: str) -> float:
        options = {"device": "cpu", "precision": precision, "threads": threads, "progress": False}
        history = train(copied, ids, ids[:2], config, **options)
        if not history.finished:
            raise KeyboardInterrupt  # `train` only stops at an interrupt, and there is more to stop here
        return history.seconds

    seconds("float32")  # warms up
    try:
        turns = [(seconds("float32"), seconds("bfloat16")) for _ in range(4)]
    except PrecisionError as problem:
        return Precision("float32", str(problem))
    float32, bfloat16 = map(min, zip(*turns, strict=True))
    measured = f"bfloat16 is {float32 / bfloat16:.2f} times as fast as float32 here"
    if float32 / bfloat16 < CLEARLY:
        return Precision("float32", f"{measured}, which is not worth its rounding")
    return Precision("bfloat16", measured)
