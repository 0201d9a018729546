"""Figures of gates, units and memory (notebook 08)."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from matplotlib.colors import Normalize
from torch import Tensor

from ..measures.memory import Share
from ..networks.registry import MARKERS, STYLES
from .picture import Picture, new_figure, picture, tidy, visible

# --- 08: inside the gates -------------------------------------------------------------------------------------------


def plot_gates(values: Tensor, text: str, name: str) -> Picture:
    """A gate as a heat map: `values` (T, H) from 0 to 1, a column for each character of `text`, a row for each unit.

    The rows are sorted by their mean, the highest at the top. Raises `ValueError` if the lengths differ.
    """
    if len(values) != len(text) or not text:
        raise ValueError(f"the text has {len(text)} characters and there are {len(values)} columns: give one for each")
    rows = values[:, values.mean(0).argsort(descending=True)].T  # (H, T)
    figure, axes = new_figure(10.5, 3.0)
    image = axes.imshow(rows.numpy(), aspect="auto", norm=Normalize(0, 1), cmap="cividis")
    axes.set_xticks(range(len(text)), [visible(char) for char in text], family="monospace", fontsize=9)
    axes.tick_params(axis="x", length=0)
    axes.set(ylabel="units, sorted by their mean", yticks=[])
    figure.colorbar(image, ax=axes, pad=0.01, aspect=14).set_label(name)
    return picture(
        figure,
        f"A heat map of {name}: a column for each character of {text!r}, a row for each unit, sorted by their mean.",
    )


def plot_gradient_by_lag(curves: dict[str, Tensor]) -> Picture:
    """Gradient norms by lag, `curves[label]` (lags,) from lag 1 on. A label is a cell, then "fresh" (thin) or not."""
    figure, axes = new_figure(7.4, 3.8)
    for label, norms in curves.items():
        width = 1.0 if "fresh" in label else 2.2
        axes.plot(range(1, len(norms) + 1), norms, **STYLES[label.split()[0]], linewidth=width, label=label)
    axes.set(yscale="log", xlabel="lag k (characters)", ylabel="mean |∂loss$_t$ / ∂h$_{t-k}$|")
    low = max(1e-12, min(float(norms.min()) for norms in curves.values()))
    axes.set_ylim(bottom=low / 2)
    axes.legend(frameon=False, fontsize=9)
    tidy(axes)
    return picture(
        figure,
        "How much the loss depends on earlier states: the norm of the gradient, on a logarithmic scale, against the "
        f"lag in characters, for {', '.join(curves)}.",
    )


def plot_shares(shares: dict[str, dict[str, Share]], xlabel: str = "") -> Picture:
    """Shares of right answers with 95 % intervals, `shares[cell][group]`, and what guessing gives as a bar."""
    groups = list(next(iter(shares.values())))
    figure, axes = new_figure(8.6, 3.4)
    for place, group in enumerate(groups):
        guess = next(iter(shares.values()))[group].guess
        label = "always the usual one" if place == 0 else None
        axes.plot([place - 0.32, place + 0.32], [guess, guess], color="black", linewidth=2.2, label=label)
    for number, (cell, found) in enumerate(shares.items()):
        x = [place + 0.16 * (number - (len(shares) - 1) / 2) for place in range(len(groups))]
        middle = [found[group].share for group in groups]
        low, high = zip(*(found[group].interval() for group in groups), strict=True)
        spread = [[m - a for m, a in zip(middle, low, strict=True)], [b - m for m, b in zip(middle, high, strict=True)]]
        style = {"color": STYLES[cell]["color"], "marker": MARKERS[cell]}
        axes.errorbar(x, middle, yerr=spread, **style, linestyle="none", capsize=3, label=cell)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(ylim=(0, 1.03), ylabel="share right", xlabel=xlabel)
    axes.legend(frameon=False, fontsize=8)
    tidy(axes)
    return picture(
        figure,
        f"Share of right answers for {', '.join(groups)}, with 95 % intervals: {' and '.join(shares)}, beside a black "
        "bar for always naming the one that is usual in the training text.",
    )


def plot_reach(reaches: dict[str, dict[str, Sequence[int]]], trained_to: int = 20, tested_to: int = 100) -> Picture:
    """Up to which n networks answer rightly: `reaches[task][cell]`, a dot for each seed, a bar at the median."""
    figure, panels = new_figure(9.6, 3.4, cols=len(reaches), sharey=True, squeeze=False)
    for axes, (task, found) in zip(panels[0], reaches.items(), strict=True):
        for place, (cell, values) in enumerate(found.items()):
            ordered = sorted(values)
            shift = [0.5 * rank / max(1, len(ordered) - 1) - 0.25 for rank in range(len(ordered))]
            style = {"color": STYLES[cell]["color"], "marker": MARKERS[cell]}
            axes.plot([place + s for s in shift], ordered, **style, linestyle="none", markersize=4)
            axes.plot([place - 0.32, place + 0.32], [median(ordered)] * 2, color="black", linewidth=2)
        axes.axhline(trained_to, **STYLES["floor"])
        axes.set_xticks(range(len(found)), list(found))
        axes.set_title(task, fontsize=10)
        axes.set_ylim(-2, tested_to + 4)
        tidy(axes)
    panels[0][0].set_ylabel("right up to n =")
    panels[0][0].annotate("trained up to here", (-0.4, trained_to - 1), fontsize=8, va="top", color="#555555")
    return picture(
        figure,
        f"For {', '.join(reaches)}: up to which n each network is right, a dot for each seed, a black bar at the "
        f"median, for each cell; a dotted line at n = {trained_to}, the longest in training. Tested up to {tested_to}.",
    )


def plot_units(text: str, units: dict[str, Sequence[float]], ylabel: str) -> Picture:
    """The value of units at every character of `text`: `units[label]` (T,); the label's first word is the cell."""
    figure, panels = new_figure(9.6, 1.5 * len(units) + 0.5, rows=len(units), sharex=True, squeeze=False)
    for axes, (label, values) in zip(panels[:, 0], units.items(), strict=True):
        axes.plot(range(len(values)), values, **STYLES.get(label.split()[0], {"color": "black"}), linewidth=1.6)
        axes.axhline(0, color="#999999", linewidth=0.6)
        axes.set_ylabel(ylabel)
        axes.set_title(label, fontsize=9, loc="left")
        tidy(axes)
    panels[-1, 0].set_xticks(range(len(text)), [visible(char) for char in text], family="monospace", fontsize=7)
    panels[-1, 0].tick_params(axis="x", length=0, rotation=0)
    return picture(figure, f"The value of {' and '.join(units)} at each character of a line, as a curve.")
