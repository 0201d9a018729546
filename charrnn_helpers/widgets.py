"""Every interactive panel of the course.

House rules: values arrive when a control is released (`continuous_update=False`), every slider stands beside a number
box with the same value and an accessible name, one lock guards each panel's work, and a bad value gets a sentence in
the panel, never a traceback. Callbacks only set the `value` of `HTML` and `Image` widgets, so that they may run on any
thread.
"""

from __future__ import annotations

import base64
import html
import math
import subprocess
import threading
from collections.abc import Callable, Sequence

import ipywidgets as ipw
import torch

from . import plots
from .corpus import Corpus
from .encoding import Vocabulary
from .faults import FAULTS, Run, run, signs
from .fused import FASTEST
from .metrics import bits, verdict_sentence
from .models import CharModel
from .probes import STEPS, trace
from .sampling import generate, next_probabilities
from .training import History, TrainConfig, train
from .trial import PARAMETERS, by_seconds, final_losses, losses_at_seconds, select, shared_seconds, usual_plan


class Panel(ipw.VBox):
    """A `VBox` whose `text/plain` says in words what the panel does: stable for nbval, readable without widgets."""

    def __init__(self, children, words: str):
        super().__init__(children)
        self._words = " ".join(words.split())

    def __repr__(self) -> str:
        return f"[panel] {self._words}"

    def _repr_mimebundle_(self, **options):
        bundle = super()._repr_mimebundle_(**options)
        data, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
        data = {**data, "text/plain": repr(self)}
        return (data, *metadata) if metadata else data


def slider(name: str, value, low, high, step=1):
    """A slider and a number box that hold the same value: `(row, box)`. Observe the box.

    The box carries the accessible name, which a slider's handle cannot have; both move by keyboard.
    """
    whole = isinstance(step, int)
    handle = (ipw.IntSlider if whole else ipw.FloatSlider)(
        value=value,
        min=low,
        max=high,
        step=step,
        readout=False,
        continuous_update=False,
        layout=ipw.Layout(width="220px"),
    )
    box = (ipw.BoundedIntText if whole else ipw.BoundedFloatText)(
        value=value,
        min=low,
        max=high,
        step=step,
        description=name,
        style={"description_width": "120px"},
        layout=ipw.Layout(width="220px"),
    )
    tidy = (lambda value: round(value, 6), lambda value: value)  # steps add up to 0.010000000000000002
    ipw.link((handle, "value"), (box, "value"), transform=tidy)
    return ipw.HBox([box, handle]), box


def _chart() -> ipw.Image:
    """Room for a figure at its own size; nothing is shown before the first one is there."""
    chart = ipw.Image(format="png", layout=ipw.Layout(max_width="720px", display="none"))
    chart.observe(lambda _: setattr(chart.layout, "display", None), names="value")
    return chart


def on_change(controls, update: Callable[[], None], say: ipw.HTML) -> None:
    """Call `update()` now and whenever a control's value changes; one call at a time.

    A `ValueError` becomes a sentence in `say`.
    """
    lock = threading.Lock()

    def changed(_=None):
        with lock:
            try:
                say.value = ""
                update()
            except ValueError as problem:
                say.value = f'<p role="alert"><b>{html.escape(str(problem))}</b></p>'

    for control in controls:
        control.observe(changed, names="value")
    changed()


# --- 01: characters as numbers --------------------------------------------------------------------------------------

LONGEST_SHOWN = 30  # characters: more rows than this do not fit on a screen


def encoding_panel(vocab: Vocabulary, text: str = "Once a cat") -> Panel:
    """Type a text and see each character's index and target, and the one-hot rows. Unknown characters are named."""
    box = ipw.Text(value=text, description="your text", style={"description_width": "120px"})
    box.layout.width, box.continuous_update = "600px", False
    say, table = ipw.HTML(), ipw.HTML()

    def update() -> None:
        table.value = ""  # nothing of the last text beside a sentence about this one
        if not box.value:
            raise ValueError("there is nothing to encode: type at least one character")
        ids = vocab.encode(box.value).tolist()
        if len(ids) > LONGEST_SHOWN:
            say.value = f"<p>Showing the first {LONGEST_SHOWN} of {len(ids)} characters.</p>"
        shown = box.value[:LONGEST_SHOWN]
        targets = [*ids[1:], None][:LONGEST_SHOWN]
        rows = (
            ("character", [plots.visible(char) for char in shown]),
            ("index", ids[:LONGEST_SHOWN]),
            ("target", ["?" if index is None else plots.visible(vocab.characters[index]) for index in targets]),
            ("target's index", ["?" if index is None else index for index in targets]),
        )
        body = "".join(
            f'<tr><th scope="row" style="text-align:right">{name}</th>'
            + "".join(f'<td style="padding:0 5px;text-align:center">{html.escape(str(cell))}</td>' for cell in cells)
            + "</tr>"
            for name, cells in rows
        )
        figure = plots.plot_one_hot(shown, vocab)
        image = base64.b64encode(figure.png).decode()
        table.value = (
            f'<table aria-live="polite">{body}</table>'
            f'<img src="data:image/png;base64,{image}" alt="{html.escape(figure.words)}">'
        )

    on_change([box], update, say)
    return Panel(
        [box, say, table],
        "A box to type a text in; below it each character with its index and its target, and its one-hot row.",
    )


