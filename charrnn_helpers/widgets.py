"""Every interactive panel of the course, in the order of the notebooks; what they are made of is in `controls`."""

from __future__ import annotations

import base64
import html
import math
import subprocess
import threading
from collections.abc import Callable, Sequence
from itertools import combinations, groupby

import ipywidgets as ipw
import numpy as np
import torch

from . import plots
from .controls import NAMES_WIDTH, WIDE, Chart, Panel, Slider, dropdown, image, on_change, sentence, text_box
from .corpus import Corpus
from .encoding import Vocabulary
from .faults import FAULTS, Run, run, signs
from .live import LiveTraining, fitting
from .metrics import Copy, CopyFinder, bits, inside, verdict_sentence
from .models import CharModel
from .pairs import Pair, found_pairs, keep_pair, keep_text
from .probes import STEPS, trace
from .sampling import generate_with_scores, next_distribution, next_probabilities
from .training import History
from .trial import PARAMETERS, by_seconds, final_losses, losses_at_seconds, select, shared_seconds, usual_plan

# --- 01: characters as numbers --------------------------------------------------------------------------------------

LONGEST_SHOWN = 30  # characters: more rows than this do not fit on a screen


def encoding_panel(vocab: Vocabulary, text: str = "Once a cat") -> Panel:
    """Type a text and see each character's index and target, and the one-hot rows. Unknown characters are named."""
    box = text_box("your text", text)
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
        table.value = f'<table aria-live="polite">{body}</table>{image(figure)}'

    on_change([box], update, say)
    return Panel(
        [box, say, table],
        "A box to type a text in; below it each character with its index and its target, and its one-hot row.",
    )


# --- 02 and 03: what the gates do -----------------------------------------------------------------------------------


def lstm_gate_panel() -> Panel:
    """Set the gates of one LSTM unit by hand: what happens to its cell, and how long a value lasts."""
    boxes = _sliders(
        ("forget f", 0.9, 0.0, 1.0, 0.05),
        ("input i", 0.5, 0.0, 1.0, 0.05),
        ("candidate g", 0.8, -1.0, 1.0, 0.05),
        ("output o", 0.7, 0.0, 1.0, 0.05),
        ("last cell c", 0.6, -3.0, 3.0, 0.1),
        ("steps", 20, 1, 100, 1),
    )
    say, chart = ipw.HTML(), Chart()

    def update():
        f, i, g, o, c_prev, steps = (box.value for box in boxes)
        c = f * c_prev + i * g
        chart.show(plots.plot_lstm_update(f, i, g, o, c_prev, steps))
        say.value = (
            f"<p>c<sub>t</sub> = {f:.2f} · {c_prev:.2f} + {i:.2f} · {g:.2f} = <b>{c:.2f}</b>, and the unit shows "
            f"h<sub>t</sub> = {o:.2f} · tanh({c:.2f}) = <b>{o * math.tanh(c):.2f}</b>.<br>{_lasts('f', f, steps)}</p>"
        )

    on_change(boxes, update, say)
    return Panel(
        [*boxes, say, chart],
        "Sliders for the gates f, i, o, the candidate g and the last cell; bars show the new cell and the output, a "
        "curve shows how long a value lasts at that forget gate.",
    )


def gru_gate_panel() -> Panel:
    """Set the gates of one GRU unit by hand: what happens to its state, and how long a value lasts."""
    boxes = _sliders(
        ("reset r", 0.5, 0.0, 1.0, 0.05),
        ("update z", 0.75, 0.0, 1.0, 0.05),
        ("from the input", 0.2, -3.0, 3.0, 0.1),
        ("from the past", -1.2, -3.0, 3.0, 0.1),
        ("last state h", 0.8, -1.0, 1.0, 0.05),
        ("steps", 20, 1, 100, 1),
    )
    say, chart = ipw.HTML(), Chart()

    def update():
        r, z, xn, hn, h_prev, steps = (box.value for box in boxes)
        n = math.tanh(xn + r * hn)
        h = (1 - z) * n + z * h_prev
        chart.show(plots.plot_gru_update(r, z, xn, hn, h_prev, steps))
        say.value = (
            f"<p>n = tanh({xn:.2f} + {r:.2f} · {hn:.2f}) = {n:.2f}, and h<sub>t</sub> = {1 - z:.2f} · {n:.2f} + "
            f"{z:.2f} · {h_prev:.2f} = <b>{h:.2f}</b>.<br>{_lasts('z', z, steps)}</p>"
        )

    on_change(boxes, update, say)
    return Panel(
        [*boxes, say, chart],
        "Sliders for the gates r and z, for what the candidate reads, and for the last state; bars show the new state, "
        "a curve shows how long a value lasts at that update gate.",
    )


