"""Weights in a quarter of the space: an int8 for each weight, and one float32 scale for each row of a matrix."""

import torch
from torch import Tensor


def to_int8(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return integers (rows, columns) and a scale for each row; the largest number of a row becomes ±127.

    A scale is the largest magnitude / 127, rounded up to 17 bits. Its product with an integer of 7 bits is then exact
    in float32, so that `to_int8` gives the same integers and scales again for what `from_int8` returns.
    """
    scale = weight.detach().float().abs().amax(dim=1) / 127
    fraction, exponent = torch.frexp(scale)
    scale = torch.ldexp(torch.ceil(fraction * 2**17) / 2**17, exponent)
    scale[scale == 0] = 1  # a row of zeros
    return (weight.detach() / scale[:, None]).round().to(torch.int8), scale


def from_int8(q: Tensor, scales: Tensor) -> Tensor:
    """Return the float32 matrix that `to_int8` stored: `q * scales[:, None]`."""
    return q.float() * scales[:, None]


def quantise(weights: dict[str, Tensor]) -> dict[str, Tensor | tuple[Tensor, Tensor]]:
    """Store weights by name: matrices as int8 and scales, vectors as they are."""
    return {name: to_int8(value) if value.dim() == 2 else value for name, value in weights.items()}


def dequantise(weights: dict[str, Tensor | tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """Return the weights that `quantise` stored, each matrix as `from_int8` gives it."""
    return {name: from_int8(*value) if isinstance(value, tuple) else value for name, value in weights.items()}
