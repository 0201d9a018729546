"""Every figure of the course, each with its description in words.

A figure is drawn on a `matplotlib.figure.Figure` of its own, never on pyplot's global state: widget callbacks run on
another thread. `picture` turns it into a `Picture`, which a notebook shows as PNG and describes in `text/plain`, so
that a reader who cannot see it, and nbval, both get the same sentence.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from statistics import median

import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch, Rectangle
from matplotlib.ticker import LogLocator
from torch import Tensor

from .encoding import Vocabulary, as_streams
from .faults import Run
from .probes import Share
from .tales import Mark
from .training import History, TrainConfig
from .trial import Point

LSTM_COLOUR = "#0072B2"
GRU_COLOUR = "#D55E00"
RNN_COLOUR = "#009E73"
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
STYLES = {
    "LSTM": {"color": LSTM_COLOUR, "linestyle": "-"},
    "GRU": {"color": GRU_COLOUR, "linestyle": "--"},
    "RNN": {"color": RNN_COLOUR, "linestyle": "-."},
    "floor": {"color": "#777777", "linestyle": ":"},
}
MARKERS = {"LSTM": "o", "GRU": "s", "RNN": "^"}
DPI = 90


class Picture:
    """A finished figure: PNG for the eye, `words` for everyone else.

    `words` must be the same on every machine when the cell is compared by nbval: describe what the figure shows, and
    leave measured numbers to the cell that computes them.
    """

    def __init__(self, png: bytes, words: str):
        self.png = png
        self.words = words

    def __repr__(self) -> str:
        return f"[figure] {self.words}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"image/png": self.png, "text/plain": repr(self)}


def new_figure(width: float = 7.0, height: float = 3.2, rows: int = 1, cols: int = 1, **options):
    """A white figure in inches and its axes, as `plt.subplots` gives them, without pyplot's global state."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
    return figure, figure.subplots(rows, cols, **options)