def _sliders(*controls) -> list[Slider]:
    return [Slider(*control) for control in controls]


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
    units, rate = _sliders(("hidden units", 128, 16, 256, 16), ("learning rate", 0.01, 0.001, 0.05, 0.001))
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
        lines = [f"<p>{cell}, {_at_update(history)}</p>" for cell, history in live.histories.items()]
        if live.problem:
            lines.append(sentence(live.problem))
        elif not live.running and not live.finished:
            lines.append("<p>Stopped; nothing is lost. Continue, or start anew.</p>")
        say.value = f'<div role="status">{"".join(lines)}</div>'
        wrote.value = _side_by_side({cell: _first_and_last(live.samples[cell]) for cell in seen})
        if seen:
            chart.show(plots.plot_losses(list(seen.values()), ladder, corpus.floor))

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


def _at_update(history: History) -> str:
    reached = f"update {history.updates} of {history.config.updates}"
    if not history.val_losses:
        return reached
    loss = history.val_losses[-1]
    return f"{reached}: validation loss <b>{loss:.3f}</b> nats ({bits(loss):.3f} bits) per character"


def _first_and_last(samples: list[tuple[int, str]]) -> str:
    ends = samples[:1] + samples[1:][-1:]
    return "".join(f"<p>after {updates} updates</p><pre>{html.escape(wrote)}</pre>" for updates, wrote in ends)


# ------------------------------------------------------------------------------------------- 05: curves


def curves_panel(runs: dict[str, History], ladder: dict[str, float] | None, floor: float | None) -> Panel:
    """Choose which runs to see, against which axis and in which unit."""
    names = list(runs)
    chosen = ipw.SelectMultiple(
        options=names,
        value=names,
        description="runs",
        rows=min(8, len(names)),
        style={"description_width": NAMES_WIDTH},
    )
    axis = dropdown("axis", list(plots.AXES))
    unit = dropdown("unit", list(plots.UNITS))
    say, chart = ipw.HTML(), Chart()

    def update() -> None:
        if not chosen.value:
            raise ValueError("no run is chosen: select one or more in the list (Ctrl or Cmd adds to the choice)")
        shown = [runs[name] for name in chosen.value]
        chart.show(plots.plot_losses(shown, ladder, floor, axis.value, unit.value))

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
    text = dropdown("text", texts)
    equal = dropdown("what is equal", list(EQUAL))
    pair = dropdown("compare", [(" and ".join(two), two) for two in combinations(("LSTM", "GRU", "RNN"), 2)])
    say, verdicts, chart = ipw.HTML(), ipw.HTML(), Chart()

    def update() -> None:
        rows = select(trial["rows"], text=text.value, **usual)
        groups, figure = EQUAL[equal.value](rows, trial["baselines"][text.value])
        chart.show(figure)
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
    temperature, top_k, top_p = _draw_sliders(len(vocab), 1.0)
    text = text_box("text so far", prompt)
    say, chart = ipw.HTML(), Chart()

    def update() -> None:
        settings = temperature.value, top_k.value, top_p.value
        p = {name: next_probabilities(model, vocab, text.value, *settings) for name, model in models.items()}
        chart.show(plots.plot_next_characters(vocab, p))
        left = ", ".join(f"{name}: {int((row > 0).sum())}" for name, row in p.items())
        say.value = f"<p>Characters that can still be drawn — {left}.</p>"

    on_change((text, temperature, top_k, top_p), update, say)
    return Panel(
        [text, temperature, top_k, top_p, say, chart],
        "The next character of both networks as bars: change the text so far, the temperature, top-k and top-p.",
    )


def _draw_sliders(characters: int, temperature: float) -> list[Slider]:
    return _sliders(
        ("temperature", temperature, 0.1, 2.0, 0.1),
        ("top-k", characters, 1, characters),
        ("top-p", 1.0, 0.05, 1.0, 0.05),
    )


