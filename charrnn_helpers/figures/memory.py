"""Figures of gates, units and memory."""

from collections.abc import Sequence
from itertools import cycle
from statistics import median

import numpy as np
import torch
from matplotlib.colors import Normalize
from torch import Tensor

from ..measures.memory import Share
from .pictures import (
    FLOOR,
    NOTE,
    Picture,
    lines_of,
    logarithmic,
    marks_of,
    name_lines,
    new_figure,
    offsets,
    picture,
    show_characters,
    style_of,
)

TRAINED_TO, TESTED_TO = 20, 100  # the n of `plot_reach`
ROWS = 30  # at most, of `plot_gates`
VARIANTS = (("#000000", "-"), ("#CC79A7", "--"), ("#E69F00", ":"))  # of lines that are no cell's


def plot_gates(values: Tensor, text: str, name: str) -> Picture:
    """Draw a gate as a heat map: `values` (T, H) from 0 to 1, a column for each character of `text`, a row for a unit.

    The units are sorted by their mean, with the highest at the top. Of more than thirty units, thirty are shown, which
    are spread evenly over that order. The line above is the mean of all units. Raises `ValueError` if the lengths
    differ.
    """
    if len(values) != len(text) or not text:
        raise ValueError(f"the text has {len(text)} characters and there are {len(values)} columns: give one for each")
    order = values.mean(0).argsort(descending=True)
    shown = order[torch.linspace(0, len(order) - 1, min(ROWS, len(order))).round().long()]
    lines, means = lines_of(text, 58), values.mean(dim=1)
    ends = sorted({means.min().item(), means.max().item()})
    room = 0.2 * (ends[-1] - ends[0]) or 0.01
    limits = ends[0] - room, ends[-1] + room
    figure, panels = new_figure(height=1.7 * len(lines) + 0.2, rows=2 * len(lines), height_ratios=(1, 2) * len(lines))
    widths = [len(line) for line in lines]
    for line, part, mean, strip, axes in zip(
        lines, values[:, shown].split(widths), means.split(widths), panels[::2], panels[1::2], strict=True
    ):
        strip.plot(mean, color="black", linewidth=1.4)
        strip.set(ylabel="mean", ylim=limits, xticks=[], xlim=(-0.5, max(widths) - 0.5))
        strip.set_yticks(ends, [f"{end:.2f}" for end in ends])
        for position in (position for position, char in enumerate(line) if char == "."):
            strip.axvline(position, **FLOOR)
        image = axes.imshow(part.T.numpy(), aspect="auto", norm=Normalize(0, 1), cmap="cividis")
        axes.set(ylabel=f"{len(shown)} of {len(order)}\nunits", yticks=[], xlim=strip.get_xlim())
        show_characters(axes, line)
    figure.colorbar(image, ax=panels, pad=0.01, aspect=18).set_label(name)
    return picture(
        figure,
        f"A heat map of {name}: a column for each character of {text!r}, a row for each of {len(shown)} units, sorted "
        "by their mean; above it, as a line, the mean of all units.",
    )


Curve = dict[float, float] | np.ndarray | Tensor  # {x: y}, or the values at x = 1, 2, 3 and so on


def plot_curves(
    curves: dict[str, dict[str, Curve | list[Curve]]],
    xlabel: str,
    ylabel: str,
    log: str = "",
    chance: float | None = None,
    text: str = "",
) -> Picture:
    """Draw curves, `curves[title][label]`: a panel for each title, up to three in a row, and a colour for each label.

    A label has a curve, or a list of them, one for each seed. It begins with the name of a cell, or is a variant, which
    gets the next colour. Curves of "fresh" networks are thin, as is an LSTM's "h" beside its "c". `log` names the axes
    that are logarithmic: "x", "y" or "xy". `chance` is drawn as a black line. The characters of `text` stand at x = 1,
    2, 3 and so on.
    """
    rows = -(-len(curves) // 3)
    size = {"height": 1.2 * rows + 1.6, "rows": rows, "cols": -(-len(curves) // rows)}
    figure, panels = new_figure(**size, sharex=True, sharey="row" if log != "x" else False, squeeze=False)
    for axes, (title, labels) in zip(panels.flat, curves.items(), strict=True):
        if chance is not None:
            axes.axhline(chance, color="black", linewidth=0.8, label="chance")
            axes.set_ylim(0, 1.03)
        for (label, seeds), (colour, line) in zip(labels.items(), cycle(VARIANTS), strict=False):
            seeds = seeds if isinstance(seeds, list) else [seeds]
            style = style_of(label.split()[0], {"color": colour, "linestyle": line})
            width = 1.0 if len(seeds) > 1 or {"fresh", "h"} & set(label.split()) else 2.0
            for number, curve in enumerate(seeds):
                points = curve if isinstance(curve, dict) else dict(enumerate(curve, start=1))
                axes.plot(*zip(*points.items(), strict=True), **style, linewidth=width, label=None if number else label)
        axes.set_title(title, loc="left", fontsize="medium")
        axes.set(**{f"{axis}scale": "log" for axis in log})
        if "y" in log:
            axes.set_ylim(bottom=max(1e-12, axes.get_ylim()[0]))
        for axis in log:
            logarithmic(axes.xaxis if axis == "x" else axes.yaxis)
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
    figure.supxlabel(xlabel, fontsize="medium")
    panels[0][0].set_ylabel(ylabel)
    return picture(
        figure,
        f"Points with 95 % intervals show the {ylabel} (vertical) against the {xlabel} (horizontal), for "
        f"{', '.join(cells)}. Panels: {'; '.join(shares)}. A black line stands at chance"
        + (f", and a dotted line at the window of {window} characters." if window else "."),
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