# --- 02 and 03: what the gates do -----------------------------------------------------------------------------------


def lstm_gate_panel() -> Panel:
    """Set the gates of one LSTM unit by hand: what happens to its cell, and how long a value lasts."""
    rows, boxes = _sliders(
        ("forget f", 0.9, 0.0, 1.0, 0.05),
        ("input i", 0.5, 0.0, 1.0, 0.05),
        ("candidate g", 0.8, -1.0, 1.0, 0.05),
        ("output o", 0.7, 0.0, 1.0, 0.05),
        ("last cell c", 0.6, -3.0, 3.0, 0.1),
        ("steps", 20, 1, 100, 1),
    )
    say, image = ipw.HTML(), _chart()

    def update():
        f, i, g, o, c_prev, steps = (box.value for box in boxes)
        c = f * c_prev + i * g
        image.value = plots.plot_lstm_update(f, i, g, o, c_prev, steps).png
        say.value = (
            f"<p>c<sub>t</sub> = {f:.2f} · {c_prev:.2f} + {i:.2f} · {g:.2f} = <b>{c:.2f}</b>, and the unit shows "
            f"h<sub>t</sub> = {o:.2f} · tanh({c:.2f}) = <b>{o * math.tanh(c):.2f}</b>.<br>{_lasts('f', f, steps)}</p>"
        )

    on_change(boxes, update, say)
    return Panel(
        [*rows, say, image],
        "Sliders for the gates f, i, o, the candidate g and the last cell; bars show the new cell and the output, a "
        "curve shows how long a value lasts at that forget gate.",
    )


def gru_gate_panel() -> Panel:
    """Set the gates of one GRU unit by hand: what happens to its state, and how long a value lasts."""
    rows, boxes = _sliders(
        ("reset r", 0.5, 0.0, 1.0, 0.05),
        ("update z", 0.75, 0.0, 1.0, 0.05),
        ("from the input", 0.2, -3.0, 3.0, 0.1),
        ("from the past", -1.2, -3.0, 3.0, 0.1),
        ("last state h", 0.8, -1.0, 1.0, 0.05),
        ("steps", 20, 1, 100, 1),
    )
    say, image = ipw.HTML(), _chart()

    def update():
        r, z, xn, hn, h_prev, steps = (box.value for box in boxes)
        n = math.tanh(xn + r * hn)
        h = (1 - z) * n + z * h_prev
        image.value = plots.plot_gru_update(r, z, xn, hn, h_prev, steps).png
        say.value = (
            f"<p>n = tanh({xn:.2f} + {r:.2f} · {hn:.2f}) = {n:.2f}, and h<sub>t</sub> = {1 - z:.2f} · {n:.2f} + "
            f"{z:.2f} · {h_prev:.2f} = <b>{h:.2f}</b>.<br>{_lasts('z', z, steps)}</p>"
        )

    on_change(boxes, update, say)
    return Panel(
        [*rows, say, image],
        "Sliders for the gates r and z, for what the candidate reads, and for the last state; bars show the new state, "
        "a curve shows how long a value lasts at that update gate.",
    )


def _sliders(*controls):
    rows, boxes = zip(*(slider(*control) for control in controls), strict=True)
    return rows, boxes


def _lasts(gate: str, keep: float, steps: int) -> str:
    left = keep**steps
    shown = f"{left:.3f}" if left >= 0.0005 else "less than 0.001"
    sentence = f"If {gate} stays at {keep:.2f}, then after {steps} characters {shown} of the old value is left; "
    if keep <= 0:
        return sentence + "nothing survives one character."
    if keep >= 1:
        return sentence + "it never fades."
    return sentence + f"half is gone after {math.log(0.5) / math.log(keep):.1f} characters."


