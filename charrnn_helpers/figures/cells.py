"""Figures of the two cells (notebooks 02 and 03)."""

from __future__ import annotations

import math

from matplotlib.patches import Circle, FancyBboxPatch

from ..networks.registry import GRU_COLOUR, LSTM_COLOUR, STYLES
from .picture import Picture, new_figure, picture, tidy

# --- 02 and 03: the two cells ---------------------------------------------------------------------------------------


def draw_lstm_cell() -> Picture:
    """One LSTM step as a dataflow, in the letters of the equations."""
    axes = _canvas(13.6, 7.0)
    _outline(axes, 1.7, 0.95, 11.0, 5.45, LSTM_COLOUR)
    top, gates, bus = 5.7, 2.75, 1.5
    columns = {"f": 3.3, "i": 5.0, "g": 6.9, "o": 8.8}
    last = 10.9  # where the cell becomes the output

    _wire(axes, (0.95, top), (columns["f"] - 0.3, top))
    _wire(axes, (columns["f"] + 0.3, top), (columns["g"] - 0.3, top))
    _wire(axes, (columns["g"] + 0.3, top), (13.0, top))
    _wire(axes, (0.95, bus), (columns["o"], bus), (columns["o"], gates - 0.4))
    _wire(axes, (2.3, 0.55), (2.3, bus), arrow=False)
    _joint(axes, 2.3, bus)
    for name in "fig":
        _joint(axes, columns[name], bus)
        _wire(axes, (columns[name], bus), (columns[name], gates - 0.4))
    _wire(axes, (columns["f"], gates + 0.4), (columns["f"], top - 0.3))
    _wire(axes, (columns["i"], gates + 0.4), (columns["i"], 4.2), (columns["g"] - 0.3, 4.2))
    _wire(axes, (columns["g"], gates + 0.4), (columns["g"], 3.9))
    _wire(axes, (columns["g"], 4.5), (columns["g"], top - 0.3))
    _wire(axes, (columns["o"], gates + 0.4), (columns["o"], 3.85), (last - 0.3, 3.85))
    _joint(axes, last, top)
    _wire(axes, (last, top), (last, 5.3))
    _wire(axes, (last, 4.5), (last, 4.15))
    _wire(axes, (last, 3.55), (last, bus), (13.0, bus))

    for name, word, function in (
        ("f", "forget", "σ"),
        ("i", "input", "σ"),
        ("g", "candidate", "tanh"),
        ("o", "output", "σ"),
    ):
        _box(axes, columns[name], gates, function)
        _gate_name(axes, columns[name], gates + 0.55, name, word)
    _box(axes, last, 4.9, "tanh")
    for x, y, sign in (
        (columns["f"], top, "⊙"),
        (columns["g"], top, "+"),
        (columns["g"], 4.2, "⊙"),
        (last, 3.85, "⊙"),
    ):
        _operation(axes, x, y, sign)
    for x, y, text in ((0.45, top, "$c_{t-1}$"), (0.45, bus, "$h_{t-1}$"), (2.3, 0.3, "$x_t$"), (13.25, top, "$c_t$")):
        _symbol(axes, x, y, text)
    _symbol(axes, 13.25, bus, "$h_t$")
    return picture(
        axes.figure,
        """One LSTM step. The cell c runs along the top: multiplied by the forget gate f, then the product of input gate
        i and candidate g is added. All four boxes read x and the last h. The new h is the output gate o times tanh of
        the new c.""",
    )


