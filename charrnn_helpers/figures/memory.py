"""Figures of gates, units and memory (notebook 08)."""

from collections.abc import Sequence
from statistics import median

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


def plot_gradient_by_lag(curves: dict[str, Tensor]) -> Picture:
    """Gradient norms by lag, `curves[label]` (lags,) from lag 1 on. A label is a cell, then "fresh" (thin) or not."""
    figure, axes = new_figure(height=3.8)
    for label, norms in curves.items():
        width = 1.0 if "fresh" in label else 2.2
        axes.plot(range(1, len(norms) + 1), norms, **style_of(label.split()[0]), linewidth=width, label=label)
    axes.set(yscale="log", xlabel="lag k (characters)", ylabel="mean |∂loss$_t$ / ∂h$_{t-k}$|")
    low = max(1e-12, min(float(norms.min()) for norms in curves.values()))
    axes.set_ylim(bottom=low / 2)
    return picture(
        figure,
        "How much the loss depends on earlier states: the norm of the gradient, on a logarithmic scale, against the "
        f"lag in characters, for {', '.join(curves)}.",
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


def plot_units(text: str, units: dict[str, Sequence[float]], ylabel: str) -> Picture:
    """The value of units at every character of `text`: `units[label]` (T,); the label's first word is the cell."""
    figure, panels = new_figure(9.6, 1.5 * len(units) + 0.5, rows=len(units), sharex=True, squeeze=False)
    for axes, (label, values) in zip(panels[:, 0], units.items(), strict=True):
        axes.plot(range(len(values)), values, **style_of(label.split()[0], {"color": "black"}), linewidth=1.6)
        axes.axhline(0, color="#999999", linewidth=0.6)
        axes.set_ylabel(ylabel)
        axes.set_title(label, fontsize=9, loc="left")
    show_characters(panels[-1, 0], text, fontsize=7)
    return picture(figure, f"The value of {' and '.join(units)} at each character of a line, as a curve.")
