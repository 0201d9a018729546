"""What the README shows is what the notebooks hold, and what the results that ship say."""

import re
from collections import Counter
from pathlib import Path

import moving_ribbon
import nbformat
import pytest
import regenerate
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", regenerate.PICTURES)
def test_its_pictures_are_those_of_the_notebooks(name):
    assert (ROOT / "notebooks" / "figures" / name).read_bytes() == regenerate.picture(name)
    assert f"(notebooks/figures/{name})" in README


def test_its_moving_ribbon_repeats_is_small_and_is_described_in_words():
    file = ROOT / "notebooks" / "figures" / "ribbon.gif"
    assert f"![{moving_ribbon.words()}](notebooks/figures/ribbon.gif)" in README.partition("##")[0]
    assert file.stat().st_size < 2_000_000
    with Image.open(file) as moving:
        assert moving.n_frames > 50
        assert moving.info["loop"] == 0


def test_the_page_is_made_by_one_command_and_the_workflow_makes_the_same():
    (command,) = re.findall(r"-m charrnn_helpers\.lecturer page page\.html$", README, re.MULTILINE)
    workflow = (ROOT / ".github" / "workflows" / "page.yml").read_text(encoding="utf-8")
    assert command.replace("page.html", "site/index.html") in workflow
    assert "path: site\n" in workflow


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_map_gives_the_question_and_the_time_of_each_notebook(path):
    opening = nbformat.read(path, as_version=4).cells[0].source
    question = opening.splitlines()[0].split(" · ")[1]
    time = re.search(r"\*\*Running time\*\* about (.+) on two CPU cores", opening)[1]
    row = f"| [{path.stem}](notebooks/{path.name}) | {question[0].lower()}{question[1:]} | {time} |"
    assert row in README.splitlines()


def test_the_minutes_of_the_course_plans_are_those_of_the_sections_they_name():
    sections, exercises = {}, Counter()  # minutes by notebook: of each section, and of its exercises together
    for path in NOTEBOOKS:
        number, section = path.stem[:2], ""
        sections[number] = Counter()
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                section = next(iter(re.findall(r"^## (\S+)", cell.source, re.MULTILINE)), section)
                if "instructor" in cell.metadata.get("tags", []) and section:
                    sections[number][section] += int(re.search(r"· (\d+) minutes?", cell.source)[1])
                exercises[number] += sum(map(int, re.findall(r"\*\*\d+[a-z]\*\* \((\d+) minutes?\)", cell.source)))
    pages = (ROOT / "notebooks" / "for_lecturers.md").read_text(encoding="utf-8")
    plans = re.search(r"\| plan \| what \| minutes \|\n\|[-|]+\|\n((?:\|.*\n)+)", pages)[1].splitlines()
    assert len(plans) == 8
    for plan in plans:
        name, what, stated = (cell.strip() for cell in plan.strip("|").split("|"))
        total = 0
        for part in what.split(", "):
            if part.startswith("all of "):
                total += sum(sections[part[-2:]].values())
            elif part.startswith("exercises of "):
                total += exercises[part[-2:]]
            else:
                total += sections[part.split(".")[0].zfill(2)][part]
        assert total == int(stated), (name, total)
        if "lecture" in name:
            assert total <= 50


def test_the_lecture_is_the_sections_of_its_table_and_ends_after_fifty_minutes():
    pages = (ROOT / "notebooks" / "for_lecturers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| 0:(\d\d) \| (.+?) \|", pages, re.MULTILINE)
    begins = [int(minute) for minute, _ in rows]
    assert begins == sorted(set(begins))
    assert begins[0] == 0
    assert begins[-1] < 50
    tagged = set()
    for path in NOTEBOOKS:
        section = "opening"
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown" and cell.source.startswith("## "):
                section = cell.source.split()[1]
            if "lecture" in cell.metadata.get("tags", []):
                tagged.add(section if section[0].isdigit() else path.stem[:2])
    named = {part for _, what in rows for part in re.findall(r"\d+\.\d+|\b\d\d\b", what)}
    assert tagged == named
