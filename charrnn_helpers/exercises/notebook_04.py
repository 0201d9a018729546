"""Exercises of 04: training."""

import torch
from torch import nn
from torch.nn import functional as F

from .engine import answered, exercise
from .tiny_updates import observe_updates, tiny_network, updates_with_mistakes


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


def observe_two_epochs(answer):
    """Look at the weights (W,) after two epochs, and at the two losses."""
    model, optimiser, windows = tiny_network()
    losses = [answered(answer(model, windows, optimiser, 1.0)) for _ in range(2)]
    yield "wrong_weights", nn.utils.parameters_to_vector(model.parameters())
    losses = torch.tensor([float(loss) for loss in losses])
    yield "the weights are right; the number that you return is not the mean loss of the windows", losses


# %% 4c
# The state starts empty and goes from window to window. The last window may be shorter, so each counts by its length.
def one_epoch(model, windows, optimiser, clip):
    state, total, characters = None, 0.0, 0
    for x, y in windows:
        loss, _, state = one_update(model, x, y, state, optimiser, clip)
        total += loss * y.numel()
        characters += y.numel()
    return total / characters


@exercise("4c", one_epoch, observe=observe_two_epochs, tolerance=1e-5)
def wrong_epochs():
    def epoch(report=lambda losses: sum(losses) / len(losses), carried=True, number=None):
        def answer(model, windows, optimiser, clip):
            state, losses = None, []
            for x, y in windows[:number]:
                loss, _, state = one_update(model, x, y, state if carried else None, optimiser, clip)
                losses.append(loss)
            return report(losses)

        return answer

    yield "every window starts with an empty memory: hand on the state that one_update returns", epoch(carried=False)
    yield "only the first window was read: is `return` inside the loop?", epoch(number=1)
    yield "the weights are right; return the mean loss, not that of the last window", epoch(lambda losses: losses[-1])
    yield "the weights are right; return the mean loss, not the sum", epoch(sum)
    yield "the weights are right; return the mean loss, not that of the first window", epoch(lambda losses: losses[0])
