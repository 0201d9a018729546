"""Sentences for sizes, starts and states that cannot be: what the equations and the models take for granted."""

import math
from functools import wraps

from ..base.checks import checked, shown
from .registry import CELLS, Cell

MAX_WEIGHTS = 2_000_000_000  # of a network: 8 GB


@checked
def check_sizes(dropout: float, embedding_size: int | None, **sizes: int) -> None:
    """Raise `ValueError` unless every size is a whole number of at least 1 and `dropout` is in [0, 1)."""
    if embedding_size is not None:
        sizes["embedding_size"] = embedding_size
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"{name} is {shown(size)}; it must be a whole number of at least 1")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}; it must be at least 0 and below 1")
    inputs, units = sizes.get("embedding_size", sizes["vocab_size"]), sizes["hidden_size"]
    if 4 * sizes["num_layers"] * units * (units + inputs) + sizes["vocab_size"] * (units + inputs) > MAX_WEIGHTS:
        given = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(f"a network with {given} would have more than {MAX_WEIGHTS:,} weights; choose smaller sizes")


def check_start(cell: Cell, keep_bias: float | None, chrono: int | None) -> None:
    """Raise `ValueError` unless `cell` has a gate that keeps, which can start so: see `models.start_gates`."""
    if keep_bias is None and chrono is None:
        return
    if cell.keep_gate is None:
        raise ValueError(f"keep_bias and chrono start a gate that keeps, and {cell.name} has none: leave them out")
    if keep_bias is not None and chrono is not None:
        raise ValueError(f"keep_bias is {keep_bias} and chrono is {chrono}; one gate has one start: give only one")
    if chrono is None and not (isinstance(keep_bias, int | float) and math.isfinite(keep_bias)):
        raise ValueError(f"keep_bias is {shown(keep_bias)}; it must be a number, or None for PyTorch's own start")
    if chrono is not None and not (isinstance(chrono, int) and chrono >= 3):
        raise ValueError(f"chrono is {shown(chrono)}; it must be a whole number of characters, at least 3")


def explain_wrong_state(forward):
    """Decorate `forward(ids, state)` of a network: where it fails for a wrong state, say which one it needs."""

    @wraps(forward)
    def call(self, ids, state=None):
        try:
            return forward(self, ids, state)
        except (RuntimeError, IndexError, ValueError):
            names = CELLS[self.cell].cell_class.carries
            shape = (self.rnn.num_layers, len(ids), self.rnn.hidden_size)
            parts = state if isinstance(state, tuple) else (state,)
            wrong = len(parts) != len(names) or any(getattr(part, "shape", None) != shape for part in parts)
            if state is not None and wrong:
                kind = "a tensor" if len(names) == 1 else f"a tuple of tensors ({', '.join(names)})"
                raise ValueError(f"state must be {kind} of the shape (layers, B, H), here {shape}") from None
            raise

    return call
