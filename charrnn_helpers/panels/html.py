"""Pieces of HTML that several panels show."""

from __future__ import annotations

import base64
import html

from ..figures.pictures import Picture
from ..measures.intervals import bits
from ..networks.registry import CELLS
from ..training.config import History

BORDERS = {"-": "solid", "--": "dashed", "-.": "double", ":": "dotted"}  # the lines of the figures as borders


def image(figure: Picture) -> str:
    """A figure with its description."""
    png = base64.b64encode(figure.png).decode()
    return f'<img src="data:image/png;base64,{png}" alt="{html.escape(figure.words)}" style="max-width:100%">'


def sentence(words: str) -> str:
    """A sentence about what is wrong, which a screen reader speaks at once."""
    return f'<p role="alert"><b>{html.escape(words)}</b></p>'


def at_update(history: History) -> str:
    """How far a network has come, and its last validation loss."""
    reached = f"update {history.updates} of {history.config.updates}"
    if not history.val_losses:
        return reached
    loss = history.val_losses[-1]
    return f"{reached}: validation loss <b>{loss:.3f}</b> nats ({bits(loss):.3f} bits) per character"


def in_columns(columns: dict[str, str]) -> str:
    """One column for each network, as wide as there is room for, marked with its cell's colour and line."""
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:16px">'
        + "".join(
            f'<div style="flex:1;min-width:280px;padding-left:10px;line-height:1.4;'
            f'border-left:4px {BORDERS[CELLS[cell].line]} {CELLS[cell].colour}"><b>{cell}</b>{column}</div>'
            for cell, column in columns.items()
        )
        + "</div>"
    )
