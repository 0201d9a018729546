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
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


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
    time = re.search(r"\*\*Running time\*\* about (.+?) on two CPU cores", opening)[1]
    assert f"[{path.stem}](notebooks/{path.name}) | {question} | {time}" in README.splitlines()


def test_its_riddle_shows_what_both_networks_wrote_in_09_and_not_which_is_which():
    riddle = README.partition("## A riddle")[2].partition("##")[0]
    assert regenerate.WRITTEN.search(riddle)[1] == regenerate.written_words()
    assert riddle.count("LSTM") == 2  # an LSTM and a GRU; which of them is the LSTM?


def test_its_map_leads_to_every_notebook_of_the_laboratory():
    for path in (ROOT / "notebooks" / "further").glob("*.ipynb"):
        assert f"[{path.stem[:2]}](notebooks/further/{path.name})" in README
