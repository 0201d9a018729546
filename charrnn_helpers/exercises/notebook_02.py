"""Exercises of 02: the LSTM."""

from functools import partial
from itertools import permutations

import torch
from torch import nn

from .engine import answered, exercise, same
from .written_cells import as_gate, mistaken_cells, observe_step


def other_gate(got, wanted):
    return f"f = {got:.3f} leaves {got**20:.3f} after 20 characters, not 0.5"


# %% 2.1
# After 20 characters f ** 20 is left, so f is the twentieth root of one half: about 0.966.
forget = 0.5 ** (1 / 20)


@exercise("2.1", forget, read=as_gate, otherwise=other_gate, tolerance=0.001)
def wrong_gates():
    yield "with f = 0.5 half is gone after one character; after 20 a millionth is left", 0.5
    yield "you spread the loss evenly, 0.5 / 20 a step; but each step takes a share of what is left", 0.975
    yield "with f = 1 nothing is ever lost", 1.0
    yield "1 / 20 is left after a single character; you need f ** 20 = 0.5", 0.05
    yield "that is 0.5 ** 20; you need the number whose 20th power is 0.5", 0.5**20


# %% 2.2
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


@exercise("2.2", MyLSTMCell, observe=partial(observe_step, nn.LSTM), tolerance=1e-6)
@mistaken_cells(MyLSTMCell)
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

    new_h, _ = show(new_c)
    yield "the numbers are right and in the wrong order: return h first, then c", (new_c, new_h)
    yield "you unpack the state as c, h; it comes as h, c", step(Wx + cell.h2h(c), c=h)
    yield "i_for_f", step(Wx + Uh, order="figo")
    yield "the candidate enters c in full: multiply g by i", show(f * c + g)
    yield "the old cell is kept in full: multiply it by f", show(c + i * g)
    yield "the old cell is missing: f * c must be added", show(i * g)
    yield "f near 1 means keep, so it is f * c and not (1 - f) * c", show((1 - f) * c + i * g)
    yield "you wrote 1 - i where f belongs; tying the two gates is the GRU's idea (03)", show((1 - i) * c + i * g)
    yield "you wrote 1 - f where i belongs; tying the two gates is the GRU's idea (03)", show(f * c + (1 - f) * g)
    yield "the sign is wrong: the candidate is added to the cell", show(f * c - i * g)
    yield "you keep a share of h; it is the cell c that is kept", show(f * h + i * g)
    yield "no tanh on the cell itself: c is a sum and may grow; tanh belongs in h only", show(tanh(new_c))
    yield "the candidate g takes tanh, not a sigmoid: it must be able to be negative", show(f * c + i * sigmoid(a_g))
    yield "the candidate g lacks its tanh", show(f * c + i * a_g)
    yield "the candidate g goes through tanh twice", show(f * c + i * tanh(g))
    yield "the input gate i lacks its sigmoid", show(f * c + a_i * g)
    yield "the forget gate f lacks its sigmoid", show(a_f * c + i * g)
    yield "no gate has its sigmoid: i, f and o must lie between 0 and 1", show(a_f * c + a_i * g, a_o)
    yield "nothing is squashed: sigmoid for i, f and o, tanh for g", show(a_f * c + a_i * a_g, a_o)
    yield "tanh_for_sigmoid", show(tanh(a_f) * c + tanh(a_i) * g, tanh(a_o))
    yield "the input gate i takes a sigmoid, not tanh", show(f * c + tanh(a_i) * g)
    yield "the forget gate f takes a sigmoid, not tanh", show(tanh(a_f) * c + i * g)
    yield "your cell does not read h: add self.h2h(h)", step(Wx)
    yield "your cell does not read x: add self.x2h(x)", step(Uh)
    yield "the two products are added, not multiplied", step(Wx * Uh)
    yield "the sign is wrong: the two products are added", step(Wx - Uh)
    yield "your gates read c; they read x and the last h", step(Wx + cell.h2h(c))
    yield "c is right; h lacks the tanh, so the unit could show numbers of any size", (o * new_c, new_c)
    yield "c is right; the output gate comes after tanh: o * tanh(c)", (tanh(o * new_c), new_c)
    yield "c is right; h shows the old cell: use the c that you have just computed", (o * tanh(c), new_c)
    yield "c is right; h forgets the output gate o", (tanh(new_c), new_c)
    yield "c is right; h goes through tanh, not through the sigmoid", (o * sigmoid(new_c), new_c)
    yield "c is right; o near 1 means show, so it is o and not 1 - o", show(new_c, 1 - o)
    yield "c is right; the output gate o lacks its sigmoid", show(new_c, a_o)
    yield "c is right; the output gate o takes a sigmoid, not tanh", show(new_c, tanh(a_o))
    yield "the numbers are right, but you detach the state", step(Wx + cell.h2h(h.detach()), c.detach())
    yield "the numbers are right, but you detach h: no gradient goes back through it", step(Wx + cell.h2h(h.detach()))
    yield "the numbers are right, but you detach c: no gradient goes back through it", step(Wx + Uh, c.detach())
    yield "the numbers are right, but no gradient flows: no detach, no no_grad", (new_h.detach(), new_c.detach())
    for order in map("".join, permutations("ifgo")):
        if order not in ("ifgo", "figo"):
            sentence = f"you cut the blocks in the order {', '.join(order)}; PyTorch's is i, f, g, o"
            yield sentence, step(Wx + Uh, order=order)


