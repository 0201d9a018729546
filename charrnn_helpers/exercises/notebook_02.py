"""Exercises of 02: the LSTM."""

import torch
from torch import nn

from .engine import Wrong, answered, as_number, same, two_things


def gate(value):
    value = as_number(value)
    if not 0 < value <= 1:
        raise Wrong(f"a gate lies between 0 and 1, and {value:.3g} does not")
    return value


def cell_before_hidden(answer, i, f, g, o, c_prev):
    """Are h and c in the wrong order? Then c, then h: as long as c is wrong, h cannot be judged."""
    h, c = two_things(answered(answer(i, f, g, o, c_prev)), "the new h and the new c", "h, c")
    yield same(h, f * c_prev + i * g) and same(c, o * torch.tanh(torch.as_tensor(h)))
    yield c
    yield h


def wrong_steps(i, f, g, o, c_prev):
    c = f * c_prev + i * g
    return [
        ((c, o * torch.tanh(c)), "the numbers are right and in the wrong order: return h first, then c"),
        ((o, i * c_prev + f * g), "i and f have changed places: f says how much of the old cell is kept"),
        ((o, (1 - i) * c_prev + i * g), "you wrote 1 - i where f belongs; tying the two gates is the GRU's idea (03)"),
        ((o, (1 - f) * c_prev + i * g), "f near 1 means keep, so it is f * c_prev and not (1 - f) * c_prev"),
        ((o, f * c_prev + g), "the candidate enters in full: multiply it by i"),
        ((o, c_prev + i * g), "the old cell is kept in full: multiply it by f"),
        ((o, f * c_prev + i * torch.tanh(g)), "g is the candidate already, tanh included: no second tanh"),
        ((o, torch.tanh(c)), "no tanh on the cell itself: c is a sum and may grow; tanh belongs in h only"),
        ((o * c, c), "c is right; h lacks the tanh, so the unit could show numbers of any size"),
        ((torch.tanh(o * c), c), "c is right; the output gate comes after tanh: o * tanh(c)"),
        ((o * torch.tanh(c_prev), c), "c is right; h shows the old cell: use the c that you have just computed"),
        ((torch.tanh(c), c), "c is right; h forgets the output gate o"),
        ((o * torch.sigmoid(c), c), "c is right; h goes through tanh, not through the sigmoid"),
    ]


def wrong_counts(inputs, units, layers):
    def count(blocks=4, biases=2, recurrent=units, above=units):
        return sum(blocks * units * (reads + recurrent + biases) for reads in [inputs] + [above] * (layers - 1))

    return [
        (count(biases=1), "you count one bias vector; PyTorch keeps two, b_ih and b_hh"),
        (count(biases=0), "you count no biases; there are two vectors in each layer"),
        (count(above=inputs), "every layer reads `inputs` in your count; from the second on it reads `units`"),
        (count(blocks=3), "three blocks make a GRU; an LSTM has four: i, f, g and o"),
        (count(blocks=1), "you count one block; there are four: i, f, g and o"),
        (count(recurrent=0), "the weights from the last h are missing: H more for each row"),
        (4 * units * (inputs + units + 2), "that is one layer only"),
    ]


def biases_left_behind(answer):
    """What an answer to 2.4 has done to an LSTM, the worst first."""
    torch.default_generator.manual_seed(0)
    lstm = nn.LSTM(5, 6, num_layers=2)
    before = {name: weight.detach().clone() for name, weight in lstm.named_parameters()}
    given = answer(lstm)
    after = {name: weight.detach() for name, weight in lstm.named_parameters()}
    untouched = [name for name in after if torch.equal(after[name], before[name])]
    if len(untouched) == len(after):
        answered(given)
    yield len(untouched) == len(after)
    yield not all(name in untouched for name in after if name.startswith("weight"))

    def of_gates(values, layer):
        return (values[f"bias_ih_l{layer}"] + values[f"bias_hh_l{layer}"]).view(4, 6)

    i, f, g, o = of_gates(after, 0)
    ones = torch.ones(6)
    yield same(f, 2 * ones)
    missed = not same(f, ones)
    yield missed and same(i, ones)
    yield missed and (same(g, ones) or same(o, ones))
    yield missed and ("bias_hh_l0" in untouched or "bias_ih_l0" in untouched)
    yield f
    yield same(of_gates(after, 1)[1], ones)
    others = [0, 2, 3]
    yield all(same(of_gates(after, layer)[others], of_gates(before, layer)[others]) for layer in (0, 1))


def write(ih: float | None = 1.0, hh: float | None = 0.0, block: int | slice = 1, layers: int = 2):
    """An answer to 2.4 that writes `ih` and `hh` into a block of rows of each layer; `None` leaves them as they are."""

    @torch.no_grad()
    def answer(lstm):
        for layer in range(layers):
            for name, value in (("ih", ih), ("hh", hh)):
                if value is not None:
                    getattr(lstm, f"bias_{name}_l{layer}").view(4, -1)[block] = value

    return answer
