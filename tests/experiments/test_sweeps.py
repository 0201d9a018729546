"""A sweep loses no result, counts none twice and ends with a complete table, whatever happens on the way."""

import inspect
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sweep_jobs
import torch
from minimal_cell import ROW, MinimalCell
from sweep_jobs import CONFIGS, MANY, TINY, times_run

from charrnn_helpers import TrainConfig
from charrnn_helpers.experiments import sweeps as the_module
from charrnn_helpers.experiments.sweeps import RunConfig, key_of, train_once
from charrnn_helpers.experiments.sweeps import sweep as sweep_with_progress
from charrnn_helpers.networks import CELLS, register

NO_SIGKILL = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")


def sweep(*args, **options):
    return sweep_with_progress(*args, progress=False, **options)


@pytest.mark.parametrize(("limit", "room"), [(None, 8), ("max\n", 8), (f"{2 * 1024**3}\n", 2), ("500000000", 1)])
def test_a_container_has_room_for_as_many_workers_as_its_memory_allows(limit, room, tmp_path, monkeypatch):
    """Binder has two gigabytes."""
    if limit:
        (tmp_path / "memory.max").write_text(limit)
    monkeypatch.setattr(the_module, "MEMORY_LIMITS", [tmp_path / "memory.max"])
    monkeypatch.setattr(the_module.loky, "cpu_count", lambda: 8)
    assert the_module.room_for_workers() == room


@pytest.fixture
def threads():
    """Where only the sweep itself is looked at: no process has to start."""
    with ThreadPoolExecutor(3) as executor:
        yield executor


@pytest.fixture
def options(threads, tmp_path):
    return {"executor": threads, "folder": tmp_path, "job": partial(sweep_jobs.double, tmp_path)}


def values(rows):
    return [row.get("value") for row in rows]


def statuses(rows):
    return [row["status"] for row in rows]


def files(folder):
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("ran-"))


def test_rows_come_in_order_and_are_kept_and_a_second_call_runs_only_what_is_new(options, tmp_path):
    rows = sweep([*CONFIGS[2::-1], CONFIGS[2]], **options)
    assert values(rows) == [4, 2, 0, 4]
    assert [row["config"]["seed"] for row in rows] == [2, 1, 0, 2]
    assert files(tmp_path) == sorted({f"{row['key']}.json" for row in rows})
    assert [json.loads((tmp_path / f"{row['key']}.json").read_text()) for row in rows] == rows
    assert sweep(CONFIGS[:2], **options) == [rows[2], rows[1]]
    assert values(sweep(CONFIGS, **options)) == [0, 2, 4, 6]
    assert times_run(tmp_path) == {0: 1, 1: 1, 2: 1, 3: 1}
    assert sweep([], **options) == []


def test_real_runs_give_the_same_rows_everywhere_though_processes_are_interrupted(threads, tmp_path, monkeypatch):
    """Threads of this process take turns: they would share their random numbers."""
    configs = [replace(TINY, cell=cell, seed=seed) for cell in ("LSTM", "GRU", "RNN") for seed in (0, 1)]
    monkeypatch.setattr(the_module, "room_for_workers", lambda: 1)  # one process begins sooner than two
    here = sweep(configs, folder=tmp_path / "here", job=sweep_jobs.train_and_be_interrupted)
    there = sweep(configs, threads, folder=tmp_path / "there")
    assert here == there
    assert set(statuses(here)) == {"finished"}
    assert len({row["test"] for row in here}) == len(configs)


NUMBERS = {  # of RESULTS_VERSION 4: val, test
    "LSTM": (2.46615, 2.47726),
    "GRU": (2.33379, 2.37535),
    "RNN": (2.30041, 2.32261),
}


@pytest.mark.parametrize("cell", NUMBERS)
def test_a_run_gives_the_numbers_of_this_version_and_leaves_threads_and_random_numbers_alone(cell):
    config = TrainConfig(100, 8, 16, learning_rate=0.02, warmup=10, clip=0.2, validate_every=50)  # a clip that counts
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    row = train_once(RunConfig(cell, 8, text="tales", train=config, watched=2000))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert (row["val"], row["test"]) == pytest.approx(NUMBERS[cell], rel=1e-3), (
        "raise RESULTS_VERSION in experiments/sweeps.py (and put the new numbers here), or find out what changed"
    )


