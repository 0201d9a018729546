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
NOTEBOOKS = lecturer.list_notebooks()
COURSE = ROOT / "notebooks"
GUIDES = {folder: (folder / "for_lecturers.md").read_text(encoding="utf-8") for folder in (COURSE, COURSE / "further")}
NOTE = re.compile(r"^#### ((\d+)\.\d+) (.+)\n\n(\*\*(\d+) minutes?(?:\.\*\*|\*\*,).*)$", re.MULTILINE)


def read(path):
    return nbformat.read(path, as_version=4).cells


def test_a_copy_is_every_notebook_and_all_that_its_links_lead_to(tmp_path, capsys):
    lecturer.main(["copy", str(tmp_path / "copy")])
    written = [tmp_path / "copy" / path.relative_to(COURSE) for path in NOTEBOOKS]
    assert capsys.readouterr().out.splitlines() == [*map(str, written)]
    for path, original in zip(written, NOTEBOOKS, strict=True):
        copied, whole = read(path), read(original)
        same = [one.source == other.source for one, other in zip(copied, whole, strict=True)]
        assert all(one or "](" in cell.source for one, cell in zip(same, whole, strict=True))  # links may change
        assert same.count(True) > 0.9 * len(same)
        assert not any(cell.get("outputs") for cell in copied)  # they would answer the predictions
        prose = "\n".join(cell.source for cell in copied if cell.cell_type == "markdown")
        links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", prose)
        assert [link for link in links if not (path.parent / link).exists()] == []


def test_in_a_copy_with_notes_each_note_of_the_guide_is_at_the_end_of_its_section(tmp_path):
    copies = lecturer.copy(tmp_path / "mine", ("02", "10"), notes=True)
    for path, folder in zip(copies, GUIDES, strict=True):
        cells, section, found = read(path), f"{int(path.name[:2])}.0", {}
        assert any(cell.get("outputs") for cell in cells)  # the lecturer sees them
        for cell, following in zip(cells, [*cells[1:], None], strict=True):
            if heading := re.search(r"^## (\S+)", cell.source, re.MULTILINE):
                section = heading[1]
            if cell.metadata.slideshow.slide_type == "notes":
                found[section] = cell.source.partition("</summary>")[2].removesuffix("</details>").strip()
                assert following is None or re.search(r"^## ", following.source, re.MULTILINE)
        told = {note[0]: note[3] for note in NOTE.findall(GUIDES[folder]) if int(note[1]) == int(path.name[:2])}
        assert len(told) > 5
        assert found == told


@pytest.mark.parametrize("folder", GUIDES, ids=lambda folder: folder.name)
def test_the_guides_notes_are_about_sections_of_the_notebooks_and_say_how_long_each_takes(folder):
    notes = NOTE.findall(GUIDES[folder])
    assert len(notes) == len(re.findall("^#### ", GUIDES[folder], re.MULTILINE))  # each has its minutes
    sections = {f"{int(path.name[:2])}.0": "Opening" for path in NOTEBOOKS}
    for path in NOTEBOOKS:
        prose = "\n".join(cell.source for cell in read(path) if cell.cell_type == "markdown")
        sections |= dict(re.findall(r"^## (\d+\.\d+) (.+)$", prose, re.MULTILINE))
    assert {section: title for section, _, title, _, _ in notes}.items() <= sections.items()


def test_each_lecture_and_each_lab_of_the_plan_takes_90_minutes_and_the_notes_agree():
    plan = GUIDES[COURSE].partition("## Notes by notebook")[0]
    rows = re.findall(r"^\| (\d):(\d\d) \| (.+?) \| ([\d +]+) \|", plan, re.MULTILINE)
    clock, ends = 0, []
    for hours, minutes, *_, taken in rows:
        if int(hours) == int(minutes) == 0:
            ends.append(clock)
            clock = 0
        assert clock == 60 * int(hours) + int(minutes)
        clock += sum(map(int, taken.split("+")))
    assert [*ends[1:], clock] == [90] * 4
    shown = {}  # minutes by section
    for _, _, what, taken in rows:
        sections = re.sub(r"(\d\d): opening", lambda found: f"{int(found[1])}.0", what).split(", ")
        if all(re.fullmatch(r"\d\.\d", section) for section in sections):
            shown |= dict(zip(sections, map(int, taken.split("+")), strict=True))
    taught = {section: int(minutes) for section, _, _, _, minutes in NOTE.findall(GUIDES[COURSE])}
    assert shown == {section: minutes for section, minutes in taught.items() if minutes}


def test_nobodys_work_is_written_over(tmp_path, capsys):
    (tmp_path / "01_encoding.ipynb").write_text("mine")
    with pytest.raises(SystemExit):
        lecturer.main(["copy", str(tmp_path)])
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "01_encoding.ipynb").read_text() == "mine"


def test_slides_are_the_course_or_what_is_named_need_no_network_and_have_speaker_notes(tmp_path, monkeypatch):
    chosen = [path for path in NOTEBOOKS if path.name[:2] in ("03", "07", "10")]
    for path in chosen:
        place = tmp_path / path.relative_to(COURSE)
        place.parent.mkdir(exist_ok=True)
        shutil.copy(path, place)
        shutil.copy(path.with_name("for_lecturers.md"), place.parent)
    shutil.copytree(COURSE / "figures", tmp_path / "figures")
    monkeypatch.setattr(lecturer, "list_notebooks", lambda: [tmp_path / path.relative_to(COURSE) for path in chosen])
    written = lecturer.slides(tmp_path / "all", modules="node_modules")
    assert [path.name for path in written] == ["03_gru.slides.html", "07_playground.slides.html"]
    for page in (path.read_text(encoding="utf-8") for path in written):
        assert page.count("<section") > 5
        assert "white-space: pre-wrap" in page.partition("</head>")[0].rpartition("<style>")[2]  # no code is cut off
        assert not re.search(r"<(script|link)[^>]*(src|href)=.?https?:", page)  # no script, no style from the network
        assert page.count("node_modules/") >= 4
        notes = [found.start() for found in re.finditer("For the lecturer", page)]
        assert len(notes) > 5
        assert all(page.rfind('<aside class="notes">', 0, at) > page.rfind("</aside>", 0, at) for at in notes)
    _, deck = lecturer.slides(tmp_path, ("07", "3.5", "10.8", "3.2", "7.0"))
    page = deck.read_text(encoding="utf-8")
    assert re.findall(r"<h[12][^>]*>(\d\S*)", page) == ["3.5", "10.8", "3.2", "07"]
    assert not re.search(r"<img[^>]*src=.(\.\./)?figures", page)  # the pictures are in the page
    with pytest.raises(ValueError, match="no notebook begins with 42"):
        lecturer.slides(tmp_path, ("42",))


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