def observe_biases(answer):
    """Look at what an answer has done to an LSTM, the worst first."""
    torch.default_generator.manual_seed(0)
    lstm = nn.LSTM(5, 6, num_layers=2)
    before = {name: weight.detach().clone() for name, weight in lstm.named_parameters()}
    given = answer(lstm)
    after = {name: weight.detach() for name, weight in lstm.named_parameters()}
    changed = [name for name in after if not torch.equal(after[name], before[name])]
    if not changed:
        answered(given)
    yield bool(changed)
    yield any(name.startswith("weight") for name in changed)

    def biases(values, layer):
        return (values[f"bias_ih_l{layer}"] + values[f"bias_hh_l{layer}"]).view(4, 6)

    i, f, g, o = biases(after, 0)
    ones = torch.ones(6)
    yield same(f, 2 * ones)
    missed = not same(f, ones)
    yield missed and same(i, ones)
    yield missed and (same(g, ones) or same(o, ones))
    yield missed and not {"bias_hh_l0", "bias_ih_l0"} <= set(changed)
    yield f
    yield same(biases(after, 1)[1], ones)
    yield all(same(biases(after, layer)[[0, 2, 3]], biases(before, layer)[[0, 2, 3]]) for layer in (0, 1))


def write(ih=1.0, hh=0.0, block=1, layers=2):
    """Make an answer that writes `ih` and `hh` into a block of rows of each layer; `None` leaves them as they are."""

    @torch.no_grad()
    def answer(lstm):
        for layer in range(layers):
            for name, value in (("ih", ih), ("hh", hh)):
                if value is not None:
                    getattr(lstm, f"bias_{name}_l{layer}").view(4, -1)[block] = value

    return answer


# %% 2.3
# The gate sees b_ih + b_hh: write 1 into the forget rows of one vector and 0 into those of the other, in every layer.
@torch.no_grad()
def open_forget_gates(lstm):
    H = lstm.hidden_size
    for layer in range(lstm.num_layers):
        getattr(lstm, f"bias_ih_l{layer}")[H : 2 * H] = 1.0
        getattr(lstm, f"bias_hh_l{layer}")[H : 2 * H] = 0.0


@exercise("2.3", open_forget_gates, observe=observe_biases)
def wrong_writers():
    yield "nothing in the LSTM has changed; write into its bias vectors in place", lambda lstm: lstm
    yield "a weight matrix has changed; only the biases should", lambda lstm: lstm.weight_ih_l0.data.zero_()
    yield "both_1", write(1.0, 1.0)
    yield "you wrote into the first rows, which belong to the input gate; the order is i, f, g, o", write(block=0)
    yield "you wrote into rows of g or o; the order is i, f, g, o, so f's are the second block", write(block=2)
    yield "one vector holds your value and the other still its random start; their sum is what counts", write(hh=None)
    yield "the first layer is right; the second layer has biases of its own", write(layers=1)
    yield "all_rows", write(block=slice(0, 4))


# %% 2.4
# Four blocks of rows; each unit has a weight for every input, one for every unit, and two biases.
# The first layer reads the embedding, every further layer reads the H outputs of the one below it.
def lstm_parameters(inputs, units, layers):
    total = 0
    for layer in range(layers):
        reads = inputs if layer == 0 else units
        total += 4 * units * (reads + units + 2)
    return total


@exercise("2.4", lstm_parameters, inputs=[(64, 128, 3), (5, 7, 1)], read=int)
def wrong_counts(inputs, units, layers):
    def count(blocks=4, biases=2, recurrent=units, above=units):
        return sum(blocks * units * (reads + recurrent + biases) for reads in [inputs] + [above] * (layers - 1))

    yield "you count one bias vector; PyTorch keeps two, b_ih and b_hh", count(biases=1)
    yield "you count no biases; there are two vectors in each layer", count(biases=0)
    yield "every layer reads `inputs` in your count; from the second on it reads `units`", count(above=inputs)
    yield "three blocks make a GRU; an LSTM has four: i, f, g and o", count(blocks=3)
    yield "you count one block; there are four: i, f, g and o", count(blocks=1)
    yield "the weights from the last h are missing: H more for each row", count(recurrent=0)
    yield "that is one layer only", 4 * units * (inputs + units + 2)
