"""A tiny network on which updates that a student writes are tried, for 04 and 10, and the mistakes that they know."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.cells import detach
from ..networks.models import LSTMModel
from .engine import Wrong, parts_of

GRAPH_ERRORS = ("second time", "inplace")  # PyTorch says so of a graph that is gone, or was changed


def tiny_network() -> tuple[LSTMModel, torch.optim.SGD, list[tuple[Tensor, Tensor]]]:
    """Make a network with large gradients, so that clipping matters, its optimiser, and three windows, (2, 8) each."""
    torch.default_generator.manual_seed(0)
    model = LSTMModel(5, 6, 1, 4)
    ids = torch.randint(5, (2, 25))
    model.head.weight.data.mul_(20)
    windows = [(ids[:, start : start + 8], ids[:, start + 1 : start + 9]) for start in (0, 8, 16)]
    return model, torch.optim.SGD(model.parameters(), 0.5), windows


def observe_updates(update: Callable, example: str) -> Iterator[tuple]:
    """Look at three calls of `update(model, optimiser, x, y, state)`, which returns what `example` names.

    Yields what stops them, whether gradients are still attached, the norms if they are returned, the weights (W,), and
    the losses.
    """
    model, optimiser, windows = tiny_network()
    returned, stop, state = [], "nothing", None
    for x, y in windows:
        try:
            returned.append(parts_of(update(model, optimiser, x, y, state), example))
        except RuntimeError as problem:
            stop = next((words for words in GRAPH_ERRORS if words in str(problem)), None)
            if "Expected target size" in str(problem) or "input batch_size" in str(problem):
                raise Wrong(
                    "cross_entropy wants one row of scores for each target: flatten the logits to (B · T, V), and y"
                ) from problem
            if stop is None:
                raise
            break
        state = returned[-1][-1]
    losses = [loss for loss, *_ in returned]
    yield "it stops at the second window, because the graph of the first one is gone: return the state cut", stop
    is_attached = any(isinstance(loss, Tensor) and loss.requires_grad for loss in losses)
    yield "return the loss as a number: loss.item()", is_attached
    yield "the state that you return still leads back: cut it", any(part.requires_grad for part in state or ())
    if "norm" in example:
        yield "wrong_norms", torch.tensor([float(norm) for _, norm, _ in returned])
    yield "wrong_weights", nn.utils.parameters_to_vector(model.parameters())
    losses = torch.tensor([float(torch.as_tensor(loss).detach()) for loss in losses])
    yield "the weights are right; the loss that you return is not the mean over all steps", losses


def updates_with_mistakes() -> Iterator[tuple[str, Callable]]:
    """Yield wrong answers to 4b, each after its sentence."""
    yield "it stops at the second window: the state leads back into the first, so detach it", update_with(cut=False)
    yield "retain_graph keeps the whole past, ever more: detach the state", update_with(cut=False, retain=True)
    yield "the loss has its graph, so all graphs stay in memory: return loss.item()", update_with(report=Tensor.clone)
    yield "you score the last step only, as the assignment did: every step has a target", update_with(last_step=True)
    yield "gradients of earlier updates are in these: zero_grad() before backward()", update_with(zero="never")
    yield "zero_grad() after backward() throws away the gradients just computed", update_with(zero="after")
    yield "every window starts with an empty memory: give `state` to the model", update_with(carried=False)
    yield "the gradient is not clipped: clip_grad_norm_ belongs between backward() and step()", update_with(clip=False)
    yield "the weights stay as they were: call optimiser.step() after clipping", update_with(step=False)


def update_with(
    zero="before", clip=True, step=True, cut=True, retain=False, carried=True, last_step=False, report=Tensor.item
) -> Callable:
    """Make an answer to 4b with a mistake. `zero` says whether it empties gradients before or after `backward`."""

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
