"""Bars for cells (07, 12), and what recipes cost in time (12)."""

from collections.abc import Sequence
from statistics import median

from ..networks.registry import CELLS
from .pictures import FLOOR, NOTE, Picture, logarithmic, marks_of, new_figure, picture


def plot_bars(charts: dict[str, dict[str, float | Sequence[float]]]) -> Picture:
    """Draw charts side by side, by title, each with a bar for every name. A name holds the cell that gives its colour.

    A bar is a number, or the median of several, which are drawn as dots. The first bar of a cell is plain, and others
    are hatched.
    """
    names = list(dict.fromkeys(name for bars in charts.values() for name in bars))
    cells = [next(cell for cell in CELLS if cell in name) for name in names]
    figure, rows = new_figure(height=0.9 + 0.42 * len(names), cols=len(charts), squeeze=False)
    for axes, (title, bars) in zip(rows[0], charts.items(), strict=True):
        values = {name: list(bar) if isinstance(bar, Sequence) else [bar] for name, bar in bars.items()}
        longest = max(median(each) for each in values.values())
        for row, (name, cell) in enumerate(zip(names, cells, strict=True)):
            middle, colour = median(values[name]), CELLS[cell].colour
            hatch = "//" if cell in cells[:row] else None
            axes.barh(-row, middle, 0.7, color=colour, hatch=hatch, edgecolor="white")
            count = len(values[name])
            if count > 1:  # one dot below the other, in the order of time
                heights = [0.3 - 0.6 * number / (count - 1) - row for number in range(count)]
                axes.plot(values[name], heights, ".", color="black", markersize=3, alpha=0.4)
            label = f"{middle:,.1f}" if count > 1 else f"{middle:,}"
            look = {"textcoords": "offset points", "va": "center", "weight": "bold"}
            if middle > 0.25 * longest:  # there is room on the bar
                box = {"facecolor": colour, "edgecolor": "none", "pad": 2}
                axes.annotate(label, (0, -row), (6, 0), color="white", bbox=box, **look)
            else:
                axes.annotate(label, (max(values[name]), -row), (6, 0), color=colour, **look)
        axes.set(title=title, xlim=(0, 1.4 * longest), yticks=[])  # the slowest of several may lie beyond
    rows[0][0].set_yticks([-row for row in range(len(names))], names)
    return picture(figure, f"Bars for {', '.join(names)}, in {len(charts)} chart(s): {'; '.join(charts)}.")


def plot_recipes(rows: Sequence[dict], protocol: str, reference: dict[str, float]) -> Picture:
    """Draw the loss (nats/character, measured by `protocol`) of each row against its seconds of training.

    Each recipe is named beside its slowest row. `reference` are losses by name, drawn as dotted lines.
    """
    figure, axes = new_figure()
    points = {}
    for row in rows:
        points[row["recipe"]] = max(points.get(row["recipe"], (0, 0)), (row["seconds"], row[protocol]))
        axes.plot(row["seconds"], row[protocol], **marks_of(row["cell"]), label=row["cell"])
    for name, point in points.items():
        axes.annotate(name, point, xytext=(8, 4), textcoords="offset points", va="bottom")  # above a line through it
    axes.margins(x=0.3, y=0.15)
    for name, loss in reference.items():
        axes.axhline(loss, **FLOOR)
        axes.annotate(name, (0.01, loss), (0, -4), ("axes fraction", "data"), "offset points", va="top", **NOTE)
    axes.set(xscale="log", xlabel="seconds of training", ylabel="loss (nats/character)")
    axes.set_ylim(bottom=min([*reference.values(), *(row[protocol] for row in rows)]) - 0.06)
    logarithmic(axes.xaxis)
    return picture(
        figure,
        f"Loss in nats per character ({protocol}) against seconds of training, logarithmic, LSTM and GRU after each of "
        f"the recipes {', '.join(points)}; as dotted lines {', '.join(reference)}.",
    )
