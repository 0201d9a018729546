"""Exercises of 02: the LSTM."""

from itertools import chain, permutations

import torch
from torch import nn

from ..networks.cells import LSTMCell
from .engine import Wrong, answered, exercise, parts_of, seeded
from .written_cells import observe_step, steps_of


# %% 2a
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


@exercise("2a", MyLSTMCell, inputs=steps_of(MyLSTMCell), observe=observe_step, tolerance=1e-6)
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


def outputs_and_state(value):
    """Take apart what a loop returns: all outputs in one tensor, and the state. Raises `Wrong` for another form."""
    outputs, state = parts_of(value, "outputs, state")
    if isinstance(outputs, list | tuple):
        raise Wrong("the outputs are still a list: make one tensor of them, torch.stack(outputs, dim=1)")
    if not isinstance(state, tuple | list) or len(state) != 2:
        raise Wrong("the state of an LSTM is a pair, (h, c): return what the last step gave")
    return outputs, tuple(state)


LINE = seeded(5, lambda: (LSTMCell(5, 3), torch.randn(2, 4, 5)))  # a cell, and an input (B, T, E), no two sizes alike
LONGER = seeded(6, lambda: (LSTMCell(5, 3).double(), torch.randn(2, 6, 5).double()))  # 02 goes on with 64 bits


# %% 2b
# The state starts at zero. Each step gets what the step before it returned, and every h is kept as an output.
def run_lstm(cell, x):
    h = c = x.new_zeros(len(x), cell.h2h.in_features)
    outputs = []
    for x_t in x.unbind(dim=1):
        h, c = cell(x_t, (h, c))
        outputs.append(h)
    return torch.stack(outputs, dim=1), (h, c)


@exercise("2b", run_lstm, inputs=[LINE, LONGER], read=outputs_and_state)
def wrong_loops(cell, x):
    zero = (x.new_zeros(len(x), 3),) * 2
    states, alone, backwards = [zero], [], [zero]
    for x_t in x.unbind(dim=1):
        states.append(cell(x_t, states[-1]))
        alone.append(cell(x_t, zero))
    for x_t in x.flip(1).unbind(dim=1):
        backwards.append(cell(x_t, backwards[-1]))

    def collect(states):
        return torch.stack([h for h, _ in states], dim=1), states[-1]

    h, last = collect(states[1:])
    yield "each step starts from zeros again: give it the state that the step before it returned", collect(alone)
    yield "you return only the last h: collect the h of every step", (last[0], last)
    yield "time must be the second axis, (B, T, H): torch.stack(outputs, dim=1)", (h.transpose(0, 1), last)
    yield "you collect c; the output of a step is h", (torch.stack([c for _, c in states[1:]], dim=1), last)
    yield "you collect the h before each step; collect it after the step", (collect(states[:-1])[0], last)
    yield "the first state is not an output: collect h after each step only", collect(states)
    yield "the outputs are right; the state is (h, c) in this order", (h, last[::-1])
    yield "the outputs are right; the state is the one after the last step", (h, zero)
    yield "you read from the end to the beginning", collect(backwards[1:])


def as_table(answer) -> torch.Tensor:
    """Make a tensor (4, 3) of a table of numbers. Raises `Wrong` for another shape, `StillOpen` for a blank in it."""
    for number in chain(*answered(answer)):
        answered(number)
    table = torch.as_tensor(answer, dtype=torch.float32)
    if table.shape != (4, 3):
        shape = tuple(table.shape)
        raise Wrong(f"give 4 rows (i, f, g, o) of 3 numbers (mark, value, bias); yours has the shape {shape}")
    return table


@torch.no_grad()
def observe_latch(answer):
    """Let a unit with these weights read a marked value, quiet, noise, and another marked value."""
    table, cell = as_table(answer), LSTMCell(2, 1)
    for weight in cell.parameters():
        weight.zero_()
    cell.x2h.weight[:], cell.x2h.bias[:] = table[:, :2], table[:, 2]
    noise = torch.randn(100, generator=torch.Generator().manual_seed(1)).sign().tolist()
    after = []  # the state after reading each part
    state = torch.zeros(1, 1), torch.zeros(1, 1)
    for part in ([(1, 1)], [(0, 0)] * 100, [(0, value) for value in noise], [(1, -1)]):
        for mark, value in part:
            state = cell(torch.tensor([[mark, value]]).float(), state)
        after.append(tuple(value.item() for value in state))
    (_, written), (_, kept), (h, disturbed), (other_h, other) = after
    yield "nothing_is_written", written > 0.5
    yield "nothing_is_kept", kept > 0.9 * written
    yield "noise_comes_in", abs(disturbed - kept) < 0.1
    yield "nothing_is_cleared", other < -0.5
    yield "the cell c is right; h does not show it: o must be open all the time", h > 0.5 and other_h < -0.5


# %% 2c
# Large weights make gates that are open or shut. i opens at a mark (20 - 10), f shuts there (10 - 20), g follows the
# value, and o is always open. At all other characters i is σ(-10), which is almost 0, and f is σ(10), almost 1.
latch = [
    #  mark, value, bias
    [20, 0, -10],  # i
    [-20, 0, 10],  # f
    [0, 3, 0],  # g
    [0, 0, 10],  # o
]


exercise("2c", latch, observe=observe_latch)
