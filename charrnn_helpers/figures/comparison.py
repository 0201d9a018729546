"""Figures that compare the cells."""

from collections.abc import Sequence

from ..measures.intervals import Interval
from ..networks.registry import BOTH
from .pictures import Picture, marks_of, new_figure, picture, side_by_side


def plot_excess_by_kind(excess: dict[str, dict[str, float]], chance: dict[str, float] | None = None) -> Picture:
    """Bars side by side for each kind of character: `excess[model][kind]`, in nats for one such character.

    What a blind guess pays, `chance[kind]`, is a black line across the bars of its kind. LSTM and GRU keep their
    colours, and hatches tell the models apart. Raises `ValueError` if the kinds differ.
    """
    kinds = list(next(iter(excess.values())))
    if any(list(row) != kinds for row in excess.values()):
        raise ValueError("every model needs the same kinds in the same order")
    label = "excess over the oracle (nats)"
    figure, axes = new_figure(height=3.2)
    side_by_side(axes, kinds, {name: list(row.values()) for name, row in excess.items()}, [("#BBBBBB", "..")])
    for number, (kind, nats) in enumerate((chance or {}).items()):
        ends = [kinds.index(kind) - 0.46, kinds.index(kind) + 0.46]
        axes.plot(ends, [nats, nats], color="black", linewidth=1.8, label=None if number else "chance")
    axes.set_ylabel(label)
    axes.margins(x=0.01)
    axes.locator_params(axis="y", nbins=5)
    return picture(
        figure,
        f"Bars of {label} for {', '.join(excess)}, side by side, for each of: {', '.join(kinds)}."
        + (f" A black line at chance, what a blind guess pays, for {', '.join(chance)}." if chance else ""),
    )


def plot_paired(first: Sequence[float], second: Sequence[float], interval: Interval, smallest: float) -> Picture:
    """Left: the losses of each pair of runs, joined. Right: the mean difference and its interval, against ±`smallest`.

    `first` are of the LSTM, `second` of the GRU; `interval` is that of their difference. In nats per character.
    """
    figure, (left, right) = new_figure(cols=2)
    for pair in zip(first, second, strict=True):
        left.plot([0, 1], pair, color="#999999", linewidth=0.9)
    for place, (name, losses) in enumerate(zip(BOTH, (first, second), strict=True)):
        left.plot([place] * len(losses), losses, **marks_of(name))
    left.set_xticks([0, 1], BOTH)
    left.set(xlim=(-0.4, 1.4), ylabel="best loss on val (nats/character)")
    _differences(right, [interval], smallest, *BOTH)
    right.set(yticks=[])
    return picture(
        figure,
        f"Left: the best validation losses of {len(first)} pairs of runs, {' and '.join(BOTH)}, each pair joined "
        "by a line. Right: the mean difference and its confidence interval, against zero and a grey band of "
        f"±{smallest:g}, the smallest difference of interest.",
    )


def _differences(axes, intervals: Sequence[Interval], smallest: float, first: str, second: str) -> None:
    axes.axvspan(-smallest, smallest, color="#EEEEEE")
    axes.axvline(0, color="black", linewidth=0.9)
    for place, interval in enumerate(intervals):
        axes.plot([interval.low, interval.high], [-place, -place], color="black", linewidth=2)
        axes.plot([interval.mean], [-place], "D", color="black", markersize=5)
    reach = 1.1 * max(abs(end) for interval in intervals for end in (interval.low, interval.high, 1.5 * smallest))
    axes.set(xlim=(-reach, reach), ylim=(-len(intervals) + 0.4, 0.6))
    axes.set_xlabel(f"{first} minus {second} (nats/character)")
    axes.set_title(f"← {first} lower          {second} lower →")
