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
import nbformat

from charrnn_helpers.experiments import LATER_NETWORKS, later_rows, measured, memory_end, recall_of_seeds
from charrnn_helpers.experiments.later import RUNS
from charrnn_helpers.figures import memory
from charrnn_helpers.measures.memory import Share
from charrnn_helpers.text import tales
from charrnn_helpers.text.tales import write_stories

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "charrnn_helpers/results/later.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
PROTOCOL = hashlib.sha256(
    (ROOT / "charrnn_helpers/experiments/later_protocol.md").read_text(encoding="utf-8").encode("utf-8")
).hexdigest()
PRINTED = "".join(
    output.get("text", "")
    for cell in nbformat.read(ROOT / "notebooks/11_what_came_next.ipynb", as_version=4).cells
    for output in cell.get("outputs", [])
)


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


def known_up_to(network, kind):
    """Up to where a memory is known, by the protocol: no group from there on with a mean of 7/12 or more."""
    rows = [row["recall"][kind] for row in part("picture") if row["network"] == network]
    lows = sorted(int(re.match(r"\d+", group)[0]) for group in rows[0] if all(row[group][0] >= 30 for row in rows))
    known = [low for low in lows if mean(shares(network, kind, low, low + 1)) >= (1 + 1 / 6) / 2]
    if not known:
        return "nowhere"
    return "no end" if known[-1] == lows[-1] else str(lows[lows.index(known[-1]) + 1] - 1)


def test_how_many_networks_know_each_word_from_64_characters_on():
    for title, kind in (("hero", "name"), ("friend", "friend"), ("place", "place")):
        ends = {name: known_up_to(name, kind) for name in LATER_NETWORKS}
        knowing = [name for name, end in ends.items() if end == "no end" or (end != "nowhere" and int(end) >= 127)]
        line = f"known at 64 to 127 characters by {len(knowing)} of 7 networks: {' · '.join(knowing) or 'none'}"
        assert re.search(f"the {title}: .+\n    {line}\n", PRINTED)


def test_which_predictions_held():
    far = {name: mean(shares(name, "place", 64)) for name in ("RNN", "LSTM", "GRU", "minGRU", "signed minGRU")}
    wide, narrow = shares("GRU, windows of 512", "place", 64), shares("GRU", "place", 64)
    hero = {name: mean(shares(name, "name", 64, 256)) for name in ("LSTM", "GRU", "RNN")}
    assert max(mean(shares("Transformer", "place", 512)), *far.values()) < 7 / 12  # "two held, about the place"
    assert sum(first > second for first, second in zip(wide, narrow, strict=True)) < 3  # "windows of 512 do not teach"
    assert hero["LSTM"] < 7 / 12 <= hero["GRU"]  # "the LSTM does not know the hero at 64 to 255"
    assert hero["RNN"] < 7 / 12


def test_what_is_said_of_parity():
    learnt = {}
    for row in sorted(part("parity"), key=lambda row: row["seed"]):
        learnt.setdefault(row["network"], []).append(row["shares"])
    perfect = {cell: sum(all(share >= 0.99 for share in row.values()) for row in rows) for cell, rows in learnt.items()}
    guessed = [share for row in learnt["minGRU"] for length, share in row.items() if int(length) >= 24]
    assert max(guessed) <= 0.55  # "from length 24 on all five guess"
    at_8 = sorted(row["8"] for row in learnt["minGRU"])
    assert at_8[0] <= 0.55 < at_8[1]  # "four of the five do better than chance"
    assert round(at_8[-1], 1) == 0.9  # "right on nine in ten"
    tuned = [(row["network"] == "minGRU", -row["badness"]) for row in part("parity tuning")]
    assert max(share for guesses, share in tuned if guesses) <= 0.55  # "the minGRU guessed with all four rates"
    assert min(share for guesses, share in tuned if not guesses) > 0.99  # "the others were right on more than 99 %"
    for cell, rows in learnt.items():
        at_256 = ", ".join(f"{row['256']:.2f}" for row in rows)
        assert f"{cell:13} has learnt parity in {perfect[cell]} of 5 seeds; right at length 256: {at_256}\n" in PRINTED
        rate = tool.chosen(ROWS, "parity tuning", cell, 4)["rate"]
        assert rate == (0.03 if "minGRU" in cell else 0.001)  # "the highest of the four rates, 0.03, was the best"
    assert [perfect[cell] for cell in ("LSTM", "GRU", "signed minGRU", "minGRU")] == [5, 5, 5, 0]  # "in none"


def test_in_which_phrases_a_friend_is_asked_for():
    between = []
    for story in tales.split_stories(write_stories(tool.FIRST_STORIES + 190_001, 100_000)):
        for position, mark in enumerate(tales.annotate(story)):
            if mark.rivals and mark.kind == "friend" and 8 <= mark.distance < 16:
                between.append(story[position - mark.distance : position])
    assert between.count(", and the ") > 0.9 * len(between) > 0  # "nearly all", "from one phrase"


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


