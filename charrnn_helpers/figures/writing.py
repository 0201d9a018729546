"""Figures of notebook 06: how numbers become letters, how good what was written is, and how long its files are."""

from bisect import bisect
from collections.abc import Sequence
from itertools import pairwise

from matplotlib.patches import Polygon, Rectangle

from ..measures.intervals import Interval
from .pictures import FLOOR, NOTE, Picture, bars_above_floor, new_figure, offsets, picture, style_of, visible

_HIT, _OTHERS = "#FFE08A", ("#E3E3E3", "#F4F4F4")  # of the piece that is hit, and of the others in turn
_NARROWEST = 0.015  # piece that carries its character
_LETTER = {"ha": "center", "va": "center_baseline", "family": "monospace"}


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
            colour = _HIT if i == hit else _OTHERS[i % 2]
            look = {"facecolor": colour, "edgecolor": "white", "linewidth": 0.8}
            axes.add_patch(Rectangle((start, top), end - start, 0.4, **look))
            if end - start > _NARROWEST:
                axes.text((start + end) / 2, top + 0.2, visible(characters[i]), **_LETTER)
        axes.text(0, top + 0.45, f"after “{before}”" if before else "at first", va="bottom", parse_math=False, **NOTE)
        axes.vlines([u, u], [top - 0.08, top + 0.34], [top + 0.06, top + 0.48], color="black", linewidth=2)
        side = "right" if u > 0.5 else "left"
        axes.text(u, top - 0.08, f"u = {u:.3f}", ha=side, va="top", weight="bold")
        if row + 1 < len(lines):
            corners = [(ends[hit], top), (ends[hit + 1], top), (1, top - 0.6), (0, top - 0.6)]
            axes.add_patch(Polygon(corners, facecolor=_HIT, alpha=0.35, edgecolor="none", zorder=0))
    axes.set(xlim=(-0.005, 1.005), ylim=(0.75 - len(lines), 0.65))
    axes.axis("off")
    return picture(
        figure,
        f"{len(lines)} line(s) from 0 to 1, one above the other, each cut into pieces that are as long as the "
        "probabilities of the characters. A mark at u hits one piece, which is stretched to be the next line.",
    )


def plot_quality(intervals: dict[str, dict[str, dict[float, Interval]]], real: dict[str, float]) -> Picture:
    """Draw numbers of texts that networks wrote, with 95 % intervals, against the temperature: a panel for each number.

    `intervals[title][cell][temperature]` are those of the number `title`, and `real[title]` is that of a real text,
    which is drawn as a grey dotted line.
    """
    figure, panels = new_figure(height=2.6, cols=len(intervals), sharex=True, squeeze=False)
    for axes, (title, cells) in zip(panels[0], intervals.items(), strict=True):
        axes.axhline(real[title], **FLOOR, linewidth=2, label="real text")
        for shift, (cell, row) in zip(offsets(len(cells), 0.015), cells.items()):
            x, (means, lows, highs) = [each + shift for each in row], zip(*row.values())
            axes.plot(x, means, **style_of(cell), linewidth=2, label=cell)
            axes.vlines(x, lows, highs, color=style_of(cell)["color"], linewidth=2)
        axes.set_title(title, loc="left", fontsize="medium")
        axes.set(ylim=(0, 1.03), xlabel="temperature")
    return picture(
        figure,
        f"Curves with 95 % intervals for {', '.join(cells)} against temperature, and the real text as a dotted line: "
        f"{'; '.join(intervals)}.",
    )


def plot_file_sizes(sizes: dict[str, float], floor: float | None = None) -> Picture:
    """Draw the sizes of files, in bytes, as bars, and as a dotted line, the `floor`: none comes below it on average."""
    words = f"Bars: the size of a file in bytes, from top to bottom: {', '.join(sizes)}."
    return bars_above_floor(sizes, floor, "{:,.0f}", "size of the file (bytes)", words)
