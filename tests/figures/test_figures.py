"""Every figure can be drawn and read, says in words what it shows, and draws a cell as the registry says."""

import io
import re
import struct
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from unittest import mock
from xml.etree import ElementTree

import matplotlib.image
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from charrnn_helpers import TrainConfig, Vocabulary, figures
from charrnn_helpers.experiments import FAULTS, OBSERVATIONS, Run
from charrnn_helpers.measures import Interval, Share
from charrnn_helpers.networks import BOTH, CELLS
from charrnn_helpers.text.tales import Mark
from charrnn_helpers.text.tales_grammar import WORDS
from charrnn_helpers.training import History

CONFIG = TrainConfig(updates=4, warmup=1, streams=2, window=5)
RECORDED = (CONFIG, [3.0, 2.5, 2.0, 1.5], [1.0] * 4, [2, 4])  # losses, gradient norms, when validated
HISTORIES = [History(cell, *RECORDED, [last + 1, last], [1.0, 2.0]) for cell, last in (("LSTM", 1.6), ("GRU", 1.8))]
RUN = Run(losses=[3.0, 2.0], norms=[1.0, 0.9], val_updates=[2], val_losses=[2.5], positions=[torch.ones(3)])
VOCAB = Vocabulary.from_text("a cat.\n")
INTERVAL = Interval(0.01, -0.02, 0.04)
MILLIONS = {text: {1.5: INTERVAL, 6.0: INTERVAL} for text in ("tales", "shakespeare")}
BIRTHS = [{1: 0.1, 6: 0.9}, {1: 0.1, 6: 0.2}]
KINDS = {"n-gram": {"free": 0.4, "name": 0.9}, "LSTM": {"free": 0.1, "name": 0.3}, "GRU": {"free": 0.1, "name": 0.5}}
SHARES = {cell: {group: Share(9, 5, 0.3, 0.1) for group in ("1 to 7", "8 to 15")} for cell in ("LSTM", "GRU")}
LOOKS = {cell: {2: Share(9, 2, 0.3, 0.1), 4: Share(9, 6, 0.3, 0.1)} for cell in ("LSTM", "GRU")}
AT_DISTANCES = {group: Share(350, 300, 1 / 6, 0.03) for group in ("1", "6", "20", "60", "100", "150", "one mention")}
LIKELY = {name: torch.full((len(VOCAB),), 1 / len(VOCAB)) for name in ("LSTM", "GRU", "oracle")}

