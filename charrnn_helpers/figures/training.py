"""Figures of training: losses, memories and gradients along a run, and a planted fault."""

from collections import Counter
from collections.abc import Sequence
from textwrap import fill

from matplotlib.patches import Rectangle

from ..experiments.observations import BIGRAM, TALES_FLOOR, Run, Setting
from ..measures.intervals import bits
from ..measures.memory import Share
from ..networks.registry import CELLS
from ..training.config import History
from .pictures import FLOOR, Picture, draw_curve, logarithmic, name_lines, new_figure, picture, style_of

UNITS = {"nats": 1.0, "bits": bits(1)}
AXES = {"updates": "updates", "characters": "characters read (millions)", "seconds": "seconds of training"}
RUNG = {"color": "#777777", "linewidth": 0.8}
COUNTING = {"color": "#555555", "linestyle": "-"}
LOSS_TICKS = (0.2, 0.3, 0.5, 1, 2, 3, 5)
BROKEN_STYLE = {"color": "#CC79A7", "linestyle": "-"}
SOUND_STYLE = {"color": "#000000", "linestyle": "--"}


def plot_ladder(rungs: dict[str, float], floor: float) -> Picture:
    """Draw a ladder of losses, in nats per character on a logarithmic scale: a named rung for each, above the floor.

    Rungs of cells have the colours of the cells, all others are grey.
    """
    figure, axes = new_figure(height=4.0)
    axes.axvline(0, **RUNG)
    axes.axvline(1, **RUNG)
    for name, loss in rungs.items():
        axes.plot([0, 1], [loss, loss], **{**style_of(name, COUNTING), "linewidth": 2}, label=f"{name}: {loss:.2f}")
    axes.axhspan(0.9 * floor, floor, color=FLOOR["color"], alpha=0.3)
    axes.plot([0, 1], [floor, floor], **FLOOR, linewidth=2, label=f"the floor: {floor:.2f}")
    axes.set(xlim=(-0.02, 1.02), xticks=[], yscale="log", ylim=(0.9 * floor, 1.1 * max(rungs.values())))
    logarithmic(axes.yaxis)
    axes.set_ylabel("loss on val (nats per character)")
    name_lines(axes)
    return picture(figure, f"A ladder of losses above the floor, with a rung for each of {', '.join(rungs)}.")


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
        draw_curve(low, seen, **style, marker=CELLS[history.cell].marker, markersize=4)
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


def plot_fault(run: Run, twin: Run | None = None) -> Picture:
    """Draw losses, gradient norms and loss by position in the window, of a run and of its sound `twin`, if any.

    If the run stopped, its message stands above.
    """
    figure, (left, middle, right) = new_figure(height=3.2, cols=3)
    shown = [(run, BROKEN_STYLE, "this run")]
    if twin is not None:
        shown.append((twin, SOUND_STYLE, "sound run"))  # dashed, over a run that may be the same
    for each, style, name in shown:
        updates = range(1, len(each.losses) + 1)
        left.plot(updates, each.losses, **style, linewidth=1.2, label=name)
        hollow = {"markerfacecolor": "none", "markersize": 9} if each is twin else {"markersize": 6}
        left.plot(each.val_updates, each.val_losses, color=style["color"], marker="o", linestyle="none", **hollow)
        middle.plot(updates, each.norms, **style, linewidth=1.2)
        right.plot(range(1, len(each.by_position) + 1), each.by_position, **style, linewidth=2)
    left.axhline(TALES_FLOOR, **FLOOR, linewidth=1.5)
    left.set_title("loss in nats\n(dots: validation)")
    left.set(yscale="symlog", ylim=(-0.05, 30))
    left.set_yticks([], minor=True)
    left.legend(frameon=False, loc="upper right")
    left.set_yticks([TALES_FLOOR, 1, 2, 4, 10, 30], ["floor", "1", "2", "4", "10", "30"])
    middle.set_title("gradient norm\n(dotted: the limit)")
    middle.axhline(Setting.clip, **FLOOR, linewidth=1.5)
    middle.set(yscale="log")
    logarithmic(middle.yaxis)
    right.set_title("loss by position,\nlast 50 updates")
    highest = max([1, *(max(each.by_position, default=0) for each, _, _ in shown)])
    right.set_ylim(0, 1.1 * highest)
    if highest > BIGRAM:
        right.axhline(BIGRAM, **FLOOR, linewidth=1.5)
        right.annotate("bigram", (0.5, BIGRAM), (0, 3), xycoords=("axes fraction", "data"), textcoords="offset points")
    for axes, what in ((left, "updates"), (middle, "updates"), (right, "position in the window")):
        axes.set_xlabel(what)
    if run.error:
        message = fill(f"It stopped after {len(run.losses)} update(s): {run.error}", 90)
        figure.suptitle(message, fontsize="medium", parse_math=False)
    who = "a run, in purple" + (", beside its sound twin, black and dashed" if twin else "")
    return picture(
        figure,
        f"Three charts of {who}. Left: training loss of every update in nats per character, and validation loss as "
        "dots, with a dotted line at the floor. Middle: gradient norms before clipping, on a logarithmic scale, with a "
        "dotted line at the limit. Right: training loss at each position in the window."
        + (" A dotted line shows the loss of a bigram." if highest > BIGRAM else "")
        + (" The run stopped; the message stands above." if run.error else ""),
    )


def plot_signs(seen: dict[str, dict[str, bool]], usual: int) -> Picture:
    """Draw what gives each fault away, `seen[fault][observation]`: rows are faults, columns are observations.

    A filled square says that the observation differs from that of a sound run. The first `usual` columns, at which
    everybody looks, have a frame, and a fault that shows in none of them has its name in bold letters.
    """
    columns = list(next(iter(seen.values())))
    silent = [fault for fault, signs in seen.items() if not any(signs[name] for name in columns[:usual])]
    figure, axes = new_figure(height=0.27 * len(seen) + 1.1)
    for row, (fault, signs) in enumerate(seen.items()):
        for column, name in enumerate(columns):
            colour = BROKEN_STYLE["color"] if signs[name] else "#F0F0F0"
            axes.add_patch(Rectangle((column + 0.06, row + 0.08), 0.88, 0.84, facecolor=colour))
            if signs[name]:
                axes.plot(column + 0.5, row + 0.5, "x", color="black")
        weight = "bold" if fault in silent else "normal"
        axes.text(-0.15, row + 0.5, fault, ha="right", va="center", weight=weight, parse_math=False)
    axes.add_patch(Rectangle((0, 0), usual, len(seen), fill=False, linewidth=2))
    axes.set(xlim=(-0.02, len(columns)), ylim=(len(seen) + 0.05, -0.05), yticks=[])
    axes.xaxis.tick_top()
    axes.set_xticks([column + 0.5 for column in range(len(columns))], [fill(name, 11) for name in columns], rotation=90)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return picture(
        figure,
        f"A table of squares: a row for each of {len(seen)} faults, a column for each of {', '.join(columns)}. A "
        f"square with a cross says that the fault shows there. The first {usual} columns have a frame. These faults "
        f"show in none of them, and their names are in bold letters: {', '.join(silent)}.",
    )
