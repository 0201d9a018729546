"""06: the distribution of the next character."""

from __future__ import annotations

import ipywidgets as ipw

from ..figures.text import plot_next_characters
from ..networks.models import CharModel
from ..sampling import next_probabilities
from ..text.encoding import Vocabulary
from .controls import Chart, Panel, Slider, on_change, sliders, text_box


def sampling_panel(models: dict[str, CharModel], vocab: Vocabulary, prompt: str) -> Panel:
    """What temperature, top-k and top-p do to the distribution of the character after `prompt`."""
    temperature, top_k, top_p = draw_sliders(len(vocab), 1.0)
    text = text_box("text so far", prompt)
    say, chart = ipw.HTML(), Chart()

    def update() -> None:
        settings = temperature.value, top_k.value, top_p.value
        p = {name: next_probabilities(model, vocab, text.value, *settings) for name, model in models.items()}
        chart.show(plot_next_characters(vocab, p))
        left = ", ".join(f"{name}: {int((row > 0).sum())}" for name, row in p.items())
        say.value = f"<p>Characters that can still be drawn — {left}.</p>"

    on_change((text, temperature, top_k, top_p), update, say)
    return Panel(
        [text, temperature, top_k, top_p, say, chart],
        "The next character of both networks as bars: change the text so far, the temperature, top-k and top-p.",
    )


def draw_sliders(characters: int, temperature: float) -> list[Slider]:
    return sliders(
        ("temperature", temperature, 0.1, 2.0, 0.1),
        ("top-k", characters, 1, characters),
        ("top-p", 1.0, 0.05, 1.0, 0.05),
    )