# Figure: what it is called with. (nbval compares the words of those in the notebooks.)
MARKS_OF_BOTH = {"LSTM": [False] * 10, "GRU": [True] * 9}
FIGURES = {
    "diagram": ["lstm_cell"],
    "plot_answer": [MILLIONS, 0.02, 6.0],
    "plot_bars": [
        {"blocks": {"nn.LSTM": 4, "nn.GRU": 3}, "ms": {"nn.LSTM": [9.0, 7.0, 8.0], "nn.GRU": [10.0, 11.0, 30.0]}}
    ],
    "plot_operations": [{"nn.GRU": ([(1.0, 3.0, False), (2.4, 2.7, True), (2.8, 2.9, False)], 2.0)}],
    "plot_curves": [{"6 M": {"GRU": BIRTHS, "LSTM": BIRTHS[0]}}, "millions", "share", 1 / 6],
    "plot_coverage": [{"a": [INTERVAL] * 3, "b": [INTERVAL] * 3}, 0.03],
    "plot_excess_by_kind": [KINDS, {"name": 1.8}],
    "plot_fault": [replace(RUN, error="no number"), RUN],
    "plot_ribbon": [
        "Once Kit\n\nwas",
        {"GRU": np.full((13, 6), 1 / 6), "LSTM": np.eye(6)[[4] * 13]},
        "name",
        "",
        {5: "here"},
    ],
    "plot_gradient_by_lag": [
        "ab!caab?",
        {"LSTM c": torch.tensor([8.0, 1, 1, 2, 4, 8, 8]), "GRU": 0.1 ** torch.arange(7.0)},
    ],
    "plot_points": [{"GRU": np.arange(12).reshape(6, 2)}, WORDS["name"], {"GRU": np.ones((6, 2))}, ("Ada", "Ben")],
    "plot_loss_and_memory": [HISTORIES, LOOKS],
    "plot_ladder": [{"uniform": 5.7, "n = 16": 0.36, "GRU": 0.28}, 0.22],
    "plot_losses": [HISTORIES, {"uniform": 3.0, "bigram": 2.0}, 0.5],
    "plot_learnt": [{f"{n} is 2": (0.2, n / 9) for n in range(10)}, {f"{n} is 2": INTERVAL for n in range(10)}],
    "plot_marks": [[Mark("a", "free", 0), Mark(" ", "spelling", 0), Mark("c", "name", 40)]],
    "plot_names": [{cell: [("about Ada", WORDS["name"] * 2, "")] * 6 for cell in BOTH}, ["4,000"] * 12],
    "plot_next_characters": [VOCAB, LIKELY],
    "plot_one_hot": ["a cat", VOCAB],
    "plot_memory_by_loss": [{"GRU": [("6 M", 0.02, 0.6)], "LSTM": [("24 M", 0.03, 1.5)]}, 1.79, [(0.02, 0.6)], "it"],
    "plot_paired": [[1.0, 1.1], [1.1, 1.2], INTERVAL, 0.02],
    "plot_parts": [{"hero in mind": {"right": 21, "wrong": 5, "lost": 9}, "another": {"lost": 6}}],
    "plot_pieces": [[("", [0, 0.5, 0.8, 1], 0.6), ("b", [0, 0.1, 0.9, 1], 0.95)], "abc"],
    "plot_runs": [{"aⁿbⁿ": {"LSTM": [20, 60], "GRU": [25, 30]}}, {"aⁿbⁿ": {"trained up to here": 20}}, "right up to"],
    "plot_recipes": [
        [{"recipe": "fast", "cell": cell, "seconds": 9.0, "blocks": 1.5} for cell in BOTH],
        "blocks",
        {"G": 1.4},
    ],
    "plot_shares": [{"what": SHARES, "who": SHARES}, "back", "share right", 8],
    "plot_streams": ["a cat sat on a mat", 2, 3],
    "plot_text": ["a cat.\n" + "mat " * 20 + "x" * 80, range(167), "bits", 90],
    "plot_settings": [
        dict.fromkeys([(0.003, "a"), (0.03, "b")], MARKS_OF_BOTH),
        {"a": "3 letters\n(a)", "b": "b"},
        "it",
    ],
    "plot_signs": [{name: {what: what in fault.signs for what in OBSERVATIONS} for name, fault in FAULTS.items()}, 3],
    "plot_update": ["LSTM", {"$f\\,c_{t-1}$": 0.3, "$c_t$": 0.5}, 0.9, 20],
    "plot_units": ["a cat", {"GRU 3": [0, 1, 0, 1, 0], "LSTM 1": [1, 0, 1, 0, 1]}, "h"],
}
UNCOLOURED = {"diagram", "plot_answer", "plot_coverage", "plot_fault", "plot_signs", "plot_ribbon"}
UNCOLOURED |= {"plot_names", "plot_parts"}
UNCOLOURED |= {"plot_learnt", "plot_marks", "plot_one_hot", "plot_pieces", "plot_streams", "plot_text", "plot_update"}
# The most words and numbers that a notebook gives them.
BOTH_AT = lambda names: {cell: {name: Share(90, 50, 0.3, 0.1) for name in names} for cell in ("LSTM", "GRU")}
KINDS_ASKED = ["name", "friend", "place", "object", "colour", "door", "count", "bracket", "pronoun"]
DOUBLING = ["1 to 7", *(f"{2**power} to {2 ** (power + 1) - 1}" for power in range(3, 10))]
QUESTIONS = ("what is open", "closed again", "line ends", "who is next")
STOPPED = "RuntimeError: Trying to backward through the graph a second time (or directly access saved tensors)."
SEEDS = [{1: 0.2, 4: 0.9}, {1: 0.2, 4: 0.5}]
BUDGETS = ("1.5 M", "6 M", "24 M")
READ = {text: dict.fromkeys((0.0768, 0.1536, 0.3072), INTERVAL) for text in ("shakespeare", "python_docs")}
JUDGED = {name: dict.fromkeys((0.4, 0.8, 1.2), Interval(0.5, 0.4, 0.7)) for name in (*BOTH, "real text")}
FILES = ("gzip", "xz", "xz, after train", "n-gram", "LSTM", "GRU")
TASKS = ("counting: aⁿbⁿ", "counting: aⁿbⁿcⁿ", "holding: c.....?c")
REACHES = {cell: range(20, 100, 4) for cell in ("LSTM", "GRU", "RNN")}
TRAINED = {"trained up to here": 20}
PATCHED = {cell: [AT_DISTANCES] * 3 for cell in BOTH} | {"random direction": [AT_DISTANCES] * 6}
CROWDED = [
    ("plot_answer", [READ, 0.02, 0.1536]),
    ("plot_curves", [{budget: {"LSTM": SEEDS, "GRU": SEEDS} for budget in BUDGETS}, "millions", "share", 1 / 6]),
    (
        "plot_excess_by_kind",
        [dict.fromkeys(KINDS, dict.fromkeys(["free", "spelling", *KINDS_ASKED], 1.0)), {"name": 1.8}],
    ),
    ("plot_fault", [replace(RUN, error=STOPPED), RUN]),
    ("plot_bars", [{"size of the file in bytes": dict.fromkeys(FILES, 49_876)}, 20_000]),
    ("plot_curves", [dict.fromkeys(("well formed", "true, of these"), JUDGED), "heat", "share"]),
    ("plot_runs", [dict.fromkeys(TASKS, REACHES), dict.fromkeys(TASKS, TRAINED), "right up to n ="]),
    ("plot_shares", [dict.fromkeys(("the hero that is named next", "the hero of what it writes"), PATCHED), "back"]),
    ("plot_shares", [dict.fromkeys(QUESTIONS, BOTH_AT(DOUBLING)), "characters back, from", "share right", 64]),
    ("plot_next_characters", [VOCAB, LIKELY, "choice: …a noise, six times: pat, pat, pat, pat, pat. "]),
    ("plot_units", ["a" * 101, {"LSTM, cell state c": torch.rand(101, 6)}, "", "", WORDS["name"], {7: "met", 60: "?"}]),
]
FORMULA = r"$\foo$"  # which matplotlib cannot set
DOLLARS = [
    ("plot_fault", [replace(RUN, error=FORMULA)]),
    ("plot_next_characters", [Vocabulary.from_text("$ab"), {"n-gram": torch.ones(3) / 3}, FORMULA]),
    ("plot_text", [FORMULA, [1.0] * 6, "bits", None, None, FORMULA]),
]
ROOM = 847  # pixels that JupyterLab leaves for a figure on a screen of 1280, beside its list of files
LETTERS = 16  # pixels: 12 points
GLARING = {"colour": "#12FE34", "line": ":", "marker": "X", "hatch": "OO"}


