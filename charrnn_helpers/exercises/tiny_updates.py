"""A tiny network on which updates that a student writes are tried, for 04 and 10."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.cells import State, detach
from ..networks.models import LSTMModel

GRAPH_ERRORS = ("second time", "inplace")  # PyTorch says so of a graph that is gone, or was changed


def tiny_network() -> tuple[LSTMModel, torch.optim.SGD, list[tuple[Tensor, Tensor]]]:
    """Make a network with large gradients, so that clipping matters, its optimiser, and three windows, (2, 8) each."""
    torch.default_generator.manual_seed(0)
    model = LSTMModel(5, 6, 1, 4)
    ids = torch.randint(5, (2, 25))
    model.head.weight.data.mul_(20)
    windows = [(ids[:, start : start + 8], ids[:, start + 1 : start + 9]) for start in (0, 8, 16)]
    return model, torch.optim.SGD(model.parameters(), 0.5), windows


def run_updates(update: Callable, batches: Iterable) -> tuple[str, list, State | None]:
    """Call `loss, state = update(batch, state)` for each batch: what stops it, the losses, the last state."""
    state, losses = None, []
    for batch in batches:
        try:
            loss, state = update(batch, state)
        except RuntimeError as problem:
            stop = next((words for words in GRAPH_ERRORS if words in str(problem)), None)
            if stop is None:
                raise
            return stop, losses, state
        losses.append(loss)
    return "nothing", losses, state


def mistaken_update(
    zero="before", clip=True, step=True, cut=True, retain=False, carried=True, last_step=False, report=Tensor.item
) -> Callable:
    """Make an answer to 4.2 with a mistake. `zero` says whether it empties gradients before or after `backward`."""

    def answer(model, x, y, state, optimiser, limit):
        logits, state = model(x, state if carried else None)
        if last_step:
            logits, y = logits[:, -1:], y[:, -1:]
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        if zero == "before":
            optimiser.zero_grad()
        loss.backward(retain_graph=retain)
        if zero == "after":
            optimiser.zero_grad()
        norm = nn.utils.clip_grad_norm_(model.parameters(), limit if clip else math.inf)
        if step:
            optimiser.step()
        return report(loss), norm.item(), detach(state) if cut else state

    return answer