def draw_gru_cell() -> Picture:
    """One GRU step as a dataflow, in the letters of the equations (r after the product, as in `nn.GRU`)."""
    axes = _canvas(13.6, 7.0)
    _outline(axes, 1.5, 0.65, 10.7, 5.85, GRU_COLOUR)
    top, mixed, candidate, gates, h_bus, x_bus = 5.85, 4.9, 3.95, 2.6, 1.65, 1.05
    z, r, product, n, sum_ = 3.4, 5.2, 7.1, 9.0, 10.7

    _wire(axes, (0.95, top), (z - 0.3, top))
    _wire(axes, (z + 0.3, top), (sum_ - 0.3, top))
    _wire(axes, (sum_ + 0.3, top), (13.0, top))
    _joint(axes, 2.1, top)
    _wire(axes, (2.1, top), (2.1, h_bus), (product, h_bus), (product, gates - 0.4))
    _wire(axes, (0.95, x_bus), (n, x_bus), (n, candidate - 0.4))
    for gate in (z, r):
        _joint(axes, gate - 0.25, h_bus)
        _wire(axes, (gate - 0.25, h_bus), (gate - 0.25, gates - 0.4))
        _joint(axes, gate + 0.25, x_bus)
        _wire(axes, (gate + 0.25, x_bus), (gate + 0.25, gates - 0.4))
    _wire(axes, (z, gates + 0.4), (z, top - 0.3))
    _joint(axes, z, mixed)
    _wire(axes, (z, mixed), (7.1 - 0.5, mixed))
    _wire(axes, (7.1 + 0.5, mixed), (sum_ - 0.3, mixed))
    _wire(axes, (r, gates + 0.4), (r, candidate), (product - 0.3, candidate))
    _wire(axes, (product, gates + 0.4), (product, candidate - 0.3))
    _wire(axes, (product + 0.3, candidate), (n - 0.55, candidate))
    _wire(axes, (n + 0.55, candidate), (sum_, candidate), (sum_, mixed - 0.3))
    _wire(axes, (sum_, mixed + 0.3), (sum_, top - 0.3))

    _box(axes, z, gates, "σ")
    _gate_name(axes, z, gates + 0.55, "z", "update")
    _box(axes, r, gates, "σ")
    _gate_name(axes, r, gates + 0.55, "r", "reset")
    _box(axes, product, gates, "$W_{hn}h + b_{hn}$", width=2.0, colour="white")
    _box(axes, n, candidate, "tanh")
    _gate_name(axes, n + 0.5, candidate - 0.62, "n", "candidate")
    _box(axes, 7.1, mixed, "$1 - z$", width=1.0, height=0.56, colour="white")
    for x, y, sign in ((z, top, "⊙"), (product, candidate, "⊙"), (sum_, mixed, "⊙"), (sum_, top, "+")):
        _operation(axes, x, y, sign)
    for x, y, text in ((0.45, top, "$h_{t-1}$"), (0.45, x_bus, "$x_t$"), (13.25, top, "$h_t$")):
        _symbol(axes, x, y, text)
    return picture(
        axes.figure,
        """One GRU step. The state h runs along the top: multiplied by the update gate z, then 1 minus z times the
        candidate n is added. The reset gate r multiplies W_hn h + b_hn before the candidate's tanh. There is one state
        line, and it is the output as well.""",
    )


