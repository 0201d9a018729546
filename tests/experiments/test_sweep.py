"""A sweep loses no result, counts none twice and ends with a complete table, whatever happens on the way."""

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sweep_jobs
import torch
from distributed import Client, LocalCluster

from charrnn_helpers import TrainConfig, train
from charrnn_helpers.experiments import sweep as the_module
from charrnn_helpers.experiments.sweep import RunConfig, _bare, code_version, key_of, train_once
from charrnn_helpers.experiments.sweep import sweep as sweep_with_progress

TINY = RunConfig("GRU", 8, text="assignment", train=TrainConfig(updates=3, streams=2, window=5, validate_every=2))
CONFIGS = [replace(TINY, seed=seed) for seed in range(4)]
NO_SIGKILL = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
TIMES = {"val_seconds", "seconds", "cpu_seconds"}


def sweep(*args, **options):
    return sweep_with_progress(*args, progress=False, **options)


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as running, Client(running) as client:
        yield client


@pytest.fixture(params=["processes", "dask"])
def where(request):
    """Every accident happens on local processes and on a Dask cluster: the options of a sweep."""
    if request.param == "processes":
        return {"workers": 2}
    return {"executor": request.getfixturevalue("cluster").get_executor()}


def values(rows):
    return [row.get("value") for row in rows]


def files(folder):
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("ran-"))


# --- nothing happens ------------------------------------------------------------------------------------------------


def test_rows_come_back_in_the_order_of_the_configurations_and_each_is_kept(where, tmp_path):
    rows = sweep(CONFIGS[::-1], **where, folder=tmp_path, job=partial(sweep_jobs.double, tmp_path))
    assert values(rows) == [6, 4, 2, 0]
    assert [row["config"]["seed"] for row in rows] == [3, 2, 1, 0]
    assert files(tmp_path) == sorted(f"{row['key']}.json" for row in rows)
    assert len({row["key"] for row in rows}) == 4
    assert [json.loads((tmp_path / f"{row['key']}.json").read_text()) for row in rows] == rows


def test_a_second_call_runs_nothing_and_a_grown_sweep_only_what_is_new(where, tmp_path):
    options = {**where, "folder": tmp_path, "job": partial(sweep_jobs.double, tmp_path)}
    first = sweep(CONFIGS[:2], **options)
    assert sweep(CONFIGS[:2], **options) == first
    assert values(sweep(CONFIGS, **options)) == [0, 2, 4, 6]
    assert sweep_jobs.times_run(tmp_path) == {0: 1, 1: 1, 2: 1, 3: 1}


def test_the_same_configuration_twice_is_one_run_and_two_rows(tmp_path):
    rows = sweep([TINY, CONFIGS[1], TINY], workers=1, folder=tmp_path, job=partial(sweep_jobs.double, tmp_path))
    assert rows[0] == rows[2]
    assert sweep_jobs.times_run(tmp_path) == {0: 1, 1: 1}


def test_no_configurations_make_an_empty_table(tmp_path):
    assert sweep([], folder=tmp_path) == []


def test_real_runs_give_the_same_rows_on_processes_and_on_dask(cluster, tmp_path):
    configs = [replace(TINY, cell=cell, seed=seed, dropout=0.5) for cell in ("LSTM", "GRU", "RNN") for seed in (0, 1)]
    here = sweep(configs, workers=2, folder=tmp_path / "here")
    there = sweep(configs, cluster.get_executor(), folder=tmp_path / "there")
    bare = [[{k: v for k, v in row.items() if k not in TIMES} for row in rows] for rows in (here, there)]
    assert bare[0] == bare[1]
    assert {row["status"] for row in here} == {"finished"}
    assert len({row["test"] for row in here}) == len(configs)


# --- what is run ----------------------------------------------------------------------------------------------------


def test_a_run_is_that_of_its_seed_and_leaves_threads_and_random_numbers_alone():
    torch.manual_seed(1)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first, again, other = (train_once(replace(TINY, seed=seed)) for seed in (0, 0, 1))
    assert first["test"] == again["test"] != other["test"]
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN"])
def test_a_run_on_tales_tells_where_the_loss_is(cell):
    row = train_once(RunConfig(cell, 4, train=TrainConfig(updates=2, streams=4, window=8), watched=2000))
    count, mean = row["excess"]["all"]
    parts = [row["excess"][kind] for kind in row["excess"] if kind != "all"]
    assert count == sum(part[0] for part in parts)
    assert mean == pytest.approx(sum(n * m for n, m in parts) / count)
    remembered = sum(
        row["excess"][kind].characters for kind in row["excess"] if kind not in ("all", "free", "spelling")
    )
    assert sum(part.characters for part in row["excess_by_distance"].values()) == remembered


