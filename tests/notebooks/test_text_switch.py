"""Another text trains through the same notebook, with one line changed."""

import os
import re
from pathlib import Path

import nbformat
import pytest

from charrnn_helpers import Vocabulary, load_checkpoint, load_corpus
from charrnn_helpers.text.corpus import CorpusError

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOK = NOTEBOOKS / "04_training.ipynb"
LINE = re.compile(r'^TEXT = "tales"', re.MULTILINE)
UPDATES = re.compile(r"\bUPDATES = [\d_]+")


def experiment():
    """The code cells of 04 that make up its main experiment, one string each."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "code" and "experiment" in cell.metadata.get("tags", [])]


def opened_by(notebook, given):
    """What a later notebook has in hand when it has opened its networks, `TEXT` being `given`."""
    namespace = {"__name__": "__main__"}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(LINE.sub(f'TEXT = "{given}"', cell.source), str(notebook), "exec"), namespace)
            if "find_checkpoint(cell" in cell.source:
                return namespace
    raise LookupError(f"{notebook} opens no networks")


def corpus_or_skip(name):
    shakespeare = Path(os.environ.get("CHARRNN_DATA", ""), "tiny_shakespeare.txt")
    if name == "shakespeare" and not shakespeare.is_file():
        pytest.skip("CHARRNN_DATA points to no tiny_shakespeare.txt")
    try:
        return load_corpus(name)
    except CorpusError as problem:  # a Python that was built without its manual
        if name != "python_docs":
            raise
        pytest.skip(str(problem))


def test_the_text_stands_in_one_line_of_the_notebook():
    source = "\n".join(experiment())
    assert len(LINE.findall(source)) == 1
    assert len(UPDATES.findall(source)) == 1
    assert source.count('"tales"') == 1, "the name of the text stands in more than one line"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["python_docs", "shakespeare", "a file of the reader's"])
def test_both_networks_train_on_another_text_when_that_line_is_changed(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = name
    if name == "a file of the reader's":
        name, given = "mine", "mine.txt"
        Path(given).write_text("Grüße aus dem Garten: 40 Rosen, 2 Äpfel! " * 3000, encoding="utf-8")
    vocab = Vocabulary.from_text(corpus_or_skip(given).text)

    namespace = {"__name__": "__main__"}
    for source in experiment():
        source = UPDATES.sub("UPDATES = 60", LINE.sub(f'TEXT = "{given}"', source))
        exec(compile(source, str(NOTEBOOK), "exec"), namespace)

    for cell in ("LSTM", "GRU"):
        loaded = load_checkpoint(tmp_path / "runs" / f"{name}-{cell.lower()}.pt", vocab)
        losses = loaded.history.losses
        assert loaded.text == name
        assert loaded.model.cell == cell
        assert loaded.history.finished
        assert sum(losses[-5:]) / 5 < losses[0] - 0.3

    for later in ("05_loss_curves", "06_generation", "07_playground"):
        opened = opened_by(NOTEBOOKS / f"{later}.ipynb", given)
        assert opened["corpus"].name == name
        assert opened["vocab"] == vocab
