"""01: characters as numbers."""

import html

import ipywidgets as ipw

from ..figures.pictures import visible
from ..figures.text import plot_one_hot
from ..text.encoding import Vocabulary
from .controls import Chart, Panel, on_change, text_box

LONGEST_SHOWN = 30  # characters: more rows than this do not fit on a screen


def encoding_panel(vocab: Vocabulary, text: str = "Once a cat") -> Panel:
    """Type a text and see each character's index and target, and the one-hot rows. Unknown characters are named."""
    box = text_box("your text", text)
    say, table, chart = ipw.HTML(), ipw.HTML(), Chart()

    def update() -> None:
        table.value, chart.value = "", ""  # nothing of the last text beside a sentence about this one
        if not box.value:
            raise ValueError("there is nothing to encode: type at least one character")
        ids = vocab.encode(box.value).tolist()
        if len(ids) > LONGEST_SHOWN:
            say.value = f"<p>Showing the first {LONGEST_SHOWN} of {len(ids)} characters.</p>"
        shown, targets = box.value[:LONGEST_SHOWN], ids[1:]
        rows = {
            "character": [visible(char) for char in shown],
            "index": ids,
            "target": [*(visible(vocab.characters[index]) for index in targets), "?"],
            "target's index": [*targets, "?"],
        }
        body = ""
        for name, cells in rows.items():
            columns = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells[:LONGEST_SHOWN])
            body += f'<tr><th scope="row">{name}</th>{columns}</tr>'
        table.value = f'<table aria-live="polite">{body}</table>'
        chart.show(plot_one_hot(shown, vocab))

    on_change([box], update, say)
    return Panel(
        [box, say, table, chart],
        "A box to type a text in; below it each character with its index and its target, and its one-hot row.",
    )
