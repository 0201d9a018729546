"""Show diagrams: a file `diagrams/NAME.svg` each, whose <desc> says it in words, and a picture of it, `NAME.png`.

JupyterLab shows no SVG of a notebook that was not run on this machine yet: then it takes the PNG.
"""

import re
from html import unescape
from pathlib import Path

from .pictures import Picture

DIAGRAMS = Path(__file__).parent / "diagrams"


class Diagram(Picture):
    """A drawing: SVG and PNG for the eye, `words` for everyone else."""

    def __init__(self, svg: str, png: bytes):
        super().__init__(png, unescape(re.search("<desc>(.*?)</desc>", svg, re.DOTALL)[1]))
        self.svg = svg

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/svg+xml": self.svg, **super()._repr_mimebundle_()}


def diagram(name: str) -> Diagram:
    """Return the drawing in `diagrams/NAME.svg`. Raises `ValueError` for a name that is not there."""
    known = sorted(path.stem for path in DIAGRAMS.glob("*.svg"))
    if name not in known:
        raise ValueError(f"there is no diagram {name!r}; choose from {', '.join(known)}")
    return Diagram((DIAGRAMS / f"{name}.svg").read_text(encoding="utf-8"), (DIAGRAMS / f"{name}.png").read_bytes())