def picture(figure: Figure, words: str) -> Picture:
    """Render `figure` to PNG and keep it with its description in `words`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return Picture(buffer.getvalue(), " ".join(words.split()))


def _tidy(axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)


# --- 01: text as numbers --------------------------------------------------------------------------------------------

MARK_COLOURS = {"free": "#FFFFFF", "spelling": "#E8E8E8"}  # every other kind is something to remember: blue


def plot_text(
    text: str,
    values: Sequence[float],
    label: str = "bits",
    underline_above: float | None = None,
    highest: float | None = None,
    columns: int = 76,
    title: str = "",
    words: str = "",
) -> Picture:
    """`text` with every character on a ground coloured by its value: the darker, the higher.

    `values`: one number a character. `label` names their unit. Characters above `underline_above` are underlined, so
    that colour is not the only cue. The scale runs from 0, or from the lowest value if that is negative, to `highest`
    (by default the highest value); give both pictures of a pair the same. Raises `ValueError` if the lengths differ.
    """
    values = [float(value) for value in values]
    if len(values) != len(text) or not text:
        raise ValueError(f"the text has {len(text)} characters and there are {len(values)} values: give one for each")
    low, high = min(0.0, *values), max(values) if highest is None else highest
    scale = Normalize(low, high if high > low else low + 1)
    colours = LinearSegmentedColormap.from_list("ground", ["#FFFFFF", "#FFE08A", "#E69F00"])
    if low < 0:
        colours = LinearSegmentedColormap.from_list("ground", ["#56B4E9", "#FFFFFF", "#E69F00"])
        scale = Normalize(-max(-low, high), max(-low, high))
    marked = [underline_above is not None and value > underline_above for value in values]
    figure, axes = _text_figure(text, [colours(scale(value)) for value in values], marked, columns, title)
    bar = figure.colorbar(ScalarMappable(scale, colours), ax=axes, shrink=0.9, pad=0.01, aspect=14)
    bar.set_label(label)
    if underline_above is not None:
        bar.ax.axhline(underline_above, color="black", linewidth=1.5)
    said = words or f"A text of {len(text)} characters; the darker the ground of a character, the higher its {label}."
    if underline_above is not None:
        said += f" Characters above {underline_above:g} {label} are underlined."
    return picture(figure, said)


def plot_marks(marks: Sequence[Mark], columns: int = 76) -> Picture:
    """A story as `tales.annotate` marks it: choices on white, spelling on grey, what must be remembered on blue."""
    text = "".join(mark.char for mark in marks)
    ground = [MARK_COLOURS.get(mark.kind, "#8CC6EC") for mark in marks]
    figure, _ = _text_figure(text, ground, [mark.kind not in MARK_COLOURS for mark in marks], columns)
    handles = [
        Patch(facecolor="#FFFFFF", edgecolor="#999999", label="free: a choice"),
        Patch(facecolor="#E8E8E8", edgecolor="#999999", label="spelling: follows from the characters just before"),
        Patch(facecolor="#8CC6EC", edgecolor="black", label="underlined: follows from a word far back"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return picture(
        figure,
        "A story, character by character: choices on white, characters that follow from their spelling on grey, and on "
        "blue, underlined, those that follow from a word which the story must remember.",
    )


def _lay_out(text: str, columns: int) -> list[tuple[int, int]]:
    """Row and column of every character: lines break at spaces, words that are too long anywhere."""
    places, row, start = [], 0, 0
    while start < len(text):
        end = text.find("\n", start, start + columns + 1)
        if end < 0:
            end = len(text) - 1
            if end - start >= columns:
                space = text.rfind(" ", start, start + columns)
                end = space if space > start else start + columns - 1
        places += [(row, at - start) for at in range(start, end + 1)]
        row, start = row + 1, end + 1
    return places


def _text_figure(text: str, ground, underlined: Sequence[bool], columns: int, title: str = ""):
    """Monospaced text on coloured squares; a line end is shown as ↵."""
    places = _lay_out(text, columns)
    rows = places[-1][0] + 1
    figure, axes = new_figure(9.4, 0.24 * rows + 0.5 + (0.3 if title else 0))
    for (row, column), char, colour, line in zip(places, text, ground, underlined, strict=True):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor="none"))
        shown = "↵" if char == "\n" else char
        axes.text(column + 0.5, row + 0.5, shown, ha="center", va="center_baseline", family="monospace", fontsize=9.5)
        if line:
            axes.plot([column + 0.05, column + 0.95], [row + 0.93, row + 0.93], color="black", linewidth=1.3)
    axes.set(xlim=(0, columns + 1), ylim=(rows + 0.1, 0))
    axes.axis("off")
    axes.set_title(title, fontsize=10, loc="left")
    return figure, axes


def plot_one_hot(text: str, vocab: Vocabulary) -> Picture:
    """The one-hot rows of `text`: a row for each character, a column for each character of the vocabulary."""
    ids = vocab.encode(text).tolist()
    figure, axes = new_figure(9.4, 0.22 * len(text) + 0.9)
    for row, column in enumerate(ids):
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=OKABE_ITO[0]))
        axes.text(column, row, "1", ha="center", va="center", color="white", fontsize=8)
    axes.set(xlim=(-0.5, len(vocab) - 0.5), ylim=(len(text) - 0.5, -0.5), ylabel="position in the text")
    axes.set_xticks(range(len(vocab)), [visible(char) for char in vocab.characters], family="monospace", fontsize=8)
    axes.set_yticks(range(len(text)), [visible(char) for char in text], family="monospace", fontsize=9)
    axes.set_xlabel("the vocabulary, in sorted order")
    axes.tick_params(length=0)
    axes.set_xticks([at + 0.5 for at in range(len(vocab))], minor=True)
    axes.set_yticks([at + 0.5 for at in range(len(text))], minor=True)
    axes.grid(which="minor", color="#DDDDDD", linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    return picture(
        figure,
        f"One-hot rows of {text!r}: each of the {len(text)} rows is a character, with a single 1 in the column that "
        "belongs to it, and zeros elsewhere.",
    )


def visible(char: str) -> str:
    """A character as a figure or a table shows it: space as ␣, the end of a line as ↵."""
    return {" ": "␣", "\n": "↵", "\t": "⇥"}.get(char, char)


def plot_streams(text: str, streams: int, window: int) -> Picture:
    """A short text cut into parallel streams, and the streams into batches: one row a stream, one ground a batch.

    As `encoding.as_streams` and `encoding.batches` cut it. Raises `ValueError` if the text is too short for that.
    """
    inputs, _ = as_streams(torch.arange(len(text)), streams)
    steps = inputs.shape[1]
    whole = steps // window
    if not 1 <= window <= steps:
        raise ValueError(f"window is {window} and a stream has {steps} steps; choose a window from 1 to {steps}")
    figure, axes = new_figure(9.4, 0.42 * streams + 0.9)
    tints = ("#A6D3F0", "#F7C9A3", "#A9DFCB", "#EBCBDD", "#F3D68F")
    for row, positions in enumerate(inputs.tolist()):
        for step, position in enumerate(positions):
            number = step // window
            colour = tints[number % len(tints)] if number < whole else "white"
            axes.add_patch(Rectangle((step, row), 1, 0.82, facecolor=colour, edgecolor="white"))
            axes.text(step + 0.5, row + 0.42, visible(text[position]), ha="center", va="center", family="monospace")
        axes.text(-0.4, row + 0.42, f"stream {row}", ha="right", va="center", fontsize=9)
    for number in range(whole):
        axes.text((number + 0.5) * window, -0.12, f"batch {number}", ha="center", va="bottom", fontsize=9)
        axes.plot([(number + 1) * window] * 2, [-0.5, streams - 0.1], color="black", linewidth=1.2)
    if steps > whole * window:
        axes.text((whole * window + steps) / 2, -0.12, "left out", ha="center", va="bottom", fontsize=9)
    axes.set(xlim=(-3.5, steps + 0.1), ylim=(streams, -0.7))
    axes.axis("off")
    return picture(
        figure,
        f"A text in {streams} rows, the streams, cut by vertical lines into {whole} batches of {window} characters. "
        f"Row by row the text reads on from left to right, so each stream continues in the next batch; the next row "
        f"begins where the row above ends.",
    )


def plot_ladder(rungs: dict[str, float], floor: float | None = None) -> Picture:
    """The score ladder as bars in bits per character; `rungs` and `floor` in nats, the floor as a dotted line."""
    figure, axes = new_figure(7.4, 0.42 * len(rungs) + 1.0)
    styles = [STYLES.get(name, {"color": "#CCCCCC"}) for name in rungs]
    bits = [loss / math.log(2) for loss in rungs.values()]
    axes.barh(list(rungs), bits, color=[style["color"] for style in styles], height=0.62)
    for row, value in enumerate(bits):
        axes.text(value + 0.05, row, f"{value:.2f}", va="center", fontsize=9)
    if floor is not None:
        axes.axvline(floor / math.log(2), **STYLES["floor"], linewidth=2)
        text = f"the floor: {floor / math.log(2):.2f}"
        axes.text(floor / math.log(2), -0.62, text, ha="left", va="bottom", fontsize=9, color="#555555")
    axes.invert_yaxis()
    axes.set(xlabel="loss on val (bits per character)", xlim=(0, max(bits) * 1.1))
    axes.tick_params(axis="y", length=0)
    _tidy(axes)
    below = " A dotted line marks the floor." if floor is not None else ""
    names = ", ".join(rungs)
    return picture(figure, f"Bars of loss in bits per character, from top to bottom: {names}.{below}")


def plot_next_characters(
    vocab: Vocabulary, probabilities: dict[str, Tensor], top: int = 12, title: str = ""
) -> Picture:
    """What each model expects next, side by side: bars for the characters that any of them finds likely.

    `probabilities`: for each name a distribution over the vocabulary, (V,). LSTM and GRU keep their colours;
    "oracle" has the floor's.
    """
    rows = {name: torch.as_tensor(p, dtype=torch.float64).tolist() for name, p in probabilities.items()}
    best = [max(p[index] for p in rows.values()) for index in range(len(vocab))]
    shown = sorted(range(len(vocab)), key=lambda index: -best[index])[:top]
    figure, axes = new_figure(8.0, 2.9)
    width = 0.8 / len(rows)
    plain = ["#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
    for number, ((name, p), hatch) in enumerate(zip(rows.items(), ("", "//", "..", "xx", "\\\\"), strict=False)):
        style = STYLES.get("floor" if name == "oracle" else name, {"color": plain[number % len(plain)]})
        at = [place + (number - (len(rows) - 1) / 2) * width for place in range(len(shown))]
        heights = [p[index] for index in shown]
        look = {"color": style["color"], "hatch": hatch, "edgecolor": "white", "linewidth": 0}
        axes.bar(at, heights, width * 0.92, label=name, **look)
    names = [visible(vocab.characters[index]) for index in shown]
    axes.set_xticks(range(len(shown)), names, family="monospace", fontsize=12)
    axes.set(ylim=(0, 1), xlabel="next character", ylabel="probability")
    axes.set_title(title, fontsize=10, loc="left")
    axes.legend(frameon=False)
    _tidy(axes)
    names = ", ".join(rows)
    return picture(figure, f"Bars: the probability of the likeliest next characters for {names}, side by side.")


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
    _tidy(bars)
    decay.plot([keep**t for t in range(steps + 1)], marker="o", markersize=3, **style)
    decay.axhline(0.5, **STYLES["floor"])
    decay.text(steps, 0.52, "half", ha="right", color="#555555", fontsize=9)
    decay.set(
        xlim=(-0.02 * steps, 1.02 * steps), ylim=(0, 1.05), xlabel="steps (characters)", ylabel="share that is left"
    )
    decay.set_title(f"${keep_name}^t$ at ${keep_name}={keep:.2f}$", fontsize=10)
    _tidy(decay)
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


# --------------------------------------------------------------------------------- 04 and 05: training and its curves

UNITS = {"nats": 1.0, "bits": 1 / math.log(2)}
AXES = {"updates": "updates", "characters": "characters read (millions)", "seconds": "seconds of training"}
LOSS_TICKS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 3, 4, 6)


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
    figure, axes = new_figure(7.4, 3.8)
    ends = {}
    longest = 0.0
    for history in histories:
        x = {
            "updates": history.val_updates,
            "characters": [n / 1e6 for n in history.val_characters],
            "seconds": history.val_seconds,
        }[axis]
        y = [loss * scale for loss in history.val_losses]
        point = MARKERS[history.cell] if len(x) == 1 else None  # a line of one point cannot be seen
        axes.plot(x, y, **STYLES[history.cell], linewidth=1.8 if history.cell not in ends else 1.0, marker=point)
        if x:
            ends[history.cell] = (x[-1], y[-1])
            longest = max(longest, x[-1])
    marks = {name: loss for name, loss in (ladder or {}).items() if name not in ("uniform", "unigram")}
    if floor is not None:
        marks["floor"] = floor
    for name, loss in marks.items():
        line = {**STYLES["floor"], "linewidth": 1.6} if name == "floor" else {"color": "#999999", "linewidth": 0.8}
        axes.axhline(loss * scale, **line)
        axes.annotate(
            name, (1.01, loss * scale), xycoords=("axes fraction", "data"), va="center", fontsize=8, color="#555555"
        )
    for cell in ends:
        axes.plot([], [], **STYLES[cell], label=cell)
    axes.set_xlim(0, max(longest, 1e-9) * 1.02)
    axes.set_xlabel(AXES[axis])
    axes.set_yscale("log")
    axes.set_yticks(LOSS_TICKS, [f"{tick:g}" for tick in LOSS_TICKS])
    axes.set_yticks([], minor=True)
    shown = [loss * scale for history in histories for loss in history.val_losses] + [
        line * scale for line in marks.values()
    ]
    axes.set_ylim(0.92 * min(shown, default=1), 1.08 * max(shown, default=4))
    axes.set_ylabel(f"validation loss ({unit}/character)")
    if ends:
        axes.legend(frameon=False)
    _tidy(axes)
    seeds = max((sum(h.cell == cell for h in histories) for cell in ends), default=0)
    lines = f"{' and '.join(sorted(ends, reverse=True)) or 'no network yet'}, {seeds} seed(s) each"
    against = f" Horizontal lines mark {', '.join(marks)}." if marks else ""
    return picture(
        figure,
        f"Validation loss in {unit} per character, on a logarithmic scale, against {AXES[axis]}: {lines}.{against}",
    )


def plot_training_losses(histories: Sequence[History], smoothed: Sequence[Sequence[float]]) -> Picture:
    """Training loss of each update, pale, and smoothed, in full colour; below it the gradient norm before clipping.

    `smoothed`: for each history a list of the last part of its updates; one shorter than the run ends where it ends.
    """
    figure, (top, low) = new_figure(7.4, 4.8, rows=2, sharex=True)
    for history, line in zip(histories, smoothed, strict=True):
        style = STYLES[history.cell]
        top.plot(range(1, history.updates + 1), history.losses, color=style["color"], alpha=0.22, linewidth=0.6)
        start = history.updates - len(line) + 1
        top.plot(range(start, history.updates + 1), line, **style, linewidth=1.6, label=history.cell)
        low.plot(range(1, history.updates + 1), history.norms, **style, linewidth=0.6)
    for clip in {history.config.clip for history in histories}:
        low.axhline(clip, color="black", linewidth=0.9)
        low.annotate("clip", (1.01, clip), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    top.set_ylabel("training loss\n(nats/character)")
    low.set(xlabel="updates", ylabel="gradient norm", yscale="log")
    top.legend(frameon=False, loc="upper right")
    for axes in (top, low):
        _tidy(axes)
    return picture(
        figure,
        "Above, the training loss of every update, pale and ragged, and its moving average as a line: LSTM solid, GRU "
        "dashed. Below, the gradient norm of every update on a logarithmic scale, with a line at the clipping norm.",
    )


def plot_excess_by_kind(excess: dict[str, dict[str, float]]) -> Picture:
    """Bars side by side for each kind of character: `excess[model][kind]`, in nats for one such character.

    LSTM and GRU keep their colours, and hatches tell the models apart. Raises `ValueError` if the kinds differ.
    """
    kinds = list(next(iter(excess.values())))
    if any(list(row) != kinds for row in excess.values()):
        raise ValueError("every model needs the same kinds in the same order")
    label = "excess over the oracle (nats)"
    figure, axes = new_figure(max(7.4, 0.75 * len(kinds)), 3.6)
    width = 0.84 / len(excess)
    for number, (name, row) in enumerate(excess.items()):
        at = [place + (number - (len(excess) - 1) / 2) * width for place in range(len(kinds))]
        colour = STYLES[name]["color"] if name in STYLES else "#BBBBBB"
        look = {
            "color": colour,
            "hatch": {"LSTM": "", "GRU": "//", "RNN": "\\\\"}.get(name, ".."),
            "edgecolor": "white",
            "linewidth": 0,
        }
        axes.bar(at, list(row.values()), width * 0.92, label=name, **look)
    axes.set_xticks(range(len(kinds)), kinds, fontsize=9)
    axes.set_ylabel(label)
    axes.legend(frameon=False)
    _tidy(axes)
    return picture(figure, f"Bars of {label} for {', '.join(excess)}, side by side, for each of: {', '.join(kinds)}.")


def plot_paired(first: Sequence[float], second: Sequence[float], interval, smallest: float) -> Picture:
    """Left: the losses of each pair of runs, joined. Right: the mean difference and its interval, against ±`smallest`.

    `first` are of the LSTM, `second` of the GRU; `interval` is a `metrics.Interval` of their difference. In nats per
    character.
    """
    names = ("LSTM", "GRU")
    figure, (left, right) = new_figure(7.4, 2.9, cols=2)
    for a, b in zip(first, second, strict=True):
        left.plot([0, 1], [a, b], color="#999999", linewidth=0.9)
    for place, (name, losses) in enumerate(zip(names, (first, second), strict=True)):
        marker = "o" if name == "LSTM" else "s"
        left.plot([place] * len(losses), losses, marker, color=STYLES[name]["color"])
    left.set_xticks([0, 1], names)
    left.set(xlim=(-0.4, 1.4), ylabel="best loss on val (nats/character)")
    right.axvspan(-smallest, smallest, color="#EEEEEE")
    right.axvline(0, color="black", linewidth=0.9)
    right.plot([interval.low, interval.high], [0, 0], color="black", linewidth=2)
    right.plot([interval.mean], [0], "D", color="black")
    reach = 1.15 * max(abs(interval.low), abs(interval.high), 1.5 * smallest)
    right.set(xlim=(-reach, reach), ylim=(-1, 1), yticks=[])
    right.set_xlabel(f"{names[0]} minus {names[1]} (nats/character)")
    right.set_title(f"← {names[0]} lower          {names[1]} lower →", fontsize=9)
    for axes in (left, right):
        _tidy(axes)
    return picture(
        figure,
        f"Left: the best validation losses of {len(first)} pairs of runs, {names[0]} and {names[1]}, each pair joined "
        "by a line. Right: the mean difference and its confidence interval, against zero and a grey band of "
        f"±{smallest:g}, the smallest difference of interest.",
    )


# --- 09: many runs --------------------------------------------------------------------------------------------------


def _rungs(axes, ngram: float | None, floor: float | None) -> str:
    """Lines for what counting reaches and for the best possible; the words that name them."""
    lines = {"n-gram": (ngram, {"color": "#999999", "linewidth": 0.8}), "floor": (floor, STYLES["floor"])}
    known = {name: line for name, line in lines.items() if line[0] is not None}
    for name, (loss, look) in known.items():
        axes.axhline(loss, **look)
        axes.annotate(name, (1.01, loss), xycoords=("axes fraction", "data"), va="center", fontsize=8, color="#555555")
    return f" Horizontal lines: {' and '.join(known)}." if known else ""


def plot_bands(bands: dict, ngram: float | None = None, floor: float | None = None) -> Picture:
    """Learning curves with their intervals: `bands[cell]` is a `metrics.Band` over updates, in nats per character."""
    figure, axes = new_figure(7.4, 3.4)
    for cell, band in bands.items():
        axes.fill_between(band.x, band.low, band.high, color=STYLES[cell]["color"], alpha=0.2, linewidth=0)
        axes.plot(band.x, band.mean, **STYLES[cell], marker=MARKERS[cell], markersize=4, label=cell)
    axes.set(xlabel="updates", ylabel="loss on val (nats/character)")
    lines = _rungs(axes, ngram, floor)
    axes.legend(frameon=False)
    _tidy(axes)
    return picture(
        figure,
        f"Validation loss against updates for {', '.join(bands)}: the mean over seeds as a line, its interval as a "
        f"band of the same colour.{lines}",
    )


def plot_groups(groups: dict[str, dict[str, Sequence[float]]], ngram=None, floor=None, xlabel: str = "") -> Picture:
    """Final losses side by side: `groups[group][cell]` holds one for each seed, in nats per character.

    A small mark for each seed, a large one for their mean.
    """
    figure, axes = new_figure(7.4, 3.6)
    cells = list(next(iter(groups.values())))
    for number, cell in enumerate(cells):
        places = [place + 0.22 * (number - (len(cells) - 1) / 2) for place in range(len(groups))]
        colour = STYLES[cell]["color"]
        for place, losses in zip(places, (group[cell] for group in groups.values()), strict=True):
            axes.plot([place] * len(losses), losses, MARKERS[cell], color=colour, markersize=4, alpha=0.45)
            axes.plot([place], [sum(losses) / len(losses)], MARKERS[cell], color=colour, markersize=9, fillstyle="none")
        axes.plot([], [], MARKERS[cell], color=colour, label=cell)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(xlim=(-0.6, len(groups) - 0.4), xlabel=xlabel, ylabel="loss on test (nats/character)")
    lines = _rungs(axes, ngram, floor)
    axes.legend(frameon=False)
    _tidy(axes)
    return picture(
        figure,
        f"Test losses of {', '.join(cells)} side by side for {', '.join(groups)}: a small mark for each seed, a large "
        f"one for their mean.{lines}",
    )


def plot_frontier(points: dict[str, Sequence[Point]], at: float, ngram=None, floor=None) -> Picture:
    """Loss against seconds: for each cell its sizes, as `trial.by_seconds` gives them, at the mean over the seeds.

    A vertical line at `at` seconds is where equal seconds are compared.
    """
    figure, axes = new_figure(7.4, 3.8)
    for cell, found in points.items():
        seconds = [point.seconds for point in found]
        losses = [sum(point.losses) / len(point.losses) for point in found]
        axes.plot(seconds, losses, **STYLES[cell], marker=MARKERS[cell], label=cell)
        for x, y, point in zip(seconds, losses, found, strict=True):
            axes.annotate(point.size, (x, y), textcoords="offset points", xytext=(5, 5), fontsize=8, color="#555555")
    axes.axvline(at, color="black", linewidth=0.9)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:g}"[0] in "25" else "")
    axes.set(xlabel="seconds of one processor core (logarithmic)", ylabel="loss on test (nats/character)")
    lines = _rungs(axes, ngram, floor)
    axes.legend(frameon=False)
    _tidy(axes)
    return picture(
        figure,
        f"Test loss against seconds of training on a logarithmic scale: one line for each of {', '.join(points)}, one "
        f"mark for each size. A vertical line stands where equal seconds are compared.{lines}",
    )


def plot_intervals(intervals: dict[str, object], smallest: float, first: str, second: str) -> Picture:
    """Intervals of `first` minus `second` below one another: `intervals[name]` is a `metrics.Interval`."""
    figure, axes = new_figure(7.4, 0.9 + 0.32 * len(intervals))
    axes.axvspan(-smallest, smallest, color="#EEEEEE")
    axes.axvline(0, color="black", linewidth=0.9)
    for place, interval in enumerate(intervals.values()):
        axes.plot([interval.low, interval.high], [-place, -place], color="black", linewidth=2)
        axes.plot([interval.mean], [-place], "D", color="black", markersize=5)
    reach = 1.1 * max(abs(end) for interval in intervals.values() for end in (interval.low, interval.high, smallest))
    axes.set(xlim=(-reach, reach), ylim=(-len(intervals) + 0.4, 0.6))
    axes.set_yticks([-place for place in range(len(intervals))], intervals, fontsize=9)
    axes.set_xlabel(f"{first} minus {second} (nats/character)")
    axes.set_title(f"← {first} lower          {second} lower →", fontsize=9)
    _tidy(axes)
    return picture(
        figure,
        f"The mean difference {first} minus {second} and its interval for each of: {', '.join(intervals)}; a line at "
        f"zero and a grey band of ±{smallest:g}, the smallest difference of interest.",
    )


def plot_schedule(config: TrainConfig) -> Picture:
    """The learning rate of every update: warm-up, then half a cosine."""
    figure, axes = new_figure(6, 2.4)
    updates = range(config.updates)
    axes.plot(updates, [config.rate(update) for update in updates], color="#000000")
    axes.axvline(config.warmup, color="#999999", linewidth=0.8)
    axes.annotate("end of warm-up", (config.warmup, 0), xytext=(4, 4), textcoords="offset points", fontsize=8)
    axes.set_xlabel("updates")
    axes.set_ylabel("learning rate")
    axes.set_ylim(0)
    _tidy(axes)
    return picture(
        figure,
        f"The learning rate rises in a straight line over {config.warmup} updates and falls along half a cosine until "
        f"update {config.updates}.",
    )


def draw_truncation(text: str = "the cat sat on the mat ", window: int = 6, windows: int = 3) -> Picture:
    """Truncated back-propagation: the state goes on from window to window, the gradient does not."""
    figure, axes = new_figure(8, 2.3)
    for number in range(windows):
        left = number * window
        axes.add_patch(Rectangle((left - 0.45, -0.75), window - 0.1, 1.5, facecolor=("#E8F1F8", "#FBEDE3")[number % 2]))
        axes.annotate(f"window {number + 1}", (left + window / 2 - 0.5, 0.95), ha="center", fontsize=9)
        back = FancyArrowPatch(
            (left + window - 0.8, -0.55),
            (left - 0.3, -0.55),
            arrowstyle="-|>",
            mutation_scale=12,
            color="#009E73",
            linestyle="--",
        )
        axes.add_patch(back)
    for position in range(window * windows):
        axes.annotate(repr(text[position])[1:-1], (position, 0.25), ha="center", fontsize=11, family="monospace")
        crossing = position % window == window - 1
        if position < window * windows - 1:
            axes.add_patch(
                FancyArrowPatch(
                    (position + 0.1, 0),
                    (position + 0.95, 0),
                    arrowstyle="-|>",
                    mutation_scale=10,
                    linewidth=2.2 if crossing else 1,
                    color="#000000",
                )
            )
    axes.annotate(
        "state: carried on",
        (window - 0.1, 0.02),
        xytext=(window - 0.1, -1.15),
        ha="center",
        fontsize=8,
        arrowprops={"arrowstyle": "-", "color": "#777777"},
    )
    axes.annotate("gradient: stops here", (-0.35, -0.55), xytext=(-0.2, -1.15), ha="left", fontsize=8, color="#00724F")
    axes.set_xlim(-0.7, window * windows - 0.3)
    axes.set_ylim(-1.35, 1.2)
    axes.axis("off")
    return picture(
        figure,
        f"{windows} windows of {window} characters. Black arrows carry the state from every character to the next, "
        "also across the borders of windows. Green dashed arrows carry the gradient back and stop at the left edge of "
        "each window.",
    )


# --- 08: inside the gates -------------------------------------------------------------------------------------------


def plot_gates(values: Tensor, text: str, name: str) -> Picture:
    """A gate as a heat map: `values` (T, H) from 0 to 1, a column for each character of `text`, a row for each unit.

    The rows are sorted by their mean, the highest at the top. Raises `ValueError` if the lengths differ.
    """
    if len(values) != len(text) or not text:
        raise ValueError(f"the text has {len(text)} characters and there are {len(values)} columns: give one for each")
    rows = values[:, values.mean(0).argsort(descending=True)].T  # (H, T)
    figure, axes = new_figure(10.5, 3.0)
    image = axes.imshow(rows.numpy(), aspect="auto", norm=Normalize(0, 1), cmap="cividis")
    axes.set_xticks(range(len(text)), [visible(char) for char in text], family="monospace", fontsize=9)
    axes.tick_params(axis="x", length=0)
    axes.set(ylabel="units, sorted by their mean", yticks=[])
    figure.colorbar(image, ax=axes, pad=0.01, aspect=14).set_label(name)
    return picture(
        figure,
        f"A heat map of {name}: a column for each character of {text!r}, a row for each unit, sorted by their mean.",
    )


def plot_gradient_by_lag(curves: dict[str, Tensor]) -> Picture:
    """Gradient norms by lag, `curves[label]` (lags,) from lag 1 on. A label is a cell, then "fresh" (thin) or not."""
    figure, axes = new_figure(7.4, 3.8)
    for label, norms in curves.items():
        width = 1.0 if "fresh" in label else 2.2
        axes.plot(range(1, len(norms) + 1), norms, **STYLES[label.split()[0]], linewidth=width, label=label)
    axes.set(yscale="log", xlabel="lag k (characters)", ylabel="mean |∂loss$_t$ / ∂h$_{t-k}$|")
    low = max(1e-12, min(float(norms.min()) for norms in curves.values()))
    axes.set_ylim(bottom=low / 2)
    axes.legend(frameon=False, fontsize=9)
    _tidy(axes)
    return picture(
        figure,
        "How much the loss depends on earlier states: the norm of the gradient, on a logarithmic scale, against the "
        f"lag in characters, for {', '.join(curves)}.",
    )


def plot_shares(shares: dict[str, dict[str, Share]], xlabel: str = "") -> Picture:
    """Shares of right answers with 95 % intervals, `shares[cell][group]`, and what guessing gives as a bar."""
    groups = list(next(iter(shares.values())))
    figure, axes = new_figure(8.6, 3.4)
    for place, group in enumerate(groups):
        guess = next(iter(shares.values()))[group].guess
        label = "always the usual one" if place == 0 else None
        axes.plot([place - 0.32, place + 0.32], [guess, guess], color="black", linewidth=2.2, label=label)
    for number, (cell, found) in enumerate(shares.items()):
        x = [place + 0.16 * (number - (len(shares) - 1) / 2) for place in range(len(groups))]
        middle = [found[group].share for group in groups]
        low, high = zip(*(found[group].interval() for group in groups), strict=True)
        spread = [[m - a for m, a in zip(middle, low, strict=True)], [b - m for m, b in zip(middle, high, strict=True)]]
        style = {"color": STYLES[cell]["color"], "marker": MARKERS[cell]}
        axes.errorbar(x, middle, yerr=spread, **style, linestyle="none", capsize=3, label=cell)
    axes.set_xticks(range(len(groups)), groups)
    axes.set(ylim=(0, 1.03), ylabel="share right", xlabel=xlabel)
    axes.legend(frameon=False, fontsize=8)
    _tidy(axes)
    return picture(
        figure,
        f"Share of right answers for {', '.join(groups)}, with 95 % intervals: {' and '.join(shares)}, beside a black "
        "bar for always naming the one that is usual in the training text.",
    )


def plot_reach(reaches: dict[str, dict[str, Sequence[int]]], trained_to: int = 20, tested_to: int = 100) -> Picture:
    """Up to which n networks answer rightly: `reaches[task][cell]`, a dot for each seed, a bar at the median."""
    figure, panels = new_figure(9.6, 3.4, cols=len(reaches), sharey=True, squeeze=False)
    for axes, (task, found) in zip(panels[0], reaches.items(), strict=True):
        for place, (cell, values) in enumerate(found.items()):
            ordered = sorted(values)
            shift = [0.5 * rank / max(1, len(ordered) - 1) - 0.25 for rank in range(len(ordered))]
            style = {"color": STYLES[cell]["color"], "marker": MARKERS[cell]}
            axes.plot([place + s for s in shift], ordered, **style, linestyle="none", markersize=4)
            axes.plot([place - 0.32, place + 0.32], [median(ordered)] * 2, color="black", linewidth=2)
        axes.axhline(trained_to, **STYLES["floor"])
        axes.set_xticks(range(len(found)), list(found))
        axes.set_title(task, fontsize=10)
        axes.set_ylim(-2, tested_to + 4)
        _tidy(axes)
    panels[0][0].set_ylabel("right up to n =")
    panels[0][0].annotate("trained up to here", (-0.4, trained_to - 1), fontsize=8, va="top", color="#555555")
    return picture(
        figure,
        f"For {', '.join(reaches)}: up to which n each network is right, a dot for each seed, a black bar at the "
        f"median, for each cell; a dotted line at n = {trained_to}, the longest in training. Tested up to {tested_to}.",
    )


def plot_units(text: str, units: dict[str, Sequence[float]], ylabel: str) -> Picture:
    """The value of units at every character of `text`: `units[label]` (T,); the label's first word is the cell."""
    figure, panels = new_figure(9.6, 1.5 * len(units) + 0.5, rows=len(units), sharex=True, squeeze=False)
    for axes, (label, values) in zip(panels[:, 0], units.items(), strict=True):
        axes.plot(range(len(values)), values, **STYLES.get(label.split()[0], {"color": "black"}), linewidth=1.6)
        axes.axhline(0, color="#999999", linewidth=0.6)
        axes.set_ylabel(ylabel)
        axes.set_title(label, fontsize=9, loc="left")
        _tidy(axes)
    panels[-1, 0].set_xticks(range(len(text)), [visible(char) for char in text], family="monospace", fontsize=7)
    panels[-1, 0].tick_params(axis="x", length=0, rotation=0)
    return picture(figure, f"The value of {' and '.join(units)} at each character of a line, as a curve.")