NOTEBOOK = """
import json, sys
import torch
from torch import nn
from charrnn_helpers import TrainConfig
from charrnn_helpers.experiments import RunConfig, sweep
from charrnn_helpers.networks import CELLS, Cell, register

{cell}

register(Cell("MGU", MinimalCell, "fn", memory="h", keep_gate="f", candidate="n"))
train = TrainConfig(updates=3, streams=2, window=5, validate_every=2)
configs = [RunConfig("MGU", 8, text="assignment", train=train)]
print(json.dumps([sweep(configs, folder=sys.argv[1], progress=False), CELLS["MGU"].cell_class is MinimalCell]))
"""


def test_a_cell_that_a_notebook_registered_is_swept_in_processes_that_never_saw_it(tmp_path, threads, monkeypatch):
    """Its class stands in `__main__`, which has no file, as in a notebook."""
    script = NOTEBOOK.format(cell=inspect.getsource(MinimalCell))
    run = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "there"], text=True, capture_output=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    there, kept = json.loads(run.stdout)
    assert statuses(there) == ["finished"], there
    assert kept  # the class of the notebook stays the registered one

    monkeypatch.setitem(CELLS, "MGU", None)  # taken out again at the end
    register(ROW)
    here = sweep([replace(TINY, cell="MGU")], threads, folder=tmp_path / "here")
    assert [row["val"] for row in here] == [row["val"] for row in there]


def test_a_cell_of_ones_own_is_run_again_when_its_code_changes(options, tmp_path, monkeypatch):
    monkeypatch.setitem(CELLS, "MGU", None)
    config = replace(TINY, cell="MGU")
    register(ROW)
    first = key_of(config)

    class Changed(MinimalCell):
        def forward(self, x, h):
            return 0.9 * super().forward(x, h)

    register(replace(ROW, cell_class=Changed))
    assert key_of(config) != first
    register(ROW)
    assert key_of(config) == first


def test_whatever_decides_a_number_makes_another_key_and_nothing_else(monkeypatch, tmp_path):
    other = replace(TINY, seed=np.int64(3), train=replace(TINY.train, seed=7))
    assert key_of(other) == key_of(replace(TINY, seed=3))
    assert replace(TINY, text=Path("tales")).text == "tales"

    own = tmp_path / "own.txt"
    own.write_text("a text of my own, once more " * 10)
    others = [replace(TINY, seed=1), replace(TINY, text="tales"), replace(TINY, train=replace(TINY.train, clip=2.0))]
    keys = [key_of(config) for config in (TINY, *others, replace(TINY, text=own))]
    own.write_text("another text, of other words " * 10)
    keys.append(key_of(replace(TINY, text=own)))
    monkeypatch.setattr(the_module, "RESULTS_VERSION", 0)
    keys.append(key_of(TINY))
    monkeypatch.setattr(torch, "__version__", "another")
    keys.append(key_of(TINY))
    assert len(set(keys)) == len(keys) == 8


def test_a_run_that_fails_is_a_row_with_its_error_and_is_tried_again(options, tmp_path):
    options["job"] = partial(sweep_jobs.awkward, tmp_path)
    with pytest.warns(UserWarning, match=r"3 run\(s\) failed"):
        rows = sweep(CONFIGS, **options)
    assert statuses(rows) == ["finished", "failed", "failed", "failed"]
    assert [row["error"] for row in rows[1:3]] == ["KeyError: 'no such thing'", "SystemExit: 3"]
    assert rows[3]["error"].startswith("ValueError")
    assert files(tmp_path) == [f"{rows[0]['key']}.json"]
    with pytest.warns(UserWarning, match=r"2 run\(s\) failed"):
        assert statuses(sweep(CONFIGS, **options)) == ["finished", "finished", "failed", "failed"]
    assert times_run(tmp_path) == {0: 1, 1: 2, 2: 2, 3: 2}


