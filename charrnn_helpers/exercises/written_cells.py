"""A cell that a student writes, for 02 and 03: it gets PyTorch's weights, takes one step, and is looked at."""

import torch
from torch import Tensor, nn

from ..networks.cells import copy_weights
from .engine import Wrong, answered

STREAMS, READS, HOLDS = 2, 5, 3  # no two alike, so that a wrong axis shows


class BlankCell(nn.Module):
    """The two layers that a student is given, for `blocks` gates and candidates; `forward` is missing."""

    blocks = 0

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.x2h = nn.Linear(input_size, self.blocks * hidden_size)
        self.h2h = nn.Linear(hidden_size, self.blocks * hidden_size)


def filled_in(blocks: int, forward: str) -> type[nn.Module]:
    """A class whose `forward` is this source."""
    names = {"torch": torch}
    exec(forward, names)
    return type("FilledIn", (BlankCell,), {"blocks": blocks, "forward": names["forward"]})


def one_step(answer, reference: type[nn.RNNBase], states: int) -> tuple[list[Tensor], list[Tensor], nn.Module]:
    """What a cell of the class `answer` makes of one step: its new state, what it read, and the cell.

    Its weights are those of a `reference` layer: large ones, so that no two mistakes look alike. Raises `Wrong` for
    what is no such class, and for states of another shape; `StillOpen` for a blank `forward`.
    """
    if isinstance(answer, nn.Module):
        raise Wrong("give the class itself, not an object of it: its name without brackets")
    random = torch.Generator().manual_seed(3)
    layer = reference(READS, HOLDS).double()
    for weight in layer.parameters():
        weight.data.normal_(0, 1, generator=random)
    cell = answered(answer(READS, HOLDS))
    if not (isinstance(cell, nn.Module) and hasattr(cell, "x2h") and hasattr(cell, "h2h")):
        raise Wrong("keep the class as it is given, with its layers x2h and h2h, and write only `forward`")
    copy_weights(cell.double(), layer)
    sizes = [(STREAMS, READS)] + [(STREAMS, HOLDS)] * states
    x, *state = (torch.randn(size, generator=random).double().requires_grad_() for size in sizes)
    try:
        made = answered(cell(x, tuple(state) if states > 1 else state[0]))
    except ValueError as problem:
        if "unpack" not in str(problem):
            raise
        raise Wrong(f"cut along the last axis, not along the streams: each block is (B, H) ({problem})") from None
    made = list(made) if states > 1 and isinstance(made, tuple | list) else [made]
    if len(made) != states or not all(isinstance(part, Tensor) for part in made):
        wanted = "two things, the new h and the new c: `return h, c`" if states > 1 else "one tensor, the new h"
        raise Wrong(f"return {wanted}")
    for name, part in zip("hc", made):
        if part.shape != (STREAMS, HOLDS):
            raise Wrong(
                f"the new {name} should be (B, H), for this check ({STREAMS}, {HOLDS}), and yours has the shape "
                f"{tuple(part.shape)}: is each block cut along the last axis?"
            )
    return made, [x, *state], cell


def all_gradients(made: list[Tensor], read: list[Tensor], cell: nn.Module) -> Tensor:
    """The gradients of a sum over the new state, of all that was read and of each weight, in one row."""
    pull = torch.Generator().manual_seed(4)
    total = sum((part * torch.randn(part.shape, generator=pull)).sum() for part in made)
    sources = [*read, *cell.parameters()]
    if not total.requires_grad:
        return torch.cat([torch.zeros_like(source).flatten() for source in sources])
    found = torch.autograd.grad(total, sources, allow_unused=True, materialize_grads=True)
    return torch.cat([gradient.flatten() for gradient in found])