def playground_panel(pair: Pair) -> Panel:
    """LSTM and GRU continue one prompt side by side, and what is to be seen in what they write.

    Backgrounds show each network's own surprise, underlined is what is in the training text, bars show the next
    character at any place. Other pairs of networks can be chosen, or trained on a text of the reader's.
    """
    pairs = {"the two of this page": lambda: pair, **found_pairs()}
    now: dict = {"plays": "the two of this page", "with": (pair, *_copying(pair)), "busy": False}
    networks = dropdown("networks", list(pairs), layout=WIDE)
    text = text_box("prompt", pair.prompt)
    seed, length = _sliders(("random seed", 1, 0, 999), ("length", 300, 0, 1000, 10))
    temperature, top_k, top_p = _draw_sliders(len(pair.vocab), 0.8)
    after = Slider("bars at", 0, 0, length.value)
    say, page, chart = ipw.HTML(), ipw.HTML(), Chart()

    def update() -> None:
        if now["busy"]:  # several controls are being set at once
            return
        (playing, finder, unseen), vocab = now["with"], now["with"][0].vocab
        prompt, number, count = text.value, seed.value, length.value
        settings, at = (temperature.value, top_k.value, top_p.value), min(after.value, count)
        start, columns, bars, told = len(prompt), {}, {}, []
        for cell, model in playing.models.items():
            whole, logits = generate_with_scores(model, vocab, prompt, count, *settings, number)
            written, surprise = whole[start:], _surprise(logits, vocab, whole)[start:]
            copies = finder.find(written) if finder else []
            columns[cell] = (
                _marked(cell, prompt, written, surprise, copies, at)
                + _to_save(whole, f"{cell.lower()}-seed-{number}.txt")
                + _sources(written, copies, finder)
            )
            bars[cell] = next_distribution(logits[start + at - 1], *settings)
            told.append(f"{cell}: {_in_short(written, surprise, copies, finder)}.")
        page.value = _side_by_side(columns)
        say.value = f'<p role="status">{" ".join([*told, unseen])}</p>{_LEGEND}'
        chart.show(plots.plot_next_characters(vocab, bars))

    changed = on_change((text, seed, length, temperature, top_k, top_p, after), update, say)

    def play(name: str) -> None:
        try:
            chosen = pairs[name]()
        except ValueError as problem:
            networks.value = now["plays"]  # they still write
            say.value = sentence(str(problem))
            return
        now.update({"plays": name, "with": (chosen, *_copying(chosen)), "busy": True})
        top_k.max = len(chosen.vocab)
        top_k.value, text.value = top_k.max, chosen.prompt  # no character is left out
        networks.options, networks.value = list(pairs), name
        now["busy"] = False
        changed()

    def choose(change) -> None:
        if change["new"] != now["plays"] and not now["busy"]:
            play(change["new"])

    def trained(name: str, load) -> None:
        pairs[name] = load
        play(name)

    networks.observe(choose, names="value")
    length.observe(lambda change: setattr(after, "max", max(1, change["new"])), names="value")
    return Panel(
        [networks, text, seed, length, temperature, top_k, top_p, after, say, page, chart, _own_text(trained)],
        "The playground: LSTM and GRU continue the same prompt side by side; set prompt, random seed, length, "
        "temperature, top-k and top-p. Backgrounds show surprise, underlines what is in the training text, bars the "
        "next character. Choose other networks, or train two on a text of your own.",
    )


SHORTEST_COPY = 30  # characters: what is called a copy
SURE, UNSURE, LOST = 1, 2, 4  # bits: where the grounds of `_marked` change
GROUNDS = ("", "background:#ffefc0;", "background:#ffd166;", "background:#f0a500;font-weight:bold;")
_LEGEND = (
    "<p>Background: the network's own surprise, before temperature, top-k and top-p. "
    '<span class="charrnn-legend" '
    'style="background:#fff;color:#000;padding:0 4px">'
    + "".join(
        f'<span style="{ground}padding:0 4px">{words}</span>'
        for ground, words in zip(GROUNDS, ("below 1 bit", "1 to 2", "2 to 4", "above 4, bold"), strict=True)
    )
    + f" <u>underlined</u></span>: {SHORTEST_COPY} characters or more that are in the training text, letter for "
    "letter. Framed: the character that the bars are about.</p>"
)


def _surprise(logits: torch.Tensor, vocab: Vocabulary, text: str) -> np.ndarray:
    """Bits (n,) with which a network expected each character of `text`; NaN for the first, which it was given."""
    nats = torch.nn.functional.cross_entropy(logits[:-1].double(), vocab.encode(text)[1:], reduction="none")
    return np.concatenate([[math.nan], bits(1) * nats.numpy()])


