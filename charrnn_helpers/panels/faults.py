"""10: planted faults."""

import html
import threading
from functools import cache

import ipywidgets as ipw

from ..experiments.faults import FAULTS, diagnosis, run
from ..experiments.observations import Run, signs
from ..figures.faults import plot_fault
from .controls import WIDE, Chart, Panel, Slider, dropdown, sentence


class FaultsPanel(Panel):
    """Plant a fault and train with it, beside the sound twin of the same seed: curves, signs, a sample, the cure.

    Training takes a few seconds, on `thread`; runs are kept, so that a second look is free.
    """

    def __init__(self, floor: float):
        titles = [(fault.title, name) for name, fault in FAULTS.items()]
        self.fault = dropdown("fault", titles, value="state_reset", layout=WIDE)
        self.seed = Slider("random seed", 0, 0, 20)
        self.plant = ipw.Button(description="Plant it and train", icon="bug", layout={"width": "200px"})
        self.say, self.chart, self.told = ipw.HTML(), Chart(), ipw.HTML()
        self.floor, self.run, self.thread = floor, cache(run), None
        self.plant.on_click(self._launch)
        super().__init__(
            [self.fault, self.seed, self.plant, self.say, self.chart, self.told],
            "Choose one of the faults and a random seed, plant it in a small training run, and see it beside the sound "
            "run: curves, signs, a sample, and the cure.",
        )

    def _launch(self, _) -> None:
        if self.plant.disabled:  # a second click
            return
        self.plant.disabled = True
        chosen = self.fault.value, self.seed.value  # what happens to the controls from now on is for the next run
        self.thread = threading.Thread(target=self._work, args=chosen, daemon=True)
        self.thread.start()

    def _work(self, name: str, seed: int) -> None:
        self.told.value, self.chart.value = "", ""
        self.say.value = '<p role="status">Training two small networks: a few seconds.</p>'
        try:
            broken, twin = self.run(name, seed), self.run("sound", seed)
            if len(broken.losses) > 1:
                self.chart.show(plot_fault(broken, self.floor, twin))
            self.say.value, self.told.value = "", _told(name, broken)
        except Exception as problem:  # whatever it is, a reader is told here
            self.say.value = sentence(str(problem))
        finally:
            self.plant.disabled = False


faults_panel = FaultsPanel


def _told(name: str, broken: Run) -> str:
    """What differs from a sound run, what the network wrote, and the line that was wrong."""
    lines = "".join(f"<li>{html.escape(sign)}</li>" for sign in signs(broken)) or "<li>none of our signs</li>"
    wrote = broken.error or broken.sample
    return (
        f'<div class="charrnn-words" role="status"><b>What differs from the sound run</b><ul>{lines}</ul>'
        f"<b>{'It stopped with' if broken.error else 'It writes'}</b><pre>{html.escape(wrote)}</pre>"
        f"<b>The line</b><pre>{html.escape(diagnosis(name))}</pre></div>"
    )
