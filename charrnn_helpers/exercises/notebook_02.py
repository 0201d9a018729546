"""Exercises of 02: the LSTM."""

from itertools import permutations

import torch
from torch import nn

from .engine import Wrong, answered, as_number, same
from .written_cells import all_gradients, filled_in, one_step


def gate(value):
    value = as_number(value)
    if not 0 < value <= 1:
        raise Wrong(f"a gate lies between 0 and 1, and {value:.3g} does not")
    return value


def step_of(answer):
    """What an LSTM cell written for 2.2 makes of one step: c, then h, which cannot be judged before; then gradients."""
    (h, c), read, cell = one_step(answer, nn.LSTM, 2)
    yield c
    yield h
    yield all_gradients([h, c], read, cell)


def lstm(
    order: str = "ifgo",
    total: str = "self.x2h(x) + self.h2h(h)",
    i: str = "torch.sigmoid(i)",
    f: str = "torch.sigmoid(f)",
    g: str = "torch.tanh(g)",
    o: str = "torch.sigmoid(o)",
    c: str = "f * c + i * g",
    h: str = "o * torch.tanh(c)",
    first: str = "",
    gives: str = "h, c",
) -> type[nn.Module]:
    """An answer to 2.2 that is right but for what is given here."""
    lines = [
        "def forward(self, x, state):",
        "h, c = state",
        first,
        f"{', '.join(order)} = ({total}).chunk(4, dim=-1)",
        f"i, f, g, o = {i}, {f}, {g}, {o}",
        f"old, c = c, {c}",
        f"h = {h}",
        f"return {gives}",
    ]
    return filled_in(4, "\n    ".join(lines))


def gates(function: str) -> dict[str, str]:
    """The same function for i, f and o."""
    return {gate: function.format(gate) for gate in "ifo"}


LSTM_MISTAKES = [  # what may differ in an answer to 2.2, and the sentence that names it
    ({"gives": "c, h"}, "the numbers are right and in the wrong order: return h first, then c"),
    ({"first": "h, c = c, h"}, "you unpack the state as c, h; it comes as h, c"),
    ({"order": "figo"}, "i and f have changed places: PyTorch's order is i, f, g, o, and f keeps the old cell"),
    ({"c": "f * c + g"}, "the candidate enters c in full: multiply g by i"),
    ({"c": "c + i * g"}, "the old cell is kept in full: multiply it by f"),
    ({"c": "i * g"}, "the old cell is missing: f * c must be added"),
    ({"c": "(1 - f) * c + i * g"}, "f near 1 means keep, so it is f * c and not (1 - f) * c"),
    ({"c": "(1 - i) * c + i * g"}, "you wrote 1 - i where f belongs; tying the two gates is the GRU's idea (03)"),
    ({"c": "f * c + (1 - f) * g"}, "you wrote 1 - f where i belongs; tying the two gates is the GRU's idea (03)"),
    ({"c": "f * c - i * g"}, "the sign is wrong: the candidate is added to the cell"),
    ({"c": "f * h + i * g"}, "you keep a share of h; it is the cell c that is kept"),
    ({"c": "torch.tanh(f * c + i * g)"}, "no tanh on the cell itself: c is a sum and may grow; tanh belongs in h only"),
    ({"g": "torch.sigmoid(g)"}, "the candidate g takes tanh, not a sigmoid: it must be able to be negative"),
    ({"g": "g"}, "the candidate g lacks its tanh"),
    ({"g": "torch.tanh(torch.tanh(g))"}, "the candidate g goes through tanh twice"),
    ({"i": "i"}, "the input gate i lacks its sigmoid"),
    ({"f": "f"}, "the forget gate f lacks its sigmoid"),
    (gates("{}"), "no gate has its sigmoid: i, f and o must lie between 0 and 1"),
    (gates("{}") | {"g": "g"}, "nothing is squashed: sigmoid for i, f and o, tanh for g"),
    (gates("torch.tanh({})"), "i, f and o take a sigmoid, not tanh: a gate lies between 0 and 1"),
    ({"i": "torch.tanh(i)"}, "the input gate i takes a sigmoid, not tanh"),
    ({"f": "torch.tanh(f)"}, "the forget gate f takes a sigmoid, not tanh"),
    ({"total": "self.x2h(x)"}, "your cell does not read h: add self.h2h(h)"),
    ({"total": "self.h2h(h)"}, "your cell does not read x: add self.x2h(x)"),
    ({"total": "self.x2h(x) * self.h2h(h)"}, "the two products are added, not multiplied"),
    ({"total": "self.x2h(x) - self.h2h(h)"}, "the sign is wrong: the two products are added"),
    ({"total": "self.x2h(x) + self.h2h(c)"}, "your gates read c; they read x and the last h"),
    ({"h": "o * c"}, "c is right; h lacks the tanh, so the unit could show numbers of any size"),
    ({"h": "torch.tanh(o * c)"}, "c is right; the output gate comes after tanh: o * tanh(c)"),
    ({"h": "o * torch.tanh(old)"}, "c is right; h shows the old cell: use the c that you have just computed"),
    ({"h": "torch.tanh(c)"}, "c is right; h forgets the output gate o"),
    ({"h": "o * torch.sigmoid(c)"}, "c is right; h goes through tanh, not through the sigmoid"),
    ({"h": "(1 - o) * torch.tanh(c)"}, "c is right; o near 1 means show, so it is o and not 1 - o"),
    ({"o": "o"}, "c is right; the output gate o lacks its sigmoid"),
    ({"o": "torch.tanh(o)"}, "c is right; the output gate o takes a sigmoid, not tanh"),
    (
        {"first": "h, c = h.detach(), c.detach()"},
        "the numbers are right, but you detach the state",
    ),
    ({"first": "h = h.detach()"}, "the numbers are right, but you detach h: no gradient goes back through it"),
    ({"first": "c = c.detach()"}, "the numbers are right, but you detach c: no gradient goes back through it"),
    (
        {"gives": "h.detach(), c.detach()"},
        "the numbers are right, but no gradient flows: no detach, no no_grad",
    ),
]
LSTM_MISTAKES += [
    ({"order": "".join(order)}, f"you cut the blocks in the order {', '.join(order)}; PyTorch's is i, f, g, o")
    for order in permutations("ifgo")
    if "".join(order) not in ("ifgo", "figo")
]


def biases_left_behind(answer):
    """What an answer to 2.3 has done to an LSTM, the worst first."""
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
    """An answer to 2.3 that writes `ih` and `hh` into a block of rows of each layer; `None` leaves them as they are."""

    @torch.no_grad()
    def answer(lstm):
        for layer in range(layers):
            for name, value in (("ih", ih), ("hh", hh)):
                if value is not None:
                    getattr(lstm, f"bias_{name}_l{layer}").view(4, -1)[block] = value

    return answer
