"""The figure of a planted fault beside its sound twin (notebook 10)."""

from matplotlib.ticker import LogLocator

from ..experiments.symptoms import Run
from .pictures import FLOOR, NOTE, Picture, new_figure, picture

BROKEN_STYLE = {"color": "#CC79A7", "linestyle": "-"}
SOUND_STYLE = {"color": "#000000", "linestyle": "--"}


def plot_fault(run: Run, twin: Run, floor: float) -> Picture:
    """A run and its sound twin: training and validation loss, gradient norms, and loss by position in the window.

    Of a run that stopped at once only the message is shown; a run that is its own twin is drawn once.
    """
    figure, (left, middle, right) = new_figure(11, 3.4, cols=3)
    dots = {"marker": "o", "markersize": 5, "linestyle": "none"}
    shown = [(twin, SOUND_STYLE, "sound"), (run, BROKEN_STYLE, "this run")]
    for one, style, name in shown[: 1 if run is twin else 2]:
        updates = range(1, len(one.losses) + 1)
        left.plot(updates, one.losses, **style, linewidth=0.9, label=f"{name}, training")
        left.plot(one.val_updates, one.val_losses, color=style["color"], **dots)
        middle.plot(updates, one.norms, **style, linewidth=0.8)
        right.plot(range(1, len(one.by_position) + 1), one.by_position, **style, linewidth=1.4)
    left.plot([], [], color="#555555", **dots, label="dots: validation")
    left.axhline(floor, **FLOOR)
    left.annotate("floor", (1, floor), xycoords=("axes fraction", "data"), ha="right", va="bottom", **NOTE)
    left.set(xlabel="updates", ylabel="loss (nats/character; wider below 1)", yscale="symlog", ylim=(-0.05, 70))
    left.set_yticks([0, 0.3, 1, 2, 4, 10, 30], ["0", "0.3", "1", "2", "4", "10", "30"])
    left.set_yticks([], minor=True)
    left.legend(frameon=False, fontsize=8)
    middle.set(xlabel="updates", ylabel="gradient norm, before clipping", yscale="log")
    low, high = middle.get_ylim()
    middle.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if high < 100 * low else (1,), numticks=6))
    middle.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    middle.set_yticks([], minor=True)
    right.set(xlabel="position in the window", ylabel="training loss, last 50 updates")
    right.set_ylim(bottom=0)
    if run.error:
        figure.suptitle(f"This run stopped after {len(run.losses)} update(s) with {run.error}", fontsize=9)
    who = "a sound run" if run is twin else "a run, in purple, beside its sound twin, black and dashed"
    return picture(
        figure,
        f"Three charts of {who}. Left: training loss of every "
        "update, and validation loss as dots, with a dotted line at the floor. Middle: gradient norms on a "
        "logarithmic scale. Right: training loss at each position in the window."
        + (" The run stopped at once; the message stands above." if run.error else ""),
    )