def draw_unrolled(cell_name: str, word: str = "hello") -> Picture:
    """The network along the characters of `word`: what goes in, what is carried, what should come out.

    `cell_name` is "LSTM" or "GRU". Raises `ValueError` for another name or a word of fewer than two characters.
    """
    if cell_name not in ("LSTM", "GRU"):
        raise ValueError(f"cell_name is {cell_name!r}; it must be 'LSTM' or 'GRU'")
    if len(word) < 2:
        raise ValueError(f"the word {word!r} is too short to unroll; give at least 2 characters")
    steps, gap = len(word) - 1, 2.7
    axes = _canvas(gap * steps + 2.4, 4.6)
    colour = STYLES[cell_name]["color"]
    lines = {"c": 2.62, "h": 1.98} if cell_name == "LSTM" else {"h": 2.3}
    for t in range(steps + 1):
        for name, y in lines.items():
            _wire(axes, (gap * t + (0.1 if t == 0 else 0.75), y), (gap * (t + 1) - 0.75 + (t == steps) * -0.6, y))
            _symbol(
                axes, gap * t + (0.42 if t == 0 else 1.1 if t == steps else 1.3), y + 0.24, f"${name}_{t}$", size=11
            )
    for t in range(1, steps + 1):
        x = gap * t
        _box(axes, x, 2.3, cell_name, width=1.5, height=1.3, colour=colour, text_colour="white")
        _wire(axes, (x, 0.85), (x, 1.65))
        _wire(axes, (x, 2.95), (x, 3.75))
        _symbol(axes, x + 0.38, 3.28, f"$h_{t}$", size=11)
        _symbol(axes, x, 0.5, repr(word[t - 1]), size=14)
        _symbol(axes, x, 4.08, repr(word[t]), size=14)
    _symbol(axes, 0.55, 0.5, "reads", size=11, colour="#555555")
    _symbol(axes, 0.55, 4.08, "should say", size=11, colour="#555555")
    _symbol(axes, 0.55, 1.2 if cell_name == "LSTM" else 1.6, "zeros at\nthe start", size=9, colour="#555555")
    carried = "two states, h and c, are" if cell_name == "LSTM" else "one state, h, is"
    return picture(
        axes.figure,
        f"""{cell_name} unrolled over {word!r}. The same cell stands at each of {steps} steps. Each reads one character
        from below and should predict the next one above; {carried} handed on from
        step to step, starting at zero.""",
    )


def plot_lstm_update(
    f: float = 0.9, i: float = 0.5, g: float = 0.8, o: float = 0.7, c_prev: float = 0.6, steps: int = 20
) -> Picture:
    """What one LSTM unit does with its cell at given gate values, and how long a forget gate of `f` keeps a value."""
    kept, written = f * c_prev, i * g
    c = kept + written
    h = o * math.tanh(c)
    return _plot_update(
        ["$c_{t-1}$", "$f\\,c_{t-1}$", "$i\\,g$", "$c_t$", "$h_t$"],
        [c_prev, kept, written, c, h],
        keep=f,
        keep_name="f",
        steps=steps,
        cell_name="LSTM",
        words=f"""Left: bars for an LSTM unit with f={f:g}, i={i:g}, g={g:g}, o={o:g} and last cell {c_prev:g}:
        what is kept, what is written, their sum c, and the output h. Right: what is left of a value after 0 to {steps}
        steps, f to the power t.""",
    )


def plot_gru_update(
    r: float = 0.5, z: float = 0.75, xn: float = 0.2, hn: float = -1.2, h_prev: float = 0.8, steps: int = 20
) -> Picture:
    """What one GRU unit does with its state at given gate values, and how long an update gate of `z` keeps a value.

    `xn` is what the input brings to the candidate, W_in x + b_in; `hn` what the past brings, W_hn h + b_hn.
    """
    n = math.tanh(xn + r * hn)
    kept, written = z * h_prev, (1 - z) * n
    return _plot_update(
        ["$h_{t-1}$", "$z\\,h_{t-1}$", "$n$", "$(1{-}z)\\,n$", "$h_t$"],
        [h_prev, kept, n, written, kept + written],
        keep=z,
        keep_name="z",
        steps=steps,
        cell_name="GRU",
        words=f"""Left: bars for a GRU unit with r={r:g}, z={z:g} and last state {h_prev:g}; the candidate reads {xn:g}
        from the input and {hn:g} from the past: what is kept, the candidate n, what is written, and the new h. Right:
        what is left of a value after 0 to {steps} steps, z to the power t.""",
    )


