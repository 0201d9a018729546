"""04: training that one can watch. Several networks in turns, on a thread of its own, stopped and continued at will.

The loop is `training.train`; here it is only called again and again, each time until the next validation, with the
history that the last call returned. So a stop loses nothing, and the notebook stays free.
"""

import html
import threading
from collections.abc import Callable, Hashable
from typing import ClassVar

import ipywidgets as ipw
import torch

from ..figures.training import plot_losses
from ..measures.intervals import bits
from ..networks.models import CharModel
from ..networks.registry import BOTH, CELLS
from ..sampling import generate
from ..text.corpus import Corpus
from ..text.encoding import Vocabulary
from ..training.config import History, TrainConfig
from ..training.evaluation import lock_of
from ..training.loop import train
from .controls import Chart, Panel, Slider, dropdown, in_columns, sentence

VALIDATED_ON = 20_000  # characters of the validation text: a validation takes a fraction of a second


class LiveTraining:
    """Networks of `cells` in training on `corpus`. `models` and `histories`, by cell, may be used whenever it rests.

    `listener()` is called, on the thread, after every turn and when the thread ends. What ends a run too early (a text
    that is too short, a loss that is not a number) is said in `problem`; it then cannot go on.
    """

    def __init__(self, corpus: Corpus, cells, units: int, config: TrainConfig):
        self.corpus, self.config, self.vocab = corpus, config, Vocabulary.from_text(corpus.text)
        self._ids = self.vocab.encode(corpus.train), self.vocab.encode(corpus.val)[:VALIDATED_ON]
        with torch.random.fork_rng(devices=[]):  # the reader's random numbers stay as they are
            self.models: dict[str, CharModel] = {}
            for cell in cells:
                torch.default_generator.manual_seed(0)
                self.models[cell] = CELLS[cell].fast(len(self.vocab), hidden_size=units, num_layers=1)
        self.histories = {cell: History(cell, config) for cell in self.models}
        self.samples: dict[str, list[tuple[int, str]]] = {cell: [] for cell in self.models}  # (updates, text)
        self.running = self.stopped = False
        self.problem = ""  # a sentence, when something ended it
        self.kept_updates = 0  # how many updates the networks had that a panel wrote to files
        self.listener: Callable[[], None] = lambda: None
        self._pause = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def finished(self) -> bool:
        return all(history.finished for history in self.histories.values())

    @property
    def updates(self) -> int:
        """The updates of all networks together."""
        return sum(history.updates for history in self.histories.values())

    def start(self) -> None:
        """Begin, or go on from where it was stopped."""
        if not self.running and not self.finished and not self.problem:
            self.running, self.stopped = True, False
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End after the update in hand."""
        self.stopped = True
        self._pause.set()

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while not self.finished and not self.stopped:
                for cell in self.models:
                    self._train_until_validation(cell)
        except Exception as problem:  # whatever it is, a reader is told in the panel, not on a thread's stderr
            self.problem = str(problem) or type(problem).__name__
        finally:
            self.running = False
            self.listener()

    def _train_until_validation(self, cell: str) -> None:
        """Train one network until its next validation, or until `stop`. Whoever reads its weights waits meanwhile."""
        model, history = self.models[cell], self.histories[cell]
        self._pause.clear()  # before `stopped` is read, so that no stop is lost
        if self.stopped or history.finished:
            return
        pause = {"stop": self._pause, "on_validation": lambda _: self._pause.set()}
        with lock_of(model):
            train(model, *self._ids, self.config, history=history, progress=False, **pause)
        if history.val_losses:
            text = generate(model, self.vocab, self.corpus.val[:1], 120, temperature=0.5, seed=1)
            self.samples[cell].append((history.updates, text))
            self.listener()


def fitting(corpus: Corpus, **settings) -> TrainConfig:
    """Return a configuration with 16 streams and a window of 32, or with less of both for a short text."""
    characters = len(corpus.train)
    streams = max(1, min(16, characters // 64))
    return TrainConfig(streams=streams, window=min(32, (characters - 1) // streams), **settings)


class RunControls(ipw.VBox):
    """Buttons that start, stop and continue a `LiveTraining`, and below them how far it has come.

    `begin()` returns a new run; a `ValueError` that it raises becomes a sentence. `show(run)` is called after every
    turn of a run and when it ends, one call at a time. The last run of each `key` is kept, so that a panel that is made
    anew, as when its cell is run again, goes on with it.
    """

    runs: ClassVar[dict[Hashable, LiveTraining]] = {}

    def __init__(self, start: str, key: Hashable, begin: Callable[[], LiveTraining], show: Callable):
        self.key, self.begin, self.show = key, begin, show
        self.lock = threading.Lock()  # the thread of the run and that of the buttons both show
        self.start = ipw.Button(description=start, icon="play", tooltip="new networks, from their first update")
        self.stop = ipw.Button(description="Stop", icon="stop", tooltip="after the update in hand; nothing is lost")
        self.go_on = ipw.Button(description="Continue", icon="forward", tooltip="from where it was stopped")
        self.message = ipw.HTML()
        self.start.on_click(self._begin)
        self.stop.on_click(lambda _: self.run.stop())
        self.go_on.on_click(self._resume)
        super().__init__([ipw.HBox([self.start, self.stop, self.go_on]), self.message])
        self.update()

    @property
    def run(self) -> LiveTraining | None:
        """The last run of this key."""
        return self.runs.get(self.key)

    def update(self) -> None:
        """Show the run as it is, and what can be done with it."""
        with self.lock:
            run = self.run
            running = run is not None and run.running
            self.start.disabled, self.stop.disabled = running, not running
            self.go_on.disabled = running or run is None or run.finished or bool(run.problem)
            if run is not None:
                run.listener = self.update
                self.message.value = f'<div role="status">{_progress(run)}</div>'
                self.show(run)

    def _begin(self, _) -> None:
        if self.run and self.run.running:  # a second click
            return
        try:
            self.runs[self.key] = self.begin()
        except ValueError as problem:
            self.message.value = sentence(str(problem))
            return
        self._resume()

    def _resume(self, _=None) -> None:
        self.run.listener = self.update
        self.run.start()
        self.update()


def _progress(run: LiveTraining) -> str:
    """Return how far each network has come and its last validation loss, and what ended the run, as HTML."""
    lines = []
    for cell, history in run.histories.items():
        words = f"{cell}, update {history.updates} of {run.config.updates}"
        if history.val_losses:
            loss = history.val_losses[-1]
            words += f": validation loss <b>{loss:.3f}</b> nats ({bits(loss):.3f} bits) per character"
        bar = f'<progress max="{run.config.updates}" value="{history.updates}"></progress>'
        lines.append(f"<p><label>{words} {bar}</label></p>")
    if run.problem:
        lines.append(sentence(run.problem))
    elif not run.running and not run.finished:
        lines.append("<p>Stopped; nothing is lost. Continue, or start anew.</p>")
    return "".join(lines)


def training_panel(corpus: Corpus, updates: int = 600, ladder: dict[str, float] | None = None) -> Panel:
    """Train small networks on `corpus` and watch their losses fall: start, stop, continue.

    Training runs on a thread of its own, so that the notebook stays free; a stop keeps networks and histories, and
    "Continue" goes on from there. So does a second panel for the same text, as when the cell is run again.
    """
    cells = dropdown("networks", [(" and ".join(BOTH), BOTH), *((cell, (cell,)) for cell in BOTH)])
    units = Slider("hidden units", 128, 16, 256, 16)
    rate = Slider("learning rate", 0.01, 0.001, 0.05, 0.001)
    samples, chart = ipw.HTML(), Chart()

    def begin() -> LiveTraining:
        chart.value = ""
        config = fitting(corpus, updates=updates, validate_every=50, learning_rate=rate.value, warmup=50)
        return LiveTraining(corpus, cells.value, units.value, config)

    def show(run: LiveTraining) -> None:
        validated = {cell: history for cell, history in run.histories.items() if history.val_losses}
        columns = {cell: "" for cell in validated}
        for cell in validated:
            for updates, text in run.samples[cell][:1] + run.samples[cell][1:][-1:]:  # the first and the last
                columns[cell] += f"<p>after {updates} updates</p><pre>{html.escape(text)}</pre>"
        samples.value = in_columns(columns)
        if validated:
            chart.show(plot_losses(list(validated.values()), ladder, corpus.floor))

    controls = RunControls("Start", (corpus.sha256, updates), begin, show)
    return Panel(
        [cells, units, rate, controls, samples, chart],
        f"Training, live, on {corpus.name}: choose networks, hidden units and learning rate; start, stop, "
        "continue. The validation losses fall in a chart, against the ladder and the floor, and samples change "
        "with them.",
    )