def _marked(cell, prompt: str, written: str, surprise: np.ndarray, copies: Sequence[Copy], at: int) -> str:
    """Prompt and text as HTML: a ground for each degree of surprise, an underline for copies, a frame at `at`."""
    degrees = np.digitize(surprise, (SURE, UNSURE, LOST))
    copied = inside(copies, len(written))
    marks = list(zip(degrees.tolist(), copied.tolist(), [place == at for place in range(len(written))], strict=True))
    spans, place = [], 0
    for (degree, line, frame), alike in groupby(marks):
        count = len(list(alike))
        style = GROUNDS[degree] + "text-decoration:underline;" * line + "outline:2px solid #000;" * frame
        spans.append(f'<span style="{style}">{html.escape(written[place : place + count])}</span>')
        place += count
    return (
        '<div style="font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5;'
        'color:#000;background:#fff;padding:6px">'
        f'<b class="charrnn-prompt">{html.escape(prompt)}</b>'
        f'<span class="charrnn-sample" data-cell="{cell}">{"".join(spans)}</span></div>'
    )


def _copying(pair: Pair) -> tuple[CopyFinder | None, str]:
    """What finds copies from the pair's training text, and how much of a text that it has not read looks copied."""
    if pair.corpus is None:
        return None, "The training text is not at hand, so nothing is underlined."
    finder, val = CopyFinder(pair.corpus.train, SHORTEST_COPY), pair.corpus.val[:5000]
    share = inside(finder.find(val), len(val)).mean()
    return finder, (
        f"(So is {share:.0%} of the first {len(val):,} characters of the validation text, which was not copied.)"
    )


def _in_short(written: str, surprise: np.ndarray, copies: Sequence[Copy], finder: CopyFinder | None) -> str:
    if not written:
        return "nothing written"
    copied = f"; {inside(copies, len(written)).mean():.0%} of it is in the training text" if finder else ""
    return f"own surprise {surprise.mean():.2f} bits per character{copied}"


def _to_save(text: str, name: str) -> str:
    """A link that saves `text` as a file, without the kernel's help."""
    data = base64.b64encode(text.encode("utf-8")).decode()
    return f'<a download="{name}" href="data:text/plain;charset=utf-8;base64,{data}">Save as {name}</a>'


def _sources(written: str, copies: Sequence[Copy], finder: CopyFinder | None) -> str:
    """The longest copies, each in its place in the training text."""
    lines = []
    for start, end, place in sorted(copies, key=lambda copy: copy.start - copy.end)[:3]:
        after = place + end - start
        before, behind = finder.text[max(0, place - 20) : place], finder.text[after : after + 20]
        lines.append(
            f"<li>{end - start} characters, from character {place:,} of the training text on: <q>…{html.escape(before)}"
            f"<u>{html.escape(written[start:end])}</u>{html.escape(behind)}…</q></li>"
        )
    return f"<p>The longest of these pieces</p><ol>{''.join(lines)}</ol>" if lines else ""


def _side_by_side(columns: dict[str, str]) -> str:
    """One column for each network, as wide as there is room for, marked with its colour and its line."""
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:16px">'
        + "".join(
            f'<div style="flex:1;min-width:280px;padding-left:10px;line-height:1.4;'
            f'border-left:4px {_LINES[cell]} {plots.STYLES[cell]["color"]}"><b>{cell}</b>{column}</div>'
            for cell, column in columns.items()
        )
        + "</div>"
    )


_LINES = {"LSTM": "solid", "GRU": "dashed"}


