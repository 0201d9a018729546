"""Draw one unit of each cell with its gates set by hand, and how far back a gradient reaches (notebooks 02 and 03)."""

from torch import Tensor

from ..networks.registry import CELLS
from .pictures import FLOOR, NOTE, Picture, logarithmic, new_figure, picture, show_characters, style_of


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
    for number, (label, values) in enumerate(gradients.items()):
        relative = (values / values[0]).tolist()
        style = style_of(cells[number])
        if before := cells[:number].count(cells[number]):
            style = style | {"linestyle": (":", "--")[(before - 1) % 2]}
        axes.plot(range(end - 1, -1, -1), relative, **style, linewidth=2)
        far = 2 * len(relative) // 3  # where the curves are apart
        note = {"color": style["color"], "weight": "bold", "ha": "right", "textcoords": "offset points"}
        axes.annotate(label, (end - 1 - far, relative[far]), (0, 6), **note)  # where a rising curve leaves room
    axes.set(xlim=(-0.7, end + 0.7), yscale="log", ylabel="gradient (1 at lag 1)")
    axes.set_xlabel("the state after this character", **NOTE)
    logarithmic(axes.yaxis)
    show_characters(axes, line)
    return picture(
        figure,
        f"Along a line of {len(line)} characters, with the key at the left and the question at the right: how much the "
        f"loss depends on the state after each character, on a logarithmic scale, for {', '.join(gradients)}.",
    )
