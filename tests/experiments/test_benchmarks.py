"""Each benchmark runs to its end on something tiny, and reports what it says it measures. No figure is judged."""

import json
import os
import subprocess
import sys
from functools import partial
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import busy
import closers
import common
import counting
import latency
import memory
import pytest
import quality
import torch
import training_speed
import tuning

from charrnn_helpers import load_checkpoint, load_corpus
from charrnn_helpers.experiments.recipes import measured


def run(benchmark, tmp_path, *arguments):
    """Run one benchmark; what it returns is what it wrote, with columns that the results in the package have."""
    file = tmp_path / "result.json"
    device = ["--device", "cpu"] if benchmark in (training_speed, quality, tuning) else []
    result = benchmark.main([*device, *map(str, arguments), "--json", str(file)])
    assert json.loads(file.read_text()) == json.loads(json.dumps(result))
    assert "threads, PyTorch" in result["machine"]
    ships = measured("trials" if benchmark is tuning else benchmark.__name__)["rows"]
    assert {frozenset(row) for row in result["rows"]} <= {frozenset(row) for row in ships}
    return result


def test_training_speed_is_reported_for_both_cells_in_every_way(tmp_path, capsys):
    sizes = ("--rounds", 2, "--units", 8, 16, "--streams", 2, "--window", 4, "--updates", 1, "--matmul", 16)
    rows = run(training_speed, tmp_path, *sizes)["rows"]
    found = {(row["module"], row["units"], row["how"]) for row in rows if row["how"] != "bfloat16"}
    windows = product(("nn.LSTM", "nn.GRU", "FusedGRU"), (8, 16), ["float32"])
    assert found == {*windows, *product(("nn.LSTM", "nn.GRU"), (8, 16), ["float32, one by one"])}
    assert all(row["characters/s"] > 0 and 0 < row["in products"] < 1 for row in rows)
    assert all(row["one by one x"] == 1 for row in rows if row["how"] == "float32, one by one")
    assert capsys.readouterr().out.count("FusedGRU") == sum(row["module"] == "FusedGRU" for row in rows)


def test_the_ways_that_are_compared_compute_the_same():
    ids = torch.randint(training_speed.VOCABULARY, (2, 5), generator=torch.Generator().manual_seed(0))
    networks = training_speed.ways(16, torch.device("cpu"))
    for cell, module in (("LSTM", "nn.LSTM"), ("GRU", "nn.GRU")):
        expected, _ = networks[cell, module, "float32"](ids)
        for (other, _, how), network in networks.items():
            if other == cell:
                assert torch.allclose(network(ids)[0], expected, atol=0.02 if how == "bfloat16" else 1e-5)


def test_where_bfloat16_cannot_be_had_the_rest_is_measured(monkeypatch, capsys):
    def refuse(_):
        raise training_speed.PrecisionError("no primitive")

    monkeypatch.setattr(training_speed, "in_bfloat16", refuse)
    networks = training_speed.ways(8, torch.device("cpu"))
    assert {how for *_, how in networks} == {"float32", "float32, one by one"}
    assert "no bfloat16 for FusedGRU here: no primitive" in capsys.readouterr().out


def test_flop_count_of_the_recurrent_layer_is_three_quarters_for_a_gru_and_without_what_is_looked_up():
    """By hand for 2 units: 3 passes, 2 operations, 4 · 2 · (64 + 2) + 2 · 65 products for the LSTM."""
    assert training_speed.flop_per_character("nn.LSTM", 2) == 6 * (528 + 130)
    assert training_speed.flop_per_character("nn.GRU", 2) == 6 * (396 + 130)
    assert training_speed.flop_per_character("FusedGRU", 2) == 6 * (12 + 130)


def test_products_are_told_from_the_rest():
    a, b = torch.randn(800, 800), torch.randn(20)
    assert training_speed.share_in_products(lambda: [a @ a for _ in range(5)]) > 0
    assert training_speed.share_in_products(lambda: [b.tanh() for _ in range(20)]) == 0


@pytest.fixture
def short_text(tmp_path):
    path = tmp_path / "short.txt"
    path.write_text(load_corpus("tales").text[:30_000], encoding="utf-8")
    return path


