"""What a trial answers (notebooks 05 and 09): differences against characters read, and what they are made of."""

from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator, NullLocator

from ..measures.intervals import Interval
from ..networks.registry import CELLS
from .pictures import Picture, name_lines, new_figure, picture, style_of

TEXT_STYLES = (("#000000", "o"), ("#CC79A7", "s"))  # of the first text and the second
MISSED = "#D62728"


def plot_answer(
    differences: dict[str, dict[float, Interval]],
    smallest: float,
    losses: dict[str, dict[str, dict[float, float]]] | None = None,
) -> Picture:
    """LSTM minus GRU against millions of characters read, `differences[text][millions]`, with a band for its interval.

    Zero and ±`smallest` are drawn. With `losses[text][name][millions]` (cells, "n-gram", "floor") the mean losses stand
    beside it, a small figure for each text. All in nats per character.
    """
    if losses is None:
        figure, main = new_figure(height=3.2)
        others = {}
    else:
        rows = [["answer", text] for text in losses]
        figure, made = new_figure(height=3.6, mosaic=rows, width_ratios=[3, 2])
        main, others = made["answer"], {text: made[text] for text in losses}
    main.axhspan(-smallest, smallest, color="#EEEEEE")
    main.axhline(0, color="black", linewidth=0.9)
    for (text, found), (colour, marker) in zip(differences.items(), TEXT_STYLES, strict=False):
        read, ends = list(found), list(zip(*found.values(), strict=True))
        main.fill_between(read, ends[1], ends[2], color=colour, alpha=0.25, linewidth=0)
        main.plot(read, ends[0], color=colour, marker=marker, label=text)
        main.vlines(read, ends[1], ends[2], color=colour, linewidth=1.5)
    main.set_title("above 0 the GRU has the lower loss", loc="left", fontsize="medium")
    main.set_ylabel("LSTM minus GRU (nats/character)")
    figure.supxlabel("millions of characters read", fontsize="medium")
    _logarithmic(main, sorted({read for found in differences.values() for read in found}))
    main.yaxis.set_major_locator(MaxNLocator(6))
    name_lines(main)
    for text, axes in others.items():
        budgets = sorted({read for found in losses[text].values() for read in found})
        for name, found in losses[text].items():
            look = style_of(name, {"color": "#777777", "linestyle": "--"})
            mark = {"marker": CELLS[name].marker if name in CELLS else "_" if name == "floor" else "x", "markersize": 7}
            (line,) = axes.plot(list(found), list(found.values()), **look, **mark, label=name)
            if max(found) < budgets[-1]:  # its name stands where the line ends
                beside = {"color": look["color"], "weight": "bold", "va": "center", "parse_math": False}
                axes.annotate(name, (max(found), found[max(found)]), (5, -9), textcoords="offset points", **beside)
                line.set_label(None)
        axes.set_title(text, loc="left", fontsize="medium", parse_math=False)
        axes.set_ylabel("test loss (nats)")
        name_lines(axes)
        _logarithmic(axes, budgets)
    return picture(
        figure,
        f"The mean difference LSTM minus GRU and its interval against millions of characters read, logarithmic, for "
        f"{' and '.join(differences)}; a line at zero and a grey band of ±{smallest:g}, the smallest difference that "
        "matters."
        + (
            " Beside it the test loss of each cell, of the best n-gram and of the floor, where known." if losses else ""
        ),
    )