def test_two_runs_in_one_process_take_turns(tmp_path):
    configs = [replace(TINY, seed=seed, dropout=0.5) for seed in range(4)]
    alone = [train_once(config)["test"] for config in configs]
    with ThreadPoolExecutor(3) as threads:
        rows = sweep(configs, threads, folder=tmp_path)
    assert [row["test"] for row in rows] == alone


def test_an_interrupt_of_a_worker_does_not_make_half_a_training_a_result(tmp_path):
    long = replace(TINY, train=replace(TINY.train, updates=400))
    (row,) = sweep([long], workers=1, folder=tmp_path, job=sweep_jobs.train_and_be_interrupted)
    assert row["status"] == "finished"
    assert row["val_updates"][-1] == 400


def test_a_training_that_was_stopped_is_no_result(monkeypatch):
    stop = threading.Event()
    stop.set()
    monkeypatch.setattr(the_module, "train", partial(train, stop=stop))
    with pytest.raises(RuntimeError, match="interrupted after 0 updates"):
        train_once(TINY)


def test_equal_runs_have_equal_keys_however_their_numbers_came():
    other = replace(TINY, seed=np.int64(3), train=replace(TINY.train, seed=7))
    assert key_of(other) == key_of(replace(TINY, seed=3))
    assert replace(TINY, text=Path("tales")).text == "tales"


def test_a_text_that_has_changed_is_another_run(tmp_path):
    path = tmp_path / "own.txt"
    path.write_text("a text of my own, once more " * 10)
    config = replace(TINY, text=path)
    first = key_of(config)
    path.write_text("another text, of other words " * 10)
    assert key_of(config) != first


def test_a_worker_with_another_version_says_so():
    config = replace(TINY, seed=5)
    row = the_module._attempt(train_once, config, ("another", the_module._text_version("assignment")))
    assert row["status"] == "failed"
    assert "another version" in row["error"]


def test_a_job_that_workers_cannot_import_is_refused_at_once(tmp_path):
    for job in (lambda config: {}, partial(lambda folder, config: {}, tmp_path)):
        with pytest.raises(ValueError, match="a module of its own"):
            sweep(CONFIGS, folder=tmp_path, job=job)


def test_key_is_of_configuration_text_and_code(monkeypatch):
    keys = {key_of(TINY), key_of(replace(TINY, seed=1)), key_of(replace(TINY, text="tales"))}
    keys.add(key_of(replace(TINY, train=replace(TINY.train, clip=2.0))))
    monkeypatch.setattr(the_module, "code_version", lambda: "another")
    keys.add(key_of(TINY))
    monkeypatch.setattr(the_module, "_text_version", lambda name: "another")
    keys.add(key_of(TINY))
    monkeypatch.setattr(the_module, "TORCH", "another")
    keys.update((key_of(TINY), key_of(TINY, "another job")))
    assert len(keys) == 8


def test_code_version_is_of_code_and_not_of_comments():
    assert _bare('"""Doc."""\nx = 1  # why\n\n\ndef f():\n    """Doc."""\n    return 2') == _bare(
        "x = 1\ndef f(): return 2"
    )
    assert _bare("x = 1") != _bare("x = 2")
    assert len(code_version()) == 12


# --- accidents ------------------------------------------------------------------------------------------------------


def test_a_run_that_raises_is_a_row_with_its_error_and_is_tried_again(where, tmp_path):
    options = {**where, "folder": tmp_path, "job": partial(sweep_jobs.raise_once, tmp_path)}
    rows = sweep(CONFIGS, **options)
    assert [row["status"] for row in rows] == ["finished", "failed", "finished", "finished"]
    assert rows[1]["error"] == "KeyError: 'no such thing'"
    assert len(files(tmp_path)) == 3
    assert values(sweep(CONFIGS, **options)) == [0, 2, 4, 6]
    assert sweep_jobs.times_run(tmp_path) == {0: 1, 1: 2, 2: 1, 3: 1}


def test_a_loss_that_is_no_longer_a_number_is_a_result(where, tmp_path):
    wild = replace(TINY, train=replace(TINY.train, learning_rate=1e38, warmup=0))
    rows = sweep([wild, TINY], **where, folder=tmp_path)
    assert [row["status"] for row in rows] == ["diverged", "finished"]
    assert "is not a number" in rows[0]["error"]
    written = (tmp_path / f"{rows[0]['key']}.json").stat().st_mtime_ns
    assert sweep([wild], **where, folder=tmp_path) == rows[:1]
    assert (tmp_path / f"{rows[0]['key']}.json").stat().st_mtime_ns == written  # kept, and not made again


