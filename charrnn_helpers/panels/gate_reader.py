"""08: a text, coloured by one unit of a gate or state."""

import html
from collections.abc import Sequence
from functools import lru_cache

import ipywidgets as ipw
from torch import Tensor

from ..figures.pictures import visible
from ..figures.text import plot_next_characters
from ..measures.gates import trace
from ..networks.models import CharModel
from ..networks.registry import CELLS
from ..sampling import next_probabilities
from ..text.encoding import Vocabulary
from .controls import Chart, Panel, Slider, dropdown, on_change, text_box

READ = {"f": "forget gate f", "i": "input gate i", "o": "output gate o", "g": "candidate g", "c": "cell c"}
READ |= {"z": "update gate z", "r": "reset gate r", "n": "candidate n", "h": "state h"}
LONGEST_READ = 400  # characters: more would not fit under the controls


def gates_panel(models: dict[str, CharModel], vocab: Vocabulary, text: str, gate: str = "h", unit: int = 0) -> Panel:
    """Step through a text: colour it by one unit of a gate or state, and see what the network expects next.

    It opens on `unit` of `gate` of the first network; one that has no such gate begins with h. Raises `ValueError` if
    the first network has no such gate or unit.
    """
    first, opens_on = next(iter(models)), gate
    gates, units = CELLS[models[first].cell].gates, models[first].hyperparameters["hidden_size"]
    if gate not in gates or not 0 <= unit < units:
        raise ValueError(f"unit {unit} of {gate} was asked for; this {first} has {', '.join(gates)} of {units} units")
    box = text_box("text", text)
    network = dropdown("network", list(models))
    what = dropdown("colour by", ())
    widths = {name: model.hyperparameters["hidden_size"] for name, model in models.items()}
    unit = Slider("unit", unit, 0, max(widths.values()) - 1)
    place = Slider("step", len(text), 1, max(2, len(text)))
    say, page, chart = ipw.HTML(), ipw.HTML(), Chart()

    @lru_cache(maxsize=1)  # a step through the text reads it no second time
    def last_layer(name: str, text: str) -> dict[str, Tensor]:
        return trace(models[name], vocab.encode(text))[-1]

    def update() -> None:
        text, name, gate, number = (control.value for control in (box, network, what, unit))
        page.value, chart.value = "", ""  # nothing of the last text beside a sentence about this one
        if not text:
            raise ValueError("there is nothing to read: type at least one character")
        if len(text) > LONGEST_READ:
            raise ValueError(f"the text has {len(text)} characters; the panel reads at most {LONGEST_READ}")
        if number >= widths[name]:
            raise ValueError(f"this {name} has units 0 to {widths[name] - 1}, and {number} was asked for")
        layer = last_layer(name, text)
        gate = gate if gate in layer else "h"  # the list of another network is on its way
        values = layer[gate][:, number].tolist()
        step = min(place.value, len(values))
        size = 1.0 if gate in "ifozr" else max(1e-9, *(abs(value) for value in values))
        page.value = coloured(text, values, step - 1, size)
        say.value = (
            f'<p role="status">Step {step} of {len(values)}, after <code>{html.escape(visible(text[step - 1]))}'
            f"</code>: {READ.get(gate, gate)}, unit {number}, is <b>{round(values[step - 1], 2) + 0.0:.2f}</b>. "
            f"The strongest colour stands for {size:.2g}. Orange, underlined where it is strong: above zero; blue, "
            "with dots: below.</p>"
        )
        chart.show(plot_next_characters(vocab, {name: next_probabilities(models[name], vocab, text[:step])}))

    def gates_of_the_network(_=None) -> None:
        gates = CELLS[models[network.value].cell].gates
        what.options = [(READ.get(gate, gate), gate) for gate in gates]
        what.value = opens_on if opens_on in gates else "h"  # which every cell has

    def as_long_as_the_text(_) -> None:
        place.max = max(2, min(LONGEST_READ, len(box.value)))
        place.value = place.max

    gates_of_the_network()
    network.observe(gates_of_the_network, names="value")
    box.observe(as_long_as_the_text, names="value")
    on_change((box, network, what, unit, place), update, say)
    return Panel(
        [box, network, what, unit, place, page, say, chart],
        "A text, coloured by one unit of a gate or state of the network you choose; step through it and see the bars "
        "of the next character.",
    )


def coloured(text: str, values: Sequence[float], at: int, size: float) -> str:
    """The text as HTML: orange above zero, blue below, full colour at `size`; strong ones underlined, `at` framed."""
    spans = []
    for place, (char, value) in enumerate(zip(text, values, strict=True)):
        shade = "230,159,0" if value >= 0 else "86,180,233"
        style = f"background:rgba({shade},{min(1, abs(value) / size):.2f});"
        if abs(value) > size / 2:
            style += f"text-decoration:underline {'solid' if value > 0 else 'dotted'};"
        style += "outline:2px solid black;" if place == at else ""
        spans.append(f'<span style="{style}" title="{value:.2f}">{html.escape(char)}</span>')
    return f'<div class="charrnn-text charrnn-units">{"".join(spans)}</div>'
