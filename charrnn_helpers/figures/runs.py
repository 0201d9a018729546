"""Figures with a mark for each run: what it ends with, and when its memory is born (notebook 09)."""

from collections.abc import Mapping, Sequence

from ..experiments.birth import Birth
from ..networks.registry import CELLS
from .pictures import FLOOR, NOTE, Picture, logarithmic, marks_of, new_figure, offsets, picture


def plot_runs(
    panels: Mapping[str, Mapping[str, Sequence[float]]], lines: Mapping[str, Mapping[str, float]], ylabel: str
) -> Picture:
    """Draw a mark for each run, `panels[title][cell]`, one panel beside the other, from zero upwards.

    `lines[title]` names the heights of horizontal lines, for example of what a blind guess loses.
    """
    figure, all_axes = new_figure(height=3.2, cols=len(panels), squeeze=False)
    for axes, (title, cells) in zip(all_axes[0], panels.items(), strict=True):
        for x, (cell, values) in enumerate(cells.items()):
            shifts = offsets(len(values), 0.5 / len(values))
            axes.plot([x + shift for shift in shifts], values, **marks_of(cell), label=cell)
        for name, height in lines.get(title, {}).items():
            axes.axhline(height, **FLOOR)
            axes.annotate(name, (1, height), xycoords=("axes fraction", "data"), ha="right", va="bottom", **NOTE)
        axes.set_xticks(range(len(cells)), cells)
        axes.set(title=title, xlim=(-0.6, len(cells) - 0.4))
        axes.set_ylim(0, 1.12 * axes.get_ylim()[1])
    all_axes[0][0].set_ylabel(ylabel)
    for axes in all_axes[0]:
        axes.legend().remove()  # the names stand below the marks
    told = "; ".join(f"{title}, with lines at {', '.join(lines.get(title, ['nothing']))}" for title in panels)
    return picture(figure, f"A mark for each network of {', '.join(cells)}: {ylabel}. Panels: {told}.")


def plot_births(
    groups: Mapping[str, Mapping[str, Sequence[Birth | None]]], budget: int, grey: Sequence[str] = ()
) -> Picture:
    """Draw a mark for each run where its memory is born, over the characters read, in a row for each group.

    `groups` holds the births of each cell by the name of the group. A memory that is not born within `budget`
    characters is an open mark at the right. The groups named in `grey` stand on a grey ground.
    """
    figure, axes = new_figure(height=0.9 + 0.42 * len(groups))
    right = 1.35 * budget  # where the marks of memories that were not born stand
    for row, (name, cells) in enumerate(groups.items()):
        axes.axhline(-row - 0.5, color="#CCCCCC", linewidth=0.8)
        if name in grey:
            axes.axhspan(-row - 0.5, -row + 0.5, color="#EEEEEE", linewidth=0)
        runs = [(cell, birth) for cell, births in cells.items() for birth in births]
        for shift, (cell, birth) in zip(reversed(offsets(len(runs), 0.65 / len(runs))), runs, strict=True):
            look = marks_of(cell) | {"markersize": 5}
            if birth is None:
                axes.plot(right, shift - row, markerfacecolor="white", **look)
            else:
                axes.hlines(shift - row, birth.after, birth.by, color=CELLS[cell].colour, linewidth=1)
                axes.plot((birth.after * birth.by) ** 0.5, shift - row, **look)
    for cell in dict.fromkeys(cell for cells in groups.values() for cell in cells):
        axes.plot([], [], **marks_of(cell), label=cell)
    axes.axvline(budget, color="#999999", linewidth=1)
    axes.set_yticks([-row for row in range(len(groups))], list(groups))
    axes.set(xscale="log", xlim=(0.04 * budget, 1.8 * budget), ylim=(0.5 - len(groups), 0.5))
    axes.set_xlabel("millions of characters read")
    ticks = [budget / 20, budget / 10, budget / 5, 2 * budget / 5, budget]
    logarithmic(axes.xaxis, ticks)
    axes.set_xticks([*ticks, right], [f"{tick / 1e6:g}" for tick in ticks] + ["not\nborn"])
    counts = [
        f"{' '.join(name.split())}: "
        + ", ".join(f"{cell} {sum(b is not None for b in births)} of {len(births)}" for cell, births in cells.items())
        for name, cells in groups.items()
    ]
    return picture(
        figure,
        "A mark for each run shows after how many characters a memory is born; at the right stand the runs in which "
        f"it is not born by {budget:,}. Born are, {'; '.join(counts)}.",
    )