# ------------------------------------------------------------------------------------------- 04: training, live


def training_panel(corpus: Corpus, updates: int = 600, ladder: dict[str, float] | None = None) -> Panel:
    """Train a small network on `corpus` and watch the loss fall: start, stop, continue, for either cell.

    Training runs on a thread of its own, so that the notebook stays free; a stop keeps network and history, and
    "Continue" goes on from there. `panel.wait()` returns when the thread has ended.
    """
    vocab = Vocabulary.from_text(corpus.text)
    train_ids, val_ids = vocab.encode(corpus.train), vocab.encode(corpus.val)[:20_000]
    cell = ipw.Dropdown(options=list(FASTEST), description="cell", style={"description_width": "120px"})
    rows, boxes = zip(
        slider("hidden units", 128, 16, 256, 16), slider("learning rate", 0.01, 0.001, 0.05, 0.001), strict=True
    )
    start, stop_button, go_on = (
        ipw.Button(description=name, icon=icon, tooltip=tip)
        for name, icon, tip in (
            ("Start", "play", "a new network, from its first update"),
            ("Stop", "stop", "after the update in hand; nothing is lost"),
            ("Continue", "forward", "from where it was stopped"),
        )
    )
    say, chart = ipw.HTML(), _chart()
    run: dict = {"stop": threading.Event(), "thread": None, "model": None, "history": None}
    lock = threading.Lock()

    def buttons(running: bool) -> None:
        history = run["history"]
        start.disabled, stop_button.disabled = running, not running
        go_on.disabled = running or history is None or history.finished

    def show(history: History) -> None:
        sample = generate(run["model"], vocab, corpus.val[:1], 120, temperature=0.5, seed=1)
        loss = history.val_losses[-1]
        say.value = (
            f"<p>{history.cell}, update {history.updates} of {history.config.updates}: validation loss "
            f"<b>{loss:.3f}</b> nats ({bits(loss):.3f} bits) per character.</p><pre>{html.escape(sample)}</pre>"
        )
        chart.value = plots.plot_losses([history], ladder, corpus.floor).png

    def work() -> None:
        with lock:
            try:
                history = run["history"]
                run["history"] = train(
                    run["model"],
                    train_ids,
                    val_ids,
                    history.config,
                    history=history,
                    stop=run["stop"],
                    on_validation=show,
                    progress=False,
                )
                if not run["history"].finished:
                    say.value += f"<p>Stopped after update {run['history'].updates}. Continue, or start anew.</p>"
            except (ValueError, FloatingPointError) as problem:
                run["history"] = None
                say.value = f'<p role="alert"><b>{html.escape(str(problem))}</b></p>'
            finally:
                buttons(running=False)

    def launch() -> None:
        run["stop"].clear()
        buttons(running=True)
        run["thread"] = threading.Thread(target=work, daemon=True)
        run["thread"].start()

    def begin(_) -> None:
        if lock.locked():
            return
        config = TrainConfig(updates=updates, streams=16, validate_every=50, learning_rate=boxes[1].value, warmup=50)
        with torch.random.fork_rng():  # the reader's random numbers stay as they are
            torch.manual_seed(0)
            run["model"] = FASTEST[cell.value](len(vocab), hidden_size=boxes[0].value, num_layers=1)
        run["history"] = History(cell.value, config)
        say.value = f"<p>{cell.value}: {config.updates} updates to go.</p>"
        launch()

    start.on_click(begin)
    stop_button.on_click(lambda _: run["stop"].set())
    go_on.on_click(lambda _: None if lock.locked() else launch())
    buttons(running=False)
    panel = Panel(
        [cell, *rows, ipw.HBox([start, stop_button, go_on]), say, chart],
        f"Training, live, on {corpus.name}: choose cell, hidden units and learning rate; start, stop, continue. "
        "The validation loss falls in a chart, against the ladder and the floor, and a sample changes with it.",
    )
    panel.wait = lambda: run["thread"] and run["thread"].join()
    return panel


# ------------------------------------------------------------------------------------------- 05: curves


