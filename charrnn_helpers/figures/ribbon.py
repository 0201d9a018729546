"""The ribbon: below a story, in the colour of a hero, whom each network has in mind after each character."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke

from ..measures.minds import words_of
from .pictures import LOOKS, NOTE, Picture, lines_of, new_figure, picture

_COLUMNS = 79  # of letters in the width of the figure, for the names of the readers and a line of text
_UNIT = 0.165  # inches: the height of a line of text
_BAND, _GAP = 0.84, 0.14  # heights, where a line of text is 1 high
_HATCH = (1, 1, 1, 0.6)  # white that lets some of the colour through
_SURE = 0.5  # a band is named where its probability is higher, on average


def plot_ribbon(
    text: str,
    answers: dict[str, np.ndarray],
    kind: str = "name",
    title: str = "",
    marks: dict[int, str] | None = None,
) -> Picture:
    """Draw `text` with a band below each line for each reader, in the colour of the word that it has in mind.

    `answers[reader]` (T, W) holds the probability of each word after each character, as `in_mind` and `perfect_reader`
    give it. A band is as high as the probability of the likeliest word. `marks` puts a line and a note before the
    character of that number. Raises `ValueError` if there is not one row for each character.
    """
    words, marks = words_of(kind), marks or {}
    for reader, rows in answers.items():
        if np.shape(rows) != (len(text), len(words)):
            raise ValueError(f"{reader}: the answers have the shape {np.shape(rows)}; give {(len(text), len(words))}")
    readers = max(map(len, answers)) + 1.5  # columns for their names
    lines = lines_of(text, int(_COLUMNS - readers))
    step = 1.15 + len(answers) * (_BAND + _GAP) + (1.1 if marks else 0.55)  # from one line to the next
    shown = sum(line != "\n" for line in lines)
    figure, axes = new_figure(height=_UNIT * step * shown + 0.55 + (0.3 if title else 0))
    start, top = 0, 0.0
    for line in lines:
        if line == "\n":  # the blank line between two stories
            start, top = start + 1, top + 0.5
            continue
        for column, char in enumerate(line):
            axes.text(
                column + 0.5,
                top + 0.55,
                "↵" if char == "\n" else char,
                ha="center",
                va="center_baseline",
                family="monospace",
            )
        for row, (reader, rows) in enumerate(answers.items()):
            below = top + 1.15 + row * (_BAND + _GAP) + _BAND
            axes.text(-0.6, below - _BAND / 2, reader, ha="right", va="center", **NOTE)
            axes.fill_between([0, len(line)], below - _BAND, below, color="#F1F1F1", linewidth=0)
            _draw_band(axes, np.asarray(rows)[start : start + len(line)], words, below)
        for position, note in marks.items():
            if start <= position < start + len(line):
                column = position - start
                bottom = top + 1.15 + len(answers) * (_BAND + _GAP)
                axes.plot([column, column], [top - 0.1, bottom], color="black", linewidth=1.4)
                axes.text(column + 0.2, top - 0.1, note, va="bottom")
        start, top = start + len(line), top + step
    axes.set(xlim=(-readers, _COLUMNS - readers + 1), ylim=(top - 0.4, -0.3 - (0.7 if marks else 0)))
    axes.axis("off")
    axes.set_title(title, loc="left", parse_math=False)
    handles = []
    for word in words:
        colour, hatch = LOOKS[word]
        handles.append(Patch(facecolor=colour, edgecolor=_HATCH, linewidth=0, hatch=hatch, label=word))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(words), frameon=False, handlelength=2.4)
    whom = {"name": "hero", "friend": "friend"}[kind]
    return picture(
        figure,
        f"A story, and below each line a band for each reader, from top to bottom: {', '.join(answers)}. After each "
        f"character a band has the colour and pattern of the {whom} whom the reader has in mind, and it is as high as "
        "the reader is sure." + (f" A vertical line marks: {', '.join(marks.values())}." if marks else ""),
    )


def plot_names(stories: dict[str, Sequence[tuple[str, Sequence[str], str]]], columns: Sequence[str]) -> Picture:
    """Draw the heroes' names in stories: a box in the colour of the hero for each name.

    `stories[title]` lists (label, names, note) of each story. It is a row: the label stands before the boxes, and the
    note behind them. `columns` stand above the boxes.
    """
    most, rows = max(len(names) for listed in stories.values() for _, names, _ in listed), [*map(len, stories.values())]
    figure, charts = new_figure(height=0.6 * len(rows) + 0.24 * sum(rows), rows=len(rows), squeeze=False)
    for axes, (title, listed) in zip(charts.flat, stories.items(), strict=True):
        for column, name in enumerate(columns):
            axes.text(column + 0.46, -0.15, name, ha="center", va="bottom")
        for row, (label, names, note) in enumerate(listed):
            for column, name in enumerate(names):
                colour, hatch = LOOKS[name]
                look = {"facecolor": colour, "edgecolor": _HATCH, "linewidth": 0, "hatch": hatch}
                axes.add_patch(Rectangle((column, row), 0.92, 0.8, **look))
                letter = axes.text(column + 0.46, row + 0.42, name[0], ha="center", va="center", color="white")
                letter.set(weight="bold", path_effects=[withStroke(linewidth=2.2, foreground=colour)])
            axes.text(len(names) + 0.3, row + 0.42, note, va="center", weight="bold")
            axes.text(-0.5, row + 0.42, label, ha="right", va="center")
        axes.set(xlim=(0, most + 1), ylim=(len(listed), -0.9))
        axes.axis("off")
        axes.set_title(title, loc="left")
    return picture(
        figure,
        f"The heroes' names in stories, a row for each story and a box in the hero's colour for each name: "
        f"{', '.join(stories)}. Above the boxes stands: {', '.join(columns)}.",
    )


def _draw_band(axes, rows: np.ndarray, words: Sequence[str], below: float) -> None:
    """Draw one reader's answers (T, W) for a line as steps that rise from `below`, a piece for each run of a word."""
    likeliest, column = rows.argmax(axis=1), 0
    for number, run in groupby(likeliest):
        length, word = len(list(run)), words[number]
        heights = rows[column : column + length, number]
        colour, hatch = LOOKS[word]
        edges = np.arange(column, column + length + 1)
        look = {"facecolor": colour, "edgecolor": _HATCH, "linewidth": 0, "hatch": hatch}
        axes.stairs(below - _BAND * heights, edges, baseline=below, fill=True, **look)
        if heights.mean() > _SURE and length > len(word):
            label = axes.text(column + 0.4, below - _BAND / 2, word, va="center", color="white")
            label.set(weight="bold", path_effects=[withStroke(linewidth=2.2, foreground=colour)])
        column += length
