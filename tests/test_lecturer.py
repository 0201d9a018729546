"""What a lecturer makes of the notebooks: students' copies, slides, a link for a class."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from charrnn_helpers import lecturer

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_the_students_copy_is_every_notebook_without_the_notes_for_the_lecturer(tmp_path, capsys):
    lecturer.main(["students", str(tmp_path / "copy")])
    written = sorted((tmp_path / "copy").glob("*.ipynb"))
    assert [path.name for path in written] == [path.name for path in NOTEBOOKS]
    assert len(capsys.readouterr().out.splitlines()) == len(NOTEBOOKS)
    for path, original in zip(written, NOTEBOOKS, strict=True):
        copy, whole = (nbformat.read(one, as_version=4) for one in (path, original))
        nbformat.validate(copy)
        places = [cell.metadata.slideshow.slide_type for cell in whole.cells]
        assert places.count("slide") + places.count("subslide") > 5
        kept = [cell for cell, place in zip(whole.cells, places, strict=True) if place != "notes"]
        same = [one == other for one, other in zip(copy.cells, kept, strict=True) if "](../" not in other.source]
        assert all(same)
        assert len(same) > 0.9 * len(kept)
        assert len(copy.cells) < len(whole.cells)
        assert "For the lecturer" not in str(copy)
        prose = "\n".join(cell.source for cell in copy.cells if cell.cell_type == "markdown")
        links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", prose)
        assert [link for link in links if not (path.parent / link).exists()] == []


def test_nobodys_work_is_written_over(tmp_path, capsys):
    (tmp_path / "01_encoding.ipynb").write_text("mine")
    with pytest.raises(SystemExit):
        lecturer.main(["students", str(tmp_path)])
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "01_encoding.ipynb").read_text() == "mine"


def test_slides_hold_all_code_need_no_network_and_have_speaker_notes(tmp_path, monkeypatch):
    for name in ("03_gru.ipynb", "07_playground.ipynb"):  # the shortest
        shutil.copy(ROOT / "notebooks" / name, tmp_path)
    monkeypatch.setattr(lecturer, "list_notebooks", lambda: sorted(tmp_path.glob("*.ipynb")))
    written = lecturer.slides(tmp_path / "all", modules="node_modules")
    assert [path.name for path in written] == ["03_gru.slides.html", "07_playground.slides.html"]
    for page in (path.read_text(encoding="utf-8") for path in written):
        assert page.count("<section") > 5
        assert "white-space: pre-wrap" in page.partition("</head>")[0].rpartition("<style>")[2]  # no code is cut off
        assert not re.search(r"<(script|link)[^>]*(src|href)=.?https?:", page)  # no script, no style from the network
        assert page.count("node_modules/") >= 4
        for at in (found.start() for found in re.finditer("For the lecturer", page)):
            assert page.rfind('<aside class="notes">', 0, at) > page.rfind("</aside>", 0, at)
    _, chosen = lecturer.slides(tmp_path, ("07", "3.5", "3.2", "7.0"))
    assert re.findall(r"<h[12][^>]*>(\d\S*)", chosen.read_text(encoding="utf-8")) == ["3.5", "3.2", "07"]
    with pytest.raises(ValueError, match="no notebook begins with 42"):
        lecturer.slides(tmp_path, ("42",))


def test_the_lecture_is_one_deck_of_the_cells_that_are_tagged_so(tmp_path):
    (written,) = lecturer.slides(tmp_path, ("lecture",))
    assert written.name == "lecture.slides.html"
    page = written.read_text(encoding="utf-8")
    places = [page.find(words) for words in ("Can we change their mind", "When is the memory born", "Place your bets")]
    assert -1 < places[0] < places[1] < places[2]
    assert "Try it" not in page.partition("4.9")[0]  # no exercise
    assert "data:image/png;base64" in page


def test_the_link_for_a_class_names_hub_repository_and_notebook(capsys):
    lecturer.main(["link", "https://hub.example.edu/", "https://git.example.org/a/course.git", "07"])
    address = urlsplit(capsys.readouterr().out.strip())
    assert (address.netloc, address.path) == ("hub.example.edu", "/hub/user-redirect/git-pull")
    assert parse_qs(address.query) == {
        "repo": ["https://git.example.org/a/course.git"],
        "branch": ["main"],
        "targetpath": ["course"],
        "urlpath": ["lab/tree/course/notebooks/07_playground.ipynb"],
    }
    with pytest.raises(ValueError, match="no notebook begins with 42"):
        lecturer.link("https://hub.example.edu", "https://git.example.org/a/course", "42")


@pytest.mark.skipif(os.name == "nt", reason="a Binder is Linux")
@pytest.mark.parametrize(
    ("limit", "set_before", "threads"),
    [("1.0", "", "1"), ("0.5", "", "1"), ("1.5", "", "2"), ("", "", "as ever"), ("1.0", "3", "3")],
)
def test_on_a_binder_threads_do_not_spin_and_are_no_more_than_the_hub_says_may_run(limit, set_before, threads):
    environment = {"PATH": os.environ["PATH"], "CPU_LIMIT": limit, "OMP_NUM_THREADS": set_before}
    command = [ROOT / ".binder" / "start", "sh", "-c", "echo $OMP_WAIT_POLICY ${OMP_NUM_THREADS:-as ever}"]
    assert subprocess.check_output(command, env=environment, text=True) == f"PASSIVE {threads}\n"


def test_the_page_of_networks_that_are_not_there_is_refused_and_nothing_is_written(tmp_path, capsys):
    with pytest.raises(SystemExit):
        lecturer.main(["page", str(tmp_path / "page.html"), "--networks", str(tmp_path / "mine")])
    assert "there is no checkpoint" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
