"""The glossary: in order, linked from every notebook, and true about where a word is first met."""

import re
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
GLOSSARY = (NOTEBOOKS / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| (.+) \|$", GLOSSARY.partition("## Words")[2], re.MULTILINE)[1:]  # below the heading


def prose(number):
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    return " ".join(
        cell.source
        for cell in cells
        if cell.cell_type == "markdown" and "instructor" not in cell.metadata.get("tags", [])
    )


def test_words_stand_in_alphabetical_order():
    words = [word.lower() for word, _ in ROWS]
    assert len(words) > 30
    assert words == sorted(words)


@pytest.mark.parametrize(("word", "meaning"), ROWS)
def test_a_word_is_met_in_every_notebook_that_its_row_names(word, meaning):
    named = re.findall(r"\d\d", re.search(r"\(([\d, ]+)\)$", meaning)[1])
    for number in named:
        text = re.sub(r"[\s*`-]+", " ", prose(number)).lower()
        parts = [part.strip().lower().replace("-", " ") for part in word.split(",")]
        assert any(re.search(rf"\b{re.escape(part)}", text) for part in parts), (word, number)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook_links_to_it(path):
    assert "](glossary.md)" in nbformat.read(path, as_version=4).cells[0].source
