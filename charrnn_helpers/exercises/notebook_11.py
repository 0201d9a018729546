"""Exercises of 11: what came next."""

import torch
from torch import Tensor, nn

from .engine import Wrong, answered, as_number, exercise
from .written_cells import observe_step, steps_of


# %% 11a
# Neither z nor n looks at h, so x2h is the only layer. h enters at the end, where z says how much of it is kept.
class MyMinGRUCell(nn.Module):
    carries = ("h",)

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.x2h = nn.Linear(input_size, 2 * hidden_size)

    def forward(self, x, h):
        z, n = self.x2h(x).chunk(2, dim=-1)
        z = torch.sigmoid(z)
        return (1 - z) * n + z * h


@exercise("11a", MyMinGRUCell, inputs=steps_of(MyMinGRUCell), observe=observe_step, tolerance=1e-6)
def wrong_min_gru_steps(cell, x, h):
    z, n = cell.x2h(x).chunk(2, dim=-1)
    gate, swapped = torch.sigmoid(z), torch.sigmoid(n)
    yield "z and 1 - z have changed places: in this course z near 1 keeps the old state", gate * n + (1 - gate) * h
    yield "you cut z and n the other way round: z is the first block of x2h", (1 - swapped) * z + swapped * h
    yield "the gate z lacks its sigmoid", (1 - z) * n + z * h
    yield "tanh_on_n", (1 - gate) * n.tanh() + gate * h
    yield "the old state is missing: z * h must be added", (1 - gate) * n
    yield "the old state is kept in full: multiply it by z", (1 - gate) * n + h
    yield "the candidate enters in full: multiply it by 1 - z", n + gate * h
    yield "you return the candidate; the new state is a mean of it and of the old one", n


def observe_parity(answer, text: str):
    """Look at the last four states of a signed minGRU unit that reads `text` with the weights that `answer` gives."""
    given = answered(answer())
    if not isinstance(given, tuple | list) or len(given) != 4:
        raise Wrong("return four numbers: `return w_z, b_z, w_n, b_n`")
    w_z, b_z, w_n, b_n = map(as_number, given)
    h, states = torch.tensor(0.0), []
    for x in map(float, text):
        keep = 2 * torch.sigmoid(torch.tensor(w_z * x + b_z)) - 1
        h = keep * h + (1 - keep) * (w_n * x + b_n)
        states.append(round(h.clamp(-99, 99).item(), 3))
    yield "wrong_states" if len(text) == 4 else "fades_slowly", tuple(states[-4:])


# %% 11b
# At a 0 the multiplier is 1, so h stays. At a 1 it is -1, and h becomes -h + 2 n, which is 1 - h for n = 1/2.
def parity_weights():
    w_z, b_z = -400.0, 200.0
    w_n, b_n = 0.0, 0.5
    return w_z, b_z, w_n, b_n


@exercise("11b", parity_weights, inputs=[("1001",), ("0110" * 100,)], observe=observe_parity)
def wrong_parity_weights():
    def weights(*numbers):
        return lambda: numbers

    yield "turns_at_0", weights(400, -200, 0, 0.5)
    yield "n_too_large", weights(-400, 200, 0, 1)
    yield "stays", weights(-400, 200, 0, 0)
    yield "stays", weights(0, 200, 0, 0.5)
    yield "stops", weights(-200, 200, 0, 1)
    yield "turns_always", weights(0, -200, 0, 0.5)
    yield "fades", weights(-12, 6, 0, 0.5)


def read_mask(value) -> Tensor:
    """Return a mask of `True` and `False`. Raises `Wrong` for anything else."""
    if not isinstance(answered(value), Tensor) or value.dtype != torch.bool:
        raise Wrong("return a tensor of True and False: the result of a comparison, for example `back >= 0`")
    return value.double()


# %% 11c
# Row t is who looks, column s is who is looked at. So t - s says how many characters back s lies.
def may_look(T, reach):
    back = torch.arange(T)[:, None] - torch.arange(T)
    return (back >= 0) & (back <= reach)


@exercise("11c", may_look, inputs=[(5, 2), (4, 9)], read=read_mask)
def wrong_masks(T, reach):
    back = torch.arange(T)[:, None] - torch.arange(T)
    right = (back >= 0) & (back <= reach)
    yield "rows and columns have changed places: your characters look at the future", right.T
    yield "true_hides", ~right
    yield "the mask does not hide the future: `back` must be at least 0", back <= reach
    yield "the mask hides the future, but not what lies further back than `reach`", back >= 0
    yield "a character may look at itself as well: 0 back", (back > 0) & (back <= reach)
    yield "a character may look exactly `reach` back as well", (back >= 0) & (back < reach)
    yield "this hides nothing of the future within `reach`: take t - s, and not its size", back.abs() <= reach
