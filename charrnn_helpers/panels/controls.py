"""What the panels are made of: a panel, a slider, a text box, a list, a figure, and the rule for what a change does.

Every control has a name that a screen reader speaks, works from the keyboard, and reports a value when it is released
(`continuous_update=False`). A figure carries its description in words. A bad value gets a sentence in the panel, never
a traceback. Callbacks only set traits of widgets (`value`, `disabled`, `options`), so that they may run on any thread.
"""

import base64
import html
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import anywidget
import ipywidgets as ipw
import traitlets

from ..figures.pictures import Picture
from ..networks.registry import CELLS

WIDE = {"width": "98%", "max_width": "600px"}  # of a layout: for lists and boxes that hold long words
BORDERS = {"-": "solid", "--": "dashed", "-.": "double", ":": "dotted"}  # the lines of the figures as borders


class _Keys(anywidget.AnyWidget):
    """Keep JupyterLab from taking the keys pressed in a panel's lists, and bring the styles. It shows nothing."""

    _esm = Path(__file__).parent / "keys.js"
    _css = Path(__file__).parent / "controls.css"


WHERE_IT_LIVES = "Run the notebook in JupyterLab to see the live panel here (README, first command)."


class Panel(ipw.VBox):
    """A `VBox` whose `text/plain` says in words what the panel does: stable for nbval, readable without widgets."""

    def __init__(self, children, words: str):
        super().__init__([*children, _Keys()])
        self.add_class("charrnn-panel")
        self._words = " ".join(words.split())

    def __repr__(self) -> str:
        return f"[panel] {self._words} {WHERE_IT_LIVES}"

    def _repr_mimebundle_(self, **options):
        _, metadata = self.children[-1]._repr_mimebundle_(**options)  # without anywidget's, Colab would not show it
        return {**super()._repr_mimebundle_(**options), "text/plain": repr(self)}, metadata


class Slider(anywidget.AnyWidget):
    """A number box and a slider that hold the same `value`, from `min` to `max`; both bear the name `description`.

    (The handle of an `ipywidgets` slider has no name that a screen reader could speak.) What Python sets beyond an end
    becomes that end; what a reader types beyond it gets a sentence, and between two steps goes to the nearer one. With
    a whole `step` the value is an `int`, else a `float`.
    """

    _esm = Path(__file__).parent / "slider.js"
    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Any().tag(sync=True)
    min = traitlets.Any().tag(sync=True)
    max = traitlets.Any().tag(sync=True)
    step = traitlets.Any(1).tag(sync=True)
    whole = traitlets.Bool().tag(sync=True)

    def __init__(self, name: str, value, low, high, step=1):
        super().__init__(description=name, min=low, max=high, step=step, whole=isinstance(step, int), value=value)

    @traitlets.validate("value")
    def _within(self, proposal):
        value = min(max(proposal["value"], self.min), self.max)
        return round(value) if self.whole else round(float(value), 6)  # steps add up to 0.010000000000000002

    @traitlets.observe("max")
    def _not_above(self, _):
        if self.value is not None:
            self.value = min(self.value, self.max)


class Chart(ipw.HTML):
    """Room for a figure at its own size, with its words for those who do not see it. Empty until the first one."""

    def show(self, figure: Picture) -> None:
        png, words = base64.b64encode(figure.png).decode(), html.escape(figure.words)
        self.value = f'<img src="data:image/png;base64,{png}" alt="{words}" style="max-width:100%">'


def dropdown(name: str, options, **more) -> ipw.Dropdown:
    return ipw.Dropdown(options=options, description=name, **more)


def text_box(name: str, value: str) -> ipw.Text:
    """Return a line to type in, whose value is reported by Enter or by leaving it."""
    return ipw.Text(value=value, description=name, layout=WIDE, continuous_update=False)


def figure_panel(controls: Sequence[ipw.Widget], draw: Callable[..., tuple[Picture, str]], words: str) -> Panel:
    """Return a panel of the controls, and below them what `draw` makes of their values: a piece of HTML and a figure.

    It is drawn now and whenever a value changes, one call at a time. A `ValueError`, or a score that is no number,
    becomes a sentence, and nothing old stays beside it.
    """
    text, chart, lock = ipw.HTML(), Chart(), threading.Lock()

    def update(_=None) -> None:
        with lock:
            try:
                figure, text.value = draw(*(control.value for control in controls))
                chart.show(figure)
            except (ValueError, ArithmeticError) as problem:
                text.value, chart.value = sentence(str(problem)), ""

    for control in controls:
        control.observe(update, names="value")
    update()
    return Panel([*controls, text, chart], words)


def sentence(words: str) -> str:
    """Return a sentence about what is wrong, as HTML that a screen reader speaks at once."""
    return f'<p role="alert"><b>{html.escape(words)}</b></p>'


def in_columns(columns: dict[str, str]) -> str:
    """Return a column for each network, as wide as there is room for, marked with its cell's colour and line."""
    side_by_side = "".join(
        f'<div style="border-left:4px {border(cell)}"><b>{cell}</b>{column}</div>' for cell, column in columns.items()
    )
    return f'<div class="charrnn-columns">{side_by_side}</div>'


def border(cell: str) -> str:
    """Return the line of a cell in figures, as a style sheet writes a border: "solid #0072B2"."""
    return f"{BORDERS[CELLS[cell].line]} {CELLS[cell].colour}"
