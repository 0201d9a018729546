"""02 and 03: the gates of one unit, set by hand."""

import math

from ..figures.cells import plot_gru_update, plot_lstm_update
from ..figures.pictures import Picture
from ..measures.gates import gru_unit, lstm_unit
from .controls import Panel, Slider, figure_panel


def lstm_gate_panel() -> Panel:
    """Set the gates of one LSTM unit by hand: what happens to its cell, and how long a value lasts."""

    def step(f: float, i: float, g: float, o: float, c_prev: float, steps: int) -> tuple[Picture, str]:
        unit = lstm_unit(f, i, g, o, c_prev)
        return plot_lstm_update(f, i, g, o, c_prev, steps), (
            f"<p>c<sub>t</sub> = {f:.2f} · {_factor(c_prev)} + {i:.2f} · {_factor(g)} = <b>{_shown(unit['c'])}</b>, "
            f"and the unit shows h<sub>t</sub> = {o:.2f} · tanh({_shown(unit['c'])}) = <b>{_shown(unit['h'])}</b>.<br>"
            f"{_lasts('f', f, steps)}</p>"
        )

    return figure_panel(
        [
            Slider("forget f", 0.9, 0.0, 1.0, 0.05),
            Slider("input i", 0.5, 0.0, 1.0, 0.05),
            Slider("candidate g", 0.8, -1.0, 1.0, 0.05),
            Slider("output o", 0.7, 0.0, 1.0, 0.05),
            Slider("last cell c", 0.6, -3.0, 3.0, 0.1),
            Slider("steps", 20, 1, 100),
        ],
        step,
        "Sliders for the gates f, i, o, the candidate g and the last cell; bars show the new cell and the output, a "
        "curve shows how long a value lasts at that forget gate.",
    )


def gru_gate_panel() -> Panel:
    """Set the gates of one GRU unit by hand: what happens to its state, and how long a value lasts."""

    def step(r: float, z: float, xn: float, hn: float, h_prev: float, steps: int) -> tuple[Picture, str]:
        unit = gru_unit(r, z, xn, hn, h_prev)
        return plot_gru_update(r, z, xn, hn, h_prev, steps), (
            f"<p>n = tanh({_shown(xn)} + {r:.2f} · {_factor(hn)}) = {_shown(unit['n'])}, and h<sub>t</sub> = "
            f"{1 - z:.2f} · {_factor(unit['n'])} + {z:.2f} · {_factor(h_prev)} = <b>{_shown(unit['h'])}</b>.<br>"
            f"{_lasts('z', z, steps)}</p>"
        )

    return figure_panel(
        [
            Slider("reset r", 0.5, 0.0, 1.0, 0.05),
            Slider("update z", 0.75, 0.0, 1.0, 0.05),
            Slider("from the input", 0.2, -3.0, 3.0, 0.1),
            Slider("from the past", -1.2, -3.0, 3.0, 0.1),
            Slider("last state h", 0.8, -1.0, 1.0, 0.05),
            Slider("steps", 20, 1, 100),
        ],
        step,
        "Sliders for the gates r and z, for what the candidate reads, and for the last state; bars show the new state, "
        "a curve shows how long a value lasts at that update gate.",
    )


def _shown(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _factor(value: float) -> str:
    """In brackets, if it is negative."""
    return f"({_shown(value)})" if value < 0 else _shown(value)


def _lasts(gate: str, keep: float, steps: int) -> str:
    left = keep**steps
    shown = f"{left:.3f}" if left >= 0.0005 else "less than 0.001"
    sentence = f"If {gate} stays at {keep:.2f}, then after {steps} characters {shown} of the old value is left; "
    if keep <= 0:
        return sentence + "nothing survives one character."
    if keep >= 1:
        return sentence + "it never fades."
    return sentence + f"half is gone after {math.log(0.5) / math.log(keep):.1f} characters."
