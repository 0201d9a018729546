"""What a student writes in an exercise is what the notebook runs, once it passes."""

import re
from pathlib import Path

import nbformat
import pytest

from charrnn_helpers.exercises import EXERCISES

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.mark.parametrize(
    ("name", "number", "needed", "said"),
    [
        ("06_generation", "6a", (), "exercise 6a, as you wrote it"),
        ("06_generation", "6b", (), "exercise 6b, as you wrote it"),
    ],
)
def test_what_passes_is_used(name, number, needed, said, monkeypatch, capsys):
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    opens = next(place for place, source in enumerate(sources) if "find_checkpoint(cell" in source)
    defines = [source for source in sources if any(re.search(one, source, re.MULTILINE) for one in needed)]
    (uses,) = (
        source for source in sources if re.search(rf'EXERCISES\["{number}"\].state|written\("{number}"\)', source)
    )
    for part, unsolved in {"state": "still open", "accepted": None}.items():
        monkeypatch.setattr(EXERCISES[number], part, unsolved)
    space = {"__name__": "__main__"}
    for source in [*sources[: opens + 1], *defines, uses]:
        exec(source, space)
    assert said not in capsys.readouterr().out
    for source in [EXERCISES[number].solution, uses]:
        exec(source, space)
    printed = capsys.readouterr().out
    assert f"{number} is right." in printed
    assert said in printed