def test_a_distance_stands_at_the_same_place_in_each_column(monkeypatch):
    drawn, kinds = [], {"near": ("1 to 7", "8 to 15", "16 to 31"), "far": ("16 to 31", "32 to 63")}
    monkeypatch.setattr(memory, "picture", lambda figure, words: drawn.append(figure))
    seeds = {kind: {"GRU": [{group: Share(40, 30, 1 / 6) for group in groups}]} for kind, groups in kinds.items()}
    memory.plot_horizons(seeds, {"near": {"GRU": None}, "far": {"GRU": "32 to 63"}})
    near, far = drawn[0].axes
    assert [list(axes.lines[0].get_xdata()) for axes in (near, far)] == [[0, 1, 2], [2, 3]]
    assert far.lines[-1].get_xdata()[0] == 2.5  # the bar stands between the two groups
    assert [label.get_text() for label in far.get_xticklabels()] == ["1", "8", "16", "32"]
    assert list(far.get_xticks()) == [-0.5, 0.5, 1.5, 2.5]  # a group begins at its number
    memory.plot_horizons(seeds, {"near": {"GRU": "1 to 7"}, "far": {"GRU": None}})
    near, far = drawn[1].axes
    assert [text.get_text() for text in near.texts] == ["not known"]
    assert not far.texts


def test_a_part_counts_when_it_is_whole_and_of_this_protocol(tmp_path):
    rows = [{"part": "parity", "seed": 10, "protocol": name} for name in [PROTOCOL] * 19 + ["another"]]
    path = tmp_path / "rows.jsonl"
    assert not any(later_rows(path).values())
    path.write_text("\n".join(map(json.dumps, rows)))
    assert later_rows(path)["parity"] == []
    path.write_text("\n".join(map(json.dumps, [*rows, rows[0]])))
    assert len(later_rows(path)["parity"]) == 20


def test_what_is_said_of_the_picture():
    for kind in ("name", "friend"):
        near = [share for low in (8, 16, 32, 64, 128) for share in shares("Transformer", kind, low, 2 * low)]
        assert min(near) >= 0.895  # "in about nine of ten cases or more"
        assert max(shares("Transformer", kind, 256)) <= 0.254  # "in 25 % at most"
    assert 0.58 < mean(shares("signed minGRU", "name", 256, 257)) < 7 / 12  # "right on this limit"
    ends = shares("signed minGRU", "name", 256)
    assert max(ends) - min(ends) > 0.3  # "from 256 on they lie far apart"
    for name in ("RNN", "LSTM"):
        assert max(shares(name, "name", 16)) < 0.25  # "lose him after a few letters"
    for name in LATER_NETWORKS:
        assert max(shares(name, "place", 64)) < 7 / 12  # "nobody knows the place"
    assert max(shares("Transformer", "place", 64, 256)) < 0.25  # "yet it only guesses"
    asked = {kind: right_and_asked(part("picture")[0], kind, 0, 10**9)[1] for kind in ("name", "friend", "place")}
    near = {kind: right_and_asked(part("picture")[0], kind, 0, 64)[1] / asked[kind] for kind in asked}
    assert [round(100 * near[kind]) for kind in asked] == [91, 46, 2]  # "of the questions about the hero"
    for title, kind in (("hero", "name"), ("friend", "friend"), ("place", "place")):
        counts = f"{asked[kind]:,} questions in the first run, {near[kind]:.0%} of them nearer than 64\n"
        assert f"the {title}: {counts}" in PRINTED
    rates = {row["network"]: row["rate"] for row in part("picture")}
    assert sum(rate in (0.001, 0.027) for rate in rates.values()) == 5  # "five of the seven rates lie at the end"


def test_the_edge_of_the_transformers_memory_moves_with_its_reach_and_not_with_its_window():
    rows = {(row["window"], row["reach"]): row for row in measured("transformer_windows")["rows"]}
    assert rows.keys() == {(512, 256), (256, 512)}
    known = {
        (at, kind, low): right / asked
        for at, row in rows.items()
        for kind in ("name", "friend")
        for low in (128, 256, 512)
        for right, asked in [right_and_asked(row, kind, low, 2 * low)]
        if asked
    }
    wide, far = (512, 256), (256, 512)
    assert max(known[wide, kind, 256] for kind in ("name", "friend")) < 0.2  # "from 256 characters on it guesses"
    assert known[far, "name", 256] == 1  # "every hero at 256 to 511 characters"
    assert 0.85 < known[far, "friend", 256] < 0.9  # "nearly nine in ten friends"
    assert known[far, "friend", 512] < 0.2  # "its memory ends at 512"
    assert known[wide, "friend", 128] < known[far, "friend", 128]  # "knows the friend less well"


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
