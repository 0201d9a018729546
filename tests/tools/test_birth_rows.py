"""The rows of the experiment on births: made under its protocol, from one commit, whole; and what is read from them."""

import hashlib
import json
import math
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from scipy.special import stdtrit

from charrnn_helpers.experiments.birth import (
    Birth,
    birth_rows,
    births_in,
    excess_ratio,
    frequency_power,
    law_points,
    share_closed,
)

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "charrnn_helpers/results/birth.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()] if FILE.is_file() else []
IDENTITY = ("part", "design", "cell", "start", "rate", "seed")


def git(*words):
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)


def test_every_row_carries_the_protocol_and_one_commit_and_no_run_stands_there_twice():
    text = (ROOT / "charrnn_helpers/experiments/birth_protocol.md").read_text(encoding="utf-8")
    assert {row["protocol"] for row in ROWS} <= {hashlib.sha256(text.encode("utf-8")).hexdigest()}
    assert len({row["code"] for row in ROWS}) <= 1
    assert all(re.fullmatch("[0-9a-f]{40}", row["code"]) for row in ROWS)  # a checkout without changes
    assert all("scale" not in row for row in ROWS)
    made = Counter(tuple(row[name] for name in IDENTITY) for row in ROWS)
    assert all(count == 1 for count in made.values())
    assert birth_rows() == ROWS


def test_the_commit_of_the_rows_holds_the_protocol_that_they_name():
    if not ROWS or git("cat-file", "-e", ROWS[0]["code"]).returncode:
        pytest.skip("there are no rows, or this copy has no history")
    for row in ({row["code"]: row for row in ROWS}).values():
        shown = git("show", f"{row['code']}:charrnn_helpers/experiments/birth_protocol.md").stdout
        assert hashlib.sha256(shown.encode("utf-8")).hexdigest() == row["protocol"]
        assert git("show", f"{row['code']}:charrnn_helpers/results/birth.jsonl").returncode  # no row was there yet


def test_every_row_is_whole():
    for row in ROWS:
        assert row["status"] in ("finished", "settled", "diverged")
        assert row["looks"] == sorted(set(row["looks"]))
        assert len(row["losses"]) == len(row["looks"])
        per_update = row["streams"] * row["window"]
        assert all(look % per_update == 0 for look in row["looks"])
        if row["status"] == "finished":
            assert row["looks"][-1] == row["characters"] // per_update * per_update
        assert 50_000 <= row["looks"][0] < 50_000 + per_update
        for band in row["bands"].values():
            assert len(band["right"]) == len(row["looks"])
            assert max(band["right"]) <= band["asked"]
            assert band["asked"] >= 100 or row["text"] == "manual"
        if row["text"] != "manual":
            assert min(row["losses"]) > 0.97 * row["floor"]  # the floor of another text would show here
        if row["text"] == "tales" and row["status"] == "finished":
            assert row["test"]["loss"] > row["test"]["floor"]
            assert row["parameters"] == pytest.approx(350_000, rel=0.35)


def born(looks, right, asked, chance):
    """By another formula: from the last look on, as long as accuracy is half way or more."""
    number = len(looks)
    while number and (right[number - 1] / asked - chance) / (1 - chance) >= 0.5 - 1e-9:
        number -= 1
    if number >= len(looks) - 1:
        return None
    return (0, *looks)[number], looks[number]


def test_births_are_those_of_the_rows():
    for row in ROWS:
        for memory, found in births_in(row).items():
            band = row["bands"][memory]
            wanted = born(row["looks"], band["right"], band["asked"], band["chance"])
            assert found == (None if row["status"] == "diverged" or wanted is None else Birth(*wanted))


def test_a_run_of_the_law_that_ended_early_had_every_memory_for_six_looks():
    for row in ROWS:
        if row["status"] != "settled":
            continue
        assert row["text"] == "law"
        stayed = [
            sum(look >= born(row["looks"], band["right"], band["asked"], band["chance"])[1] for look in row["looks"])
            for band in row["bands"].values()
        ]
        assert min(stayed) == 6


def test_the_points_of_the_law_are_those_of_the_rows():
    points = law_points(ROWS)
    assert len(points) == sum(len(row["bands"]) for row in ROWS if row["text"] == "law")
    for point in points:
        (row,) = [
            row
            for row in ROWS
            if all(row[name] == getattr(point, name) for name in ("part", "design", "cell", "start", "seed"))
        ]
        band = row["bands"][point.memory]
        wanted = born(row["looks"], band["right"], band["asked"], band["chance"])
        assert (point.born and tuple(point.born)) == wanted


# ------------------------------------------------------------------------------------------------ by made-up rows


def made_up(cell, seed, loss, floor=0.15):
    return {"part": "pairs", "cell": cell, "seed": seed, "text": "tales", "test": {"loss": loss, "floor": floor}}


def test_the_ratio_of_two_excesses_and_its_interval_are_students_on_logarithms():
    lstm, gru = [0.026, 0.030, 0.022, 0.028], [0.015, 0.014, 0.016, 0.0155]
    rows = [made_up("LSTM", seed, 0.15 + x) for seed, x in enumerate(lstm)]
    rows += [made_up("GRU", seed, 0.15 + x) for seed, x in enumerate(gru)]
    logs = [math.log(a / b) for a, b in zip(lstm, gru, strict=True)]
    mean = sum(logs) / 4
    reach = stdtrit(3, 0.975) * math.sqrt(sum((x - mean) ** 2 for x in logs) / 3 / 4)
    wanted = [math.exp(mean), math.exp(mean - reach), math.exp(mean + reach)]
    assert excess_ratio(rows) == pytest.approx(wanted)
    assert share_closed(rows, 0.25, "pairs", "LSTM") == pytest.approx(1 - sum(lstm) / 4 / 0.1)
    with pytest.raises(ValueError, match="diverged"):
        excess_ratio([*rows, {"part": "pairs", "cell": "GRU", "seed": 9, "status": "diverged"}])


def test_the_power_of_frequency_is_that_of_births_that_follow_one():
    looks = {24: (100, 200), 12: (160, 160 * 2), 6: (256, 512)}  # (after, by): each 1.6 times the one before
    rows = []
    for frequency, (after, by) in looks.items():
        bands = {"gap 16": {"asked": 100, "chance": 0.5, "right": [50, 100, 100]}}
        about = {"part": "law start", "design": f"gap 16, {frequency} in 1,000", "cell": "GRU", "start": "bias 1"}
        about |= {"seed": 0, "text": "law", "status": "settled", "looks": [after, by, 2 * by], "bands": bands}
        rows.append(about)
    assert frequency_power(law_points(rows)) == pytest.approx(-math.log(1.6) / math.log(2))
    rows[0]["bands"] = {"gap 16": {"asked": 100, "chance": 0.5, "right": [50, 50, 50]}}
    with pytest.raises(ValueError, match="not born"):
        frequency_power(law_points(rows))