# --- 10: break it ---------------------------------------------------------------------------------------------------

BROKEN = {"color": "#CC79A7", "linestyle": "-"}
SOUND = {"color": "#000000", "linestyle": "--"}


def plot_fault(run: Run, twin: Run, floor: float) -> Picture:
    """A run and its sound twin: training and validation loss, gradient norms, and loss by position in the window.

    Of a run that stopped at once only the message is shown.
    """
    figure, (left, middle, right) = new_figure(11, 3.4, cols=3)
    for one, style, name in ((twin, SOUND, "sound"), (run, BROKEN, "this run")):
        updates = range(1, len(one.losses) + 1)
        left.plot(updates, one.losses, **style, linewidth=0.9, label=f"{name}, training")
        left.plot(one.val_updates, one.val_losses, color=style["color"], marker="o", markersize=5, linestyle="none")
        middle.plot(updates, one.norms, **style, linewidth=0.8, label=name)
        right.plot(range(1, len(one.by_position) + 1), one.by_position, **style, linewidth=1.4, label=name)
    left.plot([], [], color="#555555", marker="o", markersize=5, linestyle="none", label="dots: validation")
    left.axhline(floor, **STYLES["floor"])
    left.annotate("floor", (1, floor), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=8)
    left.set(xlabel="updates", ylabel="loss (nats/character; wider below 1)", yscale="symlog", ylim=(-0.05, 22))
    left.set_yticks([0, 0.3, 1, 2, 4, 10, 20], ["0", "0.3", "1", "2", "4", "10", "20"])
    left.set_yticks([], minor=True)
    middle.set(xlabel="updates", ylabel="gradient norm, before clipping", yscale="log")
    right.set(xlabel="position in the window", ylabel="training loss, last 50 updates")
    right.set_ylim(bottom=0)
    middle.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5), numticks=6))
    middle.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    middle.set_yticks([], minor=True)
    if run.error:
        figure.suptitle(f"This run stopped after {len(run.losses)} update(s) with {run.error}", fontsize=9)
    left.legend(frameon=False, fontsize=8)
    for axes in (left, middle, right):
        _tidy(axes)
    return picture(
        figure,
        "Three charts of a run, in purple, beside its sound twin, black and dashed. Left: training loss of every "
        "update, and validation loss as dots, with a dotted line at the floor. Middle: gradient norms on a "
        "logarithmic scale. Right: training loss at each position in the window."
        + (" The run stopped at once; the message stands above." if run.error else ""),
    )
