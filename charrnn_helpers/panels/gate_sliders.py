"""02 and 03: the gates of one unit, set by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import ipywidgets as ipw

from ..figures.cells import plot_gru_update, plot_lstm_update
from ..figures.pictures import Picture
from ..measures.gates import gru_unit, lstm_unit
from .controls import Chart, Panel, on_change, sliders


def lstm_gate_panel() -> Panel:
    """Set the gates of one LSTM unit by hand: what happens to its cell, and how long a value lasts."""

    def step(f: float, i: float, g: float, o: float, c_prev: float, steps: int) -> tuple[Picture, str]:
        unit = lstm_unit(f, i, g, o, c_prev)
        return plot_lstm_update(f, i, g, o, c_prev, steps), (
            f"c<sub>t</sub> = {f:.2f} · {c_prev:.2f} + {i:.2f} · {g:.2f} = <b>{unit['c']:.2f}</b>, and the unit shows "
            f"h<sub>t</sub> = {o:.2f} · tanh({unit['c']:.2f}) = <b>{unit['h']:.2f}</b>.<br>{_lasts('f', f, steps)}"
        )

    return _unit_panel(
        step,
        "Sliders for the gates f, i, o, the candidate g and the last cell; bars show the new cell and the output, a "
        "curve shows how long a value lasts at that forget gate.",
        ("forget f", 0.9, 0.0, 1.0, 0.05),
        ("input i", 0.5, 0.0, 1.0, 0.05),
        ("candidate g", 0.8, -1.0, 1.0, 0.05),
        ("output o", 0.7, 0.0, 1.0, 0.05),
        ("last cell c", 0.6, -3.0, 3.0, 0.1),
    )


def gru_gate_panel() -> Panel:
    """Set the gates of one GRU unit by hand: what happens to its state, and how long a value lasts."""

    def step(r: float, z: float, xn: float, hn: float, h_prev: float, steps: int) -> tuple[Picture, str]:
        unit = gru_unit(r, z, xn, hn, h_prev)
        return plot_gru_update(r, z, xn, hn, h_prev, steps), (
            f"n = tanh({xn:.2f} + {r:.2f} · {hn:.2f}) = {unit['n']:.2f}, and h<sub>t</sub> = {1 - z:.2f} · "
            f"{unit['n']:.2f} + {z:.2f} · {h_prev:.2f} = <b>{unit['h']:.2f}</b>.<br>{_lasts('z', z, steps)}"
        )

    return _unit_panel(
        step,
        "Sliders for the gates r and z, for what the candidate reads, and for the last state; bars show the new state, "
        "a curve shows how long a value lasts at that update gate.",
        ("reset r", 0.5, 0.0, 1.0, 0.05),
        ("update z", 0.75, 0.0, 1.0, 0.05),
        ("from the input", 0.2, -3.0, 3.0, 0.1),
        ("from the past", -1.2, -3.0, 3.0, 0.1),
        ("last state h", 0.8, -1.0, 1.0, 0.05),
    )


def _unit_panel(step: Callable[..., tuple[Picture, str]], words: str, *of_the_unit: tuple) -> Panel:
    """A slider for each value of a unit, and one for the steps; `step` makes a figure and a line of all of them."""
    controls = sliders(*of_the_unit, ("steps", 20, 1, 100))
    say, chart = ipw.HTML(), Chart()

    def update() -> None:
        figure, line = step(*(control.value for control in controls))
        chart.show(figure)
        say.value = f"<p>{line}</p>"

    on_change(controls, update, say)
    return Panel([*controls, say, chart], words)


def _lasts(gate: str, keep: float, steps: int) -> str:
    left = keep**steps
    shown = f"{left:.3f}" if left >= 0.0005 else "less than 0.001"
    sentence = f"If {gate} stays at {keep:.2f}, then after {steps} characters {shown} of the old value is left; "
    if keep <= 0:
        return sentence + "nothing survives one character."
    if keep >= 1:
        return sentence + "it never fades."
    return sentence + f"half is gone after {math.log(0.5) / math.log(keep):.1f} characters."
