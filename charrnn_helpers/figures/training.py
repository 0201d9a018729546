"""Figures of training and its curves."""

from collections import Counter
from collections.abc import Sequence

from ..measures.intervals import bits
from ..measures.memory import Share
from ..networks.registry import CELLS
from ..training.config import History, TrainConfig
from .pictures import NOTE, Picture, logarithmic, marks_of, name_lines, new_figure, picture, style_of

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
    """Validation loss of every history against updates, characters or seconds, with the ladder's rungs and the floor.

    `ladder` and `floor` in nats per character. LSTM solid blue, GRU dashed orange, thinner for further seeds. The loss
    stands on a logarithmic scale: the last tenths above the floor are what matters.
    """
    if axis not in AXES or unit not in UNITS:
        raise ValueError(
            f"axis is {axis!r} and unit {unit!r}; choose from {', '.join(AXES)} and from {', '.join(UNITS)}"
        )
    scale = UNITS[unit]
    figure, axes = new_figure(height=3.2)
    seeds = Counter()
    for history in histories:
        if not history.val_losses:
            continue
        x = [n / 1e6 for n in history.val_characters] if axis == "characters" else getattr(history, f"val_{axis}")
        first = not seeds[history.cell]
        axes.plot(
            x,
            [loss * scale for loss in history.val_losses],
            **style_of(history.cell),
            linewidth=1.8 if first else 1.0,
            marker=CELLS[history.cell].marker if len(x) == 1 else None,  # a line of one point cannot be seen
            label=history.cell if first else None,
        )
        seeds[history.cell] += 1
    lines = {**(ladder or {}), "floor": floor}
    lines = {name: lines[name] for name in lines if name not in ("uniform", "unigram") and lines[name] is not None}
    for name, loss in lines.items():
        axes.axhline(loss * scale, **style_of(name, RUNG), label=name)
    axes.margins(x=0.02)
    axes.set_xlim(left=0)
    axes.set_xlabel(AXES[axis])
    shown = [*lines.values(), *(loss for history in histories for loss in history.val_losses)] or [1, 4]
    _log_losses(axes, min(shown) * scale, max(shown) * scale)
    name_lines(axes)
    axes.set_ylabel(f"validation loss ({unit}/character)")
    cells = " and ".join(sorted(seeds, reverse=True)) or "no network yet"
    against = f" Horizontal lines mark {', '.join(lines)}." if lines else ""
    return picture(
        figure,
        f"Validation loss in {unit} per character, on a logarithmic scale, against {AXES[axis]}: {cells}, "
        f"{max(seeds.values(), default=0)} seed(s) each.{against}",
    )


def _log_losses(axes, lowest: float, highest: float) -> None:
    """A logarithmic axis for losses between these two, with numbers that can be read."""
    axes.set_yscale("log")
    axes.set_yticks(LOSS_TICKS, [f"{tick:g}" for tick in LOSS_TICKS])
    axes.set_yticks([], minor=True)
    axes.set_ylim(0.92 * lowest, 1.08 * highest)


def plot_birth(histories: Sequence[History], shares: dict[str, dict[int, Share]]) -> Picture:
    """Validation loss (nats/character), and below it the share of names right, `shares[cell][updates]`, and chance."""
    figure, (top, low) = new_figure(height=3.6, rows=2, sharex=True)
    for history in histories:
        top.plot(history.val_updates, history.val_losses, **style_of(history.cell), linewidth=1.8, label=history.cell)
        looks = shares[history.cell]
        middle = [look.share for look in looks.values()]
        lower, upper = zip(*(look.interval() for look in looks.values()), strict=True)
        low.plot(list(looks), middle, **style_of(history.cell), marker=marks_of(history.cell)["marker"], markersize=4)
        low.fill_between(list(looks), lower, upper, color=style_of(history.cell)["color"], alpha=0.15, linewidth=0)
    losses = [loss for history in histories for loss in history.val_losses]
    _log_losses(top, min(losses), max(losses))
    low.axhline(next(iter(looks.values())).chance, color="black", linewidth=0.8, label="chance")
    top.set_ylabel("validation loss\n(nats/character)")
    low.set(xlabel="updates", ylabel="names right", ylim=(0, 1.03), xlim=(0, None))
    name_lines(top)
    name_lines(low)
    return picture(
        figure,
        "Above, the validation loss against updates, on a logarithmic scale; below, the share of names right, with "
        f"95 % intervals, and chance as a line: {' and '.join(shares)}.",
    )