def _own_text(trained: Callable[[str, Callable[[], Pair]], None]) -> ipw.VBox:
    """Train two networks on a text of the reader's, a file or pasted; calls `trained(name, load)` when they can write.

    A pasted text comes before a file. Text and networks are kept in the folder `runs`; a stop keeps what there is, and
    a panel made anew finds the run that it had.
    """
    opened = ipw.ToggleButton(description="Train on your own text", icon="pencil", layout=ipw.Layout(width="220px"))
    upload = ipw.FileUpload(accept=".txt,text/plain", description="A text file")
    pasted = ipw.Textarea(
        description="or paste it",
        style={"description_width": NAMES_WIDTH},
        continuous_update=False,
        layout={**WIDE, "height": "100px"},
    )
    name = text_box("its name", "my_text")
    updates = Slider("updates", 600, 50, 5000, 50)
    start, stop = (ipw.Button(description=words, icon=icon) for words, icon in (("Train", "play"), ("Stop", "stop")))
    say, file, lock = ipw.HTML(), {"bytes": b""}, threading.Lock()
    box = ipw.VBox([upload, pasted, name, updates, ipw.HBox([start, stop]), say])

    def uploaded(change) -> None:
        if change["new"]:
            given = change["new"][0]
            file["bytes"], pasted.value = bytes(given["content"]), ""
            name.value = given["name"].rsplit(".", 1)[0]
            size = f"{given['name']}: {len(file['bytes']):,} bytes. Train when ready."
            say.value = f'<p role="status">{html.escape(size)}</p>'

    def begin(_) -> None:
        if _OWN and _OWN[-1].running:  # a second click
            return
        try:
            data = pasted.value.encode("utf-8") or file["bytes"]
            if not data:
                raise ValueError("there is no text yet: choose a file, or paste a text")
            corpus = keep_text(data, name.value)
            every, warmup = max(10, updates.value // 20), updates.value // 8
            config = fitting(corpus, updates=updates.value, learning_rate=0.01, warmup=warmup, validate_every=every)
            _OWN[:] = [LiveTraining(corpus, BOTH, 128, config)]
        except ValueError as problem:
            say.value = sentence(str(problem))
            return
        _OWN[-1].listener = show
        _OWN[-1].start()
        show()

    def show() -> None:
        with lock:
            live = _OWN[-1]
            start.disabled, stop.disabled = live.running, not live.running
            lines = [
                f'<p><label>{cell} <progress max="{history.config.updates}" value="{history.updates}"></progress>'
                f"</label> {_at_update(history)}</p>"
                for cell, history in live.histories.items()
            ]
            if live.problem:
                lines.append(sentence(live.problem))
            say.value = f'<div role="status">{"".join(lines)}</div>'
            if not live.running and live.updates and not live.problem and not live.kept:
                live.kept = True
                keep(live)

    def keep(live: LiveTraining) -> None:
        pair = Pair(live.models, live.vocab, live.corpus)
        try:
            keep_pair(pair, live.histories)
            say.value += (
                '<p role="status">Both are kept in the folder <code>runs</code>, and the panel above writes with '
                "them.</p>"
            )
        except ValueError as problem:
            say.value += sentence(f"{problem}. The panel above writes with them all the same")
        updates = max(history.updates for history in live.histories.values())
        trained(f"{live.corpus.name}, {updates} updates", lambda: pair)

    upload.observe(uploaded, names="value")
    opened.observe(lambda _: setattr(box.layout, "display", None if opened.value else "none"), names="value")
    start.on_click(begin)
    stop.on_click(lambda _: _OWN[-1].stop())
    box.layout.display, stop.disabled = "none", True
    if _OWN and _OWN[-1].running:  # the cell was run again
        _OWN[-1].listener, opened.value = show, True
        show()
    return ipw.VBox([opened, box])


_OWN: list[LiveTraining] = []  # the last run on a reader's own text: a panel made anew finds it again


# ------------------------------------------------------------------------------------------- 08: inside the gates

READ = {"f": "forget gate f", "i": "input gate i", "o": "output gate o", "g": "candidate g", "c": "cell c"}
READ |= {"z": "update gate z", "r": "reset gate r", "n": "candidate n", "h": "state h"}
LONGEST_READ = 400  # characters: more would not fit under the controls


def gates_panel(models: dict[str, CharModel], vocab: Vocabulary, text: str) -> Panel:
    """Step through a text: colour it by one unit of a gate or state, and see what the network expects next."""
    box = text_box("text", text)
    network = dropdown("network", list(models))
    what = dropdown("colour by", ())
    units = max(model.hyperparameters["hidden_size"] for model in models.values())
    unit, place = _sliders(("unit", 0, 0, units - 1), ("step", len(text), 1, max(2, len(text))))
    say, page, chart = ipw.HTML(), ipw.HTML(), Chart()
    traced: dict = {}

    def update() -> None:
        text, cell, gate, number, step = (control.value for control in (box, network, what, unit, place))
        page.value, chart.value = "", ""  # nothing of the last text beside a sentence about this one
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
            f"</code>: {READ[gate]}, unit {number}, is <b>{round(values[at - 1], 2) + 0.0:.2f}</b>. "
            f"Full colour is {size:.2g}. Orange, underlined where it is strong: above zero; blue, with dots: below.</p>"
        )
        expected = next_probabilities(model, vocab, text[:at])
        chart.show(plots.plot_next_characters(vocab, {cell: expected}))

    def gates_of_the_network(_=None) -> None:
        names = STEPS[models[network.value].cell][1]
        what.options = [(READ[name], name) for name in names]
        what.value = names[-1]  # h, which every cell has

    def as_long_as_the_text(_) -> None:
        place.max = max(2, min(LONGEST_READ, len(box.value)))
        place.value = place.max

    gates_of_the_network()
    network.observe(gates_of_the_network, names="value")
    box.observe(as_long_as_the_text, names="value")
    on_change((box, network, what, unit, place), update, say)
    return Panel(
        [box, network, what, unit, place, page, say, chart],
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
                    chart.show(plots.plot_fault(broken, twin, floor))
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
