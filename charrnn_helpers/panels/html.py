"""Pieces of HTML that several panels show."""

from __future__ import annotations

from ..measures.intervals import bits
from ..networks.registry import STYLES
from ..training.config import History


def at_update(history: History) -> str:
    reached = f"update {history.updates} of {history.config.updates}"
    if not history.val_losses:
        return reached
    loss = history.val_losses[-1]
    return f"{reached}: validation loss <b>{loss:.3f}</b> nats ({bits(loss):.3f} bits) per character"


def side_by_side(columns: dict[str, str]) -> str:
    """One column for each network, as wide as there is room for, marked with its colour and its line."""
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:16px">'
        + "".join(
            f'<div style="flex:1;min-width:280px;padding-left:10px;line-height:1.4;'
            f'border-left:4px {_LINES[cell]} {STYLES[cell]["color"]}"><b>{cell}</b>{column}</div>'
            for cell, column in columns.items()
        )
        + "</div>"
    )


_LINES = {"LSTM": "solid", "GRU": "dashed"}
