"""Every figure of the course, each with its description in words.

A figure is drawn on a `matplotlib.figure.Figure` of its own, never on pyplot's global state: widget callbacks run on
another thread. `picture` turns it into a `Picture`, which a notebook shows as PNG and describes in `text/plain`, so
that a reader who cannot see it, and nbval, both get the same sentence.
"""

from __future__ import annotations

import io

from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
DPI = 90


class Picture:
    """A finished figure: PNG for the eye, `words` for everyone else.

    `words` must be the same on every machine when the cell is compared by nbval: describe what the figure shows, and
    leave measured numbers to the cell that computes them.
    """

    def __init__(self, png: bytes, words: str):
        self.png = png
        self.words = words

    def __repr__(self) -> str:
        return f"[figure] {self.words}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/png": self.png, "text/plain": repr(self)}


def new_figure(width: float = 7.0, height: float = 3.2, rows: int = 1, cols: int = 1, **options):
    """A white figure in inches and its axes, as `plt.subplots` gives them, without pyplot's global state."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    return figure, figure.subplots(rows, cols, **options)


def picture(figure: Figure, words: str) -> Picture:
    """Render `figure` to PNG and keep it with its description in `words`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), " ".join(words.split()))


def tidy(axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)


def visible(char: str) -> str:
    """A character as a figure or a table shows it: space as ␣, the end of a line as ↵."""
    return {" ": "␣", "\n": "↵", "\t": "⇥"}.get(char, char)