def plot_starts(shares: dict[str, dict[str, Sequence[dict[int, float]]]], chance: float) -> Picture:
    """Share of names right against updates, `shares[title][start][seed][updates]`; a panel a title, a line a seed."""
    figure, panels = new_figure(cols=len(shares), sharex=True, sharey=True, squeeze=False)
    looks = (("#009E73", "-"), ("#CC79A7", "--"))
    for axes, (title, starts) in zip(panels[0], shares.items(), strict=True):
        axes.axhline(chance, color="black", linewidth=0.8, label="chance")
        for (start, seeds), (colour, line) in zip(starts.items(), looks, strict=True):
            for number, held in enumerate(seeds):
                label = None if number else start
                axes.plot(list(held), list(held.values()), color=colour, linestyle=line, linewidth=1.3, label=label)
        axes.set_title(title)
        axes.set(xlabel="updates", ylim=(0, 1.03), xlim=(0, None))
        name_lines(axes)
    panels[0][0].set_ylabel("share of names right")
    told = "; ".join(f"{title}, {' and '.join(starts)}" for title, starts in shares.items())
    return picture(
        figure,
        f"The share of names right against updates, a line for each seed, beside chance as a black line: {told}.",
    )


def plot_training_losses(histories: Sequence[History], smoothed: Sequence[Sequence[float]]) -> Picture:
    """Training loss of each update, pale, and smoothed, in full colour; below it the gradient norm before clipping.

    `smoothed`: for each history a list of the last part of its updates; one shorter than the run ends where it ends.
    """
    figure, (top, low) = new_figure(height=3.6, rows=2, sharex=True)
    for history, line in zip(histories, smoothed, strict=True):
        style = style_of(history.cell)
        updates = range(1, history.updates + 1)
        top.plot(updates, history.losses, color=style["color"], alpha=0.4, linewidth=0.7)
        top.plot(updates[len(updates) - len(line) :], line, **style, linewidth=1.6, label=history.cell)
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


def plot_schedule(config: TrainConfig) -> Picture:
    """The learning rate of every update: warm-up, then half a cosine."""
    figure, axes = new_figure(height=2)
    updates = range(config.updates)
    axes.plot(updates, [config.rate(update) for update in updates], color="#000000")
    axes.axvline(config.warmup, color="#999999", linewidth=0.8)
    axes.annotate("end of warm-up", (config.warmup, 0), xytext=(4, 4), textcoords="offset points", **NOTE)
    axes.set(xlabel="updates", ylabel="learning rate")
    axes.set_ylim(0)
    return picture(
        figure,
        f"The learning rate rises in a straight line over {config.warmup} updates and falls along half a cosine until "
        f"update {config.updates}.",
    )


def plot_recipes(rows: Sequence[dict], protocol: str, others: dict[str, tuple[float, float]]) -> Picture:
    """Loss (nats/character, measured by `protocol`) against seconds of training, a mark a row, named by its recipe.

    `others`: further marks by name, (seconds, loss).
    """
    figure, axes = new_figure()
    places = {}
    for row in rows:
        places.setdefault(row["recipe"], []).append((row["seconds"], row[protocol]))
        axes.plot(row["seconds"], row[protocol], **marks_of(row["cell"]), label=row["cell"])
    for name, place in others.items():
        axes.plot(*place, **marks_of(name))
    ends = {name: max(found) for name, found in places.items()} | others
    for name, place in ends.items():
        axes.annotate(name, place, xytext=(8, 0), textcoords="offset points", va="center")
    axes.margins(x=0.3, y=0.15)
    axes.set(xscale="log", xlabel="seconds of training", ylabel="loss (nats/character)")
    logarithmic(axes.xaxis)
    return picture(
        figure,
        f"Loss in nats per character ({protocol}) against seconds of training, logarithmic, LSTM and GRU after each of "
        f"the recipes {', '.join(places)}; beside them {', '.join(others)}.",
    )
