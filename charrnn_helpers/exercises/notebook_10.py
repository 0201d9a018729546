"""Exercises of 10: break it."""

import torch
from torch import nn
from torch.nn import functional as F

from ..experiments.faults import FAULTS, answer_to_accusation, hidden_fault
from ..networks.cells import detach
from ..networks.models import LSTMModel
from .engine import answered

NAMES = (*FAULTS, "sound")


def after_three_updates(answer):
    """What stops an update of 10.2, is its loss still a tensor, and the weights (W,) it leaves in a tiny network."""
    torch.default_generator.manual_seed(0)
    model = LSTMModel(5, 6, 1, 4)
    ids = torch.randint(5, (2, 25))
    model.head.weight.data.mul_(20)  # so that gradients are large and clipping matters
    optimiser = torch.optim.SGD(model.parameters(), 0.5)
    state, losses = None, []
    for start in (0, 8, 16):
        x, y = ids[:, start : start + 8], ids[:, start + 1 : start + 9]
        try:
            loss, state = answered(answer(model, optimiser, x, y, state))
        except RuntimeError as problem:
            known = [words for words in ("second time", "inplace") if words in str(problem)]
            if not known:
                raise
            yield known[0]
            return
        losses.append(loss)
    yield "nothing stops it"
    yield any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in losses)
    yield torch.cat([weight.detach().flatten() for weight in model.parameters()])


def update(zero=True, late=False, clip=True, after=detach, retain=False, value=torch.Tensor.item):
    """An update with a fault that readers plant."""

    def update(model, optimiser, x, y, state):
        logits, state = model(x, state)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        if zero and not late:
            optimiser.zero_grad()
        loss.backward(retain_graph=retain)
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if late:
            optimiser.zero_grad()
        optimiser.step()
        return value(loss), after(state)

    return update


def unchanged(value):
    return value


def windows():
    """Cases of 10.3: a sound pair of windows, and seven that do not fit together."""
    one = [4, 0, 2, 2, 5, 1, 3, 0, 5, 4, 1, 1, 0, 3, 2, 5, 4]
    ids = torch.tensor([one, [2, 3, 3, 0, 4, 2, 0, 5, 1, 2, 4, 0, 5, 5, 3, 1, 0]])
    x1, y1, x2 = ids[:, :8], ids[:, 1:9], ids[:, 8:16]
    other = x2.clone()
    other[1] = ids[1, 9:17]  # the second stream comes from elsewhere
    nearly = x1.clone()  # unshifted, but for the last target
    nearly[:, -1] = x2[:, 0]
    by_two = ids[:, 2:10].clone()  # shifted by two, but for the last target
    by_two[:, -1] = x2[:, 0]
    targets = [(x1, y1, x2), (x1, x1, x2), (x1, nearly, x2), (x1, by_two, x2)]
    return targets + [(x1, y1, second) for second in (x1, ids[:, 7:15], ids[:, 9:17], other)]


HIDDEN = hidden_fault(7)
OTHER_NAMES = [(name, answer_to_accusation(HIDDEN, name)) for name in NAMES if name != HIDDEN]
NO_NAME = f"give the name as a string, one of {', '.join(FAULTS)}, or sound"
