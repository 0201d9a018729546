"""The rows of notebook 11: made under its protocol, from one commit; and every sentence that it prints about them.

The sentences are computed anew, from the rows, by formulas of this file.
"""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from statistics import mean

import later as tool

from charrnn_helpers.experiments import LATER_NETWORKS, later_rows, measured, memory_end, recall_of_seeds
from charrnn_helpers.experiments.later import RUNS
from charrnn_helpers.figures import memory
from charrnn_helpers.measures.memory import Share

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "charrnn_helpers/results/later.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
PROTOCOL = hashlib.sha256(
    (ROOT / "charrnn_helpers/experiments/later_protocol.md").read_text(encoding="utf-8").encode("utf-8")
).hexdigest()


def part(name):
    """The rows of a part, or none while it is not whole."""
    rows = [row for row in ROWS if row["part"] == name]
    return rows if len(rows) == RUNS[name] else []


def test_the_networks_and_the_numbers_of_runs_are_those_of_the_plan():
    assert set(LATER_NETWORKS) == set(tool.NETWORKS)
    tuned = [{**run, "badness": 1.0} for run in tool.plan([], ("parity tuning", "tuning"))]
    assert Counter(run["part"] for run in tool.plan(tuned)) == RUNS


def test_every_row_carries_the_protocol_and_one_commit_and_is_one_of_the_plan():
    assert {row["protocol"] for row in ROWS} <= {PROTOCOL}
    assert len({row["code"] for row in ROWS}) <= 1
    assert all(re.fullmatch("[0-9a-f]{40}", row["code"]) and "scale" not in row for row in ROWS)
    keys = [tool.key_of(row) for row in ROWS]
    assert len(set(keys)) == len(keys)
    assert set(keys) <= {tool.key_of(run) for run in tool.plan(ROWS)}


# ------------------------------------------------------------------------------------------- what the notebook prints


def right_and_asked(row, kind, low, high):
    """The right answers and the questions of a row, at distances from `low` to below `high`."""
    groups = [counts for group, counts in row["recall"][kind].items() if low <= int(re.match(r"\d+", group)[0]) < high]
    return sum(right for _, right, _ in groups), sum(asked for asked, _, _ in groups)


def shares(network, kind, low, high=10**9):
    """The share right of each seed, in the order of seeds."""
    rows = sorted((row for row in part("picture") if row["network"] == network), key=lambda row: row["seed"])
    counts = [right_and_asked(row, kind, low, high) for row in rows]
    return [right / asked for right, asked in counts]


def test_which_predictions_held():
    far = {name: mean(shares(name, "place", 64)) for name in ("RNN", "LSTM", "GRU", "minGRU", "signed minGRU")}
    wide, narrow = shares("GRU, windows of 512", "place", 64), shares("GRU", "place", 64)
    hero = {name: mean(shares(name, "name", 64, 256)) for name in ("LSTM", "GRU", "RNN")}
    assert max(mean(shares("Transformer", "place", 512)), *far.values()) < 7 / 12  # two of four predictions held
    assert sum(first > second for first, second in zip(wide, narrow, strict=True)) < 3  # "does not know better"
    assert hero["LSTM"] < 7 / 12 <= hero["GRU"]  # "the LSTM does not know the hero at 64 to 255"
    assert hero["RNN"] < 7 / 12


def test_what_is_said_of_parity():
    learnt = {}
    for row in sorted(part("parity"), key=lambda row: row["seed"]):
        learnt.setdefault(row["network"], []).append(row["shares"])
    perfect = {cell: sum(all(share >= 0.99 for share in row.values()) for row in rows) for cell, rows in learnt.items()}
    guessed = [share for row in learnt["minGRU"] for length, share in row.items() if int(length) >= 24]
    assert max(guessed) <= 0.55  # "from a length of 24 on all five do hardly better than a guess"
    assert [perfect[cell] for cell in ("LSTM", "GRU", "signed minGRU", "minGRU")] == [5, 5, 5, 0]  # "it came true"


# ------------------------------------------------------------------------------------------------ by made-up rows


def made_up(network, seed, *shares):
    groups = {"1 to 7": shares[0], "8 to 15": shares[1], "16 to 31": shares[2], "512 on": shares[3]}
    recall = {group: [asked, round(asked * share), 0.01] for group, (asked, share) in groups.items()}
    return {"part": "picture", "network": network, "seed": seed, "recall": {"name": recall}}


