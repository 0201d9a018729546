"""04: training, live."""

import html

import ipywidgets as ipw

from ..figures.training import plot_losses
from ..networks.registry import BOTH
from ..text.corpus import Corpus
from .controls import Chart, Panel, Slider, dropdown, in_columns
from .live_training import LiveTraining, RunControls, fitting


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
        samples.value = in_columns({cell: _first_and_last(run.samples[cell]) for cell in validated})
        if validated:
            chart.show(plot_losses(list(validated.values()), ladder, corpus.floor))

    controls = RunControls("Start", (corpus.sha256, updates), begin, show)
    return Panel(
        [cells, units, rate, controls, samples, chart],
        f"Training, live, on {corpus.name}: choose networks, hidden units and learning rate; start, stop, "
        "continue. The validation losses fall in a chart, against the ladder and the floor, and samples change "
        "with them.",
    )


def _first_and_last(samples: list[tuple[int, str]]) -> str:
    ends = samples[:1] + samples[1:][-1:]
    return "".join(f"<p>after {updates} updates</p><pre>{html.escape(text)}</pre>" for updates, text in ends)
