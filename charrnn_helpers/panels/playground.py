"""07: LSTM and GRU continue one prompt side by side."""

import base64
import html
import math
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import ipywidgets as ipw
import numpy as np
import torch

from ..figures.text import plot_next_characters
from ..measures.intervals import bits
from ..measures.samples import Copy, CopyFinder, copied_places
from ..sampling import generate, logits_after, next_distribution
from ..text.encoding import Vocabulary
from .controls import WIDE, Chart, Panel, Slider, dropdown, in_columns, on_change, sentence, text_box
from .network_pairs import Pair, found_pairs
from .own_text import OwnText
from .sampling import draw_sliders

SHORTEST_COPY = 50  # characters: what is called a copy
DEGREES = (1, 2, 4)  # bits: where the ground of a character changes
SURPRISE_STYLES = ("", "background:#ffefc0;", "background:#ffd166;", "background:#f0a500;font-weight:bold;")
GROUNDS = "".join(
    f'<span style="{style}">{words}</span>'
    for style, words in zip(SURPRISE_STYLES, ("below 1 bit", "1 to 2", "2 to 4", "above 4, bold"), strict=True)
)
LEGEND = (
    "<p>Background: the network's own surprise, before temperature, top-k and top-p. "
    f'<span class="charrnn-legend">{GROUNDS}</span> <u>Underlined</u>: {SHORTEST_COPY} characters or more that are in '
    "the training text, letter for letter. Framed: the character that the bars are about.</p>"
)


class Playground(Panel):
    """The networks of a pair continue one prompt side by side, and what is to be seen in what they write.

    Backgrounds show each network's own surprise, underlined is what is in the training text, bars show the next
    character at any place. Other pairs of networks can be chosen, or trained on a text of the reader's (`panel.own`).
    """

    def __init__(self, pair: Pair):
        self.pairs = {"the two of this page": lambda: pair, **found_pairs()}
        self.networks = dropdown("networks", list(self.pairs), layout=WIDE)
        self.prompt = text_box("prompt", pair.prompt)
        self.seed, self.length = Slider("random seed", 1, 0, 999), Slider("length", 300, 0, 1000, 10)
        self.settings = self.temperature, self.top_k, self.top_p = draw_sliders(len(pair.vocab), 0.8)
        self.after = Slider("bars at", 0, 0, self.length.value)
        self.say, self.page, self.chart = ipw.HTML(), ipw.HTML(), Chart()
        self.own = OwnText(self._play_trained)
        self.busy = False  # several controls are being set at once: no need to write for each
        self._take(self.networks.value, pair)
        controls = [self.prompt, self.seed, self.length, *self.settings, self.after]
        self.write = on_change(controls, self._write, self.say)
        self.networks.observe(self._choose, names="value")
        self.length.observe(lambda change: setattr(self.after, "max", max(1, change["new"])), names="value")
        super().__init__(
            [self.networks, *controls, self.say, self.page, self.chart, self.own],
            "The playground: LSTM and GRU continue the same prompt side by side; set prompt, random seed, length, "
            "temperature, top-k and top-p. Backgrounds show surprise, underlines what is in the training text, bars "
            "the next character. Choose other networks, or train two on a text of your own.",
        )

    def _write(self) -> None:
        if self.busy:
            return
        prompt, seed, length = self.prompt.value, self.seed.value, self.length.value
        settings, at = [slider.value for slider in self.settings], min(self.after.value, length)
        vocab, start, columns, bars, told = self.pair.vocab, len(prompt), {}, {}, []
        for cell, model in self.pair.models.items():
            whole = generate(model, vocab, prompt, length, *settings, seed)
            logits = logits_after(model, vocab, whole)
            written, surprise = whole[start:], surprise_of_text(logits, vocab, whole)[start:]
            copies = self.finder.find(written) if self.finder else []
            columns[cell] = (
                marked(cell, prompt, written, surprise, copies, at)
                + _to_save(whole, f"{cell.lower()}-seed-{seed}.txt")
                + sources(written, copies, self.finder)
            )
            bars[cell] = next_distribution(logits[start + at - 1], *settings)
            told.append(f"{cell}: {_in_short(written, surprise, copies, self.finder)}.")
        self.page.value = in_columns(columns)
        self.say.value = f'<p role="status">{" ".join([*told, self.unseen])}</p>{LEGEND}'
        self.chart.show(plot_next_characters(vocab, bars))

    def _take(self, name: str, pair: Pair) -> None:
        """Let a pair write, and see how much of a text that it has not read looks copied."""
        self.plays, self.pair, self.finder = name, pair, None
        self.unseen = "The training text is not at hand, so nothing is underlined."
        if pair.corpus is not None:
            self.finder, val = CopyFinder(pair.corpus.train, SHORTEST_COPY), pair.corpus.val[:5000]
            share = copied_places(self.finder.find(val), len(val)).mean()
            self.unseen = f"Of {len(val):,} characters of validation, which nobody copied, it is {share:.0%}."

    def _choose(self, change) -> None:
        if change["new"] != self.plays and not self.busy:
            self._play(change["new"])

    def _play_trained(self, name: str, pair: Pair) -> None:
        self.pairs[name] = lambda: pair
        self._play(name)

    def _play(self, name: str) -> None:
        """Let the networks of that name write, from now on."""
        try:
            pair = self.pairs[name]()
        except ValueError as problem:
            self.networks.value = self.plays  # they still write
            self.say.value = sentence(str(problem))
            return
        self.busy = True
        self._take(name, pair)
        self.top_k.max = len(pair.vocab)
        self.top_k.value, self.prompt.value = self.top_k.max, pair.prompt  # no character is left out
        self.networks.options, self.networks.value = list(self.pairs), name
        self.busy = False
        self.write()


