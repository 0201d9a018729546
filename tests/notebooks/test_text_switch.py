"""Another text trains through the same notebook, with one line changed."""

import re
from pathlib import Path

import nbformat
import pytest

from charrnn_helpers import Vocabulary, load_checkpoint, load_corpus

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
LINE = re.compile(r'^TEXT = "tales"', re.MULTILINE)
UPDATES = re.compile(r"\bUPDATES = [\d_]+")


def code_cells(name):
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def run(sources, given):
    """What is defined when these cells have run, `TEXT` being `given`."""
    namespace = {"__name__": "__main__"}
    for source in sources:
        exec(UPDATES.sub("UPDATES = 40", LINE.sub(f'TEXT = "{given}"', source)), namespace)
    return namespace


@pytest.mark.timeout(300)
def test_both_networks_train_on_another_text_when_that_line_is_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name, given = "mine", "mine.txt"
    Path(given).write_text("Grüße aus dem Garten: 40 Rosen, 2 Äpfel! " * 3000, encoding="utf-8")
    vocab = Vocabulary.from_text(load_corpus(given).text)
    sources = [cell.source for cell in code_cells("04_training") if "experiment" in cell.metadata.get("tags", [])]
    assert "".join(sources).count('"tales"') == 1, "the name of the text stands in more than one line"
    run(sources, given)
    for cell in ("LSTM", "GRU"):
        loaded = load_checkpoint(tmp_path / "runs" / f"{name}-{cell.lower()}.pt", vocab)
        losses = loaded.history.losses
        assert loaded.text == name
        assert loaded.model.cell == cell
        assert loaded.history.finished
        assert sum(losses[-5:]) / 5 < losses[0] - 0.3

    (tmp_path / "further").mkdir()
    for later in ("05_loss_curves", "06_generation", "07_playground", "further/13_a_story_as_a_number"):
        if later.startswith("further"):  # where the kernel of the laboratory runs
            monkeypatch.chdir("further")
            given = f"../{given}"
        sources = [cell.source for cell in code_cells(later)]
        (opens,) = (place for place, source in enumerate(sources) if "find_checkpoint(cell" in source)
        opened = run([sources[0], sources[opens]], given)
        assert opened["corpus"].name == name
        assert opened["vocab"] == vocab
