"""Figures of training and its curves (notebooks 04 and 05)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.patches import FancyArrowPatch, Rectangle

from ..networks.registry import MARKERS, STYLES
from ..training.config import History, TrainConfig
from .picture import Picture, new_figure, picture, tidy

# --------------------------------------------------------------------------------- 04 and 05: training and its curves

UNITS = {"nats": 1.0, "bits": 1 / math.log(2)}
AXES = {"updates": "updates", "characters": "characters read (millions)", "seconds": "seconds of training"}
LOSS_TICKS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 4, 6)


def plot_losses(
    histories: Sequence[History],
    ladder: dict[str, float] | None = None,
    floor: float | None = None,
    axis: str = "updates",
    unit: str = "nats",
) -> Picture:
    """Validation loss of every history against updates, characters or seconds, with the ladder's rungs and the floor.

    `ladder` and `floor` in nats per character. LSTM solid blue, GRU dashed orange, thinner for further seeds. The loss
    stands on a logarithmic scale: the last tenths above the floor are what matters.
    """
    if axis not in AXES or unit not in UNITS:
        raise ValueError(
            f"axis is {axis!r} and unit {unit!r}; choose from {', '.join(AXES)} and from {', '.join(UNITS)}"
        )
    scale = UNITS[unit]
    figure, axes = new_figure(7.4, 3.8)
    ends = {}
    longest = 0.0
    for history in histories:
        x = {
            "updates": history.val_updates,
            "characters": [n / 1e6 for n in history.val_characters],
            "seconds": history.val_seconds,
        }[axis]
        y = [loss * scale for loss in history.val_losses]
        point = MARKERS[history.cell] if len(x) == 1 else None  # a line of one point cannot be seen
        axes.plot(x, y, **STYLES[history.cell], linewidth=1.8 if history.cell not in ends else 1.0, marker=point)
        if x:
            ends[history.cell] = (x[-1], y[-1])
            longest = max(longest, x[-1])
    marks = {name: loss for name, loss in (ladder or {}).items() if name not in ("uniform", "unigram")}
    if floor is not None:
        marks["floor"] = floor
    for name, loss in marks.items():
        line = {**STYLES["floor"], "linewidth": 1.6} if name == "floor" else {"color": "#999999", "linewidth": 0.8}
        axes.axhline(loss * scale, **line)
        axes.annotate(
            name, (1.01, loss * scale), xycoords=("axes fraction", "data"), va="center", fontsize=8, color="#555555"
        )
    for cell in ends:
        axes.plot([], [], **STYLES[cell], label=cell)
    axes.set_xlim(0, max(longest, 1e-9) * 1.02)
    axes.set_xlabel(AXES[axis])
    axes.set_yscale("log")
    axes.set_yticks(LOSS_TICKS, [f"{tick:g}" for tick in LOSS_TICKS])
    axes.set_yticks([], minor=True)
    shown = [loss * scale for history in histories for loss in history.val_losses] + [
        line * scale for line in marks.values()
    ]
    axes.set_ylim(0.92 * min(shown, default=1), 1.08 * max(shown, default=4))
    axes.set_ylabel(f"validation loss ({unit}/character)")
    if ends:
        axes.legend(frameon=False)
    tidy(axes)
    seeds = max((sum(h.cell == cell for h in histories) for cell in ends), default=0)
    lines = f"{' and '.join(sorted(ends, reverse=True)) or 'no network yet'}, {seeds} seed(s) each"
    against = f" Horizontal lines mark {', '.join(marks)}." if marks else ""
    return picture(
        figure,
        f"Validation loss in {unit} per character, on a logarithmic scale, against {AXES[axis]}: {lines}.{against}",
    )


def plot_training_losses(histories: Sequence[History], smoothed: Sequence[Sequence[float]]) -> Picture:
    """Training loss of each update, pale, and smoothed, in full colour; below it the gradient norm before clipping.

    `smoothed`: for each history a list of the last part of its updates; one shorter than the run ends where it ends.
    """
    figure, (top, low) = new_figure(7.4, 4.8, rows=2, sharex=True)
    for history, line in zip(histories, smoothed, strict=True):
        style = STYLES[history.cell]
        top.plot(range(1, history.updates + 1), history.losses, color=style["color"], alpha=0.22, linewidth=0.6)
        start = history.updates - len(line) + 1
        top.plot(range(start, history.updates + 1), line, **style, linewidth=1.6, label=history.cell)
        low.plot(range(1, history.updates + 1), history.norms, **style, linewidth=0.6)
    for clip in {history.config.clip for history in histories}:
        low.axhline(clip, color="black", linewidth=0.9)
        low.annotate("clip", (1.01, clip), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    top.set_ylabel("training loss\n(nats/character)")
    low.set(xlabel="updates", ylabel="gradient norm", yscale="log")
    top.legend(frameon=False, loc="upper right")
    for axes in (top, low):
        tidy(axes)
    return picture(
        figure,
        "Above, the training loss of every update, pale and ragged, and its moving average as a line: LSTM solid, GRU "
        "dashed. Below, the gradient norm of every update on a logarithmic scale, with a line at the clipping norm.",
    )


def plot_schedule(config: TrainConfig) -> Picture:
    """The learning rate of every update: warm-up, then half a cosine."""
    figure, axes = new_figure(6, 2.4)
    updates = range(config.updates)
    axes.plot(updates, [config.rate(update) for update in updates], color="#000000")
    axes.axvline(config.warmup, color="#999999", linewidth=0.8)
    axes.annotate("end of warm-up", (config.warmup, 0), xytext=(4, 4), textcoords="offset points", fontsize=8)
    axes.set_xlabel("updates")
    axes.set_ylabel("learning rate")
    axes.set_ylim(0)
    tidy(axes)
    return picture(
        figure,
        f"The learning rate rises in a straight line over {config.warmup} updates and falls along half a cosine until "
        f"update {config.updates}.",
    )


def draw_truncation(text: str = "the cat sat on the mat ", window: int = 6, windows: int = 3) -> Picture:
    """Truncated back-propagation: the state goes on from window to window, the gradient does not."""
    figure, axes = new_figure(8, 2.3)
    for number in range(windows):
        left = number * window
        axes.add_patch(Rectangle((left - 0.45, -0.75), window - 0.1, 1.5, facecolor=("#E8F1F8", "#FBEDE3")[number % 2]))
        axes.annotate(f"window {number + 1}", (left + window / 2 - 0.5, 0.95), ha="center", fontsize=9)
        back = FancyArrowPatch(
            (left + window - 0.8, -0.55),
            (left - 0.3, -0.55),
            arrowstyle="-|>",
            mutation_scale=12,
            color="#009E73",
            linestyle="--",
        )
        axes.add_patch(back)
    for position in range(window * windows):
        axes.annotate(repr(text[position])[1:-1], (position, 0.25), ha="center", fontsize=11, family="monospace")
        crossing = position % window == window - 1
        if position < window * windows - 1:
            axes.add_patch(
                FancyArrowPatch(
                    (position + 0.1, 0),
                    (position + 0.95, 0),
                    arrowstyle="-|>",
                    mutation_scale=10,
                    linewidth=2.2 if crossing else 1,
                    color="#000000",
                )
            )
    axes.annotate(
        "state: carried on",
        (window - 0.1, 0.02),
        xytext=(window - 0.1, -1.15),
        ha="center",
        fontsize=8,
        arrowprops={"arrowstyle": "-", "color": "#777777"},
    )
    axes.annotate("gradient: stops here", (-0.35, -0.55), xytext=(-0.2, -1.15), ha="left", fontsize=8, color="#00724F")
    axes.set_xlim(-0.7, window * windows - 0.3)
    axes.set_ylim(-1.35, 1.2)
    axes.axis("off")
    return picture(
        figure,
        f"{windows} windows of {window} characters. Black arrows carry the state from every character to the next, "
        "also across the borders of windows. Green dashed arrows carry the gradient back and stop at the left edge of "
        "each window.",
    )
