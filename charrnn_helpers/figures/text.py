"""Figures of text: characters, their values, streams, what comes next and how it is drawn."""

from bisect import bisect
from collections.abc import Sequence
from itertools import pairwise

import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, Normalize
from matplotlib.patches import Patch, Polygon, Rectangle
from torch import Tensor
from torch.nn.functional import one_hot

from ..text.encoding import Vocabulary, as_streams
from ..text.tales import Mark
from .pictures import (
    NOTE,
    OKABE_ITO,
    Picture,
    grouped_bars,
    lines_of,
    new_figure,
    picture,
    show_characters,
    visible,
)

COLUMNS = 76  # characters in a line of `plot_text` and `plot_marks`
TOP = 12  # characters, of `plot_next_characters`
PIECE = "#E3E3E3"  # of `plot_pieces`
HIT = "#FFE08A"  # the piece that is hit
NARROWEST = 0.015  # piece that carries its character
LETTER = {"ha": "center", "va": "center_baseline", "family": "monospace"}
MARKS = {  # of `plot_marks`; a mark of any other kind is "rare"
    "free": ("#FFFFFF", "free choice"),
    "spelling": ("#E8E8E8", "spelling"),
    "name": ("#8CC6EC", "the hero"),
    "friend": ("#F7C9A3", "the friend"),
    "rare": ("#A9DFCB", "other memory"),
}


def plot_text(
    text: str,
    values: Sequence[float],
    label: str = "bits",
    underline_above: float | None = None,
    highest: float | None = None,
    title: str = "",
    words: str = "",
) -> Picture:
    """Draw `text` with every character on a ground coloured by its value, one number a character: darker is higher.

    `label` names the unit of the values. Characters above `underline_above` are underlined, so that colour is not the
    only cue. The scale runs from 0 to `highest`, or else to the highest value; around 0 if a value is negative. Give
    both pictures of a pair the same `highest`. Raises `ValueError` if the lengths differ.
    """
    if len(values) != len(text) or not text:
        raise ValueError(f"the text has {len(text)} characters and there are {len(values)} values: give one for each")
    low, high = min(values), max(values) if highest is None else highest
    high = high or 1.0  # if all values are 0
    if low < 0:
        scale, grounds = Normalize(-max(-low, high), max(-low, high)), ["#56B4E9", "#FFFFFF", "#E69F00"]
    else:
        scale, grounds = Normalize(0, high), ["#FFFFFF", "#FFE08A", "#E69F00"]
    colours = LinearSegmentedColormap.from_list("ground", grounds)
    underlined = [underline_above is not None and value > underline_above for value in values]
    figure, axes = _text_figure(text, [colours(scale(value)) for value in values], underlined, title)
    bar = figure.colorbar(ScalarMappable(scale, colours), ax=axes, shrink=0.9, pad=0.01, aspect=14)
    bar.set_label(label)
    words = words or f"A text of {len(text)} characters; the darker the ground of a character, the higher its {label}."
    if underline_above is not None:
        bar.ax.axhline(underline_above, color="black", linewidth=1.5)
        words += f" Characters above {underline_above:g} {label} are underlined."
    return picture(figure, words)


