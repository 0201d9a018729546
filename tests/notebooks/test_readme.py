"""What the README shows is what the notebooks hold, and what the results that ship say."""

import re
from pathlib import Path

import moving_ribbon
import nbformat
import pytest
import regenerate
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "notebooks" / "for_lecturers.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", regenerate.PICTURES)
def test_its_pictures_are_those_of_the_notebooks(name):
    assert (ROOT / "notebooks" / "figures" / name).read_bytes() == regenerate.picture(name)
    assert f"figures/{name})" in README + GUIDE


def test_its_moving_ribbon_repeats_is_small_and_is_described_in_words():
    file = ROOT / "notebooks" / "figures" / "ribbon.gif"
    assert f"![{moving_ribbon.words()}](notebooks/figures/ribbon.gif)" in README.partition("##")[0]
    assert file.stat().st_size < 2_000_000
    with Image.open(file) as moving:
        assert moving.n_frames > 50
        assert moving.info["loop"] == 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_map_gives_the_question_and_the_time_of_each_notebook(path):
    opening = nbformat.read(path, as_version=4).cells[0].source
    question = opening.splitlines()[0].split(" · ")[1]
    time = re.search(r"\*\*Running time\*\* about (.+) on two CPU cores", opening)[1]
    row = f"| [{path.stem}](notebooks/{path.name}) | {question[0].lower()}{question[1:]} | {time} |"
    assert row in README.splitlines()
