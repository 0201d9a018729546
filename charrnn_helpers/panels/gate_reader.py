"""08: a text, coloured by one unit of a gate or state."""

import html
from collections.abc import Sequence
from functools import lru_cache

from torch import Tensor

from ..figures.pictures import Picture, visible
from ..figures.text import plot_next_characters
from ..measures.gates import trace
from ..networks.models import CharModel
from ..networks.registry import CELLS
from ..sampling import next_probabilities
from ..text.encoding import Vocabulary
from ..training.evaluation import lock_of
from .controls import Panel, Slider, dropdown, figure_panel, text_box

GATE_NAMES = {"f": "forget gate f", "i": "input gate i", "o": "output gate o", "g": "candidate g", "c": "cell c"}
GATE_NAMES |= {"z": "update gate z", "r": "reset gate r", "n": "candidate n", "h": "state h"}
LONGEST_TEXT = 400  # characters: more would not fit under the controls


def gates_panel(models: dict[str, CharModel], vocab: Vocabulary, text: str, gate: str = "h", unit: int = 0) -> Panel:
    """Step through a text that is coloured by one unit of a gate or state, and show what the network expects next.

    It opens on `unit` of `gate` of the first network; a network that has no such gate begins with h. Raises
    `ValueError` if the first network has no such gate or unit.
    """
    first, opens_on = next(iter(models)), gate
    gates = {name: CELLS[model.cell].gates for name, model in models.items()}
    widths = {name: model.hyperparameters["hidden_size"] for name, model in models.items()}
    if gate not in gates[first] or not 0 <= unit < widths[first]:
        has = f"this {first} has {', '.join(gates[first])} of {widths[first]} units"
        raise ValueError(f"unit {unit} of {gate} was asked for; {has}")
    box = text_box("text", text)
    network = dropdown("network", list(models))
    gate_list = dropdown("colour by", ())
    unit_slider = Slider("unit", unit, 0, max(widths.values()) - 1)
    step_slider = Slider("step", len(text), 1, max(2, len(text)))

    @lru_cache(maxsize=1)  # a step through the text reads it no second time
    def last_layer(name: str, text: str) -> dict[str, Tensor]:
        return trace(models[name], vocab.encode(text))[-1]

    def draw(text: str, name: str, gate: str, unit: int, step: int) -> tuple[Picture, str]:
        if not text:
            raise ValueError("there is nothing to read: type at least one character")
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"the text has {len(text)} characters; the panel reads at most {LONGEST_TEXT}")
        if unit >= widths[name]:
            raise ValueError(f"this {name} has units 0 to {widths[name] - 1}, and {unit} was asked for")
        step = min(step, len(text))
        with lock_of(models[name]):  # gates and bars are those of the same weights
            layer = last_layer(name, text)
            expected = next_probabilities(models[name], vocab, text[:step])
        gate = gate if gate in layer else "h"  # the list of another network is on its way
        values = layer[gate][:, unit].tolist()
        strongest = 1.0 if gate in "ifozr" else max(1e-9, *(abs(value) for value in values))
        words = (
            f'<p role="status">Step {step} of {len(values)}, after <code>{html.escape(visible(text[step - 1]))}'
            f"</code>: {GATE_NAMES.get(gate, gate)}, unit {unit}, is <b>{round(values[step - 1], 2) + 0.0:.2f}</b>. "
            f"The strongest colour stands for {strongest:.2g}. Orange, underlined where it is strong: above zero; "
            "blue, with dots: below.</p>"
        )
        bars = plot_next_characters(vocab, {name: expected})
        return bars, coloured(text, values, step - 1, strongest) + words

    def list_gates(_=None) -> None:
        letters = gates[network.value]
        gate_list.options = [(GATE_NAMES.get(letter, letter), letter) for letter in letters]
        gate_list.value = opens_on if opens_on in letters else "h"  # which every cell has

    def go_to_the_end(_) -> None:
        step_slider.max = max(2, min(LONGEST_TEXT, len(box.value)))
        step_slider.value = step_slider.max

    list_gates()
    network.observe(list_gates, names="value")
    box.observe(go_to_the_end, names="value")
    return figure_panel(
        [box, network, gate_list, unit_slider, step_slider],
        draw,
        "A text, coloured by one unit of a gate or state of the network you choose; step through it and see the bars "
        "of the next character.",
    )


def coloured(text: str, values: Sequence[float], at: int, strongest: float) -> str:
    """Return the text as HTML: orange above zero, blue below, strong values underlined, the character `at` framed.

    A value of `strongest` or more has the full colour, on which letters can still be read in light and dark themes.
    """
    spans = []
    for position, (char, value) in enumerate(zip(text, values, strict=True)):
        shade = "230,159,0" if value >= 0 else "86,180,233"
        style = f"background:rgba({shade},{0.6 * min(1, abs(value) / strongest):.2f});"
        if abs(value) > strongest / 2:
            style += f"text-decoration:underline {'solid' if value > 0 else 'dotted'};"
        style += "outline:2px solid currentColor;" if position == at else ""
        spans.append(f'<span style="{style}" title="{value:.2f}">{html.escape(char)}</span>')
    return f'<div class="charrnn-text charrnn-units">{"".join(spans)}</div>'