def plot_coverage(worlds: dict[str, Sequence[Interval]], truth: float) -> Picture:
    """Intervals of many experiments, `worlds[name]`, one above the other; those that miss the truth in red."""
    figure, made = new_figure(height=3.6, cols=len(worlds), sharex=True, squeeze=False)
    for axes, (name, intervals) in zip(made[0], worlds.items(), strict=True):
        held = [interval.low <= truth <= interval.high for interval in intervals]
        for place, (interval, hit) in enumerate(zip(intervals, held, strict=True)):
            colour = "#777777" if hit else MISSED
            axes.plot([interval.low, interval.high], [place, place], color=colour, linewidth=1.2 if hit else 2.2)
        axes.axvline(truth, color="black", linewidth=1.2, label="the truth")
        axes.set(title=name, xlabel="difference (nats)", yticks=[])
        axes.spines["left"].set_visible(False)
    return picture(
        figure,
        f"For each of {' and '.join(worlds)}: the intervals of {len(intervals)} experiments, one above the other, and "
        "a line at the truth; an interval that misses it is red.",
    )


def plot_best_of(curves: dict[str, dict[str, Sequence[float]]]) -> Picture:
    """Expected loss of the best of n trials against n: `curves[text][cell]`, from n = 1 on."""
    figure, made = new_figure(cols=len(curves), squeeze=False)
    for axes, (text, found) in zip(made[0], curves.items(), strict=True):
        for cell, curve in found.items():
            axes.plot(range(1, len(curve) + 1), curve, **style_of(cell), label=cell)
        axes.set(title=text, ylabel="best loss expected (nats)")
        _logarithmic(axes, [1, 2, 4, 8, 16, 32])
        name_lines(axes)
    figure.supxlabel("trials of settings", fontsize="medium")
    return picture(
        figure,
        f"The loss that the best of so many trials is expected to reach, against the number of trials, for "
        f"{', '.join(found)} on {' and '.join(curves)}.",
    )


def plot_births(
    held: dict[str, dict[str, Sequence[tuple[Sequence[float], Sequence[float]]]]], chance: float
) -> Picture:
    """Share of heroes named right against millions of characters read: `held[budget][cell]`, a pair for each seed."""
    figure, made = new_figure(cols=len(held), sharey=True, squeeze=False)
    for axes, (budget, by_cell) in zip(made[0], held.items(), strict=True):
        for cell, seeds in by_cell.items():
            for number, (read, shares) in enumerate(seeds):
                label = None if number else cell
                axes.plot(read, shares, **style_of(cell), linewidth=1.1, label=label)
        axes.axhline(chance, color="black", linewidth=1.2, label="chance")
        axes.set(title=f"runs of {budget}", ylim=(0, 1.02))
        axes.xaxis.set_major_locator(MaxNLocator(4))
    figure.supxlabel("millions of characters read", fontsize="medium")
    made[0][0].set_ylabel("heroes named right")
    return picture(
        figure,
        "Share of heroes named right, 64 to 255 characters after the last mention, against characters read, a line for "
        f"each run, for {' and '.join(held)}; a black line at chance.",
    )


def plot_made_of(parts: dict[str, dict[str, Interval]]) -> Picture:
    """What LSTM minus GRU is made of: `parts[budget][kind]`, dots with intervals; right of zero the GRU is better."""
    figure, made = new_figure(height=3.2, cols=len(parts), sharex=True, sharey=True, squeeze=False)
    for axes, (budget, kinds) in zip(made[0], parts.items(), strict=True):
        axes.axvline(0, color="black", linewidth=0.9)
        for place, interval in enumerate(kinds.values()):
            axes.plot([interval.low, interval.high], [-place, -place], color="black", linewidth=2)
            axes.plot([interval.mean], [-place], "D", color="black", markersize=5)
        axes.set_yticks([-place for place in range(len(kinds))], kinds)
        axes.set_title(budget)
        axes.xaxis.set_major_locator(MaxNLocator(3))
    figure.supxlabel("part of LSTM minus GRU (nats/character)", fontsize="medium")
    return picture(
        figure,
        f"For {' and '.join(parts)} characters: how much of LSTM minus GRU falls on each of {', '.join(kinds)}, a "
        "diamond with its interval; a line at zero.",
    )


def _logarithmic(axes, places: Sequence[float]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:.2g}" for place in places], minor=False)
    axes.xaxis.set_minor_locator(NullLocator())
