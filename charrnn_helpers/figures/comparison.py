"""Figures that compare the cells (notebooks 05 and 09)."""

from __future__ import annotations

from collections.abc import Sequence

from ..experiments.trial import Point
from ..networks.registry import MARKERS, STYLES
from .picture import Picture, new_figure, picture, tidy


def plot_excess_by_kind(excess: dict[str, dict[str, float]]) -> Picture:
    """Bars side by side for each kind of character: `excess[model][kind]`, in nats for one such character.

    LSTM and GRU keep their colours, and hatches tell the models apart. Raises `ValueError` if the kinds differ.
    """
    kinds = list(next(iter(excess.values())))
    if any(list(row) != kinds for row in excess.values()):
        raise ValueError("every model needs the same kinds in the same order")
    label = "excess over the oracle (nats)"
    figure, axes = new_figure(max(7.4, 0.75 * len(kinds)), 3.6)
    width = 0.84 / len(excess)
    for number, (name, row) in enumerate(excess.items()):
        at = [place + (number - (len(excess) - 1) / 2) * width for place in range(len(kinds))]
        colour = STYLES[name]["color"] if name in STYLES else "#BBBBBB"
        look = {
            "color": colour,
            "hatch": {"LSTM": "", "GRU": "//", "RNN": "\\\\"}.get(name, ".."),
            "edgecolor": "white",
            "linewidth": 0,
        }
        axes.bar(at, list(row.values()), width * 0.92, label=name, **look)
    axes.set_xticks(range(len(kinds)), kinds, fontsize=9)
    axes.set_ylabel(label)
    axes.legend(frameon=False)
    tidy(axes)
    return picture(figure, f"Bars of {label} for {', '.join(excess)}, side by side, for each of: {', '.join(kinds)}.")


def plot_paired(first: Sequence[float], second: Sequence[float], interval, smallest: float) -> Picture:
    """Left: the losses of each pair of runs, joined. Right: the mean difference and its interval, against ±`smallest`.

    `first` are of the LSTM, `second` of the GRU; `interval` is a `metrics.Interval` of their difference. In nats per
    character.
    """
    names = ("LSTM", "GRU")
    figure, (left, right) = new_figure(7.4, 2.9, cols=2)
    for a, b in zip(first, second, strict=True):
        left.plot([0, 1], [a, b], color="#999999", linewidth=0.9)
    for place, (name, losses) in enumerate(zip(names, (first, second), strict=True)):
        marker = "o" if name == "LSTM" else "s"
        left.plot([place] * len(losses), losses, marker, color=STYLES[name]["color"])
    left.set_xticks([0, 1], names)
    left.set(xlim=(-0.4, 1.4), ylabel="best loss on val (nats/character)")
    right.axvspan(-smallest, smallest, color="#EEEEEE")
    right.axvline(0, color="black", linewidth=0.9)
    right.plot([interval.low, interval.high], [0, 0], color="black", linewidth=2)
    right.plot([interval.mean], [0], "D", color="black")
    reach = 1.15 * max(abs(interval.low), abs(interval.high), 1.5 * smallest)
    right.set(xlim=(-reach, reach), ylim=(-1, 1), yticks=[])
    right.set_xlabel(f"{names[0]} minus {names[1]} (nats/character)")
    right.set_title(f"← {names[0]} lower          {names[1]} lower →", fontsize=9)
    for axes in (left, right):
        tidy(axes)
    return picture(
        figure,
        f"Left: the best validation losses of {len(first)} pairs of runs, {names[0]} and {names[1]}, each pair joined "
        "by a line. Right: the mean difference and its confidence interval, against zero and a grey band of "
        f"±{smallest:g}, the smallest difference of interest.",
    )


# --- 09: many runs --------------------------------------------------------------------------------------------------


def _rungs(axes, ngram: float | None, floor: float | None) -> str:
    """Lines for what counting reaches and for the best possible; the words that name them."""
    lines = {"n-gram": (ngram, {"color": "#999999", "linewidth": 0.8}), "floor": (floor, STYLES["floor"])}
    known = {name: line for name, line in lines.items() if line[0] is not None}
    for name, (loss, look) in known.items():
        axes.axhline(loss, **look)
        axes.annotate(name, (1.01, loss), xycoords=("axes fraction", "data"), va="center", fontsize=8, color="#555555")
    return f" Horizontal lines: {' and '.join(known)}." if known else ""


