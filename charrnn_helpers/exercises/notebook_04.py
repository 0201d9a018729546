"""Exercises of 04: training."""

import torch
from torch import nn
from torch.nn import functional as F

from ..networks.cells import detach, map_state
from ..networks.models import LSTMModel
from .engine import answered, two_things


def after_two_large_updates(answer):
    """What an answer to 4.3 leaves of a tiny network: what stops it, does the state lead back, weights (W,), losses."""
    torch.default_generator.manual_seed(0)
    model = LSTMModel(5, 6, 1, 4)
    model.head.weight.data.mul_(20)  # so that gradients are large and clipping matters
    optimiser = torch.optim.SGD(model.parameters(), 0.5)
    ids = torch.randint(5, (2, 25))
    windows = [(ids[:, start : start + 4], ids[:, start + 1 : start + 5]) for start in range(0, 24, 4)]
    state, losses = None, []
    for three in (windows[:3], windows[3:]):
        try:
            made = answered(answer(model, three, state, optimiser, 1.0))
        except RuntimeError as problem:
            if "second time" not in str(problem):
                raise
            yield "a graph is gone"
            return
        loss, state = two_things(made, "the loss and the state", "loss, state")
        losses.append(float(loss))
    yield "nothing stops it"
    leads_back = []
    map_state(state, lambda part: leads_back.append(part.requires_grad))
    yield any(leads_back)
    yield torch.cat([weight.detach().flatten() for weight in model.parameters()])
    yield torch.tensor(losses)


def large_update(
    mean=True, zero="before", step="after", clip="after", state_in="carried", cut=True, together=False, told=sum
):
    """An answer to 4.3 with a fault. "each" stands for: once for every window."""

    def answer(model, windows, state, optimiser, clip_to):
        first, losses, whole = state, [], torch.zeros(())
        if zero == "before":
            optimiser.zero_grad()
        for x, y in windows:
            if zero == "each":
                optimiser.zero_grad()
            logits, state = model(x, {"carried": state, "first": first, "none": None}[state_in])
            loss = F.cross_entropy(logits.flatten(0, 1), y.flatten()) / (len(windows) if mean else 1)
            losses.append(loss.item())
            whole = whole + loss
            if not together:
                loss.backward()
            if clip == "each":
                nn.utils.clip_grad_norm_(model.parameters(), clip_to)
            if step == "each":
                optimiser.step()
            state = detach(state) if cut else state
        if together:
            whole.backward()
        if clip == "after":
            nn.utils.clip_grad_norm_(model.parameters(), clip_to)
        if step == "after":
            optimiser.step()
        return told(losses), detach(state) if together else state

    return answer


def last_of(losses: list[float]) -> float:
    return losses[-1]