def _plot_update(names, values, keep, keep_name, steps, cell_name, words) -> Picture:
    figure, (bars, decay) = new_figure(7.2, 2.7, 1, 2, width_ratios=(3, 2))
    style = STYLES[cell_name]
    last = names.index("$c_t$") if cell_name == "LSTM" else len(names) - 1
    shades = [style["color"] if place == last else "#999999" for place in range(len(names))]
    bars.bar(names, values, color=shades, width=0.62)
    bars.axhline(0, color="black", linewidth=0.8)
    span = max(1.0, *(abs(value) for value in values)) * 1.3
    bars.set_ylim(-span, span)
    for place, value in enumerate(values):
        offset = 0.04 * span if value >= 0 else -0.04 * span
        bars.text(place, value + offset, f"{value:.2f}", ha="center", va="bottom" if value >= 0 else "top", fontsize=9)
    bars.set_title("one step of one unit", fontsize=10)
    bars.tick_params(bottom=False)
    tidy(bars)
    decay.plot([keep**t for t in range(steps + 1)], marker="o", markersize=3, **style)
    decay.axhline(0.5, **STYLES["floor"])
    decay.text(steps, 0.52, "half", ha="right", color="#555555", fontsize=9)
    decay.set(
        xlim=(-0.02 * steps, 1.02 * steps), ylim=(0, 1.05), xlabel="steps (characters)", ylabel="share that is left"
    )
    decay.set_title(f"${keep_name}^t$ at ${keep_name}={keep:.2f}$", fontsize=10)
    tidy(decay)
    return picture(figure, words)


def _canvas(width: float, height: float):
    """Axes without a frame for a drawing, `width` by `height` units of 0.55 inch."""
    _, axes = new_figure(0.55 * width, 0.55 * height)
    axes.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    axes.axis("off")
    return axes


def _outline(axes, x, y, width, height, colour) -> None:
    style = "round,pad=0,rounding_size=0.35"
    axes.add_patch(
        FancyBboxPatch(
            (x, y), width, height, boxstyle=style, facecolor=colour, edgecolor=colour, alpha=0.10, linewidth=0
        )
    )
    axes.add_patch(
        FancyBboxPatch((x, y), width, height, boxstyle=style, facecolor="none", edgecolor=colour, linewidth=1.6)
    )


def _wire(axes, *points, arrow: bool = True) -> None:
    """A line through `points` with an arrow at its end. Lines that join have a dot; lines that cross have none."""
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, color="black", linewidth=1.4, solid_capstyle="butt", zorder=2)
    if arrow:
        head = {"arrowstyle": "-|>", "color": "black", "linewidth": 0, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 14}
        axes.annotate("", xy=points[-1], xytext=points[-2], arrowprops=head, zorder=2)


def _joint(axes, x, y) -> None:
    axes.plot([x], [y], marker="o", markersize=4.5, color="black", zorder=3)


def _box(axes, x, y, text, width=1.1, height=0.8, colour="#F0E442", text_colour="black") -> None:
    corner = (x - width / 2, y - height / 2)
    axes.add_patch(
        FancyBboxPatch(
            corner,
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=colour,
            edgecolor="black",
            linewidth=1.1,
            zorder=4,
        )
    )
    axes.text(x, y - 0.02, text, ha="center", va="center", fontsize=11, color=text_colour, zorder=5)


def _gate_name(axes, x, y, letter, word) -> None:
    axes.text(x + 0.16, y, f"${letter}$", ha="left", va="bottom", fontsize=14, zorder=5)
    axes.text(x + 0.50, y + 0.06, word, ha="left", va="bottom", fontsize=9, color="#555555", zorder=5)


def _operation(axes, x, y, sign) -> None:
    axes.add_patch(Circle((x, y), 0.3, facecolor="white", edgecolor="black", linewidth=1.1, zorder=4))
    arm = 0.16
    if sign == "+":
        axes.plot([x - arm, x + arm], [y, y], color="black", linewidth=1.4, zorder=5)
        axes.plot([x, x], [y - arm, y + arm], color="black", linewidth=1.4, zorder=5)
    else:  # ⊙: a dot in the circle
        axes.plot([x], [y], marker="o", markersize=4.5, color="black", zorder=5)


def _symbol(axes, x, y, text, size=14, colour="black") -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=size, color=colour, zorder=5)
