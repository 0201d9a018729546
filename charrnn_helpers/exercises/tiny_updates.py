"""A tiny network on which updates that a student writes are tried, for 04 and 10."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.cells import State, detach
from ..networks.models import LSTMModel

GRAPH_ERRORS = ("second time", "inplace")  # PyTorch says so of a graph that is gone, or was changed


def tiny_network() -> tuple[LSTMModel, torch.optim.SGD, Tensor]:
    """Make a network with large gradients, so that clipping matters, its optimiser, and ids of two streams, (2, 25)."""
    torch.default_generator.manual_seed(0)
    model = LSTMModel(5, 6, 1, 4)
    ids = torch.randint(5, (2, 25))
    model.head.weight.data.mul_(20)
    return model, torch.optim.SGD(model.parameters(), 0.5), ids


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
    mean=True, zero="before", step="after", clip="after", start="carried", cut="each", retain=False, report=None
) -> Callable:
    """Make an answer to 4.3 with a mistake. "each" stands for: once for every window."""

    def answer(model, windows, state, optimiser, clip_to):
        first, losses = state, []
        if zero == "before":
            optimiser.zero_grad()
        for x, y in windows:
            if zero == "each":
                optimiser.zero_grad()
            logits, state = model(x, {"carried": state, "first": first, "none": None}[start])
            losses.append(F.cross_entropy(logits.flatten(0, 1), y.flatten()) / (len(windows) if mean else 1))
            if cut != "end":
                losses[-1].backward(retain_graph=retain)
            if clip == "each":
                nn.utils.clip_grad_norm_(model.parameters(), clip_to)
            if step == "each":
                optimiser.step()
            if cut == "each":
                state = detach(state)
        if cut == "end":
            sum(losses).backward()
            state = detach(state)
        if clip == "after":
            nn.utils.clip_grad_norm_(model.parameters(), clip_to)
        if zero == "after":
            optimiser.zero_grad()
        if step == "after":
            optimiser.step()
        return report(losses) if report else sum(losses).item(), state

    return answer
