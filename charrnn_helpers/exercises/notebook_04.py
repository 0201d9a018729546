"""Exercises of 04: training."""

import torch
from torch import nn
from torch.nn import functional as F

from .engine import answered, exercise
from .tiny_updates import observe_updates, updates_with_mistakes


def observe_cut(answer):
    """Look at the state that `answer` returns for a GRU and an LSTM: its type, its numbers, does it lead back?"""
    for layer_class, names, form in ((nn.GRU, "h", "one tensor"), (nn.LSTM, "hc", "a tuple of both parts, h and c")):
        torch.default_generator.manual_seed(0)
        _, state = layer_class(3, 2)(torch.randn(4, 1, 3))
        cut = answered(answer(state))
        parts = cut if isinstance(cut, tuple) else (cut,)
        cell = f"the {layer_class.__name__}'s"
        yield f"{cell} state is {form}, and you return a {{got}}", type(cut).__name__
        yield f"the numbers of {cell} state must stay: cut only their history", torch.cat([p.flatten() for p in parts])
        for name, part in zip(names, parts):
            yield f"{cell} {name} still leads back into the window before it: detach it", part.requires_grad


# %% 4a
# `detach` gives the same numbers without their history. The state of a GRU is one tensor, that of an LSTM a pair.
def cut_state(state):
    if isinstance(state, tuple):
        return tuple(part.detach() for part in state)
    return state.detach()


exercise("4a", cut_state, observe=observe_cut)


def observe_three_updates(answer):
    def update(model, optimiser, x, y, state):
        return answer(model, x, y, state, optimiser, 1.0)

    return observe_updates(update, "loss, norm, state")


# %% 4b
# Gradients add up until they are emptied. The state goes on to the next window, but no gradient comes back from there.
def one_update(model, x, y, state, optimiser, clip):
    logits, state = model(x, state)  # (B, T, V)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimiser.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()
    return loss.item(), norm.item(), cut_state(state)


exercise("4b", one_update, observe=observe_three_updates, tolerance=1e-5)(updates_with_mistakes)
