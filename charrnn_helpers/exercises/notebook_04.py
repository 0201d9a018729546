"""Exercises of 04: training."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .engine import answered, exercise, parts_of
from .tiny_updates import mistaken_update, run_updates, tiny_network


def observe_cut(answer):
    """Look at the state that `answer` returns for a GRU and an LSTM: its type, its numbers, does it lead back?"""
    for layer_class in (nn.GRU, nn.LSTM):
        torch.default_generator.manual_seed(0)
        _, state = layer_class(3, 2)(torch.randn(4, 1, 3))
        cut = answered(answer(state))
        parts = cut if isinstance(cut, tuple) else (cut,)
        yield type(cut).__name__
        yield torch.cat([part.flatten() for part in parts])
        yield any(part.requires_grad for part in parts)


# %% 4a
# `detach` gives the same numbers without their history. The state of a GRU is one tensor, that of an LSTM a pair.
def cut_state(state):
    if isinstance(state, tuple):
        return tuple(part.detach() for part in state)
    return state.detach()


@exercise("4a", cut_state, observe=observe_cut)
def wrong_cuts():
    def cut_pair(change_h, change_c=None):
        def answer(state):
            if isinstance(state, tuple):
                return change_h(state[0]), (change_c or change_h)(state[1])
            return change_h(state)

        return answer

    yield "not_cut", lambda state: state
    yield "not_cut", cut_pair(Tensor.clone)
    yield "zeros", cut_pair(torch.zeros_like)
    yield "h_is_all", lambda state: state[0].detach() if isinstance(state, tuple) else state.detach()
    yield "c_leads_back", cut_pair(Tensor.detach, Tensor.clone)


def observe_three_updates(answer):
    """Look at what stops them, at gradients that are still attached, at the norms, the weights (W,) and the losses."""
    model, optimiser, windows = tiny_network()
    norms = []

    def update(window, state):
        made = answered(answer(model, *window, state, optimiser, 1.0))
        loss, norm, state = parts_of(made, "the loss, the norm and the state", "loss, norm, state")
        norms.append(float(norm))
        return loss, state

    stop, losses, state = run_updates(update, windows)
    yield stop
    yield any(isinstance(loss, Tensor) and loss.requires_grad for loss in losses)
    yield any(part.requires_grad for part in state or ())
    yield torch.tensor(norms)
    yield nn.utils.parameters_to_vector(model.parameters())
    yield torch.tensor([float(loss) for loss in losses])


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


@exercise("4b", one_update, observe=observe_three_updates, tolerance=1e-5)
def wrong_updates():
    yield "not_cut", mistaken_update(cut=False)
    yield "graph_retained", mistaken_update(cut=False, retain=True)
    yield "loss_a_tensor", mistaken_update(report=lambda loss: loss)
    yield "last_step", mistaken_update(last_step=True)
    yield "no_zero_grad", mistaken_update(zero="never")
    yield "zero_grad_after", mistaken_update(zero="after")
    yield "no_state", mistaken_update(carried=False)
    yield "the weights stay as they were: call optimiser.step() after clipping", mistaken_update(step=False)
    yield "no_clip", mistaken_update(clip=False)


def observe_two_epochs(answer):
    """Look at the weights (W,) after two epochs, and at the two losses."""
    model, optimiser, windows = tiny_network()
    losses = [answered(answer(model, windows, optimiser, 1.0)) for _ in range(2)]
    yield nn.utils.parameters_to_vector(model.parameters())
    yield torch.tensor([float(loss) for loss in losses])


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

    yield "no_state", epoch(carried=False)
    yield "first_window", epoch(number=1)
    yield "last_loss", epoch(lambda losses: losses[-1])
    yield "sum_of_losses", epoch(sum)
    yield "first_loss", epoch(lambda losses: losses[0])
