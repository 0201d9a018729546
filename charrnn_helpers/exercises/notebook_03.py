"""Exercises of 03: the GRU."""

from functools import partial
from itertools import permutations

import torch
from torch import nn

from .engine import answered, as_number, exercise, same
from .written_cells import as_gate, mistaken_cells, observe_step

# %% 3.1
# (1 - z) * -0.5 + z * 0.5 is z - 0.5. It is 0.25 at z = 0.75: three quarters are kept, one quarter is written.
z = 0.75


@exercise(
    "3.1", z, read=as_gate, tolerance=0.001, otherwise=lambda got, _: f"z = {got:.3g} gives {got - 0.5:.3g}, not 0.25"
)
def wrong_gates():
    yield "z and 1 - z have changed places: in PyTorch z is the share that is *kept*", 0.25
    yield "half of each gives 0: the new state is nearer to the old one than to the candidate", 0.5
    yield "z = 1 keeps the old state, 0.5, untouched", 1.0
    yield "z = 0 writes the candidate, -0.5, in full", 0.0


# %% 3.2
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


@exercise("3.2", MyGRUCell, observe=partial(observe_step, nn.GRU), tolerance=1e-6)
@mistaken_cells(MyGRUCell)
def wrong_gru_steps(cell, x, h):
    sigmoid, tanh = torch.sigmoid, torch.tanh
    xr, xz, xn = cell.x2h(x).chunk(3, dim=-1)
    hr, hz, hn = cell.h2h(h).chunk(3, dim=-1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = tanh(xn + r * hn)
    W, b = cell.h2h.weight.chunk(3)[2], cell.h2h.bias.chunk(3)[2]  # of hn

    def mix(n, z=z, h=h):
        return (1 - z) * n + z * h

    def with_reset(r):
        return mix(tanh(xn + r * hn))

    def step(order="rzn", past="rzn", h=h):
        xr, xz, xn = (cell.x2h(x).chunk(3, dim=-1)[order.index(name)] for name in "rzn")
        hr, hz, hn = (cell.h2h(h).chunk(3, dim=-1)[past.index(name)] for name in "rzn")
        return mix(tanh(xn + sigmoid(xr + hr) * hn), sigmoid(xz + hz), h)

    yield "z and 1 - z have changed places: in PyTorch z near 1 keeps the old state", z * n + (1 - z) * h
    yield "r_before_the_product", mix(tanh(xn + (r * h) @ W.T + b))
    yield "r_before_the_product_no_bias", mix(tanh(xn + (r * h) @ W.T))
    yield "b_hn stands outside: r multiplies it too, r * (W_hn h + b_hn)", mix(tanh(xn + r * (hn - b) + b))
    yield "b_hn is missing: r multiplies W_hn h + b_hn", mix(tanh(xn + r * (hn - b)))
    yield "r is missing: the candidate sees the whole past", mix(tanh(xn + hn))
    yield "r multiplies the input as well: it should act on the past only, r * hn", mix(tanh(r * (xn + hn)))
    yield "r multiplies the input; it should multiply the past, hn", mix(tanh(r * xn + hn))
    yield "r near 1 lets the past through, so it is r * hn and not (1 - r) * hn", with_reset(1 - r)
    yield "the sign is wrong: what the past brings is added in the candidate", with_reset(-r)
    yield "z stands in the candidate, where r belongs", with_reset(z)
    yield "the candidate does not see the past: add r * hn", mix(tanh(xn))
    yield "the candidate does not see the input: add xn", mix(tanh(r * hn))
    yield "tanh is missing, so the candidate may leave ±1", mix(xn + r * hn)
    yield "the candidate takes tanh, not a sigmoid: it must be able to be negative", mix(sigmoid(xn + r * hn))
    yield "the candidate goes through tanh twice", mix(tanh(n))
    yield "the reset gate r lacks its sigmoid", with_reset(xr + hr)
    yield "the update gate z lacks its sigmoid", mix(n, xz + hz)
    yield "no gate has its sigmoid: r and z must lie between 0 and 1", mix(tanh(xn + (xr + hr) * hn), xz + hz)
    yield "the reset gate r takes a sigmoid, not tanh", with_reset(tanh(xr + hr))
    yield "the update gate z takes a sigmoid, not tanh", mix(n, tanh(xz + hz))
    yield "r and z take a sigmoid, not tanh", mix(tanh(xn + tanh(xr + hr) * hn), tanh(xz + hz))
    yield "the reset gate does not read h: add hr", with_reset(sigmoid(xr))
    yield "the update gate does not read h: add hz", mix(n, sigmoid(xz))
    yield "the reset gate does not read x: add xr", with_reset(sigmoid(hr))
    yield "the update gate does not read x: add xz", mix(n, sigmoid(hz))
    yield "the candidate enters in full, as if there were an input gate at 1: multiply it by 1 - z", n + z * h
    yield "the old state is kept in full: multiply it by z", (1 - z) * n + h
    yield "both are multiplied by z; the two weights must add up to 1", z * n + z * h
    yield "the sign is wrong: the two shares are added", (1 - z) * n - z * h
    yield "the old state is missing: z * h must be added", (1 - z) * n
    yield "you return the candidate; the new state is a mean of it and of the old one", n
    yield "r stands in the last line, where z belongs", mix(n, r)
    yield "no tanh on the new state: a mean of numbers within ±1 stays there", tanh(mix(n))
    yield "the numbers are right, but you detach h: no gradient goes back through it", step(h=h.detach())
    yield "the numbers are right, but no gradient flows: no detach, no no_grad", mix(n).detach()
    for order in map("".join, permutations("rzn")):
        if order != "rzn":
            read = f"in the order {', '.join(order)}; PyTorch's is r, z, n"
            yield f"you cut the blocks {read}", step(order, order)
            yield f"you cut what comes from h {read}", step(past=order)


def observe_width(answer):
    width = as_number(answer)
    yield width
    yield width == round(width)


def other_width(got, wanted):
    width = round(got)
    count, lstm = 3 * width * (64 + width + 2), 4 * 128 * (64 + 128 + 2)
    return f"a GRU of {width} units has {count:,} parameters here, the LSTM {lstm:,}; one width is nearer"


# %% 3.3
# 3 H (64 + H + 2) = 99,328 is quadratic in H. Trying every width finds 152: 99,408 parameters, 80 more than the LSTM.
lstm = 4 * 128 * (64 + 128 + 2)
width = min(range(1, 300), key=lambda H: abs(3 * H * (64 + H + 2) - lstm))


@exercise("3.3", width, observe=observe_width, otherwise=other_width, tolerance=0.75)
def wrong_widths():
    yield "a layer has a whole number of units: round it", 151.94
    yield "four_thirds", 4 / 3 * 128
    yield "root_of_four_thirds", (4 / 3) ** 0.5 * 128
    yield "that is 3/4 of 128: a GRU has fewer parameters for a unit, so it may be wider, not narrower", 96
    yield "at equal width the GRU has three quarters of the parameters", 128


def observe_biases(answer):
    """Look at what an answer has done to a GRU."""
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
    """Make an answer that moves these rows of b_hh to b_ih, or does only half of it."""

    @torch.no_grad()
    def answer(gru):
        if overwrite:
            gru.bias_ih_l0[rows] = 0.0
        if add:
            gru.bias_ih_l0[rows] += gru.bias_hh_l0[rows]
        if empty:
            gru.bias_hh_l0[rows] = 0.0

    return answer


# %% 3.4
# r and z see b_ih + b_hh, so one vector can carry both. n sees b_in + r * (... + b_hn): b_hn must stay where it is.
@torch.no_grad()
def fold_biases(gru):
    gates = slice(0, 2 * gru.hidden_size)
    gru.bias_ih_l0[gates] += gru.bias_hh_l0[gates]
    gru.bias_hh_l0[gates] = 0.0


@exercise("3.4", fold_biases, observe=observe_biases)
def wrong_folds():
    yield "nothing in the GRU has changed; write into its bias vectors in place", lambda gru: gru
    yield "you moved b_hn too, and the outputs changed: b_hn is multiplied by r, b_in is not", fold(slice(0, 9))
    yield "you emptied b_hh without adding it to b_ih, and the outputs changed", fold(add=False)
    yield "b_ih was overwritten; add the rows of b_hh to it", fold(overwrite=True)
    yield "the rows of b_hh are now counted twice: set them to 0 after adding them", fold(empty=False)
    yield "you touched the candidate's rows, the last third; b_hn must stay where it is", fold(slice(6, 9))
    yield "the outputs are the same, but r's rows of b_hh can be emptied as well", fold(slice(3, 6))
    yield "the outputs are the same, but z's rows of b_hh can be emptied as well", fold(slice(0, 3))