def curves_panel(runs: dict[str, History], ladder: dict[str, float] | None, floor: float | None) -> Panel:
    """Choose which runs to see, against which axis and in which unit."""
    names = list(runs)
    chosen = ipw.SelectMultiple(
        options=names, value=names, description="runs", rows=min(8, len(names)), style={"description_width": "120px"}
    )
    axis = ipw.Dropdown(options=list(plots.AXES), description="axis", style={"description_width": "120px"})
    unit = ipw.Dropdown(options=list(plots.UNITS), description="unit", style={"description_width": "120px"})
    say, chart = ipw.HTML(), _chart()

    def update() -> None:
        if not chosen.value:
            raise ValueError("no run is chosen: select one or more in the list (Ctrl or Cmd adds to the choice)")
        chart.value = plots.plot_losses(
            [runs[name] for name in chosen.value], ladder, floor, axis.value, unit.value
        ).png

    on_change((chosen, axis, unit), update, say)
    return Panel(
        [chosen, axis, unit, say, chart],
        "Loss curves: choose the runs, the axis (updates, characters, seconds) and the unit (nats, bits).",
    )


# ------------------------------------------------------------------------------------------- 09: the full trial


def trial_panel(trial: dict, smallest: float, confidence: float) -> Panel:
    """Choose the text, what is equal and the two cells: the figure, and the verdict as a sentence.

    `trial` is what `measured("full_trial")` gives.
    """
    texts = list(trial["baselines"])
    usual = usual_plan(trial["rows"])
    text = ipw.Dropdown(options=texts, description="text", style={"description_width": "120px"})
    equal = ipw.Dropdown(options=list(EQUAL), description="what is equal", style={"description_width": "120px"})
    pair = ipw.Dropdown(
        options=[("LSTM and GRU", ("LSTM", "GRU")), ("LSTM and RNN", ("LSTM", "RNN")), ("GRU and RNN", ("GRU", "RNN"))],
        description="compare",
        style={"description_width": "120px"},
    )
    say, verdicts, chart = ipw.HTML(), ipw.HTML(), _chart()

    def update() -> None:
        rows = select(trial["rows"], text=text.value, **usual)
        groups, figure = EQUAL[equal.value](rows, trial["baselines"][text.value])
        chart.value = figure.png
        lines = [
            f"<b>{html.escape(name)}</b>: {html.escape(verdict_sentence(losses, *pair.value, smallest, confidence))}"
            for name, losses in groups.items()
        ]
        verdicts.value = f'<div style="max-width: 720px" role="status">{"<br>".join(lines)}</div>'

    on_change((text, equal, pair), update, say)
    return Panel(
        [text, equal, pair, say, verdicts, chart],
        "The full trial: choose the text, what is equal (width, parameters, seconds) and two cells; the verdict as a "
        "sentence, and its figure.",
    )


def _equal_groups(rows, baseline: dict, sizes: Sequence[str], xlabel: str):
    groups = {size: final_losses(rows, size=size) for size in sizes}
    return groups, plots.plot_groups(groups, baseline["test"], baseline.get("floor"), xlabel)


def _equal_parameters(rows, baseline: dict):
    return _equal_groups(rows, baseline, PARAMETERS, "parameters")


def _equal_width(rows, baseline: dict):
    return _equal_groups(rows, baseline, ("128 units",), "width")


def _equal_seconds(rows, baseline: dict):
    points = by_seconds(rows)
    seconds = shared_seconds(points)
    figure = plots.plot_frontier(points, seconds, baseline["test"], baseline.get("floor"))
    return {f"{seconds:.0f} seconds of one core": losses_at_seconds(points, seconds)}, figure


EQUAL = {"parameters": _equal_parameters, "width": _equal_width, "seconds": _equal_seconds}


# ------------------------------------------------------------------------------------------- 06 and 07: writing


def sampling_panel(models: dict[str, CharModel], vocab: Vocabulary, prompt: str) -> Panel:
    """What temperature, top-k and top-p do to the distribution of the character after `prompt`."""
    rows, (temperature, top_k, top_p) = zip(
        slider("temperature", 1.0, 0.1, 2.0, 0.1),
        slider("top-k", len(vocab), 1, len(vocab)),
        slider("top-p", 1.0, 0.05, 1.0, 0.05),
        strict=True,
    )
    text = ipw.Text(value=prompt, description="text so far", style={"description_width": "120px"})
    text.layout.width, text.continuous_update = "600px", False
    say, chart = ipw.HTML(), _chart()

    def update() -> None:
        settings = temperature.value, top_k.value, top_p.value
        p = {name: next_probabilities(model, vocab, text.value, *settings) for name, model in models.items()}
        chart.value = plots.plot_next_characters(vocab, p).png
        left = ", ".join(f"{name}: {int((row > 0).sum())}" for name, row in p.items())
        say.value = f"<p>Characters that can still be drawn — {left}.</p>"

    on_change((text, temperature, top_k, top_p), update, say)
    return Panel(
        [text, *rows, say, chart],
        "The next character of both networks as bars: change the text so far, the temperature, top-k and top-p.",
    )