def test_a_run_that_ends_its_process_is_a_row_too(tmp_path):
    rows = sweep(CONFIGS[:3], workers=2, folder=tmp_path, job=partial(sweep_jobs.exit_for_one, tmp_path))
    assert [row["status"] for row in rows] == ["finished", "failed", "finished"]
    assert "SystemExit" in rows[1]["error"]


def test_an_executor_that_takes_no_more_runs_gives_rows_that_say_so(tmp_path):
    threads = ThreadPoolExecutor(1)
    threads.shutdown()
    rows = sweep(CONFIGS, threads, folder=tmp_path, job=partial(sweep_jobs.double, tmp_path))
    assert {row["status"] for row in rows} == {"failed"}
    assert "takes no more runs" in rows[0]["error"]


@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupt_while_a_result_is_written_loses_none_and_counts_right(at, tmp_path, monkeypatch, capsys):
    real, calls = the_module._write, []

    def interrupted(folder, row):
        calls.append(row)
        if len(calls) == at:
            raise KeyboardInterrupt
        return real(folder, row)

    monkeypatch.setattr(the_module, "_write", interrupted)
    with ThreadPoolExecutor(4) as threads, pytest.raises(KeyboardInterrupt):
        sweep(CONFIGS, threads, folder=tmp_path, job=partial(sweep_jobs.double, tmp_path))
    kept = len(files(tmp_path))
    assert kept >= at  # the one in hand, too
    said = capsys.readouterr().out
    assert kept == 4 or f"stopped: {kept} of 4 runs are kept" in said


def test_progress_shows_what_is_running_and_what_failed(tmp_path, capsys):
    sweep_with_progress(CONFIGS, workers=2, folder=tmp_path, job=partial(sweep_jobs.raise_once, tmp_path))
    shown = capsys.readouterr().err
    assert "running=2" in shown
    assert "failed=1" in shown
    assert "3/4" in shown


def test_a_result_that_is_not_a_number_does_not_pass(where, tmp_path):
    rows = sweep(CONFIGS[:2], **where, folder=tmp_path, job=partial(sweep_jobs.not_a_number_for_one, tmp_path))
    assert [row["status"] for row in rows] == ["finished", "failed"]
    assert "ValueError" in rows[1]["error"]


@NO_SIGKILL
def test_a_worker_that_is_killed_costs_a_retry_and_not_the_sweep(where, tmp_path):
    rows = sweep(CONFIGS, **where, folder=tmp_path, job=partial(sweep_jobs.die_once, tmp_path))
    assert values(rows) == [0, 2, 4, 6]
    assert sweep_jobs.times_run(tmp_path)[1] == 2
    assert len(files(tmp_path)) == 4


@NO_SIGKILL
def test_a_run_that_kills_every_worker_fails_alone(where, tmp_path):
    rows = sweep(CONFIGS, **where, folder=tmp_path, job=partial(sweep_jobs.die_always, tmp_path))
    assert values(rows) == [0, None, 4, 6]
    assert rows[1]["status"] == "failed"
    assert "worker" in rows[1]["error"]
    assert len(files(tmp_path)) == 3


class _LosesWorkers(ThreadPoolExecutor):
    """As Dask does, gives up what waited on a worker that another run killed: seed 2 with seed 1, the killer."""

    def __init__(self):
        super().__init__(2)
        self.under_way, self.alone = [], []

    def submit(self, attempt, job, config, *rest):
        others = [future for future in self.under_way if not future.done()]
        self.alone.append((config.seed, not others))
        first = [seed for seed, _ in self.alone].count(config.seed) == 1
        if config.seed == 1 or (config.seed == 2 and first):
            future = Future()
            threading.Timer(0.1, future.set_exception, [OSError("4 workers died")]).start()
        else:
            future = super().submit(attempt, job, config, *rest)
        self.under_way.append(future)
        return future


def test_what_an_executor_gave_up_runs_once_more_when_nothing_else_does(tmp_path):
    executor = _LosesWorkers()
    rows = sweep(CONFIGS, executor, folder=tmp_path, job=partial(sweep_jobs.slow, tmp_path))
    assert values(rows) == [0, None, 4, 6]
    assert "4 workers died" in rows[1]["error"]
    assert sorted(executor.alone[4:]) == [(1, True), (2, True)]


