"""07: two networks trained on a text of the reader's."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable

import ipywidgets as ipw

from .controls import NAMES_WIDTH, WIDE, Slider, sentence, text_box
from .html import at_update
from .live_training import LiveTraining, fitting
from .network_pairs import Pair, keep_pair, keep_text
from .training import BOTH


def own_text_box(trained: Callable[[str, Callable[[], Pair]], None]) -> ipw.VBox:
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
                f"</label> {at_update(history)}</p>"
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
