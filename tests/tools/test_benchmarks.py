"""Each benchmark runs to its end on something tiny, and the results that ship were chosen as they say."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import busy_notebooks
import common
import counting
import memory
import patching
import pytest
import quality
import recipe_texts
import tuning

from charrnn_helpers import load_corpus
from charrnn_helpers.experiments import measured
from charrnn_helpers.text import split_stories

ROOT = Path(__file__).resolve().parents[2]
EIGHT = (ROOT / "notebooks" / "further" / "08_inside_the_gates.ipynb").read_text(encoding="utf-8")
TINY = {  # the benchmark, with the file of the package that holds what it measured
    "quality": (quality, "--recipes quick --cells GRU --seeds 0 --updates 2 --target 5 --text {text}"),
    "recipe_texts": (recipe_texts, "--recipes quick --updates 2 --prompt A --text {text}"),
    "trials": (tuning, "--row 9 --units 8 --updates 4 --streams 4 --window 5 --text {text}"),
    "memory": (memory, "--updates 2 2 --seeds 1 1 --rnn {folder}/rnn.pt"),
    "counting": (counting, "--updates 2 --seeds 1 1"),
    "patching": (patching, "--updates 2 --seeds 1 --characters 60000 --networks {folder}"),
}


@pytest.fixture
def small(monkeypatch):
    """Fewer runs, one after the other in this process."""
    monkeypatch.setattr(common, "side_by_side", map)
    monkeypatch.setitem(memory.PARTS, "recall", (memory.remember, "start", [("RNN", "usual")]))
    monkeypatch.setitem(memory.PARTS, "rates", (memory.try_rate, "rate", [("RNN", 0.003)]))
    monkeypatch.setitem(memory.PARTS, "windows", (memory.with_window, "window", [("GRU", 8)]))
    tales = load_corpus("tales")
    few = replace(tales, val="".join(split_stories(tales.val)[:40]))
    monkeypatch.setattr(memory, "load_corpus", lambda name: few)
    monkeypatch.setattr(counting, "RATES", (0.05,))
    monkeypatch.setattr(patching, "DISTANCES", (150,))
    monkeypatch.setattr(patching, "BOTH", ("GRU",))


@pytest.mark.parametrize("name", TINY)
def test_a_benchmark_writes_rows_like_those_that_ship_and_goes_on_where_it_stopped(name, tmp_path, small, request):
    if name == "recipe_texts":
        request.getfixturevalue("bfloat16")
    text, file = tmp_path / "short.txt", tmp_path / "result.json"
    text.write_text(load_corpus("tales").text[:30_000], encoding="utf-8")
    benchmark, arguments = TINY[name]
    asked = [*arguments.format(text=text, folder=tmp_path).split(), "--json", str(file)]
    result = benchmark.main(asked)
    assert json.loads(file.read_text()) == json.loads(json.dumps(result))
    assert "threads, PyTorch" in result["machine"]
    ships = measured(name)["rows"]
    assert result["rows"]
    assert {frozenset(row) for row in result["rows"]} <= {frozenset(row) for row in ships}
    if name in ("recipe_texts", "memory", "counting", "patching"):  # they take long: no row is made twice
        assert json.loads(json.dumps(benchmark.main(asked)["rows"])) == json.loads(json.dumps(result["rows"]))


def test_the_table_of_busy_notebooks_gives_medians_and_the_cell_that_loses_most():
    alone, beside = ([{0: total, 1: 1.0, 2: second} for total, second in pairs] for pairs in ([(9, 4.0)], [(18, 9.0)]))
    row = busy_notebooks.compare("06", {busy_notebooks.ALONE: alone * 2, busy_notebooks.BESIDE: beside * 2})
    assert busy_notebooks.in_markdown([row]).splitlines()[-1] == "| 06 | 9.0 | 18.0 | 2.00 | [2] 4.0 s, then 9.0 s |"


def test_a_trial_of_the_tuning_is_made_again_with_what_was_changed(tmp_path):
    text = tmp_path / "short.txt"
    text.write_text(load_corpus("tales").text[:30_000], encoding="utf-8")
    tiny = f"--text {text} --units 8 --updates 4 --streams 4 --window 5 --rate 0.5".split()
    (made,) = tuning.main(["--row", "9", *tiny])["rows"]
    kept = measured("trials")["rows"]
    assert {key: made[key] for key in ("cell", "recipe", "warmup")} == {
        key: kept[9][key] for key in ("cell", "recipe", "warmup")
    }
    assert (made["hidden_size"], made["updates"], made["learning_rate"]) == (8, 4, 0.5)
    dropped = next(number for number, row in enumerate(kept) if row["weight_dropout"])
    for wrong, said in ((dropped, "weight dropout is not in the package"), (-1, "name a --row from 0 to 47")):
        with pytest.raises(SystemExit, match=said):
            tuning.main(["--row", str(wrong)])


def test_cells_that_ship_were_judged_at_the_rate_with_the_largest_mean_reach():
    rows = measured("counting")["rows"]
    for task, cell in product(counting.TASKS, counting.COMPARED):
        tried = {rate: [] for rate in counting.RATES}
        of = [row for row in rows if (row["task"], row["cell"]) == (task, cell)]
        for row in of:
            if row["part"] == "choosing":
                tried[row["rate"]].append(row["reach"])
        assert {len(reaches) for reaches in tried.values()} == {5}
        (rate,) = {row["rate"] for row in of if row["part"] == "judging"}
        assert sum(tried[rate]) == max(map(sum, tried.values()))
        assert len({row["seed"] for row in of if row["part"] == "judging"}) == 20


def test_the_plain_rnn_of_the_memory_runs_learns_at_the_best_of_four_rates():
    rows = [row for row in measured("memory")["rows"] if (row["part"], row["cell"]) == ("rates", "RNN")]
    assert len(rows) == 4
    assert min(rows, key=lambda row: row["val"])["rate"] == memory.RATE


def test_what_08_says_of_short_windows_follows_from_the_rows():
    shares = {cell: {} for cell in ("LSTM", "GRU")}
    for row in measured("memory")["rows"]:
        if row["part"] == "windows":
            asked, right, *_ = row["beyond"]
            shares[row["cell"]].setdefault(row["window"], []).append(right / asked)
    middle = {cell: {window: sorted(three)[1] for window, three in by.items()} for cell, by in shares.items()}
    with_16 = sorted(shares["LSTM"][16] + shares["GRU"][16])
    assert max(by[8] for by in middle.values()) < 0.25  # "hardly better than a guess"
    assert "With windows of 16, five of the six still have about half of the names right or more" in EIGHT
    least = round(100 * min(shares["LSTM"][32] + shares["GRU"][32]))
    assert f"With windows of 32 all six have at least {least} % of these names right." in EIGHT
    assert with_16[0] < 0.4
    assert with_16[1] > 0.45


def test_what_08_says_of_the_stories_that_are_told_follows_from_the_rows():
    told, own, noise = {"LSTM": [], "GRU": []}, {"LSTM": [], "GRU": []}, []
    for row in measured("patching")["rows"]:
        shares = {back: counts for back, counts in row["told"].items() if back != "any"}
        told[row["cell"]] += [round(100 * counts["all"][1] / counts["all"][0]) for counts in shares.values()]
        noise += [round(100 * counts["noise"][1] / counts["noise"][0]) for counts in shares.values()]
        own[row["cell"]].append(round(100 * row["told"]["any"]["own hero"][1] / row["told"]["any"]["own hero"][0]))
    lstms, grus = ((min(told[cell]), max(told[cell])) for cell in ("LSTM", "GRU"))
    assert f"in {lstms[0]} to {lstms[1]} % of the cases, and the GRUs in {grus[0]} to {grus[1]} %." in EIGHT
    assert f"After noise it is at most {max(noise)} %." in EIGHT
    one, two, three = sorted(own["GRU"])
    assert f"the three GRUs go on with the hero of the story at {one}, {two} and {three} % of the 70 places" in EIGHT
    assert two < min(own["LSTM"])  # "lose a hero easily while they write"


def test_what_08_says_of_the_bands_follows_from_the_rows():
    rows = measured("patching")["rows"]
    right = {cell: [row["in_mind"]["256 to 511"] for row in rows if row["cell"] == cell] for cell in ("LSTM", "GRU")}
    shares = {cell: sorted(counts[1] / counts[0] for counts in networks) for cell, networks in right.items()}
    assert {f"{networks[1]:.2f}" for networks in shares.values()} == {"0.98"}
    assert (
        "names the right hero at 98 % of the characters. This is the median of the three LSTMs, and it is also the"
        in EIGHT
    )
