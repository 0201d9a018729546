"""Figures of gates, units and memory."""

from collections.abc import Sequence
from statistics import median

import torch
from matplotlib.colors import Normalize
from torch import Tensor

from ..measures.memory import Share
from .pictures import (
    FLOOR,
    NOTE,
    Picture,
    beside,
    lines_of,
    logarithmic,
    marks_of,
    name_lines,
    new_figure,
    picture,
    show_characters,
    style_of,
)

TRAINED_TO, TESTED_TO = 20, 100  # the n of `plot_reach`
ROWS = 30  # at most, of `plot_gates`


def plot_gates(values: Tensor, text: str, name: str) -> Picture:
    """A gate as a heat map: `values` (T, H) from 0 to 1, a column for each character of `text`, a row for a unit.

    The units are sorted by their mean, the highest at the top; of many, thirty are shown, evenly spread over that
    order. The line above is the mean of them all. Raises `ValueError` if the lengths differ.
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
        for place in (place for place, char in enumerate(line) if char == "."):
            strip.axvline(place, **FLOOR)
        image = axes.imshow(part.T.numpy(), aspect="auto", norm=Normalize(0, 1), cmap="cividis")
        axes.set(ylabel=f"{len(shown)} of {len(order)}\nunits", yticks=[], xlim=strip.get_xlim())
        show_characters(axes, line)
    figure.colorbar(image, ax=panels, pad=0.01, aspect=18).set_label(name)
    return picture(
        figure,
        f"A heat map of {name}: a column for each character of {text!r}, a row for each of {len(shown)} units, sorted "
        "by their mean; above it, as a line, the mean of all units.",
    )


def plot_count(text: str, cells: dict[str, dict[str, dict[str, Tensor]]]) -> Picture:
    """Lines over the end of `text`, `cells[cell][ylabel][label]` (at most T,): a column for each cell, named lines.

    All begin with the first character of `text`; some stop before it does, and bear their label where they stop.
    """
    rows = list(next(iter(cells.values())))
    figure, panels = new_figure(
        height=1.5 * len(rows) + 0.5, rows=len(rows), cols=len(cells), sharex=True, squeeze=False
    )
    for column, (cell, lines) in zip(panels.T, cells.items(), strict=True):
        column[0].set_title(cell)
        for axes, found in zip(column, lines.values(), strict=True):
            for width, (label, values) in zip(range(1, len(found) + 1), found.items(), strict=True):
                axes.plot(values, **style_of(cell.split()[0]), linewidth=0.8 * width)
                axes.annotate(f" {label}", (len(values) - 1, values[-1]), **NOTE)
        show_characters(column[-1], text)
    for axes, ylabel in zip(panels[:, 0], rows, strict=True):
        axes.set_ylabel(ylabel)
    return picture(
        figure,
        f"Over the characters of {text!r}, for {' and '.join(cells)}: {' and '.join(rows)}, a line for each of "
        f"{', '.join(found)}, which ends where its text does.",
    )


def plot_stops(pushed: dict[str, dict[int, Tensor]]) -> Picture:
    """P(stop) after each knock, `pushed[title][push]` (knocks,), three panels in a row; a push of 0 is black."""
    rows = len(pushed) // 3
    figure, panels = new_figure(height=1.6 * rows + 0.4, rows=rows, cols=3, sharex=True, sharey=True, squeeze=False)
    looks = {-1: ("#009E73", ":"), 0: ("black", "-"), 1: ("#CC79A7", "--")}
    for axes, (title, lines) in zip(panels.flat, pushed.items(), strict=True):
        for push, p in lines.items():
            colour, line = looks[(push > 0) - (push < 0)]
            label = f"{push:+} knocks" if push else "untouched"
            axes.plot(range(1, len(p) + 1), p, color=colour, linestyle=line, marker="o", markersize=4, label=label)
        axes.set_title(title, loc="left", fontsize="medium")
    for axes in panels[-1]:
        axes.set_xlabel("knocks written")
    for axes in panels[:, 0]:
        axes.set_ylabel("P(stop)")
    return picture(
        figure,
        f"The probability of a full stop after each knock, for {'; '.join(pushed)}: untouched as a black line, pushed "
        "by knocks less and more as dotted and dashed ones.",
    )


def plot_gradient_by_lag(curves: dict[str, Tensor], ylabel: str = "mean |∂loss$_t$ / ∂h$_{t-k}$|") -> Picture:
    """Gradient norms by lag, `curves[label]` (lags,) from lag 1 on; a label begins with a cell.

    Thin are the lines of networks that are "fresh", and of a state that is no cell c where both are drawn.
    """
    figure, axes = new_figure(height=3.2)
    for label, norms in curves.items():
        width = 1.0 if {"fresh", "h"} & set(label.split()) else 2.2
        axes.plot(range(1, len(norms) + 1), norms, **style_of(label.split()[0]), linewidth=width, label=label)
    axes.set(yscale="log", xlabel="lag k (characters)", ylabel=ylabel)
    low = max(1e-12, min(float(norms.min()) for norms in curves.values()))
    axes.set_ylim(bottom=low / 2)
    logarithmic(axes.yaxis)
    name_lines(axes)
    return picture(
        figure,
        "How much the loss depends on earlier states: the norm of the gradient, on a logarithmic scale, against the "
        f"lag in characters, for {', '.join(curves)}.",
    )


def plot_shares(
    shares: dict[str, dict[str, Share]], xlabel: str = "", ylabel: str = "share of right answers"
) -> Picture:
    """Shares of answers with 95 % intervals, `shares[cell][group]`, and chance as a line across each group."""
    groups = next(iter(shares.values()))
    figure, axes = new_figure()
    for place, group in enumerate(groups.values()):
        label = "chance" if place == 0 else None
        axes.plot([place - 0.4, place + 0.4], [group.chance] * 2, color="black", linewidth=1.8, label=label)
    for (cell, found), shift in zip(shares.items(), beside(len(shares), 0.16), strict=True):
        _error_bars(axes, [found[group] for group in groups], shift, cell)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(ylim=(0, 1.03), ylabel=ylabel, xlabel=xlabel)
    axes.margins(x=0.01)
    return picture(
        figure,
        f"{ylabel.capitalize()} for {', '.join(groups)}, with 95 % intervals: {' and '.join(shares)}, beside a black "
        "line at chance.",
    )


def plot_horizon(questions: dict[str, dict[str, dict[str, Share]]], window: int | None = None) -> Picture:
    """Shares right by characters back, `questions[title][cell][group]`, a panel for each title; chance is a line.

    The groups double ("8 to 15"), so the axis is logarithmic. Beyond `window` no gradient reached in training.
    """
    figure, panels = new_figure(cols=len(questions), sharey=True, squeeze=False)
    for axes, (title, cells) in zip(panels[0], questions.items(), strict=True):
        groups = sorted({group for found in cells.values() for group in found}, key=lambda name: int(name.split()[0]))
        chance = next(share.chance for found in cells.values() for share in found.values())
        axes.axhline(chance, color="black", linewidth=1.2, label="chance")
        starts = [int(group.split()[0]) for group in groups]
        if window in starts:
            axes.axvline(starts.index(window) - 0.5, **FLOOR, label="window")
        for (cell, found), shift in zip(cells.items(), beside(len(cells), 0.2), strict=True):
            _error_bars(axes, [found.get(group) for group in groups], shift, cell)
        few = slice(None, None, 1 + (len(groups) * len(questions) > 16))
        axes.set_xticks(range(len(groups))[few], starts[few])
        axes.set_title(title)
        axes.set_ylim(0, 1.03)
    figure.supxlabel("characters back, from", fontsize="medium")
    panels[0][0].set_ylabel("share right")
    return picture(
        figure,
        f"Shares of right answers by characters back to what must be remembered, with 95 % intervals, for "
        f"{', '.join(next(iter(questions.values())))}: {'; '.join(questions)}. Chance is a black line"
        + (f", the window of {window} characters a dotted one." if window else "."),
    )


def _error_bars(axes, shares: Sequence[Share | None], shift: float, cell: str) -> None:
    """Shares at places 0, 1, …, moved by `shift`, with their 95 % intervals; None leaves a place empty."""
    known = [(place + shift, share) for place, share in enumerate(shares) if share is not None]
    places, found = zip(*known, strict=True)
    middle = [share.share for share in found]
    spread = [(share.share - low, high - share.share) for share in found for low, high in [share.interval()]]
    axes.errorbar(places, middle, yerr=list(zip(*spread, strict=True)), **marks_of(cell), capsize=2, label=cell)


def plot_reach(reaches: dict[str, dict[str, Sequence[int]]]) -> Picture:
    """Up to which n networks answer rightly: `reaches[task][cell]`, a dot for each seed, a bar at the median."""
    figure, panels = new_figure(cols=len(reaches), sharey=True, squeeze=False)
    for axes, (task, found) in zip(panels[0], reaches.items(), strict=True):
        for place, (cell, values) in enumerate(found.items()):
            shifts = beside(len(values), 0.5 / max(1, len(values) - 1))
            axes.plot([place + shift for shift in shifts], sorted(values), **marks_of(cell), markersize=4)
            axes.plot([place - 0.32, place + 0.32], [median(values)] * 2, color="black", linewidth=2)
        axes.axhline(TRAINED_TO, **FLOOR)
        axes.set_xticks(range(len(found)), list(found))
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
    """The value of units at every character of `text`: `units[label]` (T,); the label's first word is the cell.

    Of values (T, K) the first column is the text's own, and thin lines show what other texts give. A dotted line stands
    at each of the characters in `marks`.
    """
    figure, panels = new_figure(height=1.2 * len(units) + 0.4, rows=len(units), sharex=True, squeeze=False)
    for axes, (label, values) in zip(panels[:, 0], units.items(), strict=True):
        own, *others = torch.as_tensor(values).reshape(len(text), -1).T
        for other in others:
            axes.plot(other, color="#999999", linewidth=0.8)
        axes.plot(own, **style_of(label.split()[0], {"color": "black"}), linewidth=1.6)
        axes.axhline(0, color="#999999", linewidth=0.6)
        for place in (place for place, char in enumerate(text) if char in marks):
            axes.axvline(place, **FLOOR)
        axes.set_ylabel(ylabel)
        axes.set_title(label, loc="left")
    show_characters(panels[-1, 0], text)
    return picture(figure, f"The value of {' and '.join(units)} at each character of a line, as a curve.")