playground_panel = Playground


def surprise_of_text(logits: torch.Tensor, vocab: Vocabulary, text: str) -> np.ndarray:
    """Bits (n,) with which a network expected each character of `text`; NaN for the first, which it was given."""
    nats = torch.nn.functional.cross_entropy(logits[:-1].double(), vocab.encode(text)[1:], reduction="none")
    return np.concatenate([[math.nan], bits(1) * nats.numpy()])


def marked(cell: str, prompt: str, written: str, surprise: np.ndarray, copies: Sequence[Copy], at: int) -> str:
    """Prompt and text as HTML: a ground for each degree of surprise, an underline for copies, a frame at `at`."""
    marks = zip(np.digitize(surprise, DEGREES), copied_places(copies, len(written)).tolist(), strict=True)
    styles = [
        SURPRISE_STYLES[degree] + "text-decoration:underline;" * copied + "outline:2px solid #000;" * (place == at)
        for place, (degree, copied) in enumerate(marks)
    ]
    spans = []
    for style, alike in groupby(zip(styles, written, strict=True), key=itemgetter(0)):
        spans.append(f'<span style="{style}">{html.escape("".join(char for _, char in alike))}</span>')
    return (
        f'<div class="charrnn-text"><b class="charrnn-prompt">{html.escape(prompt)}</b>'
        f'<span class="charrnn-sample" data-cell="{cell}">{"".join(spans)}</span></div>'
    )


def sources(written: str, copies: Sequence[Copy], finder: CopyFinder | None) -> str:
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


def _in_short(written: str, surprise: np.ndarray, copies: Sequence[Copy], finder: CopyFinder | None) -> str:
    if not written:
        return "nothing written"
    copied = f"; {copied_places(copies, len(written)).mean():.0%} of it is in the training text" if finder else ""
    return f"own surprise {surprise.mean():.2f} bits per character{copied}"


def _to_save(text: str, name: str) -> str:
    """A link that saves `text` as a file, without the kernel's help."""
    data = base64.b64encode(text.encode("utf-8")).decode()
    return f'<a download="{name}" href="data:text/plain;charset=utf-8;base64,{data}">Save as {name}</a>'
