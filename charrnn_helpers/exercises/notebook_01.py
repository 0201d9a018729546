"""Exercises of 01: text as numbers."""

import torch
from torch import Tensor

from .engine import Wrong, answered, same


def three_streams(length: int) -> tuple[Tensor, Tensor, int]:
    """A case of 1.2: streams (3, length) of a text whose characters are 0, 1, 2, …, and windows of 4."""
    inputs = torch.arange(3 * length).view(3, length)
    return inputs, inputs + 1, 4


def walked(answer, inputs: Tensor, targets: Tensor, window: int):
    """The batches that an answer to 1.2 gives, as a tuple of pairs."""
    given = answered(answer(inputs, targets, window))
    if isinstance(given, Tensor) or not hasattr(given, "__iter__"):
        raise Wrong("return a list of pairs (x, y), or yield them one by one")
    found = list(given)
    if len(found) == 2 and all(isinstance(part, Tensor) for part in found):
        raise Wrong("that is one pair: collect the pairs in a list, or yield each, and do not return inside the loop")
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in found):
        raise Wrong("each batch is a pair, `(x, y)`")
    yield tuple(tuple(torch.as_tensor(part) for part in pair) for pair in found)


def other_batches(got, wanted) -> str:
    """What sets batches apart from the right ones, where the table has no name for it."""
    if len(got) != len(wanted):
        return f"you give {len(got)} batches where {len(wanted)} whole windows fit"
    if all(any(same(pair, other) for other in wanted) for pair in got):
        return OUT_OF_ORDER
    number = next(k for k, (ours, right) in enumerate(zip(got, wanted)) if not same(ours, right))
    for name, ours, right in zip("xy", got[number], wanted[number]):
        if ours.shape != right.shape:
            return f"{name} of batch {number} has the shape {tuple(ours.shape)}; it should be {tuple(right.shape)}"
        if not same(ours, right):
            return f"stream 0 of {name} in batch {number} should read {right[0].tolist()}, yours is {ours[0].tolist()}"


OUT_OF_ORDER = "the batches are out of order: each must begin where the one before it ended, or the state does not fit"
