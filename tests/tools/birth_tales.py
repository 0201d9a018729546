"""Stories in which a memory is also asked for from near: `tales` with one production more, for this experiment only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from charrnn_helpers.text.tales_grammar import PRODUCTIONS, symbols

# Each variant multiplies the weights of an event's productions by a number and adds one production, or more weight to
# one that is there. The control asks as often from far, and never more from near.
WENT = "<soon> {hero} <went> the {home}, and {hero} <slept>."
VARIANTS = {
    "friend also near": (1, 4, "The {friend}, dear {friend}, <did>."),
    "friend, control": (1, 4, "The {friend}, dear {hero}, <did>."),
    "place also near": (5, 6, "<soon> {hero} <went> the {home}, dear {home}, and {hero} <slept>."),
    "place, control": (5, 6, WENT),
}


@contextmanager
def variant(name: str | None) -> Iterator[None]:
    """Within it the grammar is the one of a variant; `None` leaves it as it ships."""
    before = PRODUCTIONS["event"]
    if name is not None:
        times, weight, production = VARIANTS[name]
        weights = {parts: times * old for old, parts in before}
        added = symbols(production)
        weights[added] = weights.get(added, 0) + weight
        PRODUCTIONS["event"] = [(weight, parts) for parts, weight in weights.items()]
    try:
        yield
    finally:
        PRODUCTIONS["event"] = before
