"""What the lecturer's kit writes."""

import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from charrnn_helpers import lecturer as kit

ROOT = Path(__file__).resolve().parents[1]
NAMES = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def code(path):
    cells = nbformat.read(path, as_version=4).cells
    return [(cell.source, cell.outputs, cell.execution_count) for cell in cells if cell.cell_type == "code"]


def test_the_students_copy_has_every_notebook_its_code_and_outputs_and_nothing_for_the_lecturer(tmp_path, capsys):
    kit.main(["students", str(tmp_path / "copy")])
    written = sorted((tmp_path / "copy").glob("*.ipynb"))
    assert [path.name for path in written] == NAMES
    assert len(capsys.readouterr().out.split()) == len(NAMES)
    for path in written:
        original = ROOT / "notebooks" / path.name
        assert code(path) == code(original)
        nbformat.validate(nbformat.read(path, as_version=4))
        assert "For the lecturer" not in path.read_text(encoding="utf-8")
        assert "For the lecturer" in original.read_text(encoding="utf-8")
        cells = nbformat.read(path, as_version=4).cells
        links = re.findall(
            r"\]\((?!https?:|#)([^)#\s]+)", "\n".join(c.source for c in cells if c.cell_type == "markdown")
        )
        assert [link for link in links if not (path.parent / link).exists()] == []


def test_nobodys_work_is_written_over(tmp_path, capsys):
    (tmp_path / "01_encoding.ipynb").write_text("mine")
    with pytest.raises(ValueError, match="is not empty"):
        kit.students(tmp_path)
    with pytest.raises(SystemExit):
        kit.main(["students", str(tmp_path)])
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "01_encoding.ipynb").read_text() == "mine"


def test_slides_of_every_notebook_are_made_and_the_lecturers_cells_are_speaker_notes(tmp_path):
    written = kit.slides(tmp_path / "slides", modules="node_modules")
    assert [path.name.split(".")[0] for path in written] == [name.split(".")[0] for name in NAMES]
    for path in written:
        page = path.read_text(encoding="utf-8")
        assert page.count("<section") > 5
        assert "white-space: pre-wrap" in page.partition("</head>")[0].rpartition("<style>")[2]  # no code is cut off
        assert not re.search(r"<(script|link)[^>]*(src|href)=.?https?:", page)  # no script, no style from the network
        assert page.count("node_modules/") >= 4
        for at in (found.start() for found in re.finditer("For the lecturer", page)):
            opened = page.rfind('<aside class="notes">', 0, at)
            assert opened > page.rfind("</aside>", 0, at), path.name


def test_slides_of_one_notebook(tmp_path):
    assert [path.name for path in kit.slides(tmp_path, ("02",))] == ["02_lstm.slides.html"]
    with pytest.raises(ValueError, match="no notebook begins with 42"):
        kit.slides(tmp_path, ("42",))


# --- elsewhere than a laptop ----------------------------------------------------------------------------------------


def test_the_link_for_a_class_names_hub_repository_and_notebook(capsys):
    kit.main(["link", "https://hub.example.edu/", "https://git.example.org/a/course.git", "07"])
    address = urlsplit(capsys.readouterr().out.strip())
    assert (address.netloc, address.path) == ("hub.example.edu", "/hub/user-redirect/git-pull")
    assert parse_qs(address.query) == {
        "repo": ["https://git.example.org/a/course.git"],
        "branch": ["main"],
        "targetpath": ["course"],
        "urlpath": ["lab/tree/course/notebooks/07_playground.ipynb"],
    }
    with pytest.raises(ValueError, match="no notebook begins with 42"):
        kit.link("https://hub.example.edu", "https://git.example.org/a/course", "42")


def test_binder_installs_what_requirements_ask_for_with_the_cpu_build_of_torch():
    wanted = set(re.findall(r"^[a-z].*$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    given = set(re.findall(r"^  - (.+)$", (ROOT / ".binder" / "environment.yml").read_text(), re.MULTILINE))
    renamed = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
    assert {re.sub(r"^(torch|matplotlib)\b", lambda name: renamed[name[0]], line) for line in wanted} <= given
    assert "pip install --no-deps --editable ." in (ROOT / ".binder" / "postBuild").read_text()
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)
