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
