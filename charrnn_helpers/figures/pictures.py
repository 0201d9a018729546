"""What the figures are made of: an image with its description in words, and the marks that many of them share.

A figure is drawn on a `matplotlib.figure.Figure` of its own, never on pyplot's global state: widget callbacks run on
another thread. `picture` turns it into a `Picture`, which a notebook shows as PNG and describes in `text/plain`, so
that a reader who cannot see it, and nbval, both get the same sentence.
"""

import io
from collections.abc import Sequence

from matplotlib.figure import Figure

from ..networks.registry import CELLS

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
DPI = 90
FLOOR = {"color": "#777777", "linestyle": ":"}
NOTE = {"fontsize": 8, "color": "#555555"}  # small words beside a mark


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


def new_figure(width: float = 7.4, height: float = 3.2, rows: int = 1, cols: int = 1, mosaic=None, **options):
    """A white figure in inches and its axes, open above and to the right, as `plt.subplots` gives them.

    With a `mosaic` the axes are named in it, as `plt.subplot_mosaic` gives them.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    made = figure.subplot_mosaic(mosaic, **options) if mosaic else figure.subplots(rows, cols, **options)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, made


def picture(figure: Figure, words: str) -> Picture:
    """Render `figure` to PNG and keep it with its description. Axes whose marks have labels get a legend."""
    for axes in figure.axes:
        if axes.get_legend() is None and axes.get_legend_handles_labels()[1]:
            axes.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), " ".join(words.split()))


def style_of(name: str, otherwise: dict | None = None) -> dict[str, str]:
    """How a line is drawn: a cell's as the registry says, the floor's grey and dotted, any other's as `otherwise`."""
    if name in CELLS:
        return CELLS[name].style
    return FLOOR if name in ("floor", "oracle") else otherwise


def marks_of(cell: str) -> dict[str, str]:
    """How single marks of a cell are drawn, without a line; anything else than a cell is a grey cross."""
    if cell not in CELLS:
        return {"color": "#777777", "marker": "x", "linestyle": "none"}
    return {"color": CELLS[cell].colour, "marker": CELLS[cell].marker, "linestyle": "none"}


def beside(count: int, step: float) -> list[float]:
    """Places of so many things side by side around 0, `step` apart."""
    return [step * (number - (count - 1) / 2) for number in range(count)]


def side_by_side(axes, groups: Sequence[str], rows: dict[str, Sequence[float]], others: Sequence[tuple[str, str]]):
    """Bars for each group, `rows[name]` (groups,): cells as the registry says, others in these colours and hatches."""
    width = 0.84 / len(rows)
    for number, (place, (name, heights)) in enumerate(zip(beside(len(rows), width), rows.items(), strict=True)):
        colour, hatch = others[number % len(others)]
        look = {"color": style_of(name, {"color": colour})["color"], "edgecolor": "white", "linewidth": 0}
        hatch = CELLS[name].hatch if name in CELLS else hatch
        at = [group + place for group in range(len(groups))]
        axes.bar(at, heights, width * 0.92, label=name, hatch=hatch, **look)
    axes.set_xticks(range(len(groups)), groups)


def lines_across(axes, losses: dict[str, float | None], color: str = "#999999") -> list[str]:
    """Lines across at the losses that are known, each named at its right end; returns the names."""
    known = {name: loss for name, loss in losses.items() if loss is not None}
    for name, loss in known.items():
        axes.axhline(loss, **style_of(name, {"color": color, "linewidth": 0.8}))
        axes.annotate(name, (1.01, loss), xycoords=("axes fraction", "data"), va="center", **NOTE)
    return list(known)


def show_characters(axes, text: Sequence[str], fontsize: float = 9) -> None:
    """The characters of `text` along the x axis, one at each place."""
    axes.set_xticks(range(len(text)), [visible(char) for char in text], family="monospace", fontsize=fontsize)
    axes.tick_params(axis="x", length=0)


def visible(char: str) -> str:
    """A character as a figure or a table shows it: space as ␣, the end of a line as ↵."""
    return {" ": "␣", "\n": "↵", "\t": "⇥"}.get(char, char)
