"""What the figures are made of: an image with its description in words, and the marks that many of them share.

A figure is drawn on a `matplotlib.figure.Figure` of its own, never on pyplot's global state: widget callbacks run on
another thread. `picture` turns it into a `Picture`, which a notebook shows as PNG and describes in `text/plain`, so
that a reader who cannot see it, and nbval, both get the same sentence.
"""

import io
from collections.abc import Sequence
from itertools import chain

import numpy as np
import scipy
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ..measures.intervals import Interval
from ..measures.memory import Share
from ..networks.registry import CELLS
from ..text.tales_grammar import WORDS

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
DPI = 115.2  # of the size of letters that no function sets: 10 points here are 12, or 16 pixels, in a browser
WIDTH = 7.2  # inches: JupyterLab on a screen of 1280 pixels shrinks a figure that is wider, and its letters with it
FLOOR = {"color": "#777777", "linestyle": ":"}
# Colour and pattern of the words that the ribbon shows. Nothing else in the course has these colours. They were chosen
# far apart in OKLab, as they are and as people with protanopia and deuteranopia see them.
_SIX_LOOKS = (
    ("#AE9100", ""),
    ("#C4127A", "//"),
    ("#968BE8", ".."),
    ("#5A2C0A", "||"),
    ("#7D3FF2", "xx"),
    ("#2B1A66", "--"),
)
LOOKS = {word: look for words in ("name", "animal") for word, look in zip(WORDS[words], _SIX_LOOKS, strict=True)}
NOTE = {"color": "#555555"}  # small words beside a mark


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


def new_figure(height: float = 2.8, rows: int = 1, cols: int = 1, mosaic=None, **options):
    """Make a white figure, in inches, and its axes as `plt.subplots` gives them, open above and to the right.

    With a `mosaic` the axes are named in it, as `plt.subplot_mosaic` gives them.
    """
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained", facecolor="white")
    axes = figure.subplot_mosaic(mosaic, **options) if mosaic else figure.subplots(rows, cols, **options)
    for each in figure.axes:
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes


def picture(figure: Figure, words: str) -> Picture:
    """Render `figure` to PNG and keep it with its description. A legend above it names the marks that have labels."""
    marks = [zip(*axes.get_legend_handles_labels(), strict=True) for axes in figure.axes if not axes.get_legend()]
    named = {name: mark for mark, name in chain(*marks)}
    if named:
        figure.legend(named.values(), named, loc="outside upper center", ncols=len(named), frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), " ".join(words.split()))


def style_of(name: str, otherwise: dict | None = None) -> dict[str, str]:
    """Return how a line is drawn, by its name: what begins with the name of a cell is drawn as the registry says.

    A floor and real text are dotted. All else is drawn as `otherwise` says.
    """
    cells = [cell for cell in CELLS if f"{name} ".startswith((f"{cell} ", f"{cell},"))]
    if cells:
        return CELLS[max(cells, key=len)].style
    return FLOOR if name in ("floor", "oracle", "real") else otherwise


def marks_of(cell: str) -> dict[str, str]:
    """Return how the single marks of a cell are drawn, without a line. Anything else than a cell is a grey cross."""
    if cell not in CELLS:
        return {"color": "#777777", "marker": "x", "linestyle": "none"}
    return {"color": CELLS[cell].colour, "marker": CELLS[cell].marker, "linestyle": "none"}


def offsets(count: int, step: float) -> list[float]:
    """Return so many numbers around 0, `step` apart, for marks that stand side by side."""
    return [step * (number - (count - 1) / 2) for number in range(count)]


def grouped_bars(axes, groups: Sequence[str], heights: dict[str, Sequence[float]], others: Sequence[tuple[str, str]]):
    """Draw bars for each group, `heights[name]` (groups,): cells as the registry says, others in `others`' looks.

    `others` are pairs of a colour and a hatch, which are taken in turn.
    """
    width = 0.84 / len(heights)
    for number, (shift, (name, row)) in enumerate(zip(offsets(len(heights), width), heights.items(), strict=True)):
        colour, hatch = others[number % len(others)]
        if name in CELLS:
            hatch = CELLS[name].hatch
        colour = style_of(name, {"color": colour})["color"]
        x = [group + shift for group in range(len(groups))]
        axes.bar(x, row, width * 0.92, label=name, hatch=hatch, color=colour, edgecolor="white", linewidth=0)
    axes.set_xticks(range(len(groups)), groups)


