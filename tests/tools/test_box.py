"""The answer in five lines: the same words in README and at the head of 09, and each number is in the rows."""

import re

import birth_plan
import nbformat
import regenerate
from test_birth_rows import ROWS as BIRTHS
from test_birth_rows import births_of
from test_trial_rows import CONFIRMED, NINE, ROOT

from charrnn_helpers.experiments import answer, trial_rows

LINES = answer(trial_rows(), BIRTHS)


def test_the_five_lines_stand_in_the_same_words_in_readme_and_at_the_head_of_09():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    box = "\n".join(f"{number}. {line}" for number, line in enumerate(LINES, start=1))
    assert regenerate.BOX.search(readme)[1].strip() == box
    cells = nbformat.read(NINE, as_version=4).cells
    (shown,) = (cell.outputs[0].text for cell in cells if "experiments.answer(" in cell.source)
    assert " ".join(shown.split()) == " ".join(box.split())
    assert len(LINES) == 5


def test_the_first_line_names_the_starts_rates_and_reading_of_the_rows():
    for text in ("tales", "Shakespeare"):
        (named,) = re.findall(rf"{text.capitalize()}: (.+?)(?:\. |\.$)", LINES[0])
        said = set()
        for cell, settings in (part.split(" ", 1) for part in named.split("; ")):
            said |= {(cell, *re.fullmatch(r"(\w+) (\S+) at (\S+)", one).groups()) for one in settings.split(" or ")}
        rows = [row for row in CONFIRMED if (row["text"], row["budget"]) == (text.lower(), "24 M")]
        wanted = set()
        for row in rows:
            (kind, value), rate = *row["settings"]["start"].items(), row["settings"]["rate"]
            wanted.add((row["cell"], {"keep_bias": "bias"}.get(kind, kind), str(value), f"{rate:.2g}"))
        assert said == wanted
        assert {round(row["parameters"], -4) for row in rows} == {350_000}
        assert len(rows) == 20  # "10 LSTMs and 10 GRUs on each text"
    assert f"Shakespeare up to {24_000_000 / (0.8 * 1_115_394):.0f} times" in LINES[0]


def test_the_line_of_memory_counts_the_births_of_the_far_memory():
    counts = re.findall(r"(\d) of (\d)", LINES[3])
    order = [("GRU", "only far"), ("GRU", "far and near alike")]
    order += [("LSTM", design) for design in ("only far", "far and near alike", "far and six times near")]
    for (born, runs), (cell, design) in zip(counts, order, strict=True):
        far = [run[-1] for run in births_of(design, cell)]
        assert (int(born), int(runs)) == (sum(birth is not None for birth in far), len(far))
    of_the_law = [row for row in BIRTHS if row["part"] == "law window"]
    starts = re.findall(r"(GRU|LSTM)s [^(]*\((\w+ \d+) at ([\d.]+)\)", LINES[3])
    assert {(cell, start, float(rate)) for cell, start, rate in starts} == {
        (row["cell"], row["start"], row["rate"]) for row in of_the_law
    }
    assert {row["characters"] for row in of_the_law} == {3_000_000}


def test_a_part_is_called_missing_until_all_its_planned_runs_are_there():
    said = {"grid": "its search with 32 settings", "pairs": "its eight pairs", "near": "the runs on tales"}
    said["law window, six names"] = "the runs with six names"
    law = [row for row in BIRTHS if row["text"] == "law"]
    for part, words in said.items():
        planned = 32 if part == "grid" else 48 if "names" in part else 16
        for made in (planned - 1, planned):
            lines = answer(trial_rows(), law + [{"part": part, "text": "tales"}] * made)
            assert (words in "".join(lines)) == (made < planned)
    assert len(list(birth_plan.grid([]))) == 32
    assert len(list(birth_plan.law_six_names(law))) == 48
