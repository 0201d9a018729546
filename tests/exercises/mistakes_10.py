"""Mistakes that the exercises of 10 know by name: (exercise, answer, words of the diagnosis)."""

import torch
from torch import nn
from torch.nn import functional as F

from charrnn_helpers.networks.state import detach


def update(zero=True, clip=1.0, after=detach, late=False, number=True, retain=False):
    def one(model, optimiser, x, y, state):
        logits, state = model(x, state)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        if zero and not late:
            optimiser.zero_grad()
        loss.backward(retain_graph=retain)
        if late:
            optimiser.zero_grad()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimiser.step()
        return loss.item() if number else loss, after(state)

    return one


def keep(state):
    return state


WRONG = [
    ("10.1", "state_reset", "about what one pays knowing one character only; but here"),
    ("10.1", "sound", "With a sound run"),
    ("10.1", "no_zero_grad", "but here the training loss falls"),
    ("10.1", "shuffled", "give the name as a string"),
    ("10.1", 25, "give the name as a string"),
    ("10.2", update(zero=False, after=keep), "detach what you return"),
    ("10.2", update(after=keep), "detach what you return"),
    ("10.2", update(after=keep, retain=True), "retain_graph"),
    ("10.2", update(zero=False), "gradients add up"),
    ("10.2", update(clip=None), "so is the clipping"),
    ("10.2", update(clip=5.0), "so is the clipping to 1.0"),
    ("10.2", update(after=lambda state: None), "throw the state away"),
    ("10.2", update(late=True), "throws away the gradients"),
    ("10.2", update(number=False), "still a tensor"),
    ("10.3", lambda x1, y1, x2: True, "unshifted targets pass"),
    ("10.3", lambda x1, y1, x2: torch.equal(y1, x1 + 1) and torch.equal(x2[:, 0], y1[:, -1]), "are refused"),
    ("10.3", lambda x1, y1, x2: torch.equal(x2[:, 0], x1[:, -1] + 1), "are refused"),
    ("10.3", lambda x1, y1, x2: not torch.equal(x1, y1) and torch.equal(x2[:, 0], y1[:, -1]), "unshifted targets pass"),
    (
        "10.3",
        lambda x1, y1, x2: not (x1[:, :-1] == y1[:, :-1]).all() and torch.equal(x2[:, 0], y1[:, -1]),
        "shifted by two",
    ),
    ("10.3", lambda x1, y1, x2: torch.equal(x1[:, 1:], y1[:, :-1]), "comes again"),
    ("10.3", lambda x1, y1, x2: torch.equal(x2[:, 0], y1[:, -1]), "unshifted targets pass"),
    ("10.3", lambda x1, y1, x2: torch.equal(x1[:, 1:], y1[:, :-1]) and torch.equal(x2[:, 0], x1[:, -1]), "are refused"),
    (
        "10.3",
        lambda x1, y1, x2: torch.equal(x1[0, 1:], y1[0, :-1]) and torch.equal(x2[0, 0], y1[0, -1]),
        "it must hold in all",
    ),
    (
        "10.3",
        lambda x1, y1, x2: bool((x1[:, 1:] == y1[:, :-1]).all() and (x2[:, 0] == y1[:, -1]).any()),
        "it must hold in all",
    ),
]

RIGHT = [("10.3", lambda x1, y1, x2: bool((x1[:, 1:] == y1[:, :-1]).all() and (x2[:, 0] == y1[:, -1]).all()))]
