"""Figures of gates, units and memory."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from statistics import median

import numpy as np
import torch
from matplotlib.patheffects import withStroke
from torch import Tensor

from ..measures.intervals import Interval
from ..measures.memory import Share
from ..networks.registry import CELLS
from .pictures import (
    FLOOR,
    LOOKS,
    NOTE,
    Picture,
    draw_curve,
    logarithmic,
    marks_of,
    name_lines,
    new_figure,
    offsets,
    picture,
    show_characters,
    style_of,
)

VARIANTS = (("#000000", "-"), ("#CC79A7", "--"), ("#E69F00", ":"), ("#777777", "-."))  # of lines that are no cell's
Curve = dict[float, float | Interval] | np.ndarray | Tensor  # {x: y}, or the values at x = 1, 2, 3 and so on
Shares = dict[str, Share]  # by group


def plot_curves(
    curves: dict[str, dict[str, Curve | list[Curve]]],
    xlabel: str,
    ylabel: str,
    chance: float | None = None,
    text: str = "",
    ticks: Sequence[float] = (),
    log: bool = False,
) -> Picture:
    """Draw curves, `curves[title][label]`: a panel for each title, up to three in a row, and a colour for each label.

    A label has a curve, or a list of them, one for each seed. It begins with the name of a cell, or is a variant, which
    gets the next colour; a second label of the same cell is dotted. Curves of several seeds are thin; a band shows the
    intervals of a curve that has some. `chance` is drawn as a black line. The characters of `text` stand at x = 1, 2, 3
    and so on. With `ticks` the horizontal axis is logarithmic and has these; with `log` the vertical one is, too.
    """
    rows = -(-len(curves) // 3)
    size = {"height": 1.2 * rows + 1.6, "rows": rows, "cols": -(-len(curves) // rows)}
    figure, panels = new_figure(**size, sharex=True, sharey="row", squeeze=False)
    for axes, (title, labels) in zip(panels.flat, curves.items(), strict=True):
        if chance is not None:
            axes.axhline(chance, color="black", linewidth=0.8, label="chance")
            axes.set_ylim(0, 1.03)
        styles = []
        for (label, seeds), (colour, line) in zip(labels.items(), cycle(VARIANTS), strict=False):
            seeds = seeds if isinstance(seeds, list) else [seeds]
            variant = {"color": colour, "linestyle": line}
            style = style_of(label, variant)
            if style is not variant and style in styles:
                style = {**style, "linestyle": ":"}
            styles.append(style)
            width = 1.0 if len(seeds) > 1 else 2.0
            for number, curve in enumerate(seeds):
                points = curve if isinstance(curve, dict) else dict(enumerate(curve, start=1))
                draw_curve(axes, points, **style, linewidth=width, label=None if number else label)
        axes.set_title(title, loc="left", fontsize="medium")
        if text:
            show_characters(axes, text, first=1)
        if log:
            axes.set_yscale("log")
            logarithmic(axes.yaxis)
        if ticks:
            axes.set_xscale("log")
            logarithmic(axes.xaxis, ticks)
        elif len(points) <= 6 and not text:
            axes.set_xticks(list(points))
    for axes in panels.flat if rows == 1 else ():  # now that all have their common scale
        name_lines(axes)
    figure.supxlabel(xlabel, fontsize="medium")
    figure.supylabel(ylabel, fontsize="medium")
    named = {title: "" if list(labels) == [title] else f": {', '.join(labels)}" for title, labels in curves.items()}
    words = "".join(f" {title}{names}." for title, names in named.items())
    words += " A black line stands at chance." if chance else ""
    return picture(figure, f"Curves show the {ylabel} (vertical) against the {xlabel} (horizontal).{words}")


def plot_shares(
    shares: dict[str, dict[str, Shares | list[Shares]]],
    xlabel: str,
    ylabel: str = "share right",
    window: int | None = None,
) -> Picture:
    """Draw shares right with 95 % intervals, `shares[title][label][group]`: a panel for each title, chance in black.

    A label that names a cell is drawn in the cell's colour, and any other label, such as a control, in grey. Under each
    label stands a dict that gives the share right in each group of questions, or a list of such dicts, one for each
    network. If all groups are ranges of distances, such as "8 to 15", then a mark stands between the first number of
    its group and that of the next one. A line joins the marks of distances, or their medians for several networks. A
    dotted line stands at the `window` of training, because no gradient went further back.
    """
    figure, panels = new_figure(height=3.0, cols=len(shares), sharey=True, squeeze=False)
    for axes, (title, labels) in zip(panels[0], shares.items(), strict=True):
        networks_of = {label: rows if isinstance(rows, list) else [rows] for label, rows in labels.items()}
        groups = next(iter(networks_of.values()))[0]
        names = {group: group.split(" to ")[0].removesuffix(" on").replace(" ", "\n") for group in groups}
        distances = [group for group in groups if names[group].isdigit()]
        x = {group: number for number, group in enumerate(groups)}
        ranges = all(" to " in group or group.endswith(" on") for group in groups)
        for group, share in groups.items():
            axes.hlines(share.chance, x[group] - 0.5, x[group] + 0.5, color="black", linewidth=1.5, label="chance")
        cells = [label.split(",")[0] for label in networks_of]  # "LSTM, f = 0.95" is drawn as an LSTM is
        beside = min(0.2, 0.02 * len(shares) * len(groups))  # as near as the marks of one group can stand
        for number, ((label, networks), side) in enumerate(
            zip(networks_of.items(), offsets(len(networks_of), beside), strict=True)
        ):
            marks = marks_of(cells[number]) | {"markersize": 6 if len(networks) == 1 else 4}
            marks |= {"capsize": 2, "elinewidth": 1.5}
            if cells[number] in cells[:number]:
                marks["markerfacecolor"] = "white"
            for row, shift in zip(networks, offsets(len(networks), beside / len(networks)), strict=True):
                y, (low, high) = [share.share for share in row.values()], zip(*(s.interval() for s in row.values()))
                errors = np.subtract(y, low), np.subtract(high, y)
                axes.errorbar([x[group] + side + shift for group in row], y, yerr=errors, **marks, label=label)
            middle = [median(row[group].share for row in networks) for group in distances]
            axes.plot([x[group] + side for group in distances], middle, **style_of(label, FLOOR), linewidth=1)
        step = 1 + (len(groups) * len(shares) > 16)  # where there are many groups, every other one has its number
        few = slice(None, None, step)
        if str(window) in names.values():
            border = list(names.values()).index(str(window))
            axes.axvline(border - 0.5, **FLOOR, label="window")
            few = slice(border % step, None, step)  # one of those that have it
        axes.set_xticks([at - ranges / 2 for at in x.values()][few], list(names.values())[few])
        axes.set_title(title)
        axes.set_ylim(-0.02, 1.03)
        axes.margins(x=0.01)
    shown = dict.fromkeys(label for labels in shares.values() for label in labels)
    figure.supxlabel(xlabel, fontsize="medium")
    panels[0][0].set_ylabel(ylabel)
    return picture(
        figure,
        f"Points with 95 % intervals show the {ylabel} (vertical) against the {xlabel} (horizontal), for "
        f"{', '.join(shown)}. Panels: {'; '.join(shares)}. A black line stands at chance"
        + (f", and a dotted line at the window of {window} characters." if window else "."),
    )


def plot_points(
    points: dict[str, np.ndarray],
    words: Sequence[str],
    pushed: dict[str, np.ndarray] | None = None,
    arrow: tuple[str, str] | None = None,
) -> Picture:
    """Draw states as points, `points[title]` (n, 2), and each of the `words` (n,) at its points.

    The names of heroes have their colours, and the points of other words are grey. `pushed[title]` (n, 2) are the same
    states after a push. They are drawn as circles, in the colour of the cell with whose name the title begins, and a
    thin line joins each to its point. An `arrow` leads from the mean state of one word to that of another.
    """
    figure, panels = new_figure(height=3.6, cols=len(points), squeeze=False)
    for axes, (title, states) in zip(panels[0], points.items(), strict=True):
        axes.axhline(0, color="#BBBBBB", linewidth=0.8)
        axes.axvline(0, color="#BBBBBB", linewidth=0.8)
        for word in sorted(set(words)):
            own, (colour, _) = states[np.array(words) == word], LOOKS.get(word, ("#555555", ""))
            axes.scatter(*own.T, s=14, color=colour, linewidths=0, label="not pushed" if pushed else None)
            place = {"xytext": (0, 14 if pushed else 0), "textcoords": "offset points", "ha": "center", "va": "center"}
            look = {"weight": "bold", "path_effects": [withStroke(linewidth=3, foreground="white")]}
            axes.annotate(word, np.median(own, axis=0), color=colour, **place, **look)
        if pushed:
            circles = {"facecolors": "none", "edgecolors": style_of(title)["color"], "label": f"{title}, pushed"}
            axes.scatter(*pushed[title].T, s=45, zorder=0, **circles)
            axes.plot(*np.stack([states, pushed[title]]).transpose(2, 0, 1), color="#BBBBBB", linewidth=0.6, zorder=-1)
        if arrow:
            start, end = (states[np.array(words) == word].mean(axis=0) for word in arrow)
            axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "linewidth": 2, "facecolor": "black"})
        axes.set_title(title, loc="left", fontsize="medium")
    return picture(
        figure,
        f"Each state is a point, and the points of a word have its name: {'; '.join(points)}."
        + (" The same states after a push are circles, joined to their points." if pushed else "")
        + (f" An arrow leads from the mean state of {arrow[0]} to that of {arrow[1]}." if arrow else ""),
    )


def plot_horizons(seeds: dict[str, list[Shares]], ends: dict[str, str | None]) -> Picture:
    """Draw how far each network remembers, in a row for each: `seeds[network]`.

    Each seed is a thin line with 95 % intervals, and the area up to their mean is filled; a dashed line is chance. A
    group of distances, "8 to 15", lies between the marks of its beginning and of the next one. A bar stands where the
    group `ends[network]` begins, because the memory ends there.
    """
    figure, panels = new_figure(height=0.66 * len(seeds) + 0.6, rows=len(seeds), sharex=True, squeeze=False)
    for axes, (network, rows) in zip(panels[:, 0], seeds.items(), strict=True):
        groups, look = list(rows[0]), style_of(network)["color"]
        chance, x = rows[0][groups[0]].chance, range(len(groups))
        lines = np.array([[shares[group].share for group in groups] for shares in rows])  # (seeds, groups)
        axes.fill_between(x, lines.mean(axis=0), color=look, alpha=0.3, linewidth=0)
        for line, shares in zip(lines, rows, strict=True):
            low, high = zip(*(shares[group].interval() for group in groups), strict=True)
            axes.errorbar(x, line, yerr=(line - low, high - line), color=look, linewidth=1)
        axes.axhline(chance, color="#777777", linestyle="--", linewidth=1)
        axes.annotate("a guess", (1.01, chance), xycoords=("axes fraction", "data"), va="center", color="#555555")
        if ends[network]:
            axes.axvline(groups.index(ends[network]) - 0.5, color="black", linewidth=2.5)
        axes.set_xticks(np.arange(len(groups)) - 0.5, [group.split()[0] for group in groups])
        axes.set(xlim=(-0.6, len(groups) - 0.4), ylim=(0, 1.05), yticks=[0, 1])
        axes.set_ylabel(network, rotation=0, ha="right", va="center", color=look, weight="bold")
    figure.supxlabel("characters since the last mention", fontsize="medium")
    return picture(
        figure,
        f"A row for each of {', '.join(seeds)}: the share right, from 0 to 1, against the characters since the last "
        "mention. Three seeds are thin lines with 95 % intervals; the area up to their mean is filled. A dashed grey "
        "line is a guess. A black bar stands where a memory ends.",
    )


def plot_units(
    text: str,
    units: dict[str, Tensor | Sequence[float]],
    ylabel: str,
    marks: str = "",
    names: Sequence[str] = (),
    words: Mapping[int, str] | None = None,
) -> Picture:
    """Draw the value of units at every character of `text`: `units[label]` (T,). A label begins with its cell.

    Where values are (T, K), the first column is that of `text`; the others are those of other texts, as thin lines.
    With `names` each column has its name beside it: a hero in the hero's colour, others in black and grey. A dotted
    line stands at each of the characters in `marks`. A text that is too long to be written below can have `words`
    there, each with a dotted line at its position.
    """
    figure, panels = new_figure(height=1.2 * len(units) + 0.4, rows=len(units), sharex=True, squeeze=False)
    for axes, (label, values) in zip(panels[:, 0], units.items(), strict=True):
        own, *others = torch.as_tensor(values).reshape(len(text), -1).T
        if names:
            for name, line, grey in zip(names, (own, *others), cycle(("black", "#888888")), strict=False):
                look = {"color": LOOKS[name][0] if name in LOOKS else grey, "linewidth": 1.4}
                axes.plot(line, **look, label=name if axes is panels[-1, 0] else None)
        else:
            for other in others:
                axes.plot(other, color="#999999", linewidth=0.8)
            axes.plot(own, **style_of(label, {"color": "black"}), linewidth=1.6)
        axes.axhline(0, color="#999999", linewidth=0.6)
        for position in [*(position for position, char in enumerate(text) if char in marks), *(words or {})]:
            axes.axvline(position, **FLOOR)
        axes.set_ylabel(ylabel)
        axes.set_title(label, loc="left")
    name_lines(panels[-1, 0])
    show_characters(panels[-1, 0], text)
    if words:
        panels[-1, 0].set_xticks(list(words), list(words.values()))
    return picture(figure, f"The value of {' and '.join(units)} at each character of a line, as a curve.")


def plot_update(cell: str, values: dict[str, float], keep: float, steps: int) -> Picture:
    """Draw the `values` of one step of one unit as bars, by name, and how long its gate keeps a value if it is `keep`.

    At the right stands what is left of a value after 0 to `steps` steps. The bar of the new memory, "$c_t$" for an LSTM
    and "$h_t$" for a GRU, has the colour of the cell.
    """
    row = CELLS[cell]
    figure, (bars, decay) = new_figure(height=2.6, cols=2, width_ratios=(3, 2))
    shades = [row.colour if name == f"${row.memory}_t$" else "#999999" for name in values]
    drawn = bars.bar(values.keys(), values.values(), color=shades, width=0.62)
    bars.bar_label(drawn, fmt=lambda value: f"{value:.2f}".replace("-", "−"), padding=2)
    bars.axhline(0, color="black", linewidth=0.8)
    span = max(1.0, *(abs(value) for value in values.values())) * 1.3
    bars.set_ylim(-span, span)
    bars.set_title("one step of one unit")
    bars.tick_params(bottom=False)
    decay.plot([keep**t for t in range(steps + 1)], marker="o", markersize=3, **row.style)
    decay.axhline(0.5, **FLOOR)
    decay.text(steps, 0.52, "half", ha="right", color="#555555")
    decay.set(xlim=(-0.02 * steps, 1.02 * steps), ylim=(0, 1.05))
    decay.set(xlabel="steps (characters)", ylabel="share that is left")
    decay.set_title(f"${row.keep_gate}^t$ at ${row.keep_gate}={keep:.2f}$")
    unmarked = str.maketrans("", "", "$\\{},")  # a formula in words
    shown = ", ".join(f"{name.translate(unmarked)} = {value:.2f}" for name, value in values.items())
    return picture(
        figure,
        f"Left: bars for one step of one unit, {cell}: {shown}. Right: what is left of a value after 0 to {steps} "
        f"steps, {row.keep_gate} to the power t.",
    )


def plot_gradient_by_lag(line: str, gradients: dict[str, Tensor]) -> Picture:
    """Draw along a line with a key how much the loss at its end depends on each state before.

    `gradients[label]` (T - 1,) begins at lag 1, the last state but one of the T characters of `line`, and goes back to
    the first. Each curve is divided by its value at lag 1. A label begins with the name of a cell; a further curve of
    the same cell is dotted, or dashed. The key, which is the letter after "!", with its lag, and the question at the
    end of the line are marked.
    """
    figure, axes = new_figure(height=3.2)
    key, end = line.index("!") + 1, len(line) - 1
    for position, word, align in ((key, f"the key (lag {end - key})", "center"), (end, "the question", "right")):
        axes.axvspan(position - 0.5, position + 0.5, color="#E4E4E4")
        axes.annotate(word, (position + (align == "right") / 2, 1.02), xycoords=("data", "axes fraction"), ha=align)
    cells = [label.split()[0] for label in gradients]
    curves = {label: (values / values[0]).tolist() for label, values in gradients.items()}
    for number, (label, relative) in enumerate(curves.items()):
        style = style_of(cells[number])
        if before := cells[:number].count(cells[number]):
            style = style | {"linestyle": (":", "--")[(before - 1) % 2]}
        axes.plot(range(end - 1, -1, -1), relative, **style, linewidth=2)
        far = 2 * len(relative) // 3  # where the curves are apart
        crowded = any(relative[far] < other[far] < 10 * relative[far] for other in curves.values())
        falls = relative[far] < relative[far - 1]  # to the left, where it leaves room above it; to the right, below it
        note = {"color": style["color"], "weight": "bold", "textcoords": "offset points"}
        note["ha"] = "right" if falls != crowded else "left"
        axes.annotate(label, (end - 1 - far, relative[far]), (0, -16 if crowded else 6), **note)
    axes.set(xlim=(-0.7, end + 0.7), yscale="log", ylabel="gradient (1 at lag 1)")
    axes.set_xlabel("the state after this character", **NOTE)
    logarithmic(axes.yaxis)
    show_characters(axes, line)
    return picture(
        figure,
        f"Along a line of {len(line)} characters, with the key at the left and the question at the right: how much the "
        f"loss depends on the state after each character, on a logarithmic scale, for {', '.join(gradients)}.",
    )
