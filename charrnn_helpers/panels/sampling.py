"""06: the distribution of the next character."""

from ..figures.pictures import Picture
from ..figures.text import plot_next_characters
from ..networks.models import CharModel
from ..sampling import next_probabilities
from ..text.encoding import Vocabulary
from .controls import Panel, Slider, figure_panel, text_box


def sampling_panel(models: dict[str, CharModel], vocab: Vocabulary, prompt: str) -> Panel:
    """What temperature, top-k and top-p do to the distribution of the character after `prompt`."""

    def shown(text: str, *settings: float) -> tuple[Picture, str]:
        p = {name: next_probabilities(model, vocab, text, *settings) for name, model in models.items()}
        left = ", ".join(f"{name} {int((row > 0).sum())}" for name, row in p.items())
        bars = plot_next_characters(vocab, p, title=f"after …{text[-40:]}".replace("\n", " "))
        return bars, f"<p>Characters that can still be drawn: {left}.</p>"

    return figure_panel(
        [text_box("text so far", prompt), *draw_sliders(len(vocab), 1.0)],
        shown,
        "The next character of both networks as bars: change the text so far, the temperature, top-k and top-p.",
    )


def draw_sliders(characters: int, temperature: float) -> list[Slider]:
    return [
        Slider("temperature", temperature, 0.1, 2.0, 0.1),
        Slider("top-k", characters, 1, characters),
        Slider("top-p", 1.0, 0.05, 1.0, 0.05),
    ]
