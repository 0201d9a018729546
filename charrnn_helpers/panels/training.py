"""04: training, live."""

import html
import threading
from typing import ClassVar

import ipywidgets as ipw

from ..figures.training import plot_losses
from ..networks.registry import BOTH
from ..text.corpus import Corpus
from .controls import Chart, Panel, Slider, at_update, dropdown, in_columns, sentence
from .live_training import LiveTraining, fitting


class TrainingPanel(Panel):
    """Train small networks on `corpus` and watch their losses fall: start, stop, continue.

    Training runs on a thread of its own, so that the notebook stays free; a stop keeps networks and histories, and
    "Continue" goes on from there. So does a second panel for the same text, as when the cell is run again.
    `panel.live()` is the run (a `LiveTraining`), or None.
    """

    runs: ClassVar[dict[tuple[str, int], LiveTraining]] = {}  # the last on each text: a panel made anew finds it again

    def __init__(self, corpus: Corpus, updates: int = 600, ladder: dict[str, float] | None = None):
        self.corpus, self.updates, self.ladder = corpus, updates, ladder
        self.cells = dropdown("networks", [(" and ".join(BOTH), BOTH), *((cell, (cell,)) for cell in BOTH)])
        self.units = Slider("hidden units", 128, 16, 256, 16)
        self.rate = Slider("learning rate", 0.01, 0.001, 0.05, 0.001)
        self.start = ipw.Button(description="Start", icon="play", tooltip="new networks, from their first update")
        self.stop = ipw.Button(description="Stop", icon="stop", tooltip="after the update in hand; nothing is lost")
        self.go_on = ipw.Button(description="Continue", icon="forward", tooltip="from where it was stopped")
        buttons = ipw.HBox([self.start, self.stop, self.go_on])
        self.say, self.wrote, self.chart = ipw.HTML(), ipw.HTML(), Chart()
        self.lock = threading.Lock()  # the thread of the run and that of the buttons both show
        self.start.on_click(self._begin)
        self.stop.on_click(lambda _: self.live().stop())
        self.go_on.on_click(self._resume)
        if self.live():
            self.live().listener = self._show
        self._show()
        super().__init__(
            [self.cells, self.units, self.rate, buttons, self.say, self.wrote, self.chart],
            f"Training, live, on {corpus.name}: choose networks, hidden units and learning rate; start, stop, "
            "continue. The validation losses fall in a chart, against the ladder and the floor, and samples change "
            "with them.",
        )

    def live(self) -> LiveTraining | None:
        return self.runs.get((self.corpus.sha256, self.updates))

    def _begin(self, _) -> None:
        if self.live() and self.live().running:
            return
        config = fitting(self.corpus, updates=self.updates, validate_every=50, learning_rate=self.rate.value, warmup=50)
        live = LiveTraining(self.corpus, self.cells.value, self.units.value, config)
        live.listener = self._show
        self.runs[self.corpus.sha256, self.updates] = live
        self.chart.value = ""
        self._resume()

    def _resume(self, _=None) -> None:
        self.live().start()
        self._show()

    def _show(self) -> None:
        """The run as it is, and what can be done with it."""
        with self.lock:
            live = self.live()
            running = live is not None and live.running
            self.start.disabled, self.stop.disabled = running, not running
            self.go_on.disabled = running or live is None or live.finished or bool(live.problem)
            if live is None:
                return
            lines = [f"<p>{cell}, {at_update(history)}</p>" for cell, history in live.histories.items()]
            if live.problem:
                lines.append(sentence(live.problem))
            elif not running and not live.finished:
                lines.append("<p>Stopped; nothing is lost. Continue, or start anew.</p>")
            self.say.value = f'<div role="status">{"".join(lines)}</div>'
            seen = {cell: history for cell, history in live.histories.items() if history.val_losses}
            self.wrote.value = in_columns({cell: _first_and_last(live.samples[cell]) for cell in seen})
            if seen:
                self.chart.show(plot_losses(list(seen.values()), self.ladder, self.corpus.floor))


training_panel = TrainingPanel


def _first_and_last(samples: list[tuple[int, str]]) -> str:
    ends = samples[:1] + samples[1:][-1:]
    return "".join(f"<p>after {updates} updates</p><pre>{html.escape(wrote)}</pre>" for updates, wrote in ends)
