"""10: planted faults."""

import html
import threading
from functools import cache

import ipywidgets as ipw

from ..experiments.faults import FAULTS, diagnosis, run
from ..experiments.observations import Run, Setting, signs
from ..figures.training import plot_fault
from .controls import WIDE, Chart, Panel, Slider, dropdown, sentence

SHOWN_EVERY = 20  # updates: how often a panel says how far it has come


def faults_panel() -> Panel:
    """Plant a fault and train with it, beside the sound twin of the same seed: curves, signs, a sample, the cure.

    Training runs on a thread and shows how far it has come. Runs are kept, so that a second look is free.
    """
    titles = [(fault.title, name) for name, fault in FAULTS.items()]
    fault = dropdown("fault", titles, value="state_reset", layout=WIDE)
    seed = Slider("random seed", 0, 0, 20)
    plant = ipw.Button(description="Plant it and train", icon="bug", layout={"width": "200px"})
    message, chart, result = ipw.HTML(), Chart(), ipw.HTML()

    def show_progress(name: str, updates: int) -> None:
        if updates % SHOWN_EVERY == 0:
            who = "the sound network" if name == "sound" else "the network with the fault"
            bar = f'<progress max="{Setting.updates}" value="{updates}"></progress>'
            words = f"Training {who}: update {updates} of {Setting.updates}"
            message.value = f'<p role="status"><label>{words} {bar}</label></p>'

    @cache
    def run_once(name: str, seed: int) -> Run:
        show_progress(name, 0)
        return run(name, seed, on_update=lambda updates: show_progress(name, updates))

    def train(name: str, seed: int) -> None:
        result.value, chart.value = "", ""
        try:
            broken, twin = run_once(name, seed), run_once("sound", seed)
            if len(broken.losses) > 1:
                chart.show(plot_fault(broken, twin))
            message.value, result.value = "", described(name, broken)
        except Exception as problem:  # whatever it is, a reader is told here
            message.value = sentence(str(problem))
        finally:
            plant.disabled = False

    def launch(_) -> None:
        if not plant.disabled:  # no second click
            plant.disabled = True
            chosen = fault.value, seed.value  # what happens to the controls from now on is for the next run
            threading.Thread(target=train, args=chosen, daemon=True).start()

    plant.on_click(launch)
    return Panel(
        [fault, seed, plant, message, chart, result],
        "Choose one of the faults and a random seed, plant it in a small training run, and see it beside the sound "
        "run: curves, signs, a sample, and the cure.",
    )


def described(name: str, broken: Run) -> str:
    """Return what differs from a sound run, what the network wrote, and the line that was wrong, as HTML."""
    lines = "".join(f"<li>{html.escape(sign)}</li>" for sign in signs(broken)) or "<li>nothing that we look at</li>"
    return (
        f'<div class="charrnn-words" role="status"><b>What differs from the sound run</b><ul>{lines}</ul>'
        f"<b>{'It stopped with' if broken.error else 'It writes'}</b>"
        f"<pre>{html.escape(broken.error or broken.sample)}</pre>"
        f"<b>The wrong line, and the right one</b><pre>{html.escape(diagnosis(name))}</pre></div>"
    )
