"""A cell that a student writes, for 02, 03 and 11: it gets large weights, takes one step, and is looked at."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from .engine import Wrong, answered, seeded

STREAMS, READS, HOLDS = 2, 5, 3  # no two alike, so that a wrong axis shows
RETURNS = {("h",): "one tensor, the new h", ("h", "c"): "two things, the new h and the new c: `return h, c`"}


def draw_step(cell_class: type[nn.Module]) -> tuple[nn.Module, Tensor, Tensor | tuple[Tensor, ...]]:
    """Make a cell with random weights, an input x (STREAMS, READS) and a state, on which an answer is tried.

    The weights are large, so that two different mistakes in a step also give two different results.
    """
    cell = cell_class(READS, HOLDS).double()
    for weight in cell.parameters():
        weight.data.normal_()
    sizes = [(STREAMS, READS), *[(STREAMS, HOLDS)] * len(cell.carries)]
    x, *state = (torch.randn(size, dtype=torch.float64, requires_grad=True) for size in sizes)
    return cell, x, tuple(state) if len(state) > 1 else state[0]


def steps_of(cell_class: type[nn.Module]) -> list[tuple]:
    """List what an answer is tried on: one step."""
    return [seeded(2, lambda: draw_step(cell_class))]


def observe_step(answer, cell, x, state) -> Iterator[tuple]:
    """Let a class take one step with the weights of `cell`; look at its new state, c before h, and at the gradients.

    A wrong answer may be a function `forward(cell, x, state)` instead. Raises `Wrong` for what is no such class, and
    for states of another shape; `StillOpen` for a blank `forward`.
    """
    if isinstance(answer, nn.Module):
        raise Wrong("give the class itself, not an object of it: its name without brackets")
    if isinstance(answer, type):
        theirs = answered(answer(READS, HOLDS))
        layers = dict(cell.named_children())  # x2h, and h2h if a gate reads h
        if not (isinstance(theirs, nn.Module) and all(hasattr(theirs, name) for name in layers)):
            raise Wrong(f"keep the class as it is given, with {' and '.join(layers)}, and write only `forward`")
        for name, layer in layers.items():
            setattr(theirs, name, layer)
        answer = lambda _, *given: theirs(*given)
    try:
        new = answered(answer(cell, x, state))
    except ValueError as problem:
        if "unpack" not in str(problem):
            raise
        raise Wrong(f"cut along the last axis, not along the streams: each block is (B, H) ({problem})") from None
    new = list(new) if len(cell.carries) > 1 and isinstance(new, tuple | list) else [new]
    if len(new) != len(cell.carries) or not all(isinstance(part, Tensor) for part in new):
        raise Wrong(f"return {RETURNS[cell.carries]}")
    parts = [*zip(cell.carries, new, strict=True)]
    for name, part in parts:
        if part.shape != (STREAMS, HOLDS):
            given = f"{tuple(part.shape)}: is each block cut along the last axis?"
            raise Wrong(f"the new {name} should be (B, H), for this check ({STREAMS}, {HOLDS}), and yours is {given}")
    for name, part in reversed(parts):  # h cannot be judged before c
        yield f"wrong_{name}", part
    sources = [x, *(state if len(parts) > 1 else [state]), *cell.parameters()]
    total = sum((part**2).sum() for part in new) + 0 * sum(source.sum() for source in sources)  # none is cut off
    gradients = torch.cat([gradient.flatten() for gradient in torch.autograd.grad(total, sources)])
    yield "the numbers are right, the gradients are not: does something cut them off?", gradients
