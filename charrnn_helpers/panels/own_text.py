"""07: two networks trained on a text of the reader's."""

import copy
import html
import threading
from collections.abc import Callable
from typing import ClassVar

import ipywidgets as ipw

from ..networks.registry import BOTH
from .controls import WIDE, Slider, at_update, sentence, text_box
from .live_training import LiveTraining, fitting
from .network_pairs import Pair, keep_pair, keep_text


class OwnText(ipw.VBox):
    """Train two networks on a text of the reader's, a file or pasted; calls `trained(name, pair)` when they can write.

    A pasted text comes before a file. Text and networks are kept in the folder `runs`; a stop keeps what there is, from
    which "Continue" goes on, and a panel made anew finds the run that it had: `live()`, a `LiveTraining`, or None.
    """

    runs: ClassVar[list[LiveTraining]] = []  # the last one, or none

    def __init__(self, trained: Callable[[str, Pair], None]):
        self.trained, self.lock, self.uploaded = trained, threading.Lock(), b""
        self.toggle = ipw.ToggleButton(description="Train on your own text", icon="pencil", layout={"width": "220px"})
        self.upload = ipw.FileUpload(accept=".txt,text/plain", description="A text file")
        tall = {**WIDE, "height": "100px"}
        self.pasted = ipw.Textarea(description="or paste it", continuous_update=False, layout=tall)
        self.name = text_box("its name", "my_text")
        self.updates = Slider("updates", 600, 50, 5000, 50)
        self.start = ipw.Button(description="Train", icon="play")
        self.stop = ipw.Button(description="Stop", icon="stop", disabled=True)
        self.go_on = ipw.Button(description="Continue", icon="forward", disabled=True)
        self.say = ipw.HTML()
        buttons = ipw.HBox([self.start, self.stop, self.go_on])
        box = ipw.VBox(
            [self.upload, self.pasted, self.name, self.updates, buttons, self.say], layout={"display": "none"}
        )
        self.upload.observe(self._take, names="value")
        self.toggle.observe(lambda change: setattr(box.layout, "display", None if change["new"] else "none"), "value")
        self.start.on_click(self._begin)
        self.stop.on_click(lambda _: self.live().stop())
        self.go_on.on_click(self._resume)
        if self.live() and not self.live().finished:  # the cell was run again
            self.toggle.value = True
            self.live().listener = self._show
            self._show()
        super().__init__([self.toggle, box])

    def live(self) -> LiveTraining | None:
        return self.runs[-1] if self.runs else None

    def _take(self, change) -> None:
        """A file in place of what was pasted."""
        for given in change["new"]:
            self.uploaded, self.pasted.value = bytes(given["content"]), ""
            self.name.value = given["name"].rsplit(".", 1)[0]
            size = f"{given['name']}: {len(self.uploaded):,} bytes. Train when ready."
            self.say.value = f'<p role="status">{html.escape(size)}</p>'

    def _begin(self, _) -> None:
        if self.live() and self.live().running:  # a second click
            return
        try:
            data = self.pasted.value.encode("utf-8") or self.uploaded
            if not data:
                raise ValueError("there is no text yet: choose a file, or paste a text")
            corpus, updates = keep_text(data, self.name.value), self.updates.value
            every, warmup = max(10, updates // 20), updates // 8
            config = fitting(corpus, updates=updates, learning_rate=0.01, warmup=warmup, validate_every=every)
            live = LiveTraining(corpus, BOTH, 128, config)
        except ValueError as problem:
            self.say.value = sentence(str(problem))
            return
        self.runs[:] = [live]
        live.listener = self._show
        self._resume()

    def _resume(self, _=None) -> None:
        self.live().kept = False
        self.live().start()
        self._show()

    def _show(self) -> None:
        """How far the run has come; when it has ended, its networks are kept and can write."""
        with self.lock:
            live = self.live()
            self.start.disabled, self.stop.disabled = live.running, not live.running
            self.go_on.disabled = live.running or live.finished or bool(live.problem)
            lines = [
                f'<p><label>{cell} <progress max="{history.config.updates}" value="{history.updates}"></progress>'
                f"</label> {at_update(history)}</p>"
                for cell, history in live.histories.items()
            ]
            if live.problem:
                lines.append(sentence(live.problem))
            self.say.value = f'<div role="status">{"".join(lines)}</div>'
            if live.running or live.problem or live.kept or not live.updates:
                return
            live.kept = True
            pair = Pair(copy.deepcopy(live.models), live.vocab, live.corpus)  # "Continue" trains the originals on
            try:
                keep_pair(pair, live.histories)
                told = "Both are kept in the folder <code>runs</code>, and the panel above writes with them."
                self.say.value += f'<p role="status">{told}</p>'
            except ValueError as problem:
                self.say.value += sentence(f"{problem}. The panel above writes with them all the same")
            updates = max(history.updates for history in live.histories.values())
            self.trained(f"{live.corpus.name}, {updates} updates", pair)