def test_a_loss_that_is_no_longer_a_number_is_a_result(threads, tmp_path):
    wild = replace(TINY, train=replace(TINY.train, learning_rate=1e38, warmup=0))
    rows = sweep([wild, TINY], threads, folder=tmp_path)
    assert statuses(rows) == ["diverged", "finished"]
    assert "is not a number" in rows[0]["error"]
    written = (tmp_path / f"{rows[0]['key']}.json").stat().st_mtime_ns
    assert sweep([wild], threads, folder=tmp_path) == rows[:1]
    assert (tmp_path / f"{rows[0]['key']}.json").stat().st_mtime_ns == written  # kept, and not made again


@NO_SIGKILL
def test_a_killed_worker_fails_what_is_not_finished_and_the_next_call_goes_on(threads, tmp_path):
    with pytest.warns(UserWarning, match="its worker was lost .*the same call tries them again"):
        rows = sweep(CONFIGS, folder=tmp_path, job=partial(sweep_jobs.deadly, tmp_path))
    lost = [row for row in rows if row["status"] == "failed"]
    assert lost
    assert all("its worker was lost" in row["error"] for row in lost)
    assert len(files(tmp_path)) == len(CONFIGS) - len(lost)
    assert values(sweep(CONFIGS, threads, folder=tmp_path, job=partial(sweep_jobs.deadly, tmp_path))) == [0, 2, 4, 6]


SCRIPT = """
import signal, sys
from functools import partial
sys.path.insert(0, {tests!r})
import sweep_jobs
from charrnn_helpers.experiments.sweeps import sweep

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    sweep(sweep_jobs.MANY, folder={folder!r}, job=partial(sweep_jobs.stuck, {folder!r}), progress=False)
"""


@NO_SIGKILL
def test_an_interrupted_sweep_waits_for_the_runs_under_way_and_goes_on_when_it_is_called_again(threads, tmp_path):
    script, kept = tmp_path / "script.py", tmp_path / "kept"
    script.write_text(SCRIPT.format(tests=str(Path(__file__).parent), folder=str(kept)))
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen([sys.executable, script], text=True, start_new_session=True, **pipes)
    deadline = time.monotonic() + 120
    while len(list(kept.glob("*.json"))) < 4:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    begun = 0
    while begun < (begun := len(times_run(kept))):  # until every worker has begun another run, which takes for ever
        time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers hear it too
    time.sleep(1)
    (kept / "go-on").touch()
    said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "stopped: the same call goes on" in said[0]
    finished = {path.name: path.read_text() for path in kept.glob("*.json")}
    assert len(finished) == len(times_run(kept))  # no other was begun, and those under way are kept
    before = times_run(kept)
    rows = sweep(MANY, threads, folder=kept, job=partial(sweep_jobs.stuck, str(kept)))
    assert values(rows) == [2 * config.seed for config in MANY]
    after = times_run(kept)
    for config, row in zip(MANY, rows, strict=True):
        if f"{row['key']}.json" in finished:  # not made again, and not written again
            assert after[config.seed] == before[config.seed]
            assert (kept / f"{row['key']}.json").read_text() == finished[f"{row['key']}.json"]
    assert len(list(kept.glob("*.json"))) == len(MANY)


@pytest.mark.parametrize("damage", ['{"key": ', '{"key": "another", "status": "finished"}'], ids=["cut", "other"])
def test_a_corrupt_result_is_made_again_and_the_others_are_not(damage, options, tmp_path):
    rows = sweep(CONFIGS, **options)
    path = tmp_path / f"{rows[2]['key']}.json"
    path.write_text(damage)
    with pytest.warns(UserWarning, match="is damaged"):
        assert sweep(CONFIGS, **options) == rows
    assert times_run(tmp_path) == {0: 1, 1: 1, 2: 2, 3: 1}
    assert json.loads(path.read_text()) == rows[2]
