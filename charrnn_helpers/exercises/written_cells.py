"""A cell that a student writes, for 02 and 03: it gets PyTorch's weights, takes one step, and is looked at."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from ..networks.cells import share_weights
from .engine import Wrong, answered, as_functions, as_number

STREAMS, READS, HOLDS = 2, 5, 3  # no two alike, so that a wrong axis shows


def as_gate(value) -> float:
    """Make a number of the value of a gate. Raises `Wrong` where no gate can be."""
    value = as_number(value)
    if not 0 <= value <= 1:
        raise Wrong(f"a gate lies between 0 and 1, and {value:.3g} does not")
    return value


def mistaken_cells(right: type[nn.Module]) -> Callable[[Callable], Callable]:
    """Decorate a function that yields what `forward` may return: it then yields the class `right` with that mistake."""

    def decorate(wrong_steps: Callable) -> Callable:
        def mistakes():
            x, state = draw_inputs(len(right.carries))
            for sentence, forward in as_functions(wrong_steps, right(READS, HOLDS).double(), x, state):
                yield sentence, type("Mistaken", (right,), {"forward": forward})

        return mistakes

    return decorate


def draw_inputs(parts: int) -> tuple[Tensor, Tensor | tuple[Tensor, ...]]:
    """Draw an input (STREAMS, READS) and a state: one tensor (STREAMS, HOLDS), or a tuple of two."""
    random = torch.Generator().manual_seed(3)
    sizes = [(STREAMS, READS)] + [(STREAMS, HOLDS)] * parts
    x, *state = (torch.randn(size, generator=random).double().requires_grad_() for size in sizes)
    return x, tuple(state) if parts > 1 else state[0]


def observe_step(reference: type[nn.RNNBase], answer) -> Iterator[Tensor]:
    """Let a cell of the class `answer` take one step; look at its new state, first c if there is one, and at gradients.

    Its weights are those of a `reference` layer: large ones, so that no two mistakes look alike. Raises `Wrong` for
    what is no such class, and for states of another shape; `StillOpen` for a blank `forward`.
    """
    if isinstance(answer, nn.Module):
        raise Wrong("give the class itself, not an object of it: its name without brackets")
    layer = reference(READS, HOLDS).double()
    random = torch.Generator().manual_seed(2)
    for weight in layer.parameters():
        weight.data.normal_(0, 1, generator=random)
    cell = answered(answer(READS, HOLDS))
    if not (isinstance(cell, nn.Module) and hasattr(cell, "x2h") and hasattr(cell, "h2h")):
        raise Wrong("keep the class as it is given, with its layers x2h and h2h, and write only `forward`")
    share_weights(cell.double(), layer)
    parts = 2 if reference is nn.LSTM else 1
    x, state = draw_inputs(parts)
    try:
        made = answered(cell(x, state))
    except ValueError as problem:
        if "unpack" not in str(problem):
            raise
        raise Wrong(f"cut along the last axis, not along the streams: each block is (B, H) ({problem})") from None
    made = list(made) if parts > 1 and isinstance(made, tuple | list) else [made]
    if len(made) != parts or not all(isinstance(part, Tensor) for part in made):
        wanted = "two things, the new h and the new c: `return h, c`" if parts > 1 else "one tensor, the new h"
        raise Wrong(f"return {wanted}")
    for name, part in zip("hc", made):
        if part.shape != (STREAMS, HOLDS):
            raise Wrong(
                f"the new {name} should be (B, H), for this check ({STREAMS}, {HOLDS}), and yours has the shape "
                f"{tuple(part.shape)}: is each block cut along the last axis?"
            )
    yield from reversed(made)  # h cannot be judged before c
    yield all_gradients(made, [x, *(state if parts > 1 else [state]), *cell.parameters()])


def all_gradients(made: list[Tensor], sources: list[Tensor]) -> Tensor:
    """Compute the gradients of a sum over the new state with respect to all sources, in one row."""
    random = torch.Generator().manual_seed(4)
    total = sum((part * torch.randn(part.shape, generator=random)).sum() for part in made)
    total = total + 0 * sum(source.sum() for source in sources)  # so that none is cut off
    return torch.cat([gradient.flatten() for gradient in torch.autograd.grad(total, sources)])
