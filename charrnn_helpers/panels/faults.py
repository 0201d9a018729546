"""10: planted faults."""

from __future__ import annotations

import html
import subprocess
import threading

import ipywidgets as ipw

from ..experiments.faults import FAULTS, Run, run, signs
from ..figures.faults import plot_fault
from .controls import WIDE, Chart, Panel, Slider, dropdown, sentence

# ------------------------------------------------------------------------------------------- 10: break it


def faults_panel(floor: float) -> Panel:
    """Plant a fault and train with it, beside the sound twin of the same seed: curves, signs, a sample, the cure.

    Training takes a few seconds, on a thread of its own; runs are kept, so that a second look is free.
    `panel.wait()` returns when the thread has ended.
    """
    titles = [(fault.title, name) for name, fault in FAULTS.items()]
    fault = dropdown("fault", titles, value="state_reset", layout=WIDE)
    seed = Slider("random seed", 0, 0, 20)
    plant = ipw.Button(description="Plant it and train", icon="bug", layout=ipw.Layout(width="200px"))
    say, chart, told = ipw.HTML(), Chart(), ipw.HTML()
    kept: dict[tuple[str, int], Run] = {}
    lock = threading.Lock()

    def run_of(name: str, number: int) -> Run:
        if (name, number) not in kept:
            kept[name, number] = run(name, number)
        return kept[name, number]

    def work(name: str, number: int) -> None:
        with lock:
            told.value, chart.value = "", ""
            say.value = '<p role="status">Training two small networks: a few seconds.</p>'
            try:
                broken, twin = run_of(name, number), run_of(FAULTS[name].twin, number)
                if not broken.error:
                    chart.show(plot_fault(broken, twin, floor))
                say.value, told.value = "", _told(name, broken, twin)
            except (ValueError, RuntimeError, OSError, subprocess.SubprocessError) as problem:
                say.value = sentence(str(problem))
            finally:
                plant.disabled = False

    def launch(_) -> None:
        if not lock.locked():
            plant.disabled = True
            chosen = fault.value, seed.value  # what happens to the controls from now on is for the next run
            panel.thread = threading.Thread(target=work, args=chosen, daemon=True)
            panel.thread.start()

    plant.on_click(launch)
    panel = Panel(
        [fault, seed, plant, say, chart, told],
        "Choose one of the faults and a random seed, plant it in a small training run, and see it beside the sound "
        "run: curves, signs, a sample, and the cure.",
    )
    panel.thread = None
    panel.wait = lambda: panel.thread and panel.thread.join()
    return panel


def _told(name: str, broken: Run, twin: Run) -> str:
    """What differs from the sound run, what the network wrote, and the line that was wrong."""
    lines = "".join(f"<li>{html.escape(sign)}</li>" for sign in signs(broken, twin)) or "<li>none of our signs</li>"
    wrote = broken.error or broken.sample
    return (
        f'<div style="max-width: 720px" role="status"><b>What differs from the sound run</b><ul>{lines}</ul>'
        f"<b>{'It stopped with' if broken.error else 'It writes'}</b><pre>{html.escape(wrote)}</pre>"
        f"<b>The line</b><pre>wrong: {html.escape(FAULTS[name].wrong)}\nright: {html.escape(FAULTS[name].right)}</pre>"
        f"<b>Why</b> {html.escape(FAULTS[name].cause)}. <b>To be sure</b> {html.escape(FAULTS[name].test)}.</div>"
    )
