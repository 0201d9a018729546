"""Figures of training and its curves."""

from collections import Counter
from collections.abc import Sequence

from ..measures.intervals import bits
from ..measures.memory import Share
from ..networks.registry import CELLS
from ..training.config import History
from .pictures import Picture, logarithmic, marks_of, name_lines, new_figure, picture, style_of

UNITS = {"nats": 1.0, "bits": bits(1)}
AXES = {"updates": "updates", "characters": "characters read (millions)", "seconds": "seconds of training"}
RUNG = {"color": "#777777", "linewidth": 0.8}
LOSS_TICKS = (0.2, 0.3, 0.5, 1, 2, 3, 5)


def plot_losses(
    histories: Sequence[History],
    ladder: dict[str, float] | None = None,
    floor: float | None = None,
    axis: str = "updates",
    unit: str = "nats",
) -> Picture:
    """Draw the validation loss of every history against updates, characters or seconds, with rungs and the floor.

    `ladder` and `floor` are in nats per character. The lines of a cell's further seeds are thinner. The loss stands on
    a logarithmic scale, because the last tenths above the floor are what matters. Raises `ValueError` for another
    `axis` or `unit`.
    """
    if axis not in AXES or unit not in UNITS:
        raise ValueError(
            f"axis is {axis!r} and unit {unit!r}; choose from {', '.join(AXES)} and from {', '.join(UNITS)}"
        )
    scale = UNITS[unit]
    figure, axes = new_figure(height=3.2)
    seeds, losses = Counter(), []
    for history in histories:
        validations = history.validations()  # all at once, because the run may go on in another thread
        if not validations:
            continue
        x = [getattr(row, axis) / (1e6 if axis == "characters" else 1) for row in validations]
        losses += [row.loss for row in validations]
        first = not seeds[history.cell]
        axes.plot(
            x,
            [row.loss * scale for row in validations],
            **style_of(history.cell),
            linewidth=1.8 if first else 1.0,
            marker=CELLS[history.cell].marker if len(x) == 1 else None,  # a line of one point cannot be seen
            label=history.cell if first else None,
        )
        seeds[history.cell] += 1
    lines = {name: loss for name, loss in (ladder or {}).items() if name not in ("uniform", "unigram")}
    if floor is not None:
        lines["floor"] = floor
    for name, loss in lines.items():
        axes.axhline(loss * scale, **style_of(name, RUNG), label=name)
    axes.margins(x=0.02)
    axes.set_xlim(left=0)
    axes.set_xlabel(AXES[axis])
    shown = [*lines.values(), *losses] or [1, 4]
    _log_losses(axes, [loss * scale for loss in shown])
    name_lines(axes)
    axes.set_ylabel(f"validation loss ({unit}/character)")
    cells = " and ".join(sorted(seeds, reverse=True)) or "no network yet"
    against = f" Horizontal lines mark {', '.join(lines)}." if lines else ""
    return picture(
        figure,
        f"Validation loss in {unit} per character, on a logarithmic scale, against {AXES[axis]}: {cells}, "
        f"{max(seeds.values(), default=0)} seed(s) each.{against}",
    )


def _log_losses(axes, losses: Sequence[float]) -> None:
    """Give these losses a logarithmic axis with numbers that can be read."""
    axes.set_yscale("log")
    logarithmic(axes.yaxis, LOSS_TICKS)
    axes.set_ylim(0.92 * min(losses), 1.08 * max(losses))


def plot_loss_and_memory(histories: Sequence[History], shares: dict[str, dict[int, Share]]) -> Picture:
    """Draw the validation loss (nats/character), and below it the share of names right, `shares[cell][updates]`."""
    figure, (top, low) = new_figure(height=3.6, rows=2, sharex=True)
    for history in histories:
        style, seen = style_of(history.cell), shares[history.cell]
        top.plot(history.val_updates, history.val_losses, **style, linewidth=1.8, label=history.cell)
        low.plot(
            list(seen), [share.share for share in seen.values()], **{**marks_of(history.cell), **style}, markersize=4
        )
        ends = zip(*(share.interval() for share in seen.values()), strict=True)
        low.fill_between(list(seen), *ends, color=style["color"], alpha=0.15, linewidth=0)
    _log_losses(top, [loss for history in histories for loss in history.val_losses])
    low.axhline(next(iter(seen.values())).chance, color="black", linewidth=0.8, label="chance")
    top.set_ylabel("validation loss\n(nats/character)")
    low.set(xlabel="updates", ylabel="names right", ylim=(0, 1.03), xlim=(0, None))
    name_lines(top)
    name_lines(low)
    return picture(
        figure,
        "Above, the validation loss against updates, on a logarithmic scale; below, the share of names right, with "
        f"95 % intervals, and chance as a line: {' and '.join(shares)}.",
    )


def plot_training_losses(histories: Sequence[History], smoothed: Sequence[Sequence[float]]) -> Picture:
    """Draw the training loss of each update, pale, and smoothed; below it the gradient norm before clipping.

    `smoothed` holds a list for each history. One that is shorter than the run ends where the run ends.
    """
    figure, (top, low) = new_figure(height=3.6, rows=2, sharex=True)
    for history, means in zip(histories, smoothed, strict=True):
        style = style_of(history.cell)
        updates = range(1, history.updates + 1)
        top.plot(updates, history.losses, color=style["color"], alpha=0.4, linewidth=0.7)
        top.plot(updates[len(updates) - len(means) :], means, **style, linewidth=1.6, label=history.cell)
        low.plot(updates, history.norms, **style, linewidth=0.6)
    for clip in {history.config.clip for history in histories}:
        low.axhline(clip, color="black", linewidth=0.8, label="clip")
    top.set(ylabel="training loss\n(nats/character)", yscale="log")
    logarithmic(top.yaxis)
    low.set(xlabel="updates", ylabel="gradient norm", yscale="log")
    logarithmic(low.yaxis)
    name_lines(top)
    name_lines(low)
    return picture(
        figure,
        "Above, the training loss of every update, on a logarithmic scale, pale and ragged, and its moving average as "
        "a line: LSTM solid, GRU dashed. Below, the gradient norm of every update, with a line at the clipping norm.",
    )
