"""Exercises of 03: the GRU."""

from itertools import permutations

import torch
from torch import nn

from .engine import Wrong, answered, as_number, same
from .written_cells import all_gradients, filled_in, one_step


def update_gate(value):
    value = as_number(value)
    if not 0 <= value <= 1:
        raise Wrong(f"a gate lies between 0 and 1, and {value:.3g} does not")
    return value


def step_of_gru(answer):
    """What a GRU cell written for 3.2 makes of one step: h, then gradients."""
    (h,), read, cell = one_step(answer, nn.GRU, 1)
    yield h
    yield all_gradients([h], read, cell)


def gru(
    order: str = "rzn",
    past: str = "",
    r: str = "torch.sigmoid(xr + hr)",
    z: str = "torch.sigmoid(xz + hz)",
    n: str = "torch.tanh(xn + r * hn)",
    gives: str = "(1 - z) * n + z * h",
    first: str = "",
) -> type[nn.Module]:
    """An answer to 3.2 that is right but for what is given here; `past` is the order of h's blocks, if another."""
    lines = [
        "def forward(self, x, h):",
        first,
        f"{', '.join('x' + name for name in order)} = self.x2h(x).chunk(3, dim=-1)",
        f"{', '.join('h' + name for name in past or order)} = self.h2h(h).chunk(3, dim=-1)",
        "W, b = self.h2h.weight.chunk(3)[2], self.h2h.bias.chunk(3)[2]",
        f"r, z = {r}, {z}",
        f"n = {n}",
        f"return {gives}",
    ]
    return filled_in(3, "\n    ".join(lines))


GRU_MISTAKES = [  # what may differ in an answer to 3.2, and the sentence that names it
    ({"gives": "z * n + (1 - z) * h"}, "z and 1 - z have changed places: in PyTorch z near 1 keeps the old state"),
    (
        {"n": "torch.tanh(xn + (r * h) @ W.T + b)"},
        "r is applied before the product, as in Cho 2014; in nn.GRU it comes after it: r * (W_hn h + b_hn)",
    ),
    (
        {"n": "torch.tanh(xn + (r * h) @ W.T)"},
        "r is applied before the product, as in Cho 2014, and b_hn is gone; in nn.GRU it is r * (W_hn h + b_hn)",
    ),
    ({"n": "torch.tanh(xn + r * (hn - b) + b)"}, "b_hn stands outside: r multiplies it too, r * (W_hn h + b_hn)"),
    ({"n": "torch.tanh(xn + r * (hn - b))"}, "b_hn is missing: r multiplies W_hn h + b_hn"),
    ({"n": "torch.tanh(xn + hn)"}, "r is missing: the candidate sees the whole past"),
    ({"n": "torch.tanh(r * (xn + hn))"}, "r multiplies the input as well: it should act on the past only, r * hn"),
    ({"n": "torch.tanh(r * xn + hn)"}, "r multiplies the input; it should multiply the past, hn"),
    ({"n": "torch.tanh(xn + (1 - r) * hn)"}, "r near 1 lets the past through, so it is r * hn and not (1 - r) * hn"),
    ({"n": "torch.tanh(xn - r * hn)"}, "the sign is wrong: what the past brings is added in the candidate"),
    ({"n": "torch.tanh(xn + z * hn)"}, "z stands in the candidate, where r belongs"),
    ({"n": "torch.tanh(xn)"}, "the candidate does not see the past: add r * hn"),
    ({"n": "torch.tanh(r * hn)"}, "the candidate does not see the input: add xn"),
    ({"n": "xn + r * hn"}, "tanh is missing, so the candidate may leave ±1"),
    ({"n": "torch.sigmoid(xn + r * hn)"}, "the candidate takes tanh, not a sigmoid: it must be able to be negative"),
    ({"n": "torch.tanh(torch.tanh(xn + r * hn))"}, "the candidate goes through tanh twice"),
    ({"r": "xr + hr"}, "the reset gate r lacks its sigmoid"),
    ({"z": "xz + hz"}, "the update gate z lacks its sigmoid"),
    ({"r": "xr + hr", "z": "xz + hz"}, "no gate has its sigmoid: r and z must lie between 0 and 1"),
    ({"r": "torch.tanh(xr + hr)"}, "the reset gate r takes a sigmoid, not tanh"),
    ({"z": "torch.tanh(xz + hz)"}, "the update gate z takes a sigmoid, not tanh"),
    ({"r": "torch.tanh(xr + hr)", "z": "torch.tanh(xz + hz)"}, "r and z take a sigmoid, not tanh"),
    ({"r": "torch.sigmoid(xr)"}, "the reset gate does not read h: add hr"),
    ({"z": "torch.sigmoid(xz)"}, "the update gate does not read h: add hz"),
    ({"r": "torch.sigmoid(hr)"}, "the reset gate does not read x: add xr"),
    ({"z": "torch.sigmoid(hz)"}, "the update gate does not read x: add xz"),
    ({"gives": "n + z * h"}, "the candidate enters in full, as if there were an input gate at 1: multiply it by 1 - z"),
    ({"gives": "(1 - z) * n + h"}, "the old state is kept in full: multiply it by z"),
    ({"gives": "z * n + z * h"}, "both are multiplied by z; the two weights must add up to 1"),
    ({"gives": "(1 - z) * n - z * h"}, "the sign is wrong: the two shares are added"),
    ({"gives": "(1 - z) * n"}, "the old state is missing: z * h must be added"),
    ({"gives": "n"}, "you return the candidate; the new state is a mean of it and of the old one"),
    ({"gives": "(1 - r) * n + r * h"}, "r stands in the last line, where z belongs"),
    ({"gives": "torch.tanh((1 - z) * n + z * h)"}, "no tanh on the new state: a mean of numbers within ±1 stays there"),
    ({"first": "h = h.detach()"}, "the numbers are right, but you detach h: no gradient goes back through it"),
    (
        {"gives": "((1 - z) * n + z * h).detach()"},
        "the numbers are right, but no gradient flows: no detach, no no_grad",
    ),
]
GRU_MISTAKES += [
    (changed | {which: "".join(order)}, f"you cut {what} in the order {', '.join(order)}; PyTorch's is r, z, n")
    for which, what, changed in (("order", "the blocks", {}), ("past", "what comes from h", {"order": "rzn"}))
    for order in permutations("rzn")
    if order != ("r", "z", "n")
]


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