def plot_marks(marks: Sequence[Mark]) -> Picture:
    """Draw a story as `tales.annotate` marks it: what must be remembered is underlined, in a colour for its kind."""
    kinds = ["name" if mark.kind == "pronoun" else mark.kind for mark in marks]
    figure, _ = _text_figure(
        "".join(mark.char for mark in marks),
        [MARKS.get(kind, MARKS["rare"])[0] for kind in kinds],
        [kind not in ("free", "spelling") for kind in kinds],
    )
    handles = [Patch(facecolor=colour, edgecolor="#666666", label=label) for colour, label in MARKS.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return picture(
        figure,
        "A story, character by character: choices on white, spelling on grey. Underlined is what follows from a word "
        "that the story must remember: the hero on blue, the friend on orange, anything else on green.",
    )


def plot_one_hot(text: str, vocab: Vocabulary) -> Picture:
    """Draw the one-hot rows of `text`: a row for each character, a column for each character of the vocabulary."""
    ids = vocab.encode(text)
    figure, axes = new_figure(height=0.2 * len(text) + 0.8)
    white_or_blue = ListedColormap(["#FFFFFF", OKABE_ITO[0]])
    axes.pcolormesh(one_hot(ids, len(vocab)), cmap=white_or_blue, edgecolors="#DDDDDD", linewidth=0.6)
    for row, column in enumerate(ids.tolist()):
        axes.text(column + 0.5, row + 0.5, "1", ha="center", va="center", color="white")
    for axis, characters in ((axes.xaxis, vocab.characters), (axes.yaxis, text)):
        middles = [number + 0.5 for number in range(len(characters))]
        axis.set_ticks(middles, [visible(char) for char in characters], family="monospace")
    axes.set(xlabel="the vocabulary, in sorted order", ylabel="position in the text")
    axes.invert_yaxis()
    axes.tick_params(length=0)
    return picture(
        figure,
        f"One-hot rows of {text!r}: each of the {len(text)} rows is a character, with a single 1 in the column that "
        "belongs to it, and zeros elsewhere.",
    )


def plot_streams(text: str, streams: int, window: int) -> Picture:
    """Draw how `as_streams` and `batches` cut a short text: one row for each stream, one ground for each batch.

    Raises `ValueError` if the text is too short for so many streams, or a stream for a window.
    """
    inputs, _ = as_streams(torch.arange(len(text)), streams)
    steps = inputs.shape[1]
    if not 1 <= window <= steps:
        raise ValueError(f"window is {window} and a stream has {steps} steps; choose a window from 1 to {steps}")
    batches = steps // window
    figure, axes = new_figure(height=0.36 * streams + 0.7)
    tints = ("#A6D3F0", "#F7C9A3", "#A9DFCB", "#EBCBDD", "#F3D68F")
    for row, positions in enumerate(inputs.tolist()):
        for step, position in enumerate(positions):
            number = step // window
            colour = tints[number % len(tints)] if number < batches else "white"
            axes.add_patch(Rectangle((step, row), 1, 0.82, facecolor=colour, edgecolor="white"))
            axes.text(step + 0.5, row + 0.42, visible(text[position]), **LETTER)
        axes.text(-0.4, row + 0.42, f"stream {row}", ha="right", va="center")
    for number in range(batches):
        axes.text((number + 0.5) * window, -0.12, f"batch {number}", ha="center", va="bottom")
        axes.plot([(number + 1) * window] * 2, [-0.5, streams - 0.1], color="black", linewidth=1.2)
    if steps > batches * window:
        axes.text((batches * window + steps) / 2, -0.12, "left out", ha="center", va="bottom")
    axes.set(xlim=(-3.5, steps + 0.1), ylim=(streams, -0.7))
    axes.axis("off")
    return picture(
        figure,
        f"A text in {streams} rows, the streams, cut by vertical lines into {batches} batches of {window} characters. "
        f"Row by row the text reads on from left to right, so each stream continues in the next batch; the next row "
        f"begins where the row above ends.",
    )


def plot_next_characters(vocab: Vocabulary, probabilities: dict[str, Tensor], title: str = "") -> Picture:
    """Draw what each model expects next: bars, side by side, for the characters that any of them finds likely.

    `probabilities[name]` is a distribution over the vocabulary, (V,). The oracle has the colour of the floor.
    """
    rows = torch.stack([torch.as_tensor(p, dtype=torch.float64) for p in probabilities.values()])  # (names, V)
    shown = rows.amax(dim=0).argsort(descending=True, stable=True)[:TOP]
    figure, axes = new_figure(height=2.6)
    others = [("#BBBBBB", ".."), (OKABE_ITO[3], "//"), (OKABE_ITO[4], ""), (OKABE_ITO[5], "xx")]  # green is the RNN
    grouped_bars(axes, shown, dict(zip(probabilities, rows[:, shown].tolist(), strict=True)), others)
    show_characters(axes, [vocab.characters[index] for index in shown])
    axes.set(ylim=(0, 1), xlabel="next character", ylabel="probability")
    axes.set_title(title, loc="left", parse_math=False)
    words = f"Bars: the probability of the likeliest next characters for {', '.join(probabilities)}, side by side."
    return picture(figure, words)


def plot_pieces(lines: Sequence[tuple[str, Sequence[float], float]], characters: Sequence[str]) -> Picture:
    """Draw how a number u from 0 to 1 chooses letters: a line from 0 to 1 for each, cut into a piece for each letter.

    A line is the text before it, the V + 1 ends of the pieces of the V `characters`, and u, which hits one of them.
    The piece that was hit is stretched to the next line. Pieces that are wide enough carry their character.
    """
    figure, axes = new_figure(height=0.95 * len(lines) + 0.35)
    for row, (before, ends, u) in enumerate(lines):
        ends, u, top = [float(end) for end in ends], float(u), -1.0 * row
        hit = bisect(ends, u) - 1
        for i, (start, end) in enumerate(pairwise(ends)):
            look = {"facecolor": HIT if i == hit else PIECE, "edgecolor": "white", "linewidth": 0.8}
            axes.add_patch(Rectangle((start, top), end - start, 0.4, **look))
            if end - start > NARROWEST:
                axes.text((start + end) / 2, top + 0.2, visible(characters[i]), **LETTER)
        axes.text(0, top + 0.45, f"after “{before}”" if before else "at first", va="bottom", parse_math=False, **NOTE)
        axes.vlines([u, u], [top - 0.08, top + 0.34], [top + 0.06, top + 0.48], color="black", linewidth=2)
        side = "right" if u > 0.5 else "left"
        axes.text(u, top - 0.08, f"u = {u:.3f}", ha=side, va="top", weight="bold")
        if row + 1 < len(lines):
            corners = [(ends[hit], top), (ends[hit + 1], top), (1, top - 0.6), (0, top - 0.6)]
            axes.add_patch(Polygon(corners, facecolor=HIT, alpha=0.35, edgecolor="none", zorder=0))
    axes.set(xlim=(-0.005, 1.005), ylim=(0.75 - len(lines), 0.65))
    axes.axis("off")
    return picture(
        figure,
        f"{len(lines)} line(s) from 0 to 1, one above the other, each cut into pieces that are as long as the "
        "probabilities of the characters. A mark at u hits one piece, which is stretched to be the next line.",
    )


def _text_figure(text: str, grounds: Sequence, underlined: Sequence[bool], title: str = ""):
    """Draw monospaced text on squares of these colours. A line end is shown as ↵."""
    lines = lines_of(text, COLUMNS)
    squares = [(row, column) for row, line in enumerate(lines) for column in range(len(line))]
    figure, axes = new_figure(height=0.19 * len(lines) + 0.4 + (0.3 if title else 0))
    for (row, column), char, ground, line in zip(squares, text, grounds, underlined, strict=True):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=ground, edgecolor="none"))
        shown = "↵" if char == "\n" else char
        axes.text(column + 0.5, row + 0.5, shown, **LETTER)
        if line:
            axes.plot([column + 0.05, column + 0.95], [row + 0.93, row + 0.93], color="black", linewidth=1.3)
    axes.set(xlim=(0, COLUMNS + 1), ylim=(len(lines) + 0.1, 0))
    axes.axis("off")
    axes.set_title(title, loc="left", parse_math=False)
    return figure, axes
