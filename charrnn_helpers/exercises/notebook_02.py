"""Exercises of 02: one gate by hand, and the LSTM cell."""

from itertools import permutations

import torch
from torch import nn

from .engine import as_number, exercise
from .written_cells import observe_step, steps_of

# %% 2a
# Add up first: 2 · 1 - 1 · (-0.5) + 0.5 = 3. Then squash: σ(3) = 1 / (1 + e^-3).
f = 0.953


@exercise("2a", f, read=as_number, tolerance=0.006)
def wrong_gates():
    yield "that is the sum; the gate is σ of it, 1 / (1 + e^-sum)", 3.0
    yield "that is σ(2): minus one times minus one half adds a half, it takes nothing away", 0.881
    yield "that is σ(-3), so the sign of the exponent is wrong: σ(a) = 1 / (1 + e^-a)", 0.047
    yield "that is tanh; a gate is squashed by σ, which lies between 0 and 1", 0.995
    yield "that is σ(2.5): either the bias of 0.5 is missing or the part of the last output, (-1) · (-0.5)", 0.924


# %% 2b
# The six equations in the order of the page. One product for x and one for h do the work of four.
class MyLSTMCell(nn.Module):
    carries = ("h", "c")

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.x2h = nn.Linear(input_size, 4 * hidden_size)
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size)

    def forward(self, x, state):
        h, c = state
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


@exercise("2b", MyLSTMCell, inputs=steps_of(MyLSTMCell), observe=observe_step, tolerance=1e-6)
def wrong_lstm_steps(cell, x, state):
    h, c = state
    sigmoid, tanh = torch.sigmoid, torch.tanh
    Wx, Uh = cell.x2h(x), cell.h2h(h)  # with their biases
    a_i, a_f, a_g, a_o = (Wx + Uh).chunk(4, dim=-1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), tanh(a_g), sigmoid(a_o)
    new_c = f * c + i * g

    def show(c, o=o):
        return o * tanh(c), c

    def step(total, c=c, order="ifgo"):
        i, f, g, o = (total.chunk(4, dim=-1)[order.index(name)] for name in "ifgo")
        return show(sigmoid(f) * c + sigmoid(i) * tanh(g), sigmoid(o))

    yield "the numbers are right and in the wrong order: return h first, then c", show(new_c)[::-1]
    yield "you unpack the state as c, h; it comes as h, c", step(Wx + cell.h2h(c), c=h)
    yield "i and f have changed places: f keeps the old cell; the order is i, f, g, o", step(Wx + Uh, order="figo")
    yield "the candidate enters c in full: multiply g by i", show(f * c + g)
    yield "the old cell is kept in full: multiply it by f", show(c + i * g)
    yield "the old cell is missing: f * c must be added", show(i * g)
    yield "f near 1 means keep, so it is f * c and not (1 - f) * c", show((1 - f) * c + i * g)
    yield "you wrote 1 - i where f belongs; tying the two gates is the GRU's idea (03)", show((1 - i) * c + i * g)
    yield "you keep a share of h; it is the cell c that is kept", show(f * h + i * g)
    yield "no tanh on the cell itself: c is a sum and may grow; tanh belongs in h only", show(tanh(new_c))
    yield "the candidate g takes tanh, not a sigmoid: it must be able to be negative", show(f * c + i * sigmoid(a_g))
    yield "the candidate g lacks its tanh", show(f * c + i * a_g)
    yield "the input gate i lacks its sigmoid", show(f * c + a_i * g)
    yield "the forget gate f lacks its sigmoid", show(a_f * c + i * g)
    yield "no gate has its sigmoid: i, f and o must lie between 0 and 1", show(a_f * c + a_i * g, a_o)
    yield "nothing is squashed: sigmoid for i, f and o, tanh for g", show(a_f * c + a_i * a_g, a_o)
    yield "i, f and o are gates between 0 and 1: a sigmoid, not tanh", show(tanh(a_f) * c + tanh(a_i) * g, tanh(a_o))
    yield "your cell does not read h: add self.h2h(h)", step(Wx)
    yield "your cell does not read x: add self.x2h(x)", step(Uh)
    yield "the two products are added, not multiplied", step(Wx * Uh)
    yield "your gates read c; they read x and the last h", step(Wx + cell.h2h(c))
    yield "c is right; h lacks the tanh, so the unit could show numbers of any size", (o * new_c, new_c)
    yield "c is right; the output gate comes after tanh: o * tanh(c)", (tanh(o * new_c), new_c)
    yield "c is right; h shows the old cell: use the c that you have just computed", (o * tanh(c), new_c)
    yield "c is right; h forgets the output gate o", (tanh(new_c), new_c)
    yield "c is right; h goes through tanh, not through the sigmoid", (o * sigmoid(new_c), new_c)
    yield "c is right; the output gate o lacks its sigmoid", show(new_c, a_o)
    for order in map("".join, permutations("ifgo")):
        if order not in ("ifgo", "figo"):
            sentence = f"you cut the blocks in the order {', '.join(order)}; PyTorch's is i, f, g, o"
            yield sentence, step(Wx + Uh, order=order)
