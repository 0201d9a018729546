"""Exercises of 07: the playground."""

from ..text.encoding import Vocabulary
from .engine import Wrong


def parts(a, b, start=0):
    """The places at which two texts differ."""
    return [place for place, (x, y) in enumerate(zip(a, b), start) if x != y]


def one_text(found):
    if isinstance(found, list):
        raise Wrong("you return a list of characters; join them to a text with ''.join")
    return found


KNOWN = [("a cab, bé", Vocabulary.from_text("abc "))]
