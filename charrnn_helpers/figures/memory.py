"""Figures of gates, units and memory."""

from collections.abc import Sequence
from itertools import cycle
from statistics import median

import numpy as np
import torch
from matplotlib.patheffects import withStroke
from torch import Tensor

from ..measures.memory import Share
from .pictures import (
    FLOOR,
    LOOKS,
    NOTE,
    Picture,
    marks_of,
    name_lines,
    new_figure,
    offsets,
    picture,
    show_characters,
    style_of,
)

TRAINED_TO, TESTED_TO = 20, 100  # the n of `plot_reach`
VARIANTS = (("#000000", "-"), ("#CC79A7", "--"), ("#E69F00", ":"))  # of lines that are no cell's


Curve = dict[float, float] | np.ndarray | Tensor  # {x: y}, or the values at x = 1, 2, 3 and so on


def plot_curves(
    curves: dict[str, dict[str, Curve | list[Curve]]],
    xlabel: str,
    ylabel: str,
    chance: float | None = None,
    text: str = "",
) -> Picture:
    """Draw curves, `curves[title][label]`: a panel for each title, up to three in a row, and a colour for each label.

    A label has a curve, or a list of them, one for each seed. It begins with the name of a cell, or is a variant, which
    gets the next colour. Curves of several seeds are thin. `chance` is drawn as a black line. The characters of `text`
    stand at x = 1, 2, 3 and so on.
    """
    rows = -(-len(curves) // 3)
    size = {"height": 1.2 * rows + 1.6, "rows": rows, "cols": -(-len(curves) // rows)}
    figure, panels = new_figure(**size, sharex=True, sharey="row", squeeze=False)
    for axes, (title, labels) in zip(panels.flat, curves.items(), strict=True):
        if chance is not None:
            axes.axhline(chance, color="black", linewidth=0.8, label="chance")
            axes.set_ylim(0, 1.03)
        for (label, seeds), (colour, line) in zip(labels.items(), cycle(VARIANTS), strict=False):
            seeds = seeds if isinstance(seeds, list) else [seeds]
            style = style_of(label.split()[0], {"color": colour, "linestyle": line})
            width = 1.0 if len(seeds) > 1 else 2.0
            for number, curve in enumerate(seeds):
                points = curve if isinstance(curve, dict) else dict(enumerate(curve, start=1))
                axes.plot(*zip(*points.items(), strict=True), **style, linewidth=width, label=None if number else label)
        axes.set_title(title, loc="left", fontsize="medium")
        if rows == 1:
            name_lines(axes)
        if text:
            show_characters(axes, text, first=1)
    figure.supxlabel(xlabel, fontsize="medium")
    figure.supylabel(ylabel, fontsize="medium")
    words = "".join(f" {title}: {', '.join(labels)}." for title, labels in curves.items())
    words += " A black line stands at chance." if chance else ""
    return picture(figure, f"Curves show the {ylabel} (vertical) against the {xlabel} (horizontal).{words}")


def plot_shares(
    shares: dict[str, dict[str, dict[str, Share]]], xlabel: str, ylabel: str = "share right", window: int | None = None
) -> Picture:
    """Draw shares right with 95 % intervals, `shares[title][cell][group]`: a panel for each title, and chance in black.

    All cells of a panel have the same groups. Of a group of distances, "8 to 15", the beginning is written, and a
    dotted line stands before the group that begins at `window`: beyond it no gradient reached in training.
    """
    figure, panels = new_figure(cols=len(shares), sharey=True, squeeze=False)
    for axes, (title, cells) in zip(panels[0], shares.items(), strict=True):
        groups = next(iter(cells.values()))
        x, chances = np.arange(len(groups)), [share.chance for share in groups.values()]
        axes.hlines(chances, x - 0.5, x + 0.5, color="black", linewidth=1.5, label="chance")
        for (cell, row), shift in zip(cells.items(), offsets(len(cells), 0.2), strict=True):
            y = np.array([row[group].share for group in groups])
            low, high = zip(*(row[group].interval() for group in groups), strict=True)
            axes.errorbar(x + shift, y, yerr=(y - low, high - y), **marks_of(cell), capsize=2, label=cell)
        names = [group.split(" to ")[0].removesuffix(" on") for group in groups]
        if str(window) in names:
            axes.axvline(names.index(str(window)) - 0.5, **FLOOR, label="window")
        few = slice(None, None, 1 + (len(groups) * len(shares) > 16))
        axes.set_xticks(x[few], names[few])
        axes.set_title(title)
        axes.set_ylim(0, 1.03)
        axes.margins(x=0.01)
    cells = dict.fromkeys(cell for row in shares.values() for cell in row)
    figure.supxlabel(xlabel, fontsize="medium")
    panels[0][0].set_ylabel(ylabel)
    return picture(
        figure,
        f"Points with 95 % intervals show the {ylabel} (vertical) against the {xlabel} (horizontal), for "
        f"{', '.join(cells)}. Panels: {'; '.join(shares)}. A black line stands at chance"
        + (f", and a dotted line at the window of {window} characters." if window else "."),
    )


def plot_patches(shares: dict[str, dict[str, list[dict[str, Share]]]], xlabel: str) -> Picture:
    """Draw the share of cases that bring the other hero, `shares[title][label]`: a panel for each title.

    A label is the name of a cell, or else a control, in grey. It has a list of networks, each with the share of every
    distance, `{"60": Share}`: a mark with its 95 % interval. A line joins the medians of the networks, and a black line
    stands at chance. A group that is no number, for example "one mention", stands apart at the right.
    """
    figure, panels = new_figure(height=3.2, cols=len(shares), sharey=True, squeeze=False)
    for axes, (title, labels) in zip(panels[0], shares.items(), strict=True):
        groups = list(dict.fromkeys(group for networks in labels.values() for row in networks for group in row))
        place = {group: number + 0.5 * (not group.isdigit()) for number, group in enumerate(groups)}
        axes.axhline(1 / 6, color="black", linewidth=1.2, label="chance")
        for (label, networks), side in zip(labels.items(), offsets(len(labels), 0.26), strict=True):
            marks = marks_of(label) | {"markersize": 4, "elinewidth": 1}
            for row, shift in zip(networks, offsets(len(networks), 0.2 / len(networks)), strict=True):
                x, y = [place[group] + side + shift for group in row], np.array([share.share for share in row.values()])
                low, high = zip(*(share.interval() for share in row.values()), strict=True)
                axes.errorbar(x, y, yerr=(y - low, high - y), **marks, label=label if row is networks[0] else None)
            far = [group for group in networks[0] if group.isdigit()]
            middle = [median(row[group].share for row in networks) for group in far]
            axes.plot([place[group] + side for group in far], middle, **style_of(label, FLOOR), linewidth=1)
        axes.set_xticks(list(place.values()), [group.replace(" ", "\n") for group in groups])
        axes.set_title(title, loc="left", fontsize="medium")
        axes.set_ylim(-0.02, 1.03)
    panels[0][0].set_ylabel("share of the cases")
    figure.supxlabel(xlabel, fontsize="medium")
    return picture(
        figure,
        f"Marks with 95 % intervals show the share of the cases that bring the other hero (vertical) against the "
        f"{xlabel} (horizontal), a mark for each network, for {', '.join(labels)}. Panels: {'; '.join(shares)}. A line "
        "joins the medians, and a black line stands at chance.",
    )


def plot_heroes(units: dict[str, np.ndarray], heroes: Sequence[str]) -> Picture:
    """Draw each story as a point in the colour of its hero: the first of `units` is horizontal, the others vertical.

    `units[label]` (n,) are the values of a unit in n stories, and `heroes` (n,) the names of their heroes.
    """
    (xlabel, x), *others = units.items()
    figure, panels = new_figure(height=3.6, cols=len(others), squeeze=False)
    for axes, (ylabel, y) in zip(panels[0], others, strict=True):
        axes.axhline(0, color="#BBBBBB", linewidth=0.8)
        axes.axvline(0, color="#BBBBBB", linewidth=0.8)
        for hero in sorted(set(heroes)):
            own, colour = np.array(heroes) == hero, LOOKS[hero][0]
            axes.scatter(x[own], y[own], s=14, color=colour, linewidths=0)
            outline = [withStroke(linewidth=3, foreground="white")]
            middle = np.median(x[own]), np.median(y[own])
            axes.annotate(hero, middle, ha="center", va="center", color=colour, weight="bold", path_effects=outline)
        axes.set(xlabel=xlabel, ylabel=ylabel)
    return picture(
        figure,
        f"Each story is a point in the colour of its hero, with the name of the hero at the middle of its points: "
        f"{' and '.join(label for label, _ in others)} (vertical) against {xlabel} (horizontal).",
    )


def plot_carried_and_cut(shares: dict[str, dict[str, dict[str, Share]]], window: int, xlabel: str) -> Picture:
    """Draw shares right with 95 % intervals, `shares[cell][condition][group]`: a panel for each cell, two curves each.

    The first condition has a thick line in the colour of the cell, the second a thin grey one. Of a group of distances,
    "8 to 15", the beginning is written. A dotted line stands before the group that begins at `window`.
    """
    figure, panels = new_figure(height=3.0, cols=len(shares), sharey=True, squeeze=False)
    for axes, (cell, conditions) in zip(panels[0], shares.items(), strict=True):
        groups = next(iter(conditions.values()))
        names, x = [group.split(" to ")[0].removesuffix(" on") for group in groups], np.arange(len(groups))
        own, grey = {**style_of(cell), "marker": marks_of(cell)["marker"], "linewidth": 2.2}, {**NOTE, "marker": "x"}
        for (condition, row), look in zip(conditions.items(), (own, grey), strict=True):
            y = [share.share for share in row.values()]
            axes.plot(x, y, **look, markersize=5, label=condition if axes is panels[0][0] else None)
            ends = zip(*(share.interval() for share in row.values()), strict=True)
            axes.fill_between(x, *ends, color=look["color"], alpha=0.15, linewidth=0)
        chance = next(iter(groups.values())).chance
        axes.axhline(chance, color="black", linewidth=0.8, label="chance" if axes is panels[0][0] else None)
        axes.axvline(names.index(str(window)) - 0.5, **FLOOR)
        axes.set_xticks(x, names)
        axes.set_title(cell)
        axes.set_ylim(0, 1.03)
    panels[0][0].set_ylabel("names right")
    figure.supxlabel(xlabel, fontsize="medium")
    return picture(
        figure,
        f"Curves with 95 % intervals show the share of names right (vertical) against the {xlabel} (horizontal), in a "
        f"panel each for {', '.join(shares)}; conditions: {', '.join(conditions)}. A black line stands at chance, "
        f"and a dotted line at the window of {window} characters.",
    )


def plot_reach(reaches: dict[str, dict[str, Sequence[int]]]) -> Picture:
    """Draw up to which n networks are right, `reaches[task][cell]`: a dot for each seed, and a bar at the median."""
    figure, panels = new_figure(cols=len(reaches), sharey=True, squeeze=False)
    for axes, (task, cells) in zip(panels[0], reaches.items(), strict=True):
        for x, (cell, values) in enumerate(cells.items()):
            shifts = offsets(len(values), 0.5 / max(1, len(values) - 1))
            axes.plot([x + shift for shift in shifts], sorted(values), **marks_of(cell), markersize=4)
            axes.hlines(median(values), x - 0.32, x + 0.32, color="black", linewidth=2)
        axes.axhline(TRAINED_TO, **FLOOR)
        axes.set_xticks(range(len(cells)), list(cells))
        axes.set_title(task)
        axes.set_ylim(-2, TESTED_TO + 4)
    panels[0][0].set_ylabel("right up to n =")
    panels[0][0].annotate("trained up to here", (-0.4, TRAINED_TO - 1), va="top", **NOTE)
    return picture(
        figure,
        f"For {', '.join(reaches)}: up to which n each network is right, a dot for each seed, a black bar at the "
        f"median, for each cell; a dotted line at n = {TRAINED_TO}, the longest in training. Tested up to {TESTED_TO}.",
    )


def plot_units(text: str, units: dict[str, Tensor | Sequence[float]], ylabel: str, marks: str = "") -> Picture:
    """Draw the value of units at every character of `text`: `units[label]` (T,). A label's first word is the cell.

    Where values are (T, K), the first column is that of `text`; the others are those of other texts, as thin lines. A
    dotted line stands at each of the characters in `marks`.
    """
    figure, panels = new_figure(height=1.2 * len(units) + 0.4, rows=len(units), sharex=True, squeeze=False)
    for axes, (label, values) in zip(panels[:, 0], units.items(), strict=True):
        own, *others = torch.as_tensor(values).reshape(len(text), -1).T
        for other in others:
            axes.plot(other, color="#999999", linewidth=0.8)
        axes.plot(own, **style_of(label.split()[0], {"color": "black"}), linewidth=1.6)
        axes.axhline(0, color="#999999", linewidth=0.6)
        for position in (position for position, char in enumerate(text) if char in marks):
            axes.axvline(position, **FLOOR)
        axes.set_ylabel(ylabel)
        axes.set_title(label, loc="left")
    show_characters(panels[-1, 0], text)
    return picture(figure, f"The value of {' and '.join(units)} at each character of a line, as a curve.")
