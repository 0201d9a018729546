"""Exercises of 04: training."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from ..networks.cells import detach
from .engine import as_number, exercise, parts_of
from .tiny_updates import mistaken_update, run_updates, tiny_network

RANDOM = torch.Generator().manual_seed(0)
QUESTIONS = (torch.randn(3, 5, 7, generator=RANDOM), torch.randint(7, (3, 5), generator=RANDOM))  # logits, targets


def observe_loss(answer):
    value = as_number(answer)
    yield value == 0
    yield abs(value - 1 / 90) < 0.002  # the tolerance of the loss would blur these two
    yield value


# %% 4.1
first_loss = math.log(90)  # about 4.50 nats: -ln(1/90)


@exercise("4.1", first_loss, observe=observe_loss, tolerance=0.02)
def wrong_losses():
    yield "that is in bits (log to base 2); nats are asked for", math.log2(90)
    yield "that is the logarithm to base 10; the loss uses the natural one", math.log10(90)
    yield "1/90 is the probability of each character; the loss is minus its logarithm", 1 / 90
    yield "sign", -math.log(90)
    yield "zero is the loss of a network that is certain and right; this one knows nothing", 0


def other_loss(got, wanted):
    if got.dim() > 0:
        return f"you give {tuple(got.shape)} losses; take their mean"
    return f"for one example you give {got.item():.3f} and the mean over all questions is {wanted.item():.3f}"


# %% 4.2
def sequence_loss(logits, targets):
    return F.cross_entropy(logits.transpose(1, 2), targets)  # (B, V, T) against (B, T): the mean over all questions


@exercise("4.2", sequence_loss, inputs=[QUESTIONS], read=torch.as_tensor, otherwise=other_loss)
def wrong_sequence_losses(logits, targets):
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")  # (B, T)
    yield "you summed over all questions where the mean is asked", each.sum()
    yield "you scored the last step only: that is the assignment's mistake in silence", each[:, -1].mean()
    yield "you summed over time; take the mean over time too, or long windows count more", each.sum(1).mean()
    yield "the sign is turned: a loss is minus the log-probability", -each.mean()


def observe_two_large_updates(answer):
    """Look at what stops them, whether the state leads back, the weights (W,), the losses."""
    model, optimiser, ids = tiny_network()
    windows = [(ids[:, start : start + 4], ids[:, start + 1 : start + 5]) for start in range(0, 24, 4)]

    def update(three, state):
        return parts_of(answer(model, three, state, optimiser, 1.0), "the loss and the state", "loss, state")

    stop, losses, state = run_updates(update, [windows[:3], windows[3:]])
    yield stop
    yield any(part.requires_grad for part in state or ())
    yield nn.utils.parameters_to_vector(model.parameters())
    yield torch.tensor([float(loss) for loss in losses])


# %% 4.3
# Gradients add up until they are emptied; so the windows can be read one after the other, and need the memory of one.
def large_update(model, windows, state, optimiser, clip):
    optimiser.zero_grad()
    total = 0.0
    for x, y in windows:
        logits, state = model(x, state)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten()) / len(windows)
        loss.backward()
        total += loss.item()
        state = detach(state)
    nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()
    return total, state


@exercise("4.3", large_update, observe=observe_two_large_updates, tolerance=1e-5)
def wrong_large_updates():
    yield "not_detached", mistaken_update(cut="never")
    yield "one_graph", mistaken_update(cut="end")
    yield "sum_of_losses", mistaken_update(mean=False)
    yield "zero_grad_in_the_loop", mistaken_update(zero="each")
    yield "no_zero_grad", mistaken_update(zero="never")
    yield "step_in_the_loop", mistaken_update(step="each")
    yield "the weights stay as they were: call optimiser.step() after the loop", mistaken_update(step="never")
    yield "you clip in the loop: clip once, when the gradients of all windows are there", mistaken_update(clip="each")
    yield "no_clip", mistaken_update(clip="never")
    yield "first_state", mistaken_update(start="first")
    yield "every window starts with an empty memory: hand the state on", mistaken_update(start="none")
    yield "last_loss", mistaken_update(report=lambda losses: losses[-1].item())