def draw_curve(axes, points: dict, **look) -> None:
    """Draw a line through `points`, {x: y}, with a pale band where the y are of the type `Interval` or `Share`."""
    ys = [Interval(y.share, *y.interval()) if isinstance(y, Share) else y for y in points.values()]
    means, lows, highs = zip(*(y if isinstance(y, Interval) else (y, y, y) for y in ys), strict=True)
    axes.fill_between(list(points), lows, highs, color=look["color"], alpha=0.2, linewidth=0)
    axes.plot(list(points), means, **look)


def draw_intervals(axes, intervals: Sequence[Interval]) -> None:
    """Draw intervals as horizontal lines, the first one at the top at y = 0, with a diamond at each mean."""
    means, lows, highs = zip(*intervals, strict=True)
    y = [-row for row in range(len(intervals))]
    axes.hlines(y, lows, highs, color="black", linewidth=2)
    axes.plot(means, y, "D", color="black", markersize=5)


def name_lines(axes) -> None:
    """Write the label of each line beside its end, as bold as the line, so that no legend is needed.

    The labels are as near to their ends as they can be without overlapping: least squares, by isotonic regression. A
    short stroke joins each label with the end of its line.
    """

    def end(line) -> float:
        height = axes.transAxes.inverted().transform(axes.transData.transform((1, line.get_ydata()[-1])))[1]
        return float(np.clip(np.nan_to_num(height), 0, 1))

    axes.autoscale_view()
    lines = sorted(axes.get_legend_handles_labels()[0], key=end)
    stacked = 0.2 * DPI / axes.bbox.height * np.arange(len(lines))  # a letter and a space each, as shares of the axes
    heights = stacked
    if lines:
        nearest = scipy.optimize.isotonic_regression([end(line) for line in lines] - stacked).x + stacked
        heights = np.maximum(nearest, stacked)  # none below the axes
    for line, height in zip(lines, heights, strict=True):
        weight = "bold" if line.get_linewidth() > 1 else "normal"
        look = {"color": line.get_color(), "weight": weight, "parse_math": False}
        leader = {"arrowstyle": "-", "color": line.get_color(), "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)}
        place = {"xycoords": "axes fraction", "xytext": (1.04, height), "va": "center"}
        axes.annotate(line.get_label(), (1.005, end(line)), **place, arrowprops=leader, **look)
        line.set_label(None)


def logarithmic(axis, ticks: Sequence[float] = ()) -> None:
    """Give a logarithmic axis these numbers, or a few: written out, or as powers of ten if some are below 0.0001."""
    low, high = axis.get_view_interval()
    if ticks:
        axis.set_ticks(ticks, [f"{tick:.4g}" for tick in ticks])
    else:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,), numticks=6))
        axis.set_major_formatter("{x:g}" if low >= 1e-4 else _power_of_ten)
    axis.set_minor_locator(NullLocator())


def _power_of_ten(number: float, _: int) -> str:
    power = f"{np.log10(number):.0f}".translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return "1" if number == 1 else f"10{power}"


def show_characters(axes, text: Sequence[str], first: int = 0) -> None:
    """Write the characters of `text` along the x axis, at `first` and the numbers that follow.

    Of more than 100 characters there is only room for each tenth of a run of equal ones: a10, a20 and so on.
    """
    labels, run = {}, 0
    for at, char in enumerate(text):
        run = run + 1 if at and char == text[at - 1] else 1
        if len(text) <= 100:
            labels[first + at] = visible(char)
        elif run % 10 == 0:
            labels[first + at] = f"{visible(char)}{run}"
    axes.set_xticks(list(labels), list(labels.values()), family="monospace")
    for each in axes.get_shared_x_axes().get_siblings(axes):
        each.tick_params(axis="x", length=0)


def lines_of(text: str, columns: int) -> list[str]:
    """Cut `text` into lines of at most so many characters: at its line ends and spaces, or within a longer word."""
    lines = []
    while text:
        end = text.find("\n", 0, columns + 1) + 1
        if not end:
            end = len(text) if len(text) <= columns else text.rfind(" ", 1, columns) + 1 or columns
        lines.append(text[:end])
        text = text[end:]
    return lines


def visible(char: str) -> str:
    """Return a character as a figure or a table shows it: space as ␣, the end of a line as ↵."""
    return {" ": "␣", "\n": "↵", "\t": "⇥"}.get(char, char)
