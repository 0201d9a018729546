"""Exercises of 03: the GRU."""

from itertools import permutations

import torch
from torch import Tensor, nn

from .engine import Wrong, answered, as_number, exercise, parts_of, seeded
from .written_cells import observe_step, steps_of


def observe_count(answer, text: str):
    """Yield the cell c of an LSTM unit after each letter of `text`, with the gates that `answer` gives for it."""
    c = 0.0
    for letter in text:
        f, i, g = parts_of(answer(letter), "f, i, g")
        f, i, g = map(as_number, (f, i, g))
        for gate in (f, i):
            if not 0 <= gate <= 1:
                raise Wrong(f"a gate lies between 0 and 1, and {gate:.3g} does not")
        if abs(g) > 1:
            raise Wrong(f"the candidate g comes out of a tanh, so it lies between -1 and 1, and {g:.3g} does not")
        c = f * c + i * g
        yield "wrong_count", c


# %% 3a
# f = 1 keeps the count at every letter. i = 1 writes at an a, and i = 0 writes nothing at a b. g = 1 is written.
def counter(letter):
    f = 1.0
    i = 1.0 if letter == "a" else 0.0
    g = 1.0
    return f, i, g


@exercise("3a", counter, inputs=[("aab",), ("babbaa",)], observe=observe_count)
def wrong_counters():
    def gates(at_a, at_b):
        return lambda letter: at_a if letter == "a" else at_b

    yield "lost_at_a", gates((0, 1, 1), (1, 0, 1))
    yield "lost_at_b", gates((1, 1, 1), (0, 0, 1))
    yield "a b is counted as well: i must be 0 there, so that nothing is written", gates((1, 1, 1), (1, 1, 1))
    yield "a b takes 1 away from the count: i must be 0 there, so that nothing is written", gates((1, 1, 1), (1, 1, -1))
    yield "nothing is ever written: i must be 1 at an a", gates((1, 0, 1), (1, 0, 1))
    yield "the count goes down: at an a the candidate g must be 1", gates((1, 1, -1), (1, 0, -1))


# %% 3b
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


@exercise("3b", MyGRUCell, inputs=steps_of(MyGRUCell), observe=observe_step, tolerance=1e-6)
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


def read_candidate(value) -> Tensor:
    """Return a candidate (2, 3). Raises `Wrong` for anything else."""
    if not isinstance(answered(value), Tensor) or value.shape != (2, 3):
        shape = tuple(value.shape) if isinstance(value, Tensor) else f"a {type(value).__name__}"
        raise Wrong(f"return one tensor, the candidate n, (B, H), for this check (2, 3); yours is {shape}")
    return value


SIZES = (2, 3), (2, 3), (2, 3), (3, 3), (3,)
XN, R, H, W_HN, B_HN = seeded(5, lambda: [torch.randn(size).double() for size in SIZES])


# %% 3c
# r multiplies h first. Then the rows of W_hn mix what is left of the units, and nothing but xn and b_hn is added.
def paper_candidate(xn, r, h, W_hn, b_hn):
    return torch.tanh(xn + (r * h) @ W_hn.T + b_hn)


@exercise("3c", paper_candidate, inputs=[(XN, R.sigmoid(), H.tanh(), W_HN, B_HN)], read=read_candidate)
def wrong_candidates(xn, r, h, W_hn, b_hn):
    tanh, past = torch.tanh, (r * h) @ W_hn.T
    for bias in (r * b_hn, b_hn):
        yield "that is PyTorch's order: in the paper r multiplies h before W_hn", tanh(xn + r * (h @ W_hn.T) + bias)
    yield "W_hn must be transposed: a new value comes from a *row* of W_hn", tanh(xn + (r * h) @ W_hn + b_hn)
    yield "r multiplies b_hn too; in the paper r multiplies nothing but h", tanh(xn + past + r * b_hn)
    yield "b_hn is missing: add it after the product", tanh(xn + past)
    yield "xn, which comes from the input, is missing", tanh(past + b_hn)
    yield "tanh is missing, so the candidate may leave ±1", xn + past + b_hn
    yield "r is missing: the candidate sees the whole past", tanh(xn + h @ W_hn.T + b_hn)
    yield "the product with W_hn is missing", tanh(xn + r * h + b_hn)
    yield "r near 1 lets the past through, so it is r * h and not (1 - r) * h", tanh(xn + ((1 - r) * h) @ W_hn.T + b_hn)
