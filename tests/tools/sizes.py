"""Count words and cells of the notebooks, words of the README, and lines of code, beside the limits of the design.

    python tests/tools/sizes.py

A word is what lies between two spaces or line ends of a Markdown cell: formulas, tables and links count as well. Run it
when you have changed a notebook or moved code; tests/notebooks/test_sizes.py fails where the course passes a limit.
"""

from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).resolve().parents[2]
COURSE = sorted((ROOT / "notebooks").glob("0[1-7]_*.ipynb"))
LABORATORY = sorted((ROOT / "notebooks" / "further").glob("[01][0-9]_*.ipynb"))
README_WORDS = 900


class Size(NamedTuple):
    """The words of the Markdown cells of a notebook, and its code cells."""

    words: int
    cells: int


def limit_of(notebook: Path) -> Size:
    """Return how many words and code cells a notebook may have."""
    if notebook.parent.name == "further":
        return Size(3500 if notebook.name.startswith("09") else 3000, 20)
    return Size(2400, 18)


def size_of(notebook: Path) -> Size:
    """Count the words and the code cells of a notebook."""
    cells = nbformat.read(notebook, as_version=4).cells
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    return Size(words, sum(cell.cell_type == "code" for cell in cells))


def words_of(page: Path) -> int:
    """Count the words of a page of Markdown."""
    return len(page.read_text(encoding="utf-8").split())


def lines_of(folder: Path, *suffixes: str) -> int:
    """Count the lines of all files below `folder`, or of one file, whose names end in one of `suffixes`."""
    files = [folder] if folder.is_file() else [path for path in folder.rglob("*") if path.suffix in suffixes]
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)


def main() -> None:
    for notebook in [*COURSE, *LABORATORY]:
        size, limit = size_of(notebook), limit_of(notebook)
        over = "   over" if size.words > limit.words or size.cells > limit.cells else ""
        counted = f"{size.words:6,} words of {limit.words:,} {size.cells:3} code cells of {limit.cells}"
        print(f"{notebook.stem:22} {counted}{over}")
    print(f"{'README':22} {words_of(ROOT / 'README.md'):6,} words of {README_WORDS}")
    package, code = ROOT / "charrnn_helpers", (".py", ".toml")
    core = sum(lines_of(package / part, *code) for part in ("text", "networks", "training", "sampling.py"))
    counts = {
        "helper package": (lines_of(package, *code), 6500),
        "its reading core": (core, 2300),
        "its web code": (lines_of(package, ".js", ".css", ".html"), 3000),
        "laboratory": (lines_of(ROOT / "notebooks" / "further", *code), 3000),
        "studies": (lines_of(ROOT / "notebooks" / "studies", ".py"), 2500),
        "tests and tools": (lines_of(ROOT / "tests", ".py"), 9000),
    }
    for name, (lines, most) in counts.items():
        print(f"{name:22} {lines:6,} lines of {most:,}{'   over' if lines > most else ''}")


if __name__ == "__main__":
    main()