def draw(name, args=None):
    """The words of a figure, what a notebook gets, and every text drawn in it with its size (pixels) and its box."""
    texts, draw_text = {}, Text.draw

    def draw_and_note(text, renderer):
        draw_text(text, renderer)
        if text.get_visible() and text.get_text().strip():
            texts[text] = (text.get_fontsize() * text.figure.dpi / 72, Text.get_window_extent(text, renderer))

    with mock.patch.object(Text, "draw", draw_and_note):
        shown = getattr(figures, name)(*(FIGURES[name] if args is None else args))
    return shown.words, shown._repr_mimebundle_(), texts


as_it_is = cache(draw)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_an_image_and_words_and_draws_cells_as_the_registry_says(name, monkeypatch):
    words, before, _ = as_it_is(name)
    assert len(words) > 30
    assert before["text/plain"] == f"[figure] {words}"
    assert before["image/png"].startswith(b"\x89PNG")
    assert name != "diagram" or before["image/svg+xml"].startswith("<svg ")
    if name not in UNCOLOURED:
        for cell in BOTH:
            monkeypatch.setitem(CELLS, cell, replace(CELLS[cell], **GLARING))
        words_after, after, _ = draw(name)
        assert words_after == words
        pixels = matplotlib.image.imread(io.BytesIO(after["image/png"]))[..., :3]  # (height, width, 3)
        assert (np.abs(pixels - to_rgb(GLARING["colour"])).max(axis=2) < 0.02).any()