def test_quality_measures_each_seed_in_each_protocol_and_goes_on_where_it_stopped(tmp_path, short_text):
    few = ("--recipes", "quick", "--cells", "GRU", "--text", short_text, "--updates", 2, "--target", 5)
    first = run(quality, tmp_path, *few, "--seeds", 0)
    result = run(quality, tmp_path, *few)
    assert result["rows"][0] == first["rows"][0]  # seconds would differ
    assert [row["seed"] for row in result["rows"]] == ["0", "1", "2", "median of 3"]
    *seeds, median = result["rows"]
    for column in ("seconds", "carried", "blocks of 256", "blocks of 64"):
        assert median[column] == sorted(row[column] for row in seeds)[1]
    assert all(row["to target"] > 0 for row in seeds)  # any loss is below 5 nats
    for change in (("--updates", 3), ("--target", 1)):  # two experiments are not mixed in one file
        with pytest.raises(SystemExit, match="name another file"):
            run(quality, tmp_path, *few, *change)


def test_a_target_that_is_not_reached_is_left_empty_and_in_the_median_counts_as_never(tmp_path, short_text):
    few = ("--recipes", "quick", "--cells", "LSTM", "--seeds", 0, "--text", short_text, "--updates", 1)
    row, median = run(quality, tmp_path, *few, "--target", 0.1)["rows"]
    assert row["to target"] is median["to target"] is None
    rows = [{**row, "to target": value} for value in (10.0, None, 8.0)]
    assert quality.median_row(rows)["to target"] == 10.0
    assert quality.median_row([*rows, row, row])["to target"] is None


def test_a_trial_of_the_tuning_is_made_again_with_what_was_changed(tmp_path, short_text):
    tiny = ("--row", 9, "--text", short_text, "--units", 8, "--updates", 4, "--streams", 4, "--window", 5)
    (made,) = run(tuning, tmp_path, *tiny)["rows"]
    kept = measured("trials")["rows"]
    for key in ("cell", "recipe", "dropout", "learning_rate", "warmup"):
        assert made[key] == kept[9][key]
    assert (made["hidden_size"], made["updates"], made["stopped_after"]) == (8, 4, None)
    first, second = run(tuning, tmp_path, *tiny, "--layers", 2, "--rate", 0.5, "--recipe", "new")["rows"]  # it is added
    assert first == made
    assert (second["num_layers"], second["learning_rate"], second["recipe"]) == (2, 0.5, "new")
    assert second["carried"] != made["carried"]
    dropped = next(place for place, row in enumerate(kept) if row["weight_dropout"])
    for wrong, said in ((dropped, "weight dropout is not in the package"), (-1, "name a --row from 0 to 47")):
        with pytest.raises(SystemExit, match=said):
            run(tuning, tmp_path, "--row", wrong)


def test_the_machine_is_named_with_what_it_has_for_bfloat16(tmp_path, monkeypatch):
    cpuinfo = tmp_path / "cpuinfo"
    monkeypatch.setattr(common, "CPUINFO", cpuinfo)
    nameless = common.machine(torch.device("cpu"))
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some: CPU\nflags\t\t: fpu avx512_bf16 amx_bf16\n\n")
    assert common.machine(torch.device("cpu")).startswith("Some: CPU with amx_bf16, ")
    cpuinfo.write_text("model name\t: Other\nflags\t\t: fpu\n")
    assert common.machine(torch.device("cpu")).startswith("Other, ")
    assert nameless.endswith("threads, PyTorch " + torch.__version__.split("+")[0] + ", cpu")