def playground_panel(models: dict[str, CharModel], vocab: Vocabulary, prompt: str = "Once ") -> Panel:
    """LSTM and GRU write side by side: prompt, random seed, length, temperature, top-k, top-p."""
    text = ipw.Text(value=prompt, description="prompt", style={"description_width": "120px"})
    text.layout.width, text.continuous_update = "600px", False
    rows, boxes = zip(
        slider("random seed", 1, 0, 999),
        slider("length", 300, 0, 1000, 10),
        slider("temperature", 0.8, 0.1, 2.0, 0.1),
        slider("top-k", len(vocab), 1, len(vocab)),
        slider("top-p", 1.0, 0.05, 1.0, 0.05),
        strict=True,
    )
    say, page = ipw.HTML(), ipw.HTML()

    def update() -> None:
        seed, length, temperature, top_k, top_p = (box.value for box in boxes)
        columns = []
        for name, model in models.items():
            written = generate(model, vocab, text.value, length, temperature, top_k, top_p, seed)
            columns.append(_column(name, text.value, written[len(text.value) :]))
        page.value = f'<div style="display:flex;gap:16px;flex-wrap:wrap" aria-live="polite">{"".join(columns)}</div>'

    on_change((text, *boxes), update, say)
    return Panel(
        [text, *rows, say, page],
        "The playground: LSTM and GRU continue the same prompt side by side; set prompt, random seed, length, "
        "the temperature, top-k and top-p.",
    )


def _column(name: str, prompt: str, written: str) -> str:
    colour, line = plots.STYLES[name]["color"], {"LSTM": "solid", "GRU": "dashed"}[name]
    return (
        f'<div style="flex:1;min-width:300px;border-left:4px {line} {colour};padding-left:10px">'
        f"<b>{name}</b>, {len(written)} characters"
        '<div style="font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.4">'
        f'<b class="charrnn-prompt">{html.escape(prompt)}</b>'
        f'<span class="charrnn-sample" data-cell="{name}">{html.escape(written)}</span></div></div>'
    )


# ------------------------------------------------------------------------------------------- 08: inside the gates

READ = {"f": "forget gate f", "i": "input gate i", "o": "output gate o", "g": "candidate g", "c": "cell c"}
READ |= {"z": "update gate z", "r": "reset gate r", "n": "candidate n", "h": "state h"}
LONGEST_READ = 400  # characters: more would not fit under the controls


