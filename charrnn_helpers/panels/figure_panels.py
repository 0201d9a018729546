"""Panels that draw one figure anew whenever a control changes: of 01, 02, 03, 05, 06 and 09."""

import html
import math
from collections.abc import Callable, Sequence

import ipywidgets as ipw

from ..figures.comparison import plot_coverage
from ..figures.memory import plot_update
from ..figures.pictures import Picture, visible
from ..figures.text import plot_next_characters, plot_one_hot
from ..figures.training import AXES, UNITS, plot_losses
from ..measures.intervals import Interval
from ..networks.models import CharModel
from ..sampling import next_probabilities
from ..text.encoding import Vocabulary
from ..training.config import History
from .controls import Panel, Slider, dropdown, figure_panel, text_box

OWN, SAME = "a text of its own", "the same text"
LONGEST_SHOWN = 30  # characters: more rows than this do not fit on a screen


def encoding_panel(vocab: Vocabulary, text: str = "Once a cat") -> Panel:
    """Show each character of a typed text with its index and target, and the one-hot rows. Unknown ones are named."""

    def draw(text: str) -> tuple[Picture, str]:
        if not text:
            raise ValueError("there is nothing to encode: type at least one character")
        ids = vocab.encode(text).tolist()
        shown, targets = text[:LONGEST_SHOWN], ids[1:]
        rows = {
            "character": [visible(char) for char in shown],
            "index": ids,
            "target": [*(visible(vocab.characters[index]) for index in targets), "?"],
            "target's index": [*targets, "?"],
        }
        body = ""
        for name, cells in rows.items():
            columns = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells[:LONGEST_SHOWN])
            body += f'<tr><th scope="row">{name}</th>{columns}</tr>'
        note = f"<p>Showing the first {LONGEST_SHOWN} of {len(ids)} characters.</p>" if len(ids) > LONGEST_SHOWN else ""
        return plot_one_hot(shown, vocab), f'{note}<table aria-live="polite">{body}</table>'

    return figure_panel(
        [text_box("your text", text)],
        draw,
        "A box to type a text in; below it each character with its index and its target, and its one-hot row.",
    )


def lstm_gate_panel() -> Panel:
    """Show what happens to the cell of one LSTM unit whose gates are set by hand, and how long a value lasts."""

    def draw(f: float, i: float, g: float, o: float, c_prev: float, steps: int) -> tuple[Picture, str]:
        c = f * c_prev + i * g
        h = o * math.tanh(c)
        bars = {"$c_{t-1}$": c_prev, "$f\\,c_{t-1}$": f * c_prev, "$i\\,g$": i * g, "$c_t$": c, "$h_t$": h}
        return plot_update("LSTM", bars, f, steps), (
            f"<p>c<sub>t</sub> = {f:.2f} · {_factor(c_prev)} + {i:.2f} · {_factor(g)} = <b>{_shown(c)}</b>, "
            f"and the unit shows h<sub>t</sub> = {o:.2f} · tanh({_shown(c)}) = <b>{_shown(h)}</b>.<br>"
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
        draw,
        "Sliders for the gates f, i, o, the candidate g and the last cell; bars show the new cell and the output, a "
        "curve shows how long a value lasts at that forget gate.",
    )


def gru_gate_panel() -> Panel:
    """Show what happens to the state of one GRU unit whose gates are set by hand, and how long a value lasts."""

    def draw(r: float, z: float, xn: float, hn: float, h_prev: float, steps: int) -> tuple[Picture, str]:
        n = math.tanh(xn + r * hn)
        kept, new = z * h_prev, (1 - z) * n
        bars = {"$h_{t-1}$": h_prev, "$z\\,h_{t-1}$": kept, "$n$": n, "$(1{-}z)\\,n$": new, "$h_t$": kept + new}
        return plot_update("GRU", bars, z, steps), (
            f"<p>n = tanh({_shown(xn)} + {r:.2f} · {_factor(hn)}) = {_shown(n)}, and h<sub>t</sub> = "
            f"{1 - z:.2f} · {_factor(n)} + {z:.2f} · {_factor(h_prev)} = <b>{_shown(kept + new)}</b>.<br>"
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
        draw,
        "Sliders for the gates r and z, for what the candidate reads, and for the last state; bars show the new state, "
        "a curve shows how long a value lasts at that update gate.",
    )