def plot_bands(bands: dict, ngram: float | None = None, floor: float | None = None) -> Picture:
    """Learning curves with their intervals: `bands[cell]` is a `metrics.Band` over updates, in nats per character."""
    figure, axes = new_figure(7.4, 3.4)
    for cell, band in bands.items():
        axes.fill_between(band.x, band.low, band.high, color=STYLES[cell]["color"], alpha=0.2, linewidth=0)
        axes.plot(band.x, band.mean, **STYLES[cell], marker=MARKERS[cell], markersize=4, label=cell)
    axes.set(xlabel="updates", ylabel="loss on val (nats/character)")
    lines = _rungs(axes, ngram, floor)
    axes.legend(frameon=False)
    tidy(axes)
    return picture(
        figure,
        f"Validation loss against updates for {', '.join(bands)}: the mean over seeds as a line, its interval as a "
        f"band of the same colour.{lines}",
    )


def plot_groups(groups: dict[str, dict[str, Sequence[float]]], ngram=None, floor=None, xlabel: str = "") -> Picture:
    """Final losses side by side: `groups[group][cell]` holds one for each seed, in nats per character.

    A small mark for each seed, a large one for their mean.
    """
    figure, axes = new_figure(7.4, 3.6)
    cells = list(next(iter(groups.values())))
    for number, cell in enumerate(cells):
        places = [place + 0.22 * (number - (len(cells) - 1) / 2) for place in range(len(groups))]
        colour = STYLES[cell]["color"]
        for place, losses in zip(places, (group[cell] for group in groups.values()), strict=True):
            axes.plot([place] * len(losses), losses, MARKERS[cell], color=colour, markersize=4, alpha=0.45)
            axes.plot([place], [sum(losses) / len(losses)], MARKERS[cell], color=colour, markersize=9, fillstyle="none")
        axes.plot([], [], MARKERS[cell], color=colour, label=cell)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(xlim=(-0.6, len(groups) - 0.4), xlabel=xlabel, ylabel="loss on test (nats/character)")
    lines = _rungs(axes, ngram, floor)
    axes.legend(frameon=False)
    tidy(axes)
    return picture(
        figure,
        f"Test losses of {', '.join(cells)} side by side for {', '.join(groups)}: a small mark for each seed, a large "
        f"one for their mean.{lines}",
    )


def plot_frontier(points: dict[str, Sequence[Point]], at: float, ngram=None, floor=None) -> Picture:
    """Loss against seconds: for each cell its sizes, as `trial.by_seconds` gives them, at the mean over the seeds.

    A vertical line at `at` seconds is where equal seconds are compared.
    """
    figure, axes = new_figure(7.4, 3.8)
    for cell, found in points.items():
        seconds = [point.seconds for point in found]
        losses = [sum(point.losses) / len(point.losses) for point in found]
        axes.plot(seconds, losses, **STYLES[cell], marker=MARKERS[cell], label=cell)
        for x, y, point in zip(seconds, losses, found, strict=True):
            axes.annotate(point.size, (x, y), textcoords="offset points", xytext=(5, 5), fontsize=8, color="#555555")
    axes.axvline(at, color="black", linewidth=0.9)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:g}"[0] in "25" else "")
    axes.set(xlabel="seconds of one processor core (logarithmic)", ylabel="loss on test (nats/character)")
    lines = _rungs(axes, ngram, floor)
    axes.legend(frameon=False)
    tidy(axes)
    return picture(
        figure,
        f"Test loss against seconds of training on a logarithmic scale: one line for each of {', '.join(points)}, one "
        f"mark for each size. A vertical line stands where equal seconds are compared.{lines}",
    )


def plot_intervals(intervals: dict[str, object], smallest: float, first: str, second: str) -> Picture:
    """Intervals of `first` minus `second` below one another: `intervals[name]` is a `metrics.Interval`."""
    figure, axes = new_figure(7.4, 0.9 + 0.32 * len(intervals))
    axes.axvspan(-smallest, smallest, color="#EEEEEE")
    axes.axvline(0, color="black", linewidth=0.9)
    for place, interval in enumerate(intervals.values()):
        axes.plot([interval.low, interval.high], [-place, -place], color="black", linewidth=2)
        axes.plot([interval.mean], [-place], "D", color="black", markersize=5)
    reach = 1.1 * max(abs(end) for interval in intervals.values() for end in (interval.low, interval.high, smallest))
    axes.set(xlim=(-reach, reach), ylim=(-len(intervals) + 0.4, 0.6))
    axes.set_yticks([-place for place in range(len(intervals))], intervals, fontsize=9)
    axes.set_xlabel(f"{first} minus {second} (nats/character)")
    axes.set_title(f"← {first} lower          {second} lower →", fontsize=9)
    tidy(axes)
    return picture(
        figure,
        f"The mean difference {first} minus {second} and its interval for each of: {', '.join(intervals)}; a line at "
        f"zero and a grey band of ±{smallest:g}, the smallest difference of interest.",
    )
