"""Train in bfloat16, where a processor can do it and the clock says that it is faster: for recipes and benchmarks."""

import copy

import torch
from torch import Tensor, nn

from charrnn_helpers import TrainConfig, pick_device, train
from charrnn_helpers.networks.cells import State, map_state


class PrecisionError(ValueError):
    """A network cannot be trained in bfloat16 here; the message says why and what to do."""


class Bfloat16(nn.Module):
    """Compute the matrix products of a network in bfloat16 while it trains; weights, loss and optimiser stay float32.

    Scores are rounded on the way, and so is an LSTM's state. In a `FusedGRU` only the products with W_h and the scores
    are rounded; its input projection and its state stay float32. Validation computes in float32.
    """

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model, self.cell = model, model.cell

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        if not self.training:
            return self.model(ids, state)
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
        raise PrecisionError("bfloat16 is offered on a CPU only; use float32, which a GPU computes fast")
    ids, copied = torch.zeros(1, 2, dtype=torch.long), Bfloat16(copy.deepcopy(model))
    copied.model.eval()  # without dropout: nothing is drawn
    try:
        logits, _ = copied(ids)
        logits.sum().backward()
    except (RuntimeError, NotImplementedError) as problem:  # "could not create a primitive descriptor for the LSTM"
        copied.model(ids)  # raises if the mistake is in the network itself
        reason = str(problem).partition("\n")[0].partition(". ")[0]
        raise PrecisionError(f"this processor does not train this network in bfloat16 ({reason})") from None
    return Bfloat16(model)


CLEARLY = 1.15  # times as fast; bfloat16 keeps 8 bits of a number, and a small gain is not worth that


def pick_precision(device: torch.device, model: nn.Module, streams: int, window: int) -> str:
    """Time a few updates of a copy of `model` in float32 and in bfloat16; return "bfloat16" if it is clearly faster.

    A processor that cannot train this network in bfloat16 gets "float32", and so does a GPU, which has fast kernels for
    it. Weights, random numbers and the number of threads stay as they are.
    """
    if pick_device(device).type != "cpu":
        return "float32"
    copied, config = copy.deepcopy(model).cpu(), TrainConfig(updates=3, streams=streams, window=window)
    ids, threads = torch.zeros(streams * window + 1, dtype=torch.long), torch.get_num_threads()

    def seconds(network: nn.Module) -> float:
        history = train(network, ids, ids[:2], config, device="cpu", threads=threads, progress=False)
        if not history.finished:
            raise KeyboardInterrupt  # `train` only stops at an interrupt, and there is more to stop here
        return history.seconds

    try:
        rounded = in_bfloat16(copied)
    except PrecisionError:
        return "float32"
    seconds(copied)  # warms up
    turns = [(seconds(copied), seconds(rounded)) for _ in range(4)]
    float32, bfloat16 = map(min, zip(*turns, strict=True))
    return "bfloat16" if float32 / bfloat16 >= CLEARLY else "float32"
