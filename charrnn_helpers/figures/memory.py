"""Figures of gates, units and memory (notebooks 02, 03 and 08)."""

from collections.abc import Sequence
from statistics import median

import torch
from matplotlib.colors import Normalize
from torch import Tensor

from ..measures.memory import Share
from .pictures import FLOOR, NOTE, Picture, beside, marks_of, new_figure, picture, show_characters, style_of

TRAINED_TO, TESTED_TO = 20, 100  # the n of `plot_reach`


def plot_gates(values: Tensor, text: str, name: str) -> Picture:
    """A gate as a heat map: `values` (T, H) from 0 to 1, a column for each character of `text`, a row for each unit.

    The rows are sorted by their mean, the highest at the top. Raises `ValueError` if the lengths differ.
    """
    if len(values) != len(text) or not text:
        raise ValueError(f"the text has {len(text)} characters and there are {len(values)} columns: give one for each")
    rows = values[:, values.mean(0).argsort(descending=True)].T  # (H, T)
    figure, axes = new_figure(10.5, 3.0)
    image = axes.imshow(rows.numpy(), aspect="auto", norm=Normalize(0, 1), cmap="cividis")
    show_characters(axes, text)
    axes.set(ylabel="units, sorted by their mean", yticks=[])
    figure.colorbar(image, ax=axes, pad=0.01, aspect=14).set_label(name)
    return picture(
        figure,
        f"A heat map of {name}: a column for each character of {text!r}, a row for each unit, sorted by their mean.",
    )


def plot_gradient_by_lag(curves: dict[str, Tensor], ylabel: str = "mean |∂loss$_t$ / ∂h$_{t-k}$|") -> Picture:
    """Gradient norms by lag, `curves[label]` (lags,) from lag 1 on; a label begins with a cell.

    Thin are the lines of networks that are "fresh", and of a state that is no cell c where both are drawn.
    """
    figure, axes = new_figure(height=3.8)
    for label, norms in curves.items():
        width = 1.0 if {"fresh", "h"} & set(label.split()) else 2.2
        axes.plot(range(1, len(norms) + 1), norms, **style_of(label.split()[0]), linewidth=width)
    axes.set(yscale="log", xlabel="lag k (characters)", ylabel=ylabel)
    low = max(1e-12, min(float(norms.min()) for norms in curves.values()))
    axes.set_ylim(bottom=low / 2)
    name_at_the_end(axes, {label: float(norms[-1]) for label, norms in curves.items()})
    return picture(
        figure,
        "How much the loss depends on earlier states: the norm of the gradient, on a logarithmic scale, against the "
        f"lag in characters, for {', '.join(curves)}.",
    )


def name_at_the_end(axes, ends: dict[str, float]) -> None:
    """Write the name of each line beside its last value, in order, none upon another: `ends[name]`."""
    below = -1.0
    for name in sorted(ends, key=ends.get):
        at = axes.transAxes.inverted().transform(axes.transData.transform((1, ends[name])))[1]
        below = max(at, below + 0.07)
        axes.annotate(name, (1.01, below), xycoords="axes fraction", va="center", **NOTE)


def plot_share_by_delay(shares: dict[str, dict[int, float]], chance: float, trained_to: int) -> Picture:
    """The share right against the characters that a key is kept for: `shares[cell][delay]`; `chance` is a line."""
    figure, axes = new_figure(7.4, 2.8)
    for cell, right in shares.items():
        axes.plot(list(right), list(right.values()), **style_of(cell), marker=marks_of(cell)["marker"], label=cell)
    axes.axhline(chance, **FLOOR)
    axes.axvline(trained_to, **FLOOR)
    axes.annotate("chance", (0.01, chance + 0.02), xycoords=("axes fraction", "data"), **NOTE)
    axes.annotate("the longest in training", (trained_to * 1.04, 0.6), **NOTE)
    axes.set(xscale="log", ylim=(0, 1.05), xlabel="characters between key and question", ylabel="share right")
    delays = list(next(iter(shares.values())))
    axes.set_xticks(delays, [str(delay) for delay in delays])
    axes.minorticks_off()
    return picture(
        figure,
        f"Share of keys said rightly by {', '.join(shares)}, after {delays[0]} to {delays[-1]} characters, on a "
        f"logarithmic axis; a dotted line across at chance, one upright at {trained_to}, the longest in training.",
    )


def plot_shares(shares: dict[str, dict[str, Share]], xlabel: str = "") -> Picture:
    """Shares of right answers with 95 % intervals, `shares[cell][group]`, and what guessing gives as a bar."""
    usual = next(iter(shares.values()))  # the guesses are the same for every cell
    figure, axes = new_figure(8.6, 3.4)
    for place, group in enumerate(usual.values()):
        label = "always the usual one" if place == 0 else None
        axes.plot([place - 0.32, place + 0.32], [group.guess] * 2, color="black", linewidth=2.2, label=label)
    for (cell, groups), shift in zip(shares.items(), beside(len(shares), 0.16), strict=True):
        for place, name in enumerate(usual):
            middle, (low, high) = groups[name].share, groups[name].interval()
            spread = [[middle - low], [high - middle]]
            label = cell if place == 0 else None
            axes.errorbar([place + shift], [middle], yerr=spread, **marks_of(cell), capsize=3, label=label)
    axes.set_xticks(range(len(usual)), usual)
    axes.set(ylim=(0, 1.03), ylabel="share right", xlabel=xlabel)
    axes.legend(frameon=False, fontsize=8)
    return picture(
        figure,
        f"Share of right answers for {', '.join(usual)}, with 95 % intervals: {' and '.join(shares)}, beside a black "
        "bar for always naming the one that is usual in the training text.",
    )


def plot_reach(reaches: dict[str, dict[str, Sequence[int]]]) -> Picture:
    """Up to which n networks answer rightly: `reaches[task][cell]`, a dot for each seed, a bar at the median."""
    figure, panels = new_figure(9.6, 3.4, cols=len(reaches), sharey=True, squeeze=False)
    for axes, (task, found) in zip(panels[0], reaches.items(), strict=True):
        for place, (cell, values) in enumerate(found.items()):
            shifts = beside(len(values), 0.5 / max(1, len(values) - 1))
            axes.plot([place + shift for shift in shifts], sorted(values), **marks_of(cell), markersize=4)
            axes.plot([place - 0.32, place + 0.32], [median(values)] * 2, color="black", linewidth=2)
        axes.axhline(TRAINED_TO, **FLOOR)
        axes.set_xticks(range(len(found)), list(found))
        axes.set_title(task, fontsize=10)
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
    figure, panels = new_figure(9.6, 1.5 * len(units) + 0.5, rows=len(units), sharex=True, squeeze=False)
    for axes, (label, values) in zip(panels[:, 0], units.items(), strict=True):
        own, *others = torch.as_tensor(values).reshape(len(text), -1).T
        for other in others:
            axes.plot(other, color="#999999", linewidth=0.8)
        axes.plot(own, **style_of(label.split()[0], {"color": "black"}), linewidth=1.6)
        axes.axhline(0, color="#999999", linewidth=0.6)
        for place in (place for place, char in enumerate(text) if char in marks):
            axes.axvline(place, **FLOOR)
        axes.set_ylabel(ylabel)
        axes.set_title(label, fontsize=9, loc="left")
    show_characters(panels[-1, 0], text, fontsize=7)
    return picture(figure, f"The value of {' and '.join(units)} at each character of a line, as a curve.")