def test_medians_take_turns_and_leave_the_first_round_out(monkeypatch):
    turns, clock = [], [0.0]
    monkeypatch.setattr(common, "time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def task(name):
        clock[0] += 0.4 if len(turns) < 2 else 0.1
        turns.append(name)

    seconds = common.medians({name: partial(task, name) for name in "ab"}, 1, torch.device("cpu"))
    assert turns == ["a", "b"] * 2
    assert seconds == pytest.approx({"a": 0.1, "b": 0.1})


@pytest.fixture
def in_turn(monkeypatch):
    """One run after the other in this process: no other has to start."""
    monkeypatch.setattr(common, "side_by_side", map)


def test_side_by_side_each_process_has_one_thread():
    found = list(common.side_by_side(eval, ["__import__('torch').get_num_threads()", "__import__('os').getpid()"]))
    assert sorted(found)[0] == 1
    assert os.getpid() not in found


def test_memory_runs_both_parts_and_goes_on_where_it_stopped(tmp_path, monkeypatch, in_turn):
    monkeypatch.setitem(memory.PARTS, "recall", (memory.remember, "start", [("RNN", "usual")]))
    monkeypatch.setitem(memory.PARTS, "rates", (memory.try_rate, "rate", [("RNN", 0.003)]))
    small = ("--updates", 2, 2, "--seeds", 1, 1, "--rnn", tmp_path / "rnn.pt")
    run(memory, tmp_path, *small, "--parts", "rates")
    rows = run(memory, tmp_path, *small)["rows"]
    assert sorted(row["part"] for row in rows) == ["rates", "recall"]  # none twice
    (row,) = [row for row in rows if row["part"] == "recall"]
    assert row["looks"] == [1, 2]
    assert len(row["losses"]) == len(row["held"]) == 2
    assert list(row["shares"]) == list(memory.KINDS)
    assert load_checkpoint(tmp_path / "rnn.pt").model.cell == "RNN"


def test_counting_chooses_a_rate_for_each_and_judges_with_other_seeds(tmp_path, monkeypatch, in_turn):
    monkeypatch.setattr(counting, "RATES", (0.001, 0.05))
    small = ("--updates", 40, "--seeds", 1, 2)
    rows = run(counting, tmp_path, *small)["rows"]
    assert run(counting, tmp_path, *small)["rows"] == rows  # none is made twice
    assert len(rows) == 9 * (2 + 2)
    tried = {(row["task"], row["cell"], row["rate"]): row["reach"] for row in rows if row["part"] == "choosing"}
    assert max(tried.values()) > 0  # 40 updates are enough for a line of one
    for row in rows:
        if row["part"] == "judging":
            best = max((0.001, 0.05), key=lambda rate: (tried[row["task"], row["cell"], rate], -rate))
            assert row["rate"] == best
    assert not {row["seed"] for row in rows if row["part"] == "choosing"} & {0, 1}


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


@pytest.mark.usefixtures("bfloat16")
def test_closers_asks_networks_and_ngram_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    asked = {"what is open": (lambda text: closers.what_is_open(text)[:9], (2, 600))}
    monkeypatch.setattr(closers, "QUESTIONS", {"python_docs": asked})
    small = ("--updates", 2, "--seeds")
    first = run(closers, tmp_path, *small, 1)["rows"]
    assert [row["cell"] for row in first] == sorted([*closers.COMPARED, "n-gram"])
    rows = run(closers, tmp_path, *small, 2)["rows"]
    assert len(rows) == 7  # the n-gram has no seed
    assert all(row in rows for row in json.loads(json.dumps(first)))
    for row in rows:
        assert sum(share[0] for share in row["questions"]["what is open"].values()) == 27


@pytest.mark.skipif(latency.CHROMIUM is None, reason="there is no Chromium on the path")
@pytest.mark.timeout(300)
def test_latency_is_measured_in_the_page_and_in_jupyterlab(tmp_path):
    """In a process of its own: a browser leaves an event loop running."""
    file = tmp_path / "result.json"
    small = ["--rounds", "2", "--length", "40", "--units", "8"]
    subprocess.run([sys.executable, latency.__file__, *small, "--json", file], check=True)
    rows = json.loads(file.read_text())["rows"]
    places = [("page", "text"), ("page", "click"), ("JupyterLab", "text"), ("JupyterLab", "click")]
    assert [(row["where"], row["what"]) for row in rows] == places
    assert all(0 < row["lowest"] <= row["milliseconds"] <= row["highest"] for row in rows)


def test_busy_trains_in_every_place_with_threads_chosen_and_all(tmp_path):
    file = tmp_path / "result.json"
    rows = busy.main(["--rounds", "1", "--units", "8", "--seconds", "0.05", "--json", str(file)])["rows"]
    assert json.loads(file.read_text())["rows"] == rows
    places = [place for place in dict.fromkeys(row["where"] for row in rows) if place not in ("one core", "quota")]
    assert places == ["alone", "one busy", "two"]  # the others are not everywhere
    assert len(rows) == 2 * 2 * len({row["where"] for row in rows})
    by = {(row["cell"], row["where"], row["threads"]): row for row in rows}
    for (cell, _, _), row in by.items():
        alone = by[cell, "alone", "all"]["characters/s"]
        assert row["slower x"] == pytest.approx(alone / row["characters/s"])


def test_the_quota_is_one_core_and_is_taken_away_again():
    with busy.process("print(flush=True); input()") as other, busy.one_core_of_time(other.pid) as there:
        groups = [Path(root, f"busy-{other.pid}") for root, *_ in busy.QUOTAS]
        if not there:
            pytest.skip("this user may not make a cgroup with a quota")
        (group,) = [group for group in groups if group.is_dir()]
        assert str(other.pid) in (group / "cgroup.procs").read_text().split()
        values = [(group / name).read_text().split()[0] for _, _, name, _ in busy.QUOTAS if (group / name).is_file()]
        assert values == ["100000"]
    assert not group.exists()
