"""The runs of notebook 11: alike for all networks, of equal size, made once each, and the command goes on."""

from pathlib import Path

import birth
import later as tool
import pytest
import torch

from charrnn_helpers.networks import CELLS, num_parameters


def done(run, badness=1.0):
    return {**run, "badness": badness}


def test_all_networks_of_a_comparison_have_the_same_size_and_read_as_much():
    sizes = {name: tool.Network.build(network, 51) for name, network in tool.NETWORKS.items()}
    counts = [num_parameters(model) for model in sizes.values()]
    assert max(counts) < 1.02 * min(counts)
    assert {network.streams * network.window for network in tool.NETWORKS.values()} == {2048}
    counts = [num_parameters(CELLS[cell].model(2, units, 2, None)) for cell, units in tool.PARITY.items()]
    assert max(counts) < 1.05 * min(counts)


def test_each_network_has_eight_trials_and_three_seeds_and_is_chosen_by_its_trials_alone():
    tuning = list(tool.plan([], ("tuning",)))
    assert {name: sum(run["network"] == name for run in tuning) for name in tool.NETWORKS} == dict.fromkeys(
        tool.NETWORKS, 8
    )
    assert list(tool.plan(list(map(done, tuning[:-1])), ("picture",)))[-1]["network"] != tuning[-1]["network"]
    rows = [done(run, 2.0 if run["rate"] != 0.003 else 1.0) for run in tuning]
    runs = list(tool.plan(rows, ("picture",)))
    assert len(runs) == 3 * len(tool.NETWORKS)
    assert {run["rate"] for run in runs} == {0.003}
    assert {run["setting"] for run in runs} == {"usual", "warm-up 0.1"}  # of equals, the first


def test_parity_counts_the_ones_so_far():
    bits, odd = tool.strings(50, 9, torch.Generator().manual_seed(0))
    for row, answers in zip(bits.tolist(), odd.tolist(), strict=True):
        assert answers == [sum(row[: place + 1]) % 2 for place in range(9)]


def test_the_command_makes_each_run_once_and_goes_on(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(tool, "PARITY", {"GRU": 3, "signed minGRU": 3})
    monkeypatch.setattr(tool, "PARITY_RATES", (0.01,))
    monkeypatch.setattr(tool, "PARITY_SEEDS", (10,))
    monkeypatch.setattr(tool, "NETWORKS", {"minGRU": tool.Network("minGRU", 2, 4)})
    monkeypatch.setattr(tool, "RATES", (0.01,))
    monkeypatch.setattr(tool, "SEEDS", (0,))
    monkeypatch.setattr(tool, "ASKED_LENGTHS", (40, 48))
    monkeypatch.setattr(tool, "TESTED", 8_000_000)  # times --scale
    monkeypatch.setattr(tool, "WATCHED", 2_000)
    original = tool.learn_parity
    monkeypatch.setattr(tool, "learn_parity", lambda run, machine: made.append(run) or original(run, machine))
    rows, folder = tmp_path / "rows.jsonl", str(tmp_path / "scratch")
    command = ["--rows", str(rows), "--scratch", folder, "--scale", "0.0005"]
    first = tool.main([*command, "--parts", "parity tuning", "parity"])
    assert [row["part"] for row in first] == ["parity tuning"] * 2 + ["parity"] * 2
    assert all(row["protocol"] == birth.protocol_hash(tool.LATER_PROTOCOL) and row["code"] for row in first)
    with rows.open("a", encoding="utf-8") as file:
        file.write('{"part": "cut o')  # killed while it wrote
    rows.write_text("\n".join(rows.read_text(encoding="utf-8").splitlines()) + "\n", encoding="utf-8")
    again = tool.main(command)
    assert len(made) == 4
    assert [row["part"] for row in again[4:]] == ["tuning"] * 2 + ["picture"]
    picture = again[-1]
    assert picture["floor"] < picture["loss"] < 4.5
    assert sum(asked for asked, *_ in picture["recall"]["name"].values()) > 50


def test_rows_are_refused_where_the_checkout_has_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(birth, "ROOT", Path(tmp_path))
    birth.subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "new").touch()
    with pytest.raises(RuntimeError, match="has changes"):
        tool.main(["--rows", str(tmp_path / "rows"), "--scratch", str(tmp_path / "scratch")])
