"""01: characters as numbers."""

import html

from ..figures.pictures import Picture, visible
from ..figures.text import plot_one_hot
from ..text.encoding import Vocabulary
from .controls import Panel, figure_panel, text_box

LONGEST_SHOWN = 30  # characters: more rows than this do not fit on a screen


def encoding_panel(vocab: Vocabulary, text: str = "Once a cat") -> Panel:
    """Show each character of a typed text with its index and target, and the one-hot rows. Unknown ones are named."""

    def draw(text: str) -> tuple[Picture, str]:
        if not text:
            raise ValueError("there is nothing to encode: type at least one character")
        ids = vocab.encode(text).tolist()
        shown, targets = text[:LONGEST_SHOWN], ids[1:]
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
        note = f"<p>Showing the first {LONGEST_SHOWN} of {len(ids)} characters.</p>" if len(ids) > LONGEST_SHOWN else ""
        return plot_one_hot(shown, vocab), f'{note}<table aria-live="polite">{body}</table>'

    return figure_panel(
        [text_box("your text", text)],
        draw,
        "A box to type a text in; below it each character with its index and its target, and its one-hot row.",
    )
