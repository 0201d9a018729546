"""Exercises of 03: the GRU."""

import torch
from torch import nn

from .engine import answered, as_number, same

RANDOM = torch.Generator().manual_seed(1)
INPUT, STATE, W_IN, W_HN = (torch.randn(shape, generator=RANDOM) for shape in ((2, 4), (2, 3), (3, 4), (3, 3)))
RESET = torch.rand((2, 3), generator=RANDOM)


def width(value):
    value = as_number(value)
    yield value
    yield value == round(value)


def other_width(got, wanted):
    width = round(got)
    count, lstm = 3 * width * (64 + width + 2), 4 * 128 * (64 + 128 + 2)
    return f"a GRU of {width} units has {count:,} parameters here, the LSTM {lstm:,}; one width is nearer"


def biases_left_behind(answer):
    """What an answer to 3.4 has done to a GRU."""
    torch.default_generator.manual_seed(0)
    gru = nn.GRU(4, 3, batch_first=True)
    x = torch.randn((2, 9, 4), generator=torch.Generator().manual_seed(2))
    wanted = gru(x)[0]
    before = {name: weight.detach().clone() for name, weight in gru.named_parameters()}
    given = answer(gru)
    unchanged = all(torch.equal(weight, before[name]) for name, weight in gru.named_parameters())
    if unchanged:
        answered(given)
    yield unchanged
    b_ih, b_hh, old_ih, old_hh = gru.bias_ih_l0, gru.bias_hh_l0, before["bias_ih_l0"], before["bias_hh_l0"]
    empty, gates = b_hh == 0, slice(0, 6)
    yield same(b_ih, old_ih + old_hh) and empty.all()
    yield empty[gates].all() and torch.equal(b_ih, old_ih)
    yield empty[gates].all() and same(b_ih[gates], old_hh[gates])
    yield same(b_ih[gates], (old_ih + old_hh)[gates]) and not empty.any()
    yield same(b_ih[6:], (old_ih + old_hh)[6:])
    yield same(gru(x)[0], wanted)
    yield empty[:3].all()
    yield empty[3:6].all()


def fold(rows=slice(0, 6), add=True, empty=True, overwrite=False):
    """An answer to 3.4 that moves these rows of b_hh to b_ih, or does only half of it."""

    @torch.no_grad()
    def answer(gru):
        if overwrite:
            gru.bias_ih_l0[rows] = 0.0
        if add:
            gru.bias_ih_l0[rows] += gru.bias_hh_l0[rows]
        if empty:
            gru.bias_hh_l0[rows] = 0.0

    return answer
