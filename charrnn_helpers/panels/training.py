"""04: training, live."""

from __future__ import annotations

import html
import threading

import ipywidgets as ipw

from ..figures.training import plot_losses
from ..text.corpus import Corpus
from .controls import Chart, Panel, dropdown, sentence, sliders
from .html import at_update, side_by_side
from .live_training import LiveTraining, fitting

# ------------------------------------------------------------------------------------------- 04: training, live

_LIVE: dict[tuple[str, int], LiveTraining] = {}  # the last run on a text: a panel made anew finds it again
BOTH = ("LSTM", "GRU")


def training_panel(corpus: Corpus, updates: int = 600, ladder: dict[str, float] | None = None) -> Panel:
    """Train small networks on `corpus` and watch their losses fall: start, stop, continue.

    Training runs on a thread of its own, so that the notebook stays free; a stop keeps networks and histories, and
    "Continue" goes on from there. So does a second panel for the same text, as when the cell is run again.
    `panel.live()` is the run (a `LiveTraining`), or None; `panel.wait()` returns when its thread has ended.
    """
    key = (corpus.sha256, updates)
    cells = dropdown("networks", [("LSTM and GRU", BOTH), ("LSTM", ("LSTM",)), ("GRU", ("GRU",))])
    units, rate = sliders(("hidden units", 128, 16, 256, 16), ("learning rate", 0.01, 0.001, 0.05, 0.001))
    start, stop, go_on = (
        ipw.Button(description=name, icon=icon, tooltip=tip)
        for name, icon, tip in (
            ("Start", "play", "new networks, from their first update"),
            ("Stop", "stop", "after the update in hand; nothing is lost"),
            ("Continue", "forward", "from where it was stopped"),
        )
    )
    say, wrote, chart = ipw.HTML(), ipw.HTML(), Chart()
    lock = threading.Lock()  # the thread of the run and that of the buttons both show

    def buttons() -> None:
        live = _LIVE.get(key)
        running = live is not None and live.running
        start.disabled, stop.disabled = running, not running
        go_on.disabled = running or live is None or live.finished or bool(live.problem)

    def show() -> None:
        with lock:
            buttons()
            draw(_LIVE[key])

    def draw(live: LiveTraining) -> None:
        seen = {cell: history for cell, history in live.histories.items() if history.val_losses}
        lines = [f"<p>{cell}, {at_update(history)}</p>" for cell, history in live.histories.items()]
        if live.problem:
            lines.append(sentence(live.problem))
        elif not live.running and not live.finished:
            lines.append("<p>Stopped; nothing is lost. Continue, or start anew.</p>")
        say.value = f'<div role="status">{"".join(lines)}</div>'
        wrote.value = side_by_side({cell: _first_and_last(live.samples[cell]) for cell in seen})
        if seen:
            chart.show(plot_losses(list(seen.values()), ladder, corpus.floor))

    def begin(_) -> None:
        live = _LIVE.get(key)
        if live is not None and live.running:
            return
        config = fitting(corpus, updates=updates, validate_every=50, learning_rate=rate.value, warmup=50)
        _LIVE[key] = LiveTraining(corpus, cells.value, units.value, config)
        chart.clear()
        attend()
        resume()

    def resume(_=None) -> None:
        _LIVE[key].start()
        show()

    def attend() -> None:
        _LIVE[key].listener = show
        show()

    start.on_click(begin)
    stop.on_click(lambda _: _LIVE[key].stop())
    go_on.on_click(resume)
    buttons()
    if key in _LIVE:
        attend()
    panel = Panel(
        [cells, units, rate, ipw.HBox([start, stop, go_on]), say, wrote, chart],
        f"Training, live, on {corpus.name}: choose networks, hidden units and learning rate; start, stop, continue. "
        "The validation losses fall in a chart, against the ladder and the floor, and samples change with them.",
    )
    panel.live = lambda: _LIVE.get(key)
    panel.wait = lambda: key in _LIVE and _LIVE[key].wait()
    return panel


def _first_and_last(samples: list[tuple[int, str]]) -> str:
    ends = samples[:1] + samples[1:][-1:]
    return "".join(f"<p>after {updates} updates</p><pre>{html.escape(wrote)}</pre>" for updates, wrote in ends)
