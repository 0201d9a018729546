"""The exercise of 03: the GRU cell."""

from itertools import permutations

import torch
from torch import nn

from .engine import exercise
from .written_cells import observe_step, steps_of


# %% 3a
# r multiplies only what comes from the state. So both products are cut into gates first, and added afterwards.
class MyGRUCell(nn.Module):
    carries = ("h",)

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.x2h = nn.Linear(input_size, 3 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 3 * hidden_size)

    def forward(self, x, h):
        xr, xz, xn = self.x2h(x).chunk(3, dim=-1)
        hr, hz, hn = self.h2h(h).chunk(3, dim=-1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        n = torch.tanh(xn + r * hn)
        return (1 - z) * n + z * h


@exercise("3a", MyGRUCell, inputs=steps_of(MyGRUCell), observe=observe_step, tolerance=1e-6)
def wrong_gru_steps(cell, x, h):
    sigmoid, tanh = torch.sigmoid, torch.tanh
    xr, xz, xn = cell.x2h(x).chunk(3, dim=-1)
    hr, hz, hn = cell.h2h(h).chunk(3, dim=-1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = tanh(xn + r * hn)
    W, b = cell.h2h.weight.chunk(3)[2], cell.h2h.bias.chunk(3)[2]  # of hn

    def mix(n, z=z):
        return (1 - z) * n + z * h

    def with_reset(r):
        return mix(tanh(xn + r * hn))

    def step(order="rzn", past="rzn"):
        xr, xz, xn = (cell.x2h(x).chunk(3, dim=-1)[order.index(name)] for name in "rzn")
        hr, hz, hn = (cell.h2h(h).chunk(3, dim=-1)[past.index(name)] for name in "rzn")
        return mix(tanh(xn + sigmoid(xr + hr) * hn), sigmoid(xz + hz))

    yield "z and 1 - z have changed places: in PyTorch z near 1 keeps the old state", z * n + (1 - z) * h
    yield "r_before_the_product", mix(tanh(xn + (r * h) @ W.T + b))
    yield "r is applied before the product, as in Cho 2014, and b_hn is missing", mix(tanh(xn + (r * h) @ W.T))
    yield "b_hn stands outside: r multiplies it too, r * (W_hn h + b_hn)", mix(tanh(xn + r * (hn - b) + b))
    yield "b_hn is missing: r multiplies W_hn h + b_hn", mix(tanh(xn + r * (hn - b)))
    yield "r is missing: the candidate sees the whole past", mix(tanh(xn + hn))
    yield "r multiplies the input as well: it should act on the past only, r * hn", mix(tanh(r * (xn + hn)))
    yield "r multiplies the input; it should multiply the past, hn", mix(tanh(r * xn + hn))
    yield "r near 1 lets the past through, so it is r * hn and not (1 - r) * hn", with_reset(1 - r)
    yield "the candidate does not see the past: add r * hn", mix(tanh(xn))
    yield "the candidate does not see the input: add xn", mix(tanh(r * hn))
    yield "tanh is missing, so the candidate may leave ±1", mix(xn + r * hn)
    yield "the candidate takes tanh, not a sigmoid: it must be able to be negative", mix(sigmoid(xn + r * hn))
    yield "the reset gate r lacks its sigmoid", with_reset(xr + hr)
    yield "the update gate z lacks its sigmoid", mix(n, xz + hz)
    yield "no gate has its sigmoid: r and z must lie between 0 and 1", mix(tanh(xn + (xr + hr) * hn), xz + hz)
    yield "r and z take a sigmoid, not tanh", mix(tanh(xn + tanh(xr + hr) * hn), tanh(xz + hz))
    yield "the reset gate does not read h: add hr", with_reset(sigmoid(xr))
    yield "the update gate does not read h: add hz", mix(n, sigmoid(xz))
    yield "the reset gate does not read x: add xr", with_reset(sigmoid(hr))
    yield "the update gate does not read x: add xz", mix(n, sigmoid(hz))
    yield "the candidate enters in full, as if there were an input gate at 1: multiply it by 1 - z", n + z * h
    yield "the old state is kept in full: multiply it by z", (1 - z) * n + h
    yield "both are multiplied by z; the two weights must add up to 1", z * n + z * h
    yield "the old state is missing: z * h must be added", (1 - z) * n
    yield "you return the candidate; the new state is a mean of it and of the old one", n
    yield "no tanh on the new state: a mean of numbers within ±1 stays there", tanh(mix(n))
    for order in map("".join, permutations("rzn")):
        if order != "rzn":
            read = f"in the order {', '.join(order)}; PyTorch's is r, z, n"
            yield f"you cut the blocks {read}", step(order, order)
            yield f"you cut what comes from h {read}", step(past=order)
