"""What the README shows is what the notebooks hold, and what the results that ship say."""

import re
from collections import Counter
from pathlib import Path
from statistics import mean, median

import nbformat
import pytest
import regenerate

from charrnn_helpers.experiments import trial
from charrnn_helpers.experiments.recipes import measured
from charrnn_helpers.measures.intervals import paired_difference, verdict
from charrnn_helpers.networks.registry import BOTH

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", regenerate.PICTURES)
def test_its_pictures_are_those_of_the_notebooks(name):
    assert (ROOT / "notebooks" / "figures" / name).read_bytes() == regenerate.picture(name)
    assert f"(notebooks/figures/{name})" in README


def test_its_samples_are_those_of_07():
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    cells = nbformat.read(ROOT / "notebooks" / "07_playground.ipynb", as_version=4).cells
    printed = ["".join(output.get("text", "") for output in cell.get("outputs", [])) for cell in cells]
    assert any(shown.split() == text.split() for text in printed)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_map_gives_the_question_and_the_time_of_each_notebook(path):
    opening = nbformat.read(path, as_version=4).cells[0].source
    question = opening.splitlines()[0].split(" · ")[1]
    time = re.search(r"\*\*Running time\*\* about (.+) on two CPU cores", opening)[1]
    row = f"| [{path.stem}](notebooks/{path.name}) | {question[0].lower()}{question[1:]} | {time} |"
    assert row in README.splitlines()


def table(name):
    """The lines of the table under `<!-- table of name -->`."""
    return re.search(rf"<!-- table of {name} -->\n(.*?)\n<!-- end -->", README, re.DOTALL)[1].splitlines()


def test_its_table_of_the_full_trial_is_what_ships():
    full = measured("full_trial")
    lines = ["| text | parameters | LSTM | GRU | RNN | LSTM against GRU |", "|---|---|---|---|---|---|"]
    for text in full["baselines"]:
        for size in trial.PARAMETERS:
            losses = trial.final_losses(full["rows"], text=text, size=size, **trial.usual_plan(full["rows"]))
            means = " | ".join(f"{mean(losses[cell]):.3f}" for cell in trial.COMPARED)
            interval = paired_difference(losses["LSTM"], losses["GRU"], 1 - 0.05 / 38)
            lines.append(f"| {text} | {size} | {means} | {verdict(interval, 'LSTM', 'GRU', 0.02)} |")
    assert table("full_trial.py") == lines


def test_its_table_of_recipes_is_what_the_benchmark_printed():
    assert table("quality.py")[2:] == [
        f"| `{row['recipe']}` | {row['cell']} | {row['seconds']:.0f} | {row['carried']:.3f} "
        f"| {row['blocks of 256']:.3f} | {row['blocks of 64']:.3f} |"
        for row in measured("quality")["rows"]
        if row["seed"].startswith("median")
    ]


def the_row(result, **wanted):
    (row,) = (row for row in measured(result)["rows"] if wanted.items() <= row.items())
    return row


def test_its_table_of_speeds_is_what_the_benchmarks_printed():
    lines = {}
    for units in (256, 512):
        for how in ("float32", "bfloat16"):
            rows = [the_row("training_speed", units=units, module=m, how=how) for m in ("nn.LSTM", "FusedGRU")]
            lines[f"training, {units} units, {how}: characters/s (of the matrix product; times one by one)"] = [
                f"{row['characters/s']:,.0f} ({row['of the product']:.0%}; {row['one by one x']:.1f})" for row in rows
            ]
    rows = [the_row("generation_speed", units=256, layers=1, cell=cell, how="generate") for cell in BOTH]
    lines["writing, 256 units: characters/s (times a module call for each)"] = [
        f"{row['characters/s']:,.0f} ({row['usual loop x']:.1f})" for row in rows
    ]
    lines["500 characters for a slider, 256 units, ms"] = [f"{row['500 in ms']:.0f}" for row in rows]
    lines["memory of a run at 512 units, 32 streams, float32: MB beyond the import (once; ± 10)"] = [
        f"{the_row('cost', cell=cell, what='units', value=512)['MB']:.0f}" for cell in BOTH
    ]
    assert table("speeds")[2:] == [f"| {name} | {' | '.join(two)} |" for name, two in lines.items()]


def test_what_is_compared_was_measured_on_one_machine():
    names = ("training_speed", "generation_speed", "cost", "quality", "nanogpt")
    (machine,) = {measured(name)["machine"].split(";")[0] for name in names}
    assert machine in README


def test_the_numbers_between_its_tables_are_those_of_the_results_that_ship():
    theirs, other = measured("nanogpt"), measured("quality_without_amx")
    seconds = {(row["recipe"], row["cell"]): row["seconds"] for row in other["rows"] if "median" in row["seed"]}
    said = " ".join(README.split())
    for number in (
        f"{measured('cost')['import_charrnn_helpers_s']:.2f} s beyond that of torch",
        f"{median(theirs['seconds']):.0f} s on this machine and ended at {theirs['loss']}",
        f"On an {other['machine'].split(',')[0]} without AMX",
        *(f"{seconds[name, 'LSTM']:.0f} and {seconds[name, 'GRU']:.0f} s for `{name}`" for name in ("class", "best")),
    ):
        assert number in said, number


def test_the_minutes_of_its_course_plans_are_those_of_the_sections_they_name():
    sections, exercises = {}, Counter()  # minutes by notebook: of each section, and of its exercises together
    for path in NOTEBOOKS:
        number, section = path.stem[:2], ""
        sections[number] = Counter()
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                section = next(iter(re.findall(r"^## (\S+)", cell.source, re.MULTILINE)), section)
                if "instructor" in cell.metadata.get("tags", []) and section:
                    sections[number][section] += int(re.search(r"· (\d+) minutes?", cell.source)[1])
                exercises[number] += sum(map(int, re.findall(r"\*\*\d+\.\d+\*\* \((\d+) minutes?\)", cell.source)))
    plans = re.search(r"\| plan \| what \| minutes \|\n\|[-|]+\|\n((?:\|.*\n)+)", README)[1].splitlines()
    assert len(plans) == 9
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