@NO_SIGKILL
def test_an_executor_that_breaks_says_what_broke_it(tmp_path):
    """A pool of the caller's does not come back: the rows name the lost worker and not only that it takes no more."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        rows = sweep(CONFIGS[1:2], pool, folder=tmp_path, job=partial(sweep_jobs.die_always, tmp_path))
    assert "worker was lost" in rows[0]["error"]


SCRIPT = """
import sys
from functools import partial
sys.path.insert(0, {tests!r})
import sweep_jobs, test_sweep
from distributed import Client, LocalCluster

if __name__ == "__main__":
    options = {{"workers": 2}}
    if {dask!r}:
        options = {{"executor": Client(LocalCluster(2, threads_per_worker=1, dashboard_address=None)).get_executor()}}
    test_sweep.sweep(test_sweep.MANY, folder={folder!r}, job=partial(sweep_jobs.slow, {folder!r}), **options)
"""
MANY = [replace(TINY, seed=seed) for seed in range(12)]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text() if Path(f"/proc/{pid}").exists() else True


def _interrupts_count():
    """What a shell starts in the background ignores interrupts, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@NO_SIGKILL
@pytest.mark.parametrize("kind", ["processes", "dask"])
@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_a_sweep_that_is_stopped_keeps_what_is_finished_and_goes_on(kind, how, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        SCRIPT.format(tests=str(Path(__file__).parent), dask=kind == "dask", folder=str(tmp_path / "kept"))
    )
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_interrupts_count if os.name == "posix" else None,
    )
    kept = tmp_path / "kept"
    deadline = time.monotonic() + 120
    while len(list(kept.glob("*.json"))) < 3:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(getattr(signal, how))
    said = process.communicate(timeout=60)
    assert process.returncode != 0

    workers = {int(path.name.split("-")[3]) for path in kept.glob("ran-*")}
    while any(map(alive, workers)):  # nobody works on for a sweep that is gone
        assert time.monotonic() < deadline
        time.sleep(0.1)
    finished = {path.name: path.read_text() for path in kept.glob("*.json")}
    assert 3 <= len(finished) < len(MANY)
    if how == "SIGINT":
        assert f"stopped: {len(finished)} of 12 runs are kept" in said[0]
    before = sweep_jobs.times_run(kept)
    rows = sweep(MANY, workers=2, folder=kept, job=partial(sweep_jobs.slow, str(kept)))
    assert values(rows) == [2 * config.seed for config in MANY]
    after = sweep_jobs.times_run(kept)
    for config, row in zip(MANY, rows, strict=True):
        if f"{row['key']}.json" in finished:  # not made again, and not written again
            assert after[config.seed] == before[config.seed]
            assert (kept / f"{row['key']}.json").read_text() == finished[f"{row['key']}.json"]
    assert len(list(kept.glob("*.json"))) == len(MANY)


@pytest.mark.parametrize("room_again", [True, False])
def test_a_full_disk_loses_no_result(where, room_again, tmp_path, monkeypatch, recwarn):
    real, refusals = os.fsync, []

    def fsync(file):
        if not room_again or len(refusals) < 2:
            refusals.append(file)
            raise OSError(errno.ENOSPC, "No space left on device")
        real(file)

    monkeypatch.setattr("charrnn_helpers.training.files.os.fsync", fsync)
    rows = sweep(CONFIGS, **where, folder=tmp_path, job=partial(sweep_jobs.double, tmp_path))
    assert values(rows) == [0, 2, 4, 6]
    warned = [str(w.message) for w in recwarn if "could not be written" in str(w.message)]
    if room_again:
        assert (len(files(tmp_path)), warned) == (4, [])
    else:
        assert files(tmp_path) == []  # nothing in half either
        assert warned[0].startswith("4 result(s)")


@pytest.mark.parametrize("damage", ['{"key": ', '{"key": "another", "status": "finished"}'], ids=["cut", "other"])
def test_a_corrupt_result_is_made_again_and_the_others_are_not(where, damage, tmp_path):
    options = {**where, "folder": tmp_path, "job": partial(sweep_jobs.double, tmp_path)}
    rows = sweep(CONFIGS, **options)
    path = tmp_path / f"{rows[2]['key']}.json"
    path.write_text(damage)
    with pytest.warns(UserWarning, match="is damaged"):
        assert sweep(CONFIGS, **options) == rows
    assert sweep_jobs.times_run(tmp_path) == {0: 1, 1: 1, 2: 2, 3: 1}
    assert json.loads(path.read_text()) == rows[2]


def test_a_folder_that_cannot_be_made_is_said_before_anything_runs(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="cannot be made"):
        sweep(CONFIGS, folder=tmp_path / "file" / "results", job=partial(sweep_jobs.double, tmp_path))
    assert sweep_jobs.times_run(tmp_path) == {}
