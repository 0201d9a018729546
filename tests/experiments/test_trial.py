"""The full trial holds what it claims, is read as it should be, and its verdicts are those of its data."""

import copy
import io
import math
import re
from contextlib import redirect_stdout
from pathlib import Path

import nbformat
import pytest

from charrnn_helpers import experiments
from charrnn_helpers.experiments import measured, trial
from charrnn_helpers.networks.registry import count_parameters

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "09_fair_trial.ipynb"
FULL = measured("full_trial")


def row(cell, size="50 K", seed=0, test=1.0, seconds=10.0):
    return {"cell": cell, "size": size, "seed": seed, "test": test, "cpu_seconds": seconds}


@pytest.mark.parametrize("size", [*trial.PARAMETERS, "128 units"])
def test_the_shipped_trial_holds_five_real_runs_of_every_cell(size):
    rows = trial.select(FULL["rows"], size=size, **trial.usual_plan(FULL["rows"]))
    seeds = {cell: {one["seed"] for one in rows if one["cell"] == cell} for cell in trial.COMPARED}
    assert all(len(found) >= 5 for found in seeds.values())
    assert seeds["LSTM"] == seeds["GRU"] == seeds["RNN"]
    assert {one["status"] for one in rows} == {"finished"}
    for one in rows:
        assert one["seconds"] > 0
        assert one["val_losses"][-1] < one["val_losses"][0]
        assert abs(one["val"] - one["test"]) < 0.3  # another piece of the text
    assert len({one["test"] for one in rows}) == len(rows)


def test_all_runs_are_on_one_text_and_sizes_are_as_they_say():
    assert [*FULL["baselines"]] == ["shakespeare"]
    for one in FULL["rows"]:
        assert one["text"] == "shakespeare"
        assert one["parameters"] == count_parameters(one["cell"], 65, one["units"], one["layers"])
        if one["size"] == "128 units":
            assert one["units"] == 128
        else:
            assert one["parameters"] == pytest.approx(1000 * int(one["size"].split()[0]), rel=0.01)


def test_each_cell_was_tuned_with_the_same_rates_on_seeds_that_are_not_judged():
    names = ("text", "size", "layers", "updates", "warmup")
    groups = {tuple(one[name] for name in names) for one in FULL["rows"]}
    assert not {one["seed"] for one in FULL["tuning"]} & {one["seed"] for one in FULL["rows"]}
    for group in groups:
        where = dict(zip(names, group, strict=True))
        rates = {cell: {} for cell in trial.COMPARED}
        for one in trial.select(FULL["tuning"], **where):
            rates[one["cell"]][one["rate"]] = one.get("val", math.inf)
        assert rates["LSTM"].keys() == rates["GRU"].keys() == rates["RNN"].keys()
        for one in trial.select(FULL["rows"], **where):
            assert one["rate"] == min(rates[one["cell"]], key=rates[one["cell"]].get)


def test_losses_stand_in_the_order_of_their_seeds_and_a_run_that_did_not_end_is_not_passed_over():
    rows = [row("GRU", seed=2, test=0.2), row("LSTM", seed=1, test=1.1), row("GRU", seed=1, test=0.1)]
    rows.append(row("LSTM", seed=2, test=1.2))
    assert trial.final_losses(rows, size="50 K") == {"LSTM": [1.1, 1.2], "GRU": [0.1, 0.2], "RNN": []}
    del rows[0]["test"]
    assert trial.final_losses(rows)["GRU"] == pytest.approx([0.1, math.nan], nan_ok=True)
    with pytest.raises(ValueError, match="no run with"):
        trial.final_losses(rows, size="900 K")
    for seeds in ({"LSTM": (0, 1), "GRU": (1, 7)}, {"LSTM": (0, 0), "GRU": (0, 0)}):
        with pytest.raises(ValueError, match="not in pairs"):
            trial.final_losses([row(cell, seed=seed) for cell, own in seeds.items() for seed in own])


def test_equal_seconds_are_read_between_the_sizes_for_each_seed_where_cells_share_a_stretch():
    rows = []
    for start, cell in ((4, "LSTM"), (8, "GRU"), (16, "RNN")):
        for number, size in enumerate(trial.PARAMETERS):
            seconds = start * 4**number
            rows += [row(cell, size, seed, 3 - 0.1 * math.log2(seconds) + seed, seconds) for seed in range(3)]
    points = trial.by_seconds(rows)
    assert [point.seconds for point in points["GRU"]] == [8, 32, 128]
    at = trial.shared_seconds(points)
    assert at == pytest.approx(math.sqrt(16 * 64))  # the slowest start and the earliest end
    for losses in trial.losses_at_seconds(points, at).values():
        assert losses == pytest.approx([3 - 0.1 * math.log2(at) + seed for seed in range(3)])
    points["RNN"] = [point._replace(seconds=1000 * point.seconds) for point in points["RNN"]]
    with pytest.raises(ValueError, match="common to all"):
        trial.shared_seconds(points)


def sentences_of_notebook(full, monkeypatch):
    """What 9.5 prints of LSTM and GRU when the trial is `full`: {where: (verdict, difference)}."""
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    wanted = r"import math|SMALLEST = |LOOKS = |full = |USUAL = |looks = |longer_\w+ = |equal_\w+ = "
    monkeypatch.setattr(experiments, "measured", lambda name: full)
    out, namespace = io.StringIO(), {"PAIRS": [("LSTM", "GRU")]}
    with redirect_stdout(out):
        for source in filter(re.compile(wanted).match, cells):
            exec(source.split("\n\nruns = ")[0], namespace)  # of the live trial only what it says beforehand
    found = re.findall(r"^(.+?): (.+?) \(LSTM minus GRU: ([+-][\d.]+) nats", out.getvalue(), re.MULTILINE)
    return {where: (said, float(difference)) for where, said, difference in found}


def test_verdicts_of_the_notebook_turn_round_when_the_data_do(monkeypatch):
    exchanged, turned = copy.deepcopy(FULL), {"LSTM": "GRU", "GRU": "LSTM"}
    for one in exchanged["rows"] + exchanged["tuning"]:
        one["cell"] = turned.get(one["cell"], one["cell"])
    as_it_is, other = (sentences_of_notebook(full, monkeypatch) for full in (FULL, exchanged))
    assert len(as_it_is) >= 5
    for where, (said, difference) in as_it_is.items():
        winner, *rest = said.split()
        assert other[where] == (" ".join([turned.get(winner, winner), *rest]), -difference)
    assert {said.split()[0] for said, _ in as_it_is.values()} & {*turned}
