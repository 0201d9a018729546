"""How good a network is: mean nats per character, in the protocols of the course."""

from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..text.arguments import Ids, explained
from ..text.encoding import as_streams

CHUNK, POSITIONS = 250, 20_000  # steps, and characters of all blocks, that `evaluate` takes at once: bounds its memory


@contextmanager
def eval_mode(model: nn.Module, gradients: bool = False):
    """Without dropout, and without gradients unless asked for; the model is as it was afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.set_grad_enabled(gradients):
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@explained
@torch.inference_mode()
def evaluate(model: nn.Module, ids: Ids, window: int | None = None) -> float:
    """Mean nats per character over `ids` (n,): -ln p(character | those before it), the first one being given.

    Without `window` the state is carried over the whole text. With `window=w` the text is cut into blocks of w
    predictions, each from a zero state, as nanoGPT measures. The two are different measures: never compare them.
    Raises `ValueError` for fewer than two characters, and for what is not indices.
    """
    if ids.dtype.is_floating_point:
        raise ValueError(f"ids are {ids.dtype}; indices of characters are needed, as `Vocabulary.encode` gives them")
    if len(ids) < 2:
        raise ValueError(f"the text has {len(ids)} characters; at least 2 are needed to predict one")
    if window is not None and window < 1:
        raise ValueError(f"window is {window}; it must be at least 1, or None to carry the state over the whole text")
    with eval_mode(model):
        device = next(model.parameters()).device
        ids = ids.to(device)
        count = len(ids) - 1
        width = count if window is None else min(window, count)
        whole = count // width
        total = _summed_loss(model, *as_streams(ids[: whole * width + 1], whole))
        if whole * width < count:  # the last block is shorter
            total += _summed_loss(model, ids[None, whole * width : -1], ids[None, whole * width + 1 :])
        return total / count


@explained
@torch.inference_mode()
def context_losses(model: nn.Module, ids: Ids, context: int = 1000, stride: int = 2000, chunk: int = 250) -> Tensor:
    """Nats for each character of `ids` (n,) but the first, (n - 1,), each predicted from `context` others or more.

    What stands nearer to the beginning has all that there are. The text is cut into pieces that overlap by `context`
    and are read side by side: as with a carried state, and much faster than one character after the other. float64.
    """
    if min(context, stride, chunk) < 1 or len(ids) < 2:
        raise ValueError(f"context, stride, chunk ({context}, {stride}, {chunk}) are at least 1, and ids at least two")
    with eval_mode(model):
        inputs, targets = ids[:-1], ids[1:]
        width = context + stride
        whole = max(0, (len(inputs) - context) // stride)  # pieces of full width
        losses = []
        if whole:
            pieces = _losses(model, inputs.unfold(0, width, stride), targets.unfold(0, width, stride), chunk)
            losses = [pieces[0, :context], pieces[:, context:].flatten()]
        read = sum(map(len, losses))
        if read < len(inputs):
            start = max(0, read - context)
            losses.append(_losses(model, inputs[None, start:], targets[None, start:], chunk)[0, read - start :])
        return torch.cat(losses)


def _losses(model: nn.Module, inputs: Tensor, targets: Tensor, chunk: int) -> Tensor:
    """Nats for each of `targets` (B, T), from a zero state; `chunk` steps at once bound the memory."""
    state, losses = None, []
    for x, y in zip(inputs.split(chunk, dim=1), targets.split(chunk, dim=1), strict=True):
        logits, state = model(x, state)  # (B, chunk, V)
        losses.append(F.cross_entropy(logits.transpose(1, 2), y, reduction="none"))
    return torch.cat(losses, dim=1).double()


def _summed_loss(model: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    rows = max(1, POSITIONS // min(CHUNK, inputs.shape[1]))  # blocks that are read side by side
    total = 0.0
    for x_rows, y_rows in zip(inputs.split(rows), targets.split(rows), strict=True):
        state = None
        for x, y in zip(x_rows.split(CHUNK, dim=1), y_rows.split(CHUNK, dim=1), strict=True):
            logits, state = model(x, state)
            total += F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum").item()
    return total