def gates_panel(models: dict[str, CharModel], vocab: Vocabulary, text: str) -> Panel:
    """Step through a text: colour it by one unit of a gate or state, and see what the network expects next."""
    box = ipw.Text(value=text, description="text", style={"description_width": "120px"})
    box.layout.width, box.continuous_update = "600px", False
    network = ipw.Dropdown(options=list(models), description="network", style={"description_width": "120px"})
    what = ipw.Dropdown(description="colour by", style={"description_width": "120px"})
    units = max(model.hyperparameters["hidden_size"] for model in models.values())
    rows, (unit, place) = _sliders(("unit", 0, 0, units - 1), ("step", len(text), 1, max(2, len(text))))
    say, page, chart = ipw.HTML(), ipw.HTML(), _chart()
    traced: dict = {}

    def update() -> None:
        text, cell, gate, number, step = (control.value for control in (box, network, what, unit, place))
        page.value, chart.layout.display = "", "none"  # nothing of the last text beside a sentence about this one
        if not text:
            raise ValueError("there is nothing to read: type at least one character")
        if len(text) > LONGEST_READ:
            raise ValueError(f"the text has {len(text)} characters; the panel reads at most {LONGEST_READ}")
        model = models[cell]
        width = model.hyperparameters["hidden_size"]
        if number >= width:
            raise ValueError(f"this {cell} has units 0 to {width - 1}, and {number} was asked for")
        if (cell, text) not in traced:
            traced.clear()
            traced[cell, text] = trace(model, vocab.encode(text))[-1]
        last = traced[cell, text]
        gate = gate if gate in last else "h"  # the list of another network is on its way
        values = last[gate][:, number].tolist()
        at = min(step, len(values))
        size = 1.0 if gate in "ifozr" else max(1e-9, *(abs(value) for value in values))
        page.value = _coloured(text, values, at - 1, size)
        say.value = (
            f'<p role="status">Step {at} of {len(values)}, after <code>{html.escape(plots.visible(text[at - 1]))}'
            f"</code>: {READ[gate]}, unit {number}, is <b>{values[at - 1]:.2f}</b>. "
            f"Full colour is {size:.2g}. Orange, underlined where it is strong: above zero; blue, with dots: below.</p>"
        )
        expected = next_probabilities(model, vocab, text[:at])
        chart.value, chart.layout.display = plots.plot_next_characters(vocab, {cell: expected}).png, None

    def gates_of_the_network(_=None) -> None:
        names = STEPS[models[network.value].cell][1]
        what.options = [(READ[name], name) for name in names]
        what.value = names[-1]  # h, which every cell has

    def as_long_as_the_text(_) -> None:
        for control in (rows[1].children[1], place):
            control.max = max(2, min(LONGEST_READ, len(box.value)))
        place.value = place.max

    gates_of_the_network()
    network.observe(gates_of_the_network, names="value")
    box.observe(as_long_as_the_text, names="value")
    on_change((box, network, what, unit, place), update, say)
    return Panel(
        [box, network, what, *rows, page, say, chart],
        "A text, coloured by one unit of a gate or state of the network you choose; step through it and see the bars "
        "of the next character.",
    )


def _coloured(text: str, values: Sequence[float], at: int, size: float) -> str:
    """The text as HTML: orange above zero, blue below, full colour at `size`; strong ones underlined, `at` framed."""
    spans = []
    for place, (char, value) in enumerate(zip(text, values, strict=True)):
        shade = "230,159,0" if value >= 0 else "86,180,233"
        style = f"background:rgba({shade},{min(1, abs(value) / size):.2f});"
        if abs(value) > size / 2:
            style += f"text-decoration:underline {'solid' if value > 0 else 'dotted'};"
        style += "outline:2px solid black;" if place == at else ""
        spans.append(f'<span style="{style}" title="{value:.2f}">{html.escape(char)}</span>')
    return (
        '<div class="charrnn-units" style="font-family:monospace;font-size:15px;line-height:1.7;color:#000;'
        f'background:#fff;padding:6px;max-width:760px;white-space:pre-wrap">{"".join(spans)}</div>'
    )


# ------------------------------------------------------------------------------------------- 10: break it


def faults_panel(floor: float) -> Panel:
    """Plant a fault and train with it, beside the sound twin of the same seed: curves, signs, a sample, the cure.

    Training takes a few seconds, on a thread of its own; runs are kept, so that a second look is free.
    `panel.wait()` returns when the thread has ended.
    """
    fault = ipw.Dropdown(
        options=[(fault.title, name) for name, fault in FAULTS.items()],
        value="state_reset",
        description="fault",
        style={"description_width": "120px"},
        layout=ipw.Layout(width="600px"),
    )
    row, seed = slider("random seed", 0, 0, 20)
    plant = ipw.Button(description="Plant it and train", icon="bug", layout=ipw.Layout(width="200px"))
    say, chart, told = ipw.HTML(), _chart(), ipw.HTML()
    kept: dict[tuple[str, int], Run] = {}
    lock = threading.Lock()

    def run_of(name: str, number: int) -> Run:
        if (name, number) not in kept:
            kept[name, number] = run(name, number)
        return kept[name, number]

    def work(name: str, number: int) -> None:
        with lock:
            told.value, chart.layout.display = "", "none"
            say.value = '<p role="status">Training two small networks: a few seconds.</p>'
            try:
                broken, twin = run_of(name, number), run_of(FAULTS[name].twin, number)
                if not broken.error:
                    chart.value, chart.layout.display = plots.plot_fault(broken, twin, floor).png, None
                say.value, told.value = "", _told(name, broken, twin)
            except (ValueError, RuntimeError, OSError, subprocess.SubprocessError) as problem:
                say.value = f'<p role="alert"><b>{html.escape(str(problem))}</b></p>'
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
        [fault, row, plant, say, chart, told],
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