def _shown(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _factor(value: float) -> str:
    """Return a number, in brackets if it is negative."""
    return f"({_shown(value)})" if value < 0 else _shown(value)


def _lasts(gate: str, keep: float, steps: int) -> str:
    """Return in words how much of a value is left after so many characters, and when half is gone."""
    left = keep**steps
    shown = f"{left:.3f}" if left >= 0.0005 else "less than 0.001"
    if keep <= 0:
        end = "nothing survives one character"
    elif keep >= 1:
        end = "it never fades"
    else:
        end = f"half is gone after {math.log(0.5) / math.log(keep):.1f} characters"
    return f"If {gate} stays at {keep:.2f}, then after {steps} characters {shown} of the old value is left; {end}."


def curves_panel(runs: dict[str, History], ladder: dict[str, float] | None, floor: float | None) -> Panel:
    """Draw the loss curves of the runs that are chosen, against the axis and in the unit that are chosen."""

    def draw(chosen: tuple[str, ...], axis: str, unit: str) -> tuple[Picture, str]:
        if not chosen:
            raise ValueError("no run is chosen: select one or more in the list (Ctrl or Cmd adds to the choice)")
        return plot_losses([runs[name] for name in chosen], ladder, floor, axis, unit), ""

    names = list(runs)
    chosen = ipw.SelectMultiple(options=names, value=names, description="runs", rows=min(8, len(names)))
    return figure_panel(
        [chosen, dropdown("axis", list(AXES)), dropdown("unit", list(UNITS))],
        draw,
        "Loss curves: choose the runs, the axis (updates, characters, seconds) and the unit (nats, bits).",
    )


def sampling_panel(models: dict[str, CharModel], vocab: Vocabulary, prompt: str) -> Panel:
    """Draw what temperature, top-k and top-p do to the distribution of the character after `prompt`."""

    def draw(text: str, *settings: float) -> tuple[Picture, str]:
        p = {name: next_probabilities(model, vocab, text, *settings) for name, model in models.items()}
        left = ", ".join(f"{name} {int((row > 0).sum())}" for name, row in p.items())
        figure = plot_next_characters(vocab, p, title=f"after …{text[-40:]}".replace("\n", " "))
        return figure, f"<p>Characters that can still be drawn: {left}.</p>"

    return figure_panel(
        [
            text_box("text so far", prompt),
            Slider("temperature", 1.0, 0.1, 2.0, 0.1),
            Slider("top-k", len(vocab), 1, len(vocab)),
            Slider("top-p", 1.0, 0.05, 1.0, 0.05),
        ],
        draw,
        "The next character of both networks as bars: change the text so far, the temperature, top-k and top-p.",
    )


def coverage_panel(experiments: Callable[[int, bool, float], Sequence[Interval]], truth: float) -> Panel:
    """Draw the intervals of many experiments, and count those that miss the truth.

    `experiments(pairs, own_texts, spread)` gives the intervals: of how many pairs, whether each pair reads a text of
    its own, and how much texts differ.
    """

    def draw(pairs: int, texts: str, spread: float) -> tuple[Picture, str]:
        intervals = experiments(pairs, texts == OWN, spread)
        missed = sum(not interval.low <= truth <= interval.high for interval in intervals)
        line = f'<p role="status"><b>{missed} of {len(intervals)}</b> miss the truth, the black line</p>'
        return plot_coverage({f"each pair reads {texts}": intervals}, truth), line

    return figure_panel(
        [
            Slider("pairs", 10, 2, 30),
            dropdown("each pair reads", [OWN, SAME]),
            Slider("texts differ by", 0.03, 0.0, 0.06, 0.01),
        ],
        draw,
        "A hundred experiments and their intervals: choose the number of pairs, whether each pair reads a text of its "
        "own, and how much texts differ; those that miss the truth are red, and counted.",
    )
