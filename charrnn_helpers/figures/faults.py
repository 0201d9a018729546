"""The figure of a planted fault (notebook 10)."""

from textwrap import fill

from ..experiments.observations import BIGRAM, TALES_FLOOR, Run, Setting
from .pictures import FLOOR, Picture, logarithmic, new_figure, picture

BROKEN_STYLE = {"color": "#CC79A7", "linestyle": "-"}
SOUND_STYLE = {"color": "#000000", "linestyle": "--"}


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