def test_a_memory_ends_where_the_mean_stays_below_half_way_and_groups_with_few_questions_do_not_count():
    rows = [made_up("GRU", 0, (100, 1.0), (100, 0.5), (100, 0.6), (29, 0.5))]
    rows += [made_up("GRU", 1, (100, 1.0), (100, 0.3), (100, 0.62), (100, 0.2)), made_up("RNN", 0, *[(40, 0.5)] * 4)]
    recalls = recall_of_seeds(rows, "name")
    assert list(recalls) == ["RNN", "GRU"]  # in the order of the picture
    assert [shares["8 to 15"].share for shares in recalls["GRU"]] == [0.5, 0.3]
    assert memory_end(recalls["GRU"]) is None  # 0.61 at 16 to 31; at 512 one seed has too few questions
    rows[0] = made_up("GRU", 0, (100, 1.0), (100, 0.5), (100, 0.6), (30, 0.9))
    assert memory_end(recall_of_seeds(rows, "name")["GRU"]) == "512 on"  # 0.55 on the mean
    assert memory_end(recalls["RNN"]) == "1 to 7"


def test_a_bar_stands_between_two_groups_where_a_memory_ends(monkeypatch):
    drawn, groups = [], ("1 to 7", "8 to 15", "16 to 31")
    monkeypatch.setattr(memory, "picture", lambda figure, words: drawn.append(figure))
    seeds = {network: [{group: Share(40, 30, 1 / 6) for group in groups}] for network in ("GRU", "minGRU")}
    memory.plot_horizons(seeds, {"GRU": None, "minGRU": "16 to 31"})
    lasts, ends = drawn[0].axes
    assert len(ends.lines) == len(lasts.lines) + 1
    assert ends.lines[-1].get_xdata()[0] == 1.5  # between the two groups
    assert [label.get_text() for label in ends.get_xticklabels()] == ["1", "8", "16"]
    assert list(ends.get_xticks()) == [-0.5, 0.5, 1.5]  # a group begins at its number


def test_a_part_counts_when_it_is_whole_and_of_this_protocol(tmp_path):
    rows = [{"part": "parity", "seed": 10, "protocol": name} for name in [PROTOCOL] * 19 + ["another"]]
    path = tmp_path / "rows.jsonl"
    assert not any(later_rows(path).values())
    path.write_text("\n".join(map(json.dumps, rows)))
    assert later_rows(path)["parity"] == []
    path.write_text("\n".join(map(json.dumps, [*rows, rows[0]])))
    assert len(later_rows(path)["parity"]) == 20


def test_what_is_said_of_the_picture():
    near = [share for low in (8, 16, 32, 64, 128) for share in shares("Transformer", "name", low, 2 * low)]
    assert min(near) > 0.95  # "it knows nearly every hero"
    assert max(shares("Transformer", "name", 256)) <= 0.254  # "and from 256 on it does hardly better than a guess"
    ends = {network: memory_end(seeds) for network, seeds in recall_of_seeds(part("picture"), "name").items()}
    assert (ends["GRU"], ends["minGRU"], ends["Transformer"]) == (None, None, "256 to 511")  # who has a bar


def test_the_edge_of_the_transformers_memory_moves_with_its_reach_and_not_with_its_window():
    rows = {(row["window"], row["reach"]): row for row in measured("transformer_windows")["rows"]}
    assert rows.keys() == {(512, 256), (256, 512)}
    known = {at: right / asked for at, row in rows.items() for right, asked in [right_and_asked(row, "name", 256, 512)]}
    assert known[512, 256] < 0.2  # "from 256 characters on it guesses"
    assert known[256, 512] == 1  # "every hero at 256 to 511 characters, 92 of 92"
    assert {right_and_asked(row, "name", 256, 512)[1] for row in rows.values()} == {92}


def test_a_mark_stands_between_the_number_of_its_group_and_the_next_and_the_window_at_its_own_number(monkeypatch):
    drawn, groups = [], ("1 to 7", "8 to 15", "16 on")
    monkeypatch.setattr(memory, "picture", lambda figure, words: drawn.append(figure))
    memory.plot_shares({"hero": {"GRU": {group: Share(40, 30, 1 / 6) for group in groups}}}, "back", window=8)
    memory.plot_shares({"hero": {"GRU": {back: Share(40, 30, 1 / 6) for back in ("1", "60")}}}, "back")
    ranges, distances = (figure.axes[0] for figure in drawn)
    numbers = {label.get_text(): at for label, at in zip(ranges.get_xticklabels(), ranges.get_xticks(), strict=True)}
    assert numbers == {"1": -0.5, "8": 0.5, "16": 1.5}
    assert numbers["8"] in [line.get_xdata()[0] for line in ranges.lines]  # the dotted line of the window
    assert [*distances.get_xticks()] == [0, 1]  # single distances stand at their marks