@pytest.mark.parametrize(("name", "args"), [*((name, None) for name in FIGURES), *CROWDED])
def test_a_figure_is_read_from_the_back_of_the_room(name, args):
    """At the size shown on a screen of 1280 x 720 its letters have 12 points; none is cut off or upon another."""
    _, shown, texts = as_it_is(name) if args is None else draw(name, args)
    width, height = struct.unpack(">II", shown["image/png"][16:24])
    assert width <= ROOM
    assert height <= 480
    assert [text.get_text() for text, (size, _) in texts.items() if size < LETTERS] == []
    clipped = [
        text.get_text()
        for text, (_, box) in texts.items()
        if min(box.x0, box.y0) < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    assert clipped == []
    inner = {text: box.padded(-0.5) for text, (_, box) in texts.items()}  # neighbours may touch
    assert [f"{one}, {other}" for one, other in combinations(inner, 2) if inner[one].overlaps(inner[other])] == []


@pytest.mark.parametrize(("name", "args"), DOLLARS)
def test_dollars_in_a_text_are_no_mathematics(name, args):
    _, _, texts = draw(name, args)
    assert [text for text in texts if "$" in text.get_text()] != []
    assert [text for text in texts if text.get_text().count("$") > 1 and text.get_parse_math()] == []


def test_the_line_of_each_word_has_its_name():
    _, _, texts = draw("plot_units", ["ab", {"LSTM c": torch.rand(2, 6)}, "", "", WORDS["name"]])
    assert set(WORDS["name"]) <= {text.get_text() for text in texts}


@pytest.mark.parametrize("name", ["plot_bars", "plot_losses"])
def test_a_line_that_is_not_known_is_not_named(name):
    assert not re.search("floor|n-gram|bigram", getattr(figures, name)(FIGURES[name][0]).words)


def test_a_run_that_has_not_begun_or_is_recording_a_validation_is_drawn_up_to_the_one_before():
    running = History("LSTM", CONFIG, val_updates=[2, 4], val_losses=[2.6, 1.6], val_seconds=[1.0])
    assert "LSTM, 1 seed(s)" in figures.plot_losses([running], axis="seconds").words
    assert "no network yet, 0 seed(s)" in figures.plot_losses([History("GRU", CONFIG)]).words


@pytest.mark.parametrize("path", sorted(Path(figures.__file__).parent.rglob("*.svg")), ids=lambda path: path.stem)
def test_a_diagram_has_a_title_its_words_and_fits_any_width(path):
    root = ElementTree.parse(path).getroot()
    title, words = (root.findtext(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc"))
    assert title
    assert figures.diagram(path.stem).words == words
    shown = float(root.get("width")) / float(root.get("viewBox").split()[2])
    assert float(root.get("width")) <= ROOM
    drawn = path.read_text(encoding="utf-8")  # its letters as paths, or as text
    letters = [100 * float(size) for size in re.findall(r"scale\(([\d.]+) -", drawn)] or [float(root.get("font-size"))]
    assert min(letters) * shown >= LETTERS
    assert "max-width: 100%" in root.get("style")
    assert {c for c in BOTH if CELLS[c].colour.lower() in drawn} == {c for c in BOTH if c.lower() in path.stem}
