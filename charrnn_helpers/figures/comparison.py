"""Figures that compare cells and runs: losses by kind, pairs, what the trial answers, births of memory, costs."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ..experiments.birth import Birth
from ..measures.intervals import Interval
from ..networks.registry import BOTH, CELLS
from .pictures import (
    FLOOR,
    NOTE,
    Picture,
    draw_intervals,
    grouped_bars,
    logarithmic,
    marks_of,
    name_lines,
    new_figure,
    offsets,
    picture,
)

TEXT_STYLES = (("#000000", "o"), ("#CC79A7", "s"))  # of the first text and the second
MISSED = "#D62728"


def plot_excess_by_kind(excess: dict[str, dict[str, float]], chance: dict[str, float]) -> Picture:
    """Draw bars side by side for each kind of character: `excess[model][kind]`, in nats for one such character.

    A black line across the bars of a kind shows `chance[kind]`, which is what a blind guess loses. All models have the
    same kinds.
    """
    kinds = list(next(iter(excess.values())))
    figure, axes = new_figure(height=3.2)
    grouped_bars(
        axes, kinds, {name: [row[kind] for kind in kinds] for name, row in excess.items()}, [("#BBBBBB", "..")]
    )
    x = np.array([kinds.index(kind) for kind in chance])
    axes.hlines(list(chance.values()), x - 0.46, x + 0.46, color="black", linewidth=1.8, label="chance")
    axes.set_ylabel("excess over the oracle (nats)")
    axes.margins(x=0.01)
    axes.locator_params(axis="y", nbins=5)
    return picture(
        figure,
        f"Bars of excess over the oracle (nats) for {', '.join(excess)}, side by side, for each of: {', '.join(kinds)}."
        f" A black line at chance, what a blind guess loses, for {', '.join(chance)}.",
    )


def plot_memory_by_loss(
    networks: Mapping[str, Sequence[tuple[str, float, float]]],
    chance: float,
    ringed: Sequence[tuple[float, float]],
    word: str,
) -> Picture:
    """Draw each network as a point: its excess at one kind of word against its excess over all characters.

    `networks[cell]` holds the budget, the excess over all characters and that at the word, in nats over the oracle. The
    networks of one budget have its name beside them, and the larger it is, the fuller are their marks. A black line
    shows `chance`, what a blind guess loses at such a word. The points of `ringed` get a ring.
    """
    figure, axes = new_figure(height=3.4)
    axes.axhline(chance, color="black", linewidth=1.2, label="chance")
    read = sorted({budget for points in networks.values() for budget, *_ in points}, key=lambda name: float(name[:-2]))
    for cell, points in networks.items():
        axes.plot([], [], **marks_of(cell), markersize=4, label=cell)
        colour = CELLS[cell].colour
        for budget, fill in zip(read, ("white", (colour, 0.4), colour), strict=False):
            ours = [(left, up) for name, left, up in points if name == budget]
            if not ours:
                continue
            marks = marks_of(cell) | {"markersize": 4.5, "markerfacecolor": fill, "markeredgecolor": colour}
            axes.plot(*zip(*ours, strict=True), **marks)
            look = {"textcoords": "offset points", "ha": "center", "color": colour}
            if cell == "LSTM":  # above its networks, and otherwise below the lowest of them
                place = median(x for x, _ in ours), max(y for _, y in ours)
                axes.annotate(budget, place, (0, 6), va="bottom", **look)
            else:
                axes.annotate(budget, min(ours, key=lambda point: point[1]), (0, -6), va="top", **look)
    for x, y in ringed:
        axes.plot(x, y, "o", markersize=13, markerfacecolor="none", markeredgecolor="black")
    axes.set(xlabel="excess over all characters (nats/character)", ylabel=f"excess at {word} (nats)")
    axes.set_ylim(-0.16 * chance, 1.2 * chance)
    return picture(
        figure,
        f"A point for each network: the excess at {word} (vertical) against the mean excess over all characters "
        "(horizontal). A black line stands at chance. Rings mark networks with nearly the same mean excess.",
    )


def plot_paired(first: Sequence[float], second: Sequence[float], interval: Interval, smallest: float) -> Picture:
    """Draw the losses of each pair of runs, joined, and beside them their mean difference with its interval.

    `first` are losses of the LSTM, `second` of the GRU, both in nats per character; `interval` is that of their
    difference. A grey band shows ±`smallest`, the smallest difference of interest.
    """
    figure, (left, right) = new_figure(cols=2)
    for pair in zip(first, second, strict=True):
        left.plot([0, 1], pair, color="#999999", linewidth=0.9)
    for x, (name, losses) in enumerate(zip(BOTH, (first, second), strict=True)):
        left.plot([x] * len(losses), losses, **marks_of(name))
    left.set_xticks([0, 1], BOTH)
    left.set(xlim=(-0.4, 1.4), ylabel="best loss on val (nats/character)")
    right.axvspan(-smallest, smallest, color="#EEEEEE")
    right.axvline(0, color="black", linewidth=0.9)
    draw_intervals(right, [interval])
    reach = 1.1 * max(1.5 * smallest, *map(abs, interval))
    right.set(xlim=(-reach, reach), yticks=[], xlabel=f"{BOTH[0]} minus {BOTH[1]} (nats/character)")
    right.set_title(f"← {BOTH[0]} lower          {BOTH[1]} lower →")
    return picture(
        figure,
        f"Left: the best validation losses of {len(first)} pairs of runs, {' and '.join(BOTH)}, each pair joined "
        "by a line. Right: the mean difference and its confidence interval, against zero and a grey band of "
        f"±{smallest:g}, the smallest difference of interest.",
    )


def plot_answer(differences: dict[str, dict[float, Interval]], smallest: float, asked: float) -> Picture:
    """Draw LSTM minus GRU against millions of characters read, `differences[text][millions]`, with intervals.

    A line stands at zero and a grey band at ±`smallest`, all in nats per character. A dotted line marks the budget
    `asked`, in millions, at which the questions were asked.
    """
    figure, main = new_figure(height=3.2)
    main.axhspan(-smallest, smallest, color="#EEEEEE")
    main.axhline(0, color="black", linewidth=0.9)
    for number, ((text, intervals), (colour, marker)) in enumerate(zip(differences.items(), TEXT_STYLES, strict=False)):
        read = [millions * 1.06**number for millions in intervals]  # the marks of the texts stand side by side
        means, lows, highs = zip(*intervals.values(), strict=True)
        main.plot(read, means, color=colour, marker=marker, linestyle="none", label=text)
        main.vlines(read, lows, highs, color=colour, linewidth=1.5)
    main.axvline(asked, zorder=0, **FLOOR)
    note = ("here the protocol asks ", (asked, 0.97))
    main.annotate(*note, xycoords=("data", "axes fraction"), ha="right", va="top", **NOTE)
    main.set_title("above 0 the GRU has the lower loss", loc="left", fontsize="medium")
    main.set_ylabel("LSTM minus GRU (nats/character)")
    main.set_xlabel("millions of characters read")
    main.set_xscale("log")
    logarithmic(main.xaxis, sorted({read for intervals in differences.values() for read in intervals}))
    main.yaxis.set_major_locator(MaxNLocator(6))
    name_lines(main)
    return picture(
        figure,
        f"The mean difference LSTM minus GRU and its interval against millions of characters read, logarithmic, for "
        f"{' and '.join(differences)}; a line at zero and a grey band of ±{smallest:g}, the smallest difference that "
        "matters.",
    )


def plot_coverage(worlds: dict[str, Sequence[Interval]], truth: float) -> Picture:
    """Draw the intervals of many experiments, `worlds[name]`, one above the other; those that miss the truth in red."""
    figure, panels = new_figure(height=3.6, cols=len(worlds), sharex=True, squeeze=False)
    for axes, (name, intervals) in zip(panels[0], worlds.items(), strict=True):
        for row, interval in enumerate(intervals):
            holds = interval.low <= truth <= interval.high
            colour, width = ("#777777", 1.2) if holds else (MISSED, 2.2)
            axes.plot([interval.low, interval.high], [row, row], color=colour, linewidth=width)
        axes.axvline(truth, color="black", linewidth=1.2, label="the truth")
        axes.set(title=name, xlabel="difference (nats)", yticks=[])
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.spines["left"].set_visible(False)
    return picture(
        figure,
        f"For each of {' and '.join(worlds)}: the intervals of {len(intervals)} experiments, one above the other, and "
        "a line at the truth; an interval that misses it is red.",
    )


def plot_learnt(shares: dict[str, tuple[float, float]], gains: dict[str, Interval]) -> Picture:
    """Draw shares of right answers before and after the course, and how much they grew, for each misconception."""
    figure, (left, right) = new_figure(height=4.1, cols=2, sharey=True, width_ratios=(3, 2))
    y = [-row for row in range(len(shares))]
    before, after = zip(*shares.values(), strict=True)
    left.hlines(y, before, after, color=NOTE["color"])
    left.plot(before, y, "o", color="black", markerfacecolor="white", label="before")
    left.plot(after, y, "o", color="black", label="after")
    left.set(xlim=(-0.04, 1.04), xlabel="share of right answers")
    left.set_yticks(y, [textwrap.fill(misconception, 30) for misconception in shares])
    right.axvline(0, color="black", linewidth=0.9)
    draw_intervals(right, list(gains.values()))
    right.set_xlabel("gain, with 95 % interval")
    return picture(
        figure,
        f"For each of {len(shares)} misconceptions: the share of students who answered right before the course, an "
        "open circle, and after it, a full one; beside it the gain, a diamond with its interval, and a line at zero.",
    )


def plot_runs(
    panels: Mapping[str, Mapping[str, Sequence[float]]], lines: Mapping[str, Mapping[str, float]], ylabel: str
) -> Picture:
    """Draw a mark for each run, `panels[title][cell]`, and a black bar at the median, in a panel for each title.

    `lines[title]` names the heights of horizontal lines, for example of what a blind guess loses. All begin at zero.
    """
    figure, all_axes = new_figure(height=3.2, cols=len(panels), squeeze=False)
    for axes, (title, cells) in zip(all_axes[0], panels.items(), strict=True):
        for x, (cell, values) in enumerate(cells.items()):
            shifts = offsets(len(values), 0.5 / len(values))
            axes.plot([x + shift for shift in shifts], sorted(values), **marks_of(cell), markersize=5, clip_on=False)
            axes.hlines(median(values), x - 0.35, x + 0.35, color="black", linewidth=2)
        for name, height in lines[title].items():
            axes.axhline(height, **FLOOR)
            axes.annotate(name, (0.02, height), (0, -2), ("axes fraction", "data"), "offset points", va="top", **NOTE)
        axes.set_xticks(range(len(cells)), cells)
        axes.set(title=title, xlim=(-0.6, len(cells) - 0.4))
        axes.set_ylim(0, 1.12 * axes.get_ylim()[1])
    all_axes[0][0].set_ylabel(ylabel)
    drawn = "; ".join(f"{title}, with lines at {', '.join(lines[title])}" for title in panels)
    return picture(
        figure,
        f"A mark for each network of {', '.join(cells)}, and a black bar at the median: {ylabel}. Panels: {drawn}.",
    )


def plot_births(groups: Mapping[str, Mapping[str, Sequence[Birth | None]]], budget: int) -> Picture:
    """Draw a mark for each run where its memory is born, over the characters read, in a row for each group.

    `groups` holds the births of each cell by the name of the group. A memory that is not born within `budget`
    characters is an open mark at the right.
    """
    figure, axes = new_figure(height=1.4 + 0.5 * len(groups))
    right = 1.7 * budget  # around it stand, side by side, the marks of memories that were not born
    for row, cells in enumerate(groups.values()):
        axes.axhline(-row - 0.5, color="#CCCCCC", linewidth=0.8)
        runs = [(cell, birth) for cell, births in cells.items() for birth in births]
        for shift, (cell, birth) in zip(reversed(offsets(len(runs), 0.65 / len(runs))), runs, strict=True):
            if birth is not None:
                axes.hlines(shift - row, birth.after, birth.by, color=CELLS[cell].colour, linewidth=1)
                axes.plot((birth.after * birth.by) ** 0.5, shift - row, **marks_of(cell), markersize=5)
        for (cell, births), height in zip(cells.items(), reversed(offsets(len(cells), 0.36)), strict=True):
            x = [right * 1.08**place for place in offsets(births.count(None), 1)]
            axes.plot(x, [height - row] * len(x), markerfacecolor="white", **marks_of(cell), markersize=5)
    for cell in dict.fromkeys(cell for cells in groups.values() for cell in cells):
        axes.plot([], [], **marks_of(cell), label=cell)
    axes.axvline(budget, color="#999999", linewidth=1)
    axes.set_yticks([-row for row in range(len(groups))], list(groups))
    axes.set(xscale="log", xlim=(0.04 * budget, 2.4 * budget), ylim=(0.5 - len(groups), 0.5))
    axes.set_xlabel("millions of characters read")
    ticks = [budget / 20, budget / 10, budget / 5, 2 * budget / 5, budget]
    logarithmic(axes.xaxis, ticks)
    axes.set_xticks([*ticks, right], [f"{tick / 1e6:g}" for tick in ticks] + ["not\nborn"])
    counts = [
        f"{' '.join(name.split())}: "
        + ", ".join(f"{cell} {sum(b is not None for b in births)} of {len(births)}" for cell, births in cells.items())
        for name, cells in groups.items()
    ]
    return picture(
        figure,
        "A mark for each run shows after how many characters a memory is born; at the right stand the runs in which "
        f"it is not born by {budget:,}. Born are, {'; '.join(counts)}.",
    )


def plot_settings(
    known: Mapping[tuple[float, str], Mapping[str, Sequence[bool]]], starts: Mapping[str, str], what: str
) -> Picture:
    """Draw a mark for each network in a grid of settings, `known[rate, start][cell]`, and fill it if it knows `what`.

    The learning rates run across. The rows are `starts`, from top to bottom: their keys, each with its label.
    """
    rates = sorted({rate for rate, _ in known})
    figure, axes = new_figure(height=0.72 * len(starts) + 0.9)
    for (rate, start), cells in known.items():
        for cell, top in zip(BOTH, (0.34, -0.06), strict=True):
            marks = sorted(cells[cell], reverse=True)
            for first in range(0, len(marks), 5):  # five in a line
                y = top - 0.034 * first - list(starts).index(start)
                five = marks[first : first + 5]
                for shift, filled in zip(offsets(len(five), 0.16), five, strict=True):
                    look = marks_of(cell) | ({} if filled else {"markerfacecolor": "white"})
                    axes.plot(rates.index(rate) + shift, y, **look, markersize=6)
    for cell in BOTH:
        axes.plot([], [], **marks_of(cell), label=cell)
    for colour, label in (("black", f"filled: knows {what}"), ("white", "open: does not")):
        axes.plot([], [], "D", markersize=5, color="black", markerfacecolor=colour, label=label)
    for row in range(len(starts) - 1):
        axes.axhline(-row - 0.5, color="#CCCCCC", linewidth=0.8)
    for column in range(len(rates) - 1):
        axes.axvline(column + 0.5, color="#CCCCCC", linewidth=0.8)
    axes.set_yticks([-row for row in range(len(starts))], list(starts.values()))
    axes.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    axes.set(xlim=(-0.5, len(rates) - 0.5), ylim=(0.5 - len(starts), 0.5), xlabel="learning rate")
    axes.set_ylabel("at first the gates keep for")
    axes.tick_params(length=0)
    counts = [
        f"rate {rate:g}, {start}: " + ", ".join(f"{cell} {sum(marks)} of {len(marks)}" for cell, marks in cells.items())
        for (rate, start), cells in known.items()
    ]
    return picture(
        figure,
        "A grid with the learning rates from left to right and the starts of the gates from top to bottom. Each mark "
        f"is one network, and it is filled if the network knows {what}. Filled are, {'; '.join(counts)}.",
    )


def plot_bars(
    charts: dict[str, dict[str, float | Sequence[float]]], floor: float | None = None, limit: float | None = None
) -> Picture:
    """Draw charts side by side, by title, each with a bar for every name: a number, or the median of several, as dots.

    A name that holds the name of a cell has its colour, and is hatched where it ends with "oneDNN off". A dotted line
    stands at the `floor`, below which nothing can be. With a `limit` every axis ends there.
    """
    names = list(dict.fromkeys(name for bars in charts.values() for name in bars))
    cells = [max((cell for cell in CELLS if cell in name), key=len, default="") for name in names]
    figure, rows = new_figure(height=0.9 + 0.42 * len(names), cols=len(charts), squeeze=False)
    for axes, (title, bars) in zip(rows[0], charts.items(), strict=True):
        values = {name: list(bar) if isinstance(bar, Sequence) else [bar] for name, bar in bars.items()}
        longest = max(median(each) for each in values.values())
        for row, (name, cell) in enumerate(zip(names, cells, strict=True)):
            middle, colour = median(values[name]), CELLS[cell].colour if cell else "#CCCCCC"
            hatch = "//" if name.endswith("oneDNN off") else None
            axes.barh(-row, middle, 0.7, color=colour, hatch=hatch, edgecolor="white")
            count = len(values[name])
            if count > 1:  # one dot below the other, in the order of time
                heights = [0.3 - 0.6 * number / (count - 1) - row for number in range(count)]
                axes.plot(values[name], heights, ".", color="black", markersize=3, alpha=0.4)
            label = f"{middle:,.1f}" if count > 1 else f"{middle:,}"
            look = {"textcoords": "offset points", "va": "center", "weight": "bold"}
            if all(cells) and middle > 0.25 * longest:  # there is room on the bar
                box = {"facecolor": colour, "edgecolor": "none", "pad": 2}
                axes.annotate(label, (0, -row), (6, 0), color="white", bbox=box, **look)
            else:
                near = [value for value in values[name] if value < middle + 0.3 * longest]  # the dots beside the bar
                axes.annotate(label, (max(near), -row), (6, 0), color=colour if cell else "black", **look)
        axes.set(title=title, xlim=(0, limit or 1.4 * longest), yticks=[])  # the slowest of several may lie beyond
        if floor is not None:
            axes.axvline(floor, **FLOOR, linewidth=2, label=f"the floor: {floor:,}")
    rows[0][0].set_yticks([-row for row in range(len(names))], names)
    words = " A dotted line marks the floor." if floor is not None else ""
    return picture(figure, f"Bars for {', '.join(names)}, in {len(charts)} chart(s): {'; '.join(charts)}.{words}")


def plot_parts(bars: dict[str, dict[str, float]], percent: bool = False) -> Picture:
    """Draw a bar for each of `bars`, made of its parts by name. Parts that are wide enough carry their number.

    With `percent` the parts of a bar are shares that add up to 1, and a narrow last part has its number beside the bar.
    """
    greys = (("#DDDDDD", "black"), ("#A0A0A0", "black"), ("#404040", "white"))
    names = list(dict.fromkeys(name for parts in bars.values() for name in parts))
    figure, axes = new_figure(height=0.6 + 0.5 * len(bars) + 0.27 * len(names))
    longest = max(sum(parts.values()) for parts in bars.values())
    for row, parts in enumerate(bars.values()):
        left = 0.0
        for name, (grey, letters) in zip(names, greys, strict=False):
            size = parts.get(name, 0)
            axes.barh(-row, size, 0.7, left=left, color=grey, edgecolor="white")
            number = f"{size:.0%}" if percent else f"{size}"
            if size > 0.02 * len(number) * longest:
                axes.text(left + size / 2, -row, number, ha="center", va="center", color=letters, weight="bold")
            elif percent and name == names[-1]:
                axes.text(1.01 * longest, -row, number, va="center", weight="bold")
            left += size
    axes.set(xlim=(0, longest), xticks=[], yticks=[-row for row in range(len(bars))], yticklabels=bars)
    axes.spines[:].set_visible(False)
    axes.tick_params(left=False)
    handles = [Patch(color=grey, label=name) for name, (grey, _) in zip(names, greys, strict=False)]
    figure.legend(handles=handles, loc="outside lower left", frameon=False)
    return picture(figure, f"A bar for each of {', '.join(bars)}, made of these parts: {', '.join(names)}.")


Operations = list[tuple[float, float, bool]]  # start and end (ms), and whether it is a matrix product


def plot_operations(operations: dict[str, tuple[Operations, float]]) -> Picture:
    """Draw when each program ran which operation: matrix products in the colour of its cell, all others grey.

    `operations[name]` holds start and end (ms) of each operation, with whether it is a matrix product, and the moment
    at which the backward pass begins, which is a dashed line. Of the others only those are drawn that call nothing
    themselves. Each title sums up the time.
    """
    figure, rows = new_figure(height=0.2 + 0.95 * len(operations), rows=len(operations), squeeze=False)
    longest = max(end - recorded[0][0] for recorded, _ in operations.values() for _, end, _ in recorded)
    for axes, (name, (recorded, backward)) in zip(rows[:, 0], operations.items(), strict=True):
        products, others = _draw_operations(axes, name, recorded)
        whole = max(end for _, end, _ in recorded) - recorded[0][0]
        axes.axvline(whole, color="black")  # here the update is over
        axes.axvline(backward - recorded[0][0], color="black", linestyle="--", linewidth=1.2)
        product_time, other_time = (sum(length for _, length in bars) for bars in (products, others))
        title = f"{name}: {len(products)} products, {product_time:.1f} ms; "
        title += f"{len(recorded) - len(products):,} others, {other_time:.1f} ms; "
        axes.set(xlim=(0, longest), title=title + f"between them {whole - product_time - other_time:.1f} ms")
    rows[-1, 0].set_xlabel("milliseconds since the update began")
    return picture(
        figure,
        f"Strips of time for {', '.join(operations)}: matrix products coloured, other operations grey, and a dashed "
        "line where the backward pass begins.",
    )


def _draw_operations(axes, name: str, recorded: Operations) -> tuple[list, list]:
    """Draw operations in the order of their starts; return (start, length) of the products, and of the others drawn."""
    begin, products, others = recorded[0][0], [], []
    following = [start for start, _, _ in recorded[1:]] + [math.inf]
    for (start, end, is_product), after in zip(recorded, following, strict=True):
        if is_product:
            products.append((start - begin, end - start))
        elif end <= after:  # it calls nothing itself
            others.append((start - begin, end - start))
    axes.broken_barh(others, (0, 1), color="#BBBBBB", linewidth=0)
    axes.broken_barh(products, (0, 1), color=next(CELLS[cell].colour for cell in BOTH if cell in name), linewidth=0)
    axes.set(yticks=[], ylim=(0, 1))
    return products, others


def plot_recipes(rows: Sequence[dict], protocol: str, reference: dict[str, float]) -> Picture:
    """Draw the loss (nats/character, measured by `protocol`) of each row against its seconds of training.

    Each recipe is named beside its slowest row. `reference` are losses by name, drawn as dotted lines.
    """
    figure, axes = new_figure()
    points = {}
    for row in rows:
        points[row["recipe"]] = max(points.get(row["recipe"], (0, 0)), (row["seconds"], row[protocol]))
        axes.plot(row["seconds"], row[protocol], **marks_of(row["cell"]), label=row["cell"])
    for name, point in points.items():
        axes.annotate(name, point, xytext=(8, 4), textcoords="offset points", va="bottom")  # above a line through it
    axes.margins(x=0.3, y=0.15)
    for name, loss in reference.items():
        axes.axhline(loss, **FLOOR)
        axes.annotate(name, (0.01, loss), (0, -4), ("axes fraction", "data"), "offset points", va="top", **NOTE)
    axes.set(xscale="log", xlabel="seconds of training", ylabel="loss (nats/character)")
    axes.set_ylim(bottom=min([*reference.values(), *(row[protocol] for row in rows)]) - 0.06)
    logarithmic(axes.xaxis)
    return picture(
        figure,
        f"Loss in nats per character ({protocol}) against seconds of training, logarithmic, LSTM and GRU after each of "
        f"the recipes {', '.join(points)}; as dotted lines {', '.join(reference)}.",
    )
