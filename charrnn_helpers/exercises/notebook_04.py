"""Exercises of 04: training."""

import math

import torch
from torch.nn import functional as F

from .engine import answered, as_number


def loss(value):
    value = as_number(value)
    yield value == 0
    yield abs(value - 1 / 90) < 0.002  # the tolerance of the loss would blur these two
    yield value


GENERATOR = torch.Generator().manual_seed(0)
LOGITS, TARGETS = torch.randn(3, 5, 7, generator=GENERATOR), torch.randint(7, (3, 5), generator=GENERATOR)


def other_loss(got, wanted):
    if got.dim() > 0:
        return f"you give {tuple(got.shape)} losses; take their mean"
    return f"for one example you give {got.item():.3f} and the mean over all questions is {wanted.item():.3f}"


def wrong_losses(logits, targets):
    each = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")  # (B, T)
    return [
        (each.sum(), "you summed over all questions where the mean is asked"),
        (each[:, -1].mean(), "you scored the last step only: that is the assignment's mistake in silence"),
        (each.sum(1).mean(), "you summed over time; take the mean over time too, or long windows count more"),
        (-each.mean(), "the sign is turned: a loss is minus the log-probability"),
    ]


def rates(answer):
    """What is wrong with the shape of a schedule; then its rates, one by one."""
    rates = {update: float(answered(answer(update))) for update in (0, 49, 99, 100, 550, 1000)}
    yield rates[0] == 0
    yield abs(rates[49] - 0.01) < 1e-9
    yield abs(rates[100] - 0.01) > 1e-3
    yield abs(rates[1000] - 0.01) < 1e-3
    yield rates[1000] < -1e-6 or rates[550] < 1e-4
    yield from rates.items()


def schedule(wave, rise=lambda update: (update + 1) / 100):
    """A rate of 0.01 that rises for 100 updates, and then follows `wave` of its progress from 0 to 1."""
    return lambda update: 0.01 * (rise(update) if update < 100 else wave((update - 100) / 900))


def half_cosine(progress):
    return (1 + math.cos(math.pi * progress)) / 2
