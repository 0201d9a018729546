"""The figure of the law: when a memory is born, in each run (notebook 09)."""

from collections.abc import Mapping, Sequence

from ..experiments.birth import Birth
from ..networks.registry import CELLS
from .pictures import NOTE, Picture, logarithmic, marks_of, new_figure, offsets, picture


def plot_births(
    groups: Mapping[str, Mapping[str, Sequence[Birth | None]]], budget: int, grey: Sequence[str] = ()
) -> Picture:
    """Draw a mark for each run where its memory is born, over the characters read, in a row for each group.

    `groups` holds the births of each cell by the name of the group. A memory that is not born within `budget`
    characters is an open mark in the column at the right. The names in `grey` stand on a grey ground.
    """
    figure, axes = new_figure(height=0.9 + 0.4 * len(groups))
    column = 1.35 * budget  # where the marks of memories that were not born stand
    shown = []
    for row, (name, cells) in enumerate(groups.items()):
        if name in grey:
            axes.axhspan(-row - 0.5, -row + 0.5, color="#EEEEEE", linewidth=0)
        runs = [(cell, born) for cell, births in cells.items() for born in births]
        for shift, (cell, born) in zip(reversed(offsets(len(runs), 0.8 / len(runs))), runs, strict=True):
            look = marks_of(cell) | {"markersize": 5, "label": None if cell in shown else cell}
            shown.append(cell)
            if born is None:
                axes.plot(column, shift - row, markerfacecolor="white", **look)
            else:
                axes.hlines(shift - row, max(born.after, 1), born.by, color=CELLS[cell].colour, linewidth=1)
                axes.plot((max(born.after, 1) * born.by) ** 0.5, shift - row, **look)
    axes.axvline(budget, color="#999999", linewidth=1)
    axes.set_yticks([-row for row in range(len(groups))], list(groups))
    axes.set(
        xscale="log", xlim=(120_000, 1.8 * budget), ylim=(0.5 - len(groups), 0.5), xlabel="thousand characters read"
    )
    ticks = [number for number in (150_000, 300_000, 600_000, 1_200_000, budget) if number <= budget]
    logarithmic(axes.xaxis, ticks)
    axes.set_xticks([*ticks, column], [f"{tick // 1000:,}" for tick in ticks] + ["not\nborn"])
    words = "; ".join(
        f"{name}: "
        + ", ".join(f"{cell} {sum(b is not None for b in births)} of {len(births)}" for cell, births in cells.items())
        for name, cells in groups.items()
    )
    return picture(
        figure,
        f"Marks show after how many characters a memory is born, one for each run, and on the right those that are not born by {budget:,}. Born are, {words}.",
    )
