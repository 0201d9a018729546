"""The answer in five lines: the same words in README and at the head of 09, and each number is in the rows."""

import math
import re
from collections import Counter
from itertools import product

import birth_plan
import nbformat
import regenerate
from test_birth_rows import ROWS as BIRTHS
from test_birth_rows import births_of, born, pairs_by_formula
from test_trial_rows import CONFIRMED, NINE, ROOT, TEXTS

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


def test_the_first_line_says_what_was_compared():
    runs = [row for row in CONFIRMED if row["budget"] == "24 M"]
    assert all(sum((row["text"], row["cell"]) == one for row in runs) == 10 for one in product(TEXTS, ("LSTM", "GRU")))
    assert {round(row["parameters"], -4) for row in runs} == {350_000}


def test_the_line_of_memory_counts_the_networks_of_the_search_that_know_the_friend():
    search = [row for row in BIRTHS if row["part"] == "grid"]
    known = {}
    for row in search:
        band = row["bands"]["friend"]
        if born(row["looks"], band["right"], band["asked"], band["chance"]):
            known.setdefault(row["cell"], set()).add((row["start"], row["rate"]))
    starts, rates = ({setting[column] for setting in known["GRU"]} for column in (0, 1))
    assert known == {"GRU": {*product(starts, rates)}}  # so "these starts, and these rates" says it exactly
    assert f"{len(known['GRU'])} of the 16 GRUs came to know the friend, and none of the 16 LSTMs" in LINES[2]
    assert Counter(row["cell"] for row in search) == {"LSTM": 16, "GRU": 16}
    assert all(
        word in LINES[2] for word in (*(start.replace("bias ", "bias of ") for start in starts), *map(str, rates))
    )
    assert f"about {1 + math.exp(2.5):.0f} characters (a bias of 2.5)" in LINES[2]


def test_the_lines_of_loss_and_memory_say_what_the_eight_pairs_say():
    pairs = pairs_by_formula()
    low, high = (round(pairs["ratio"][end], 1) for end in (1, 2))
    assert f"lies {pairs['ratio'][0]:.1f} times as far above that of a perfect reader" in LINES[1]
    assert f"95 % interval {low} to {high})." in LINES[1]
    ends = [round(100 * end(pairs["friend"][cell])) for cell in ("GRU", "LSTM") for end in (min, max)]
    said = "At the end the GRUs name {} to {} % of the friends right, and the LSTMs {} to {} %: a difference that is"
    assert said.format(*ends) in LINES[2]
    assert f"(p = {pairs['p'][1]:.3f}, by the test" in LINES[2]
    assert max(pairs["p"]) < 0.05  # so both differences may be spoken of
    used = {(row["cell"], row["start"], row["rate"]) for row in BIRTHS if row["part"] == "pairs"}
    assert used == {("LSTM", "bias 0.5", 0.0065), ("GRU", "bias 2.5", 0.003)}
    for cell, start, rate in used:
        assert f"the {cell} with a learning rate of {rate} and a {start.replace(' ', ' of ')}" in LINES[2]
    for row in BIRTHS:
        if row["part"] == "grid" and (row["cell"], row["start"]) in (("LSTM", "bias 2.5"), ("GRU", "bias 0.5")):
            band = row["bands"]["friend"]
            assert not born(row["looks"], band["right"], band["asked"], band["chance"])
    assert (
        "no LSTM with the start of these GRUs came to know the friend, and no GRU with that of these LSTMs" in LINES[2]
    )
    largest = [row for row in CONFIRMED if (row["text"], row["budget"]) == ("tales", "24 M")]
    lost = {cell: [row["by kind"]["friend"][1] for row in largest if row["cell"] == cell] for cell in ("LSTM", "GRU")}
    assert all(row["settings"] == largest[0]["settings"] for row in largest)  # so "one and the same setting"
    assert (
        f"the 10 GRUs lose at most {max(lost['GRU']):.2f} nats, and the 10 LSTMs at least {min(lost['LSTM']):.2f};"
        in (LINES[2])
    )
    above = [
        row["by kind"]["all"][1]
        for row in CONFIRMED
        if (row["text"], row["cell"], row["budget"]) == ("tales", "GRU", "24 M")
    ]
    assert f"only {sum(above) / len(above):.3f} nats above" in LINES[1]


def test_the_line_on_learning_counts_the_births_of_the_far_memory():
    counts = re.findall(r"(\d) of (\d)", LINES[3])
    designs, parts = ("only far", "far and near alike"), ("law window", "law window, six names")
    order = [(cell, design, part) for part in parts for design in designs for cell in ("GRU", "LSTM")]
    for (right, runs), (cell, design, part) in zip(counts, order, strict=True):
        far = [run[-1] for run in births_of(design, cell, part)]
        assert (int(right), int(runs)) == (sum(birth is not None for birth in far), len(far))
    of_the_law = [row for row in BIRTHS if row["part"] == "law window"]
    assert {row["window"] for row in of_the_law} == {64, 192}
    assert {row["source"]["names"] for row in of_the_law} == {2}
    assert {row["characters"] for row in of_the_law} == {3_000_000}


def test_a_part_is_to_come_until_all_its_planned_runs_are_there():
    said = {"grid again": "the search of point 3 once more", "law window, six names": "runs with six names"}
    said |= {"pairs by births": "three pairs with those settings"}
    said |= {"near": "runs on stories", "late": "LSTMs that read"}
    others = [row for row in BIRTHS if row["part"] not in said]
    for part, words in said.items():
        planned = {"law window, six names": 48, "late": 6, "grid again": 32, "pairs by births": 6}.get(part, 16)
        for made in (planned - 1, planned):
            lines = answer(trial_rows(), others + [{"part": part, "text": "tales"}] * made)
            assert (words in lines[4]) == (made < planned)
    whole = [{"part": part, "text": "tales"} for part in said for _ in range(48)]
    assert "Still to come" not in "".join(answer(trial_rows(), others + whole))
    assert len(list(birth_plan.law_six_names(BIRTHS))) == 48
