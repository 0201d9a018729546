"""The marks of a class: each notebook is run in a process with limits, and otter-grader marks what its answers gave."""

import csv
import hashlib
import importlib.util
import io
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import nbformat

from ..base.files import atomic_file
from .answers import RUNNING, end, record_answers
from .prepare import CHECK, exercises_of, steps_of, write_tests
from .report import as_html, for_student

FIELDS = ("student", "notebook", "exercise", "state", "points", "mistake", "file")
ENDED = "it ended its process, perhaps because it needed too much memory"
WORKED = "it used more than {} seconds of a processor: does it end?"
SLOW = "it took more than {} seconds"
WAYS = multiprocessing.get_all_start_methods()  # a forked process need not import PyTorch again
PROCESSES = multiprocessing.get_context("forkserver" if "forkserver" in WAYS else "spawn")
PARSING = threading.Lock()  # Python 3.11 fails now and then where two threads parse (CPython's issue 106905)
BATCH, SECONDS = 40, 60  # otter is started for so many notebooks, or for those of so many seconds


def mark(
    folder: Path, originals: list[Path], table: Path, page: Path | None = None, seconds: int = 20, gigabytes: int = 8
) -> list[Path]:
    """Mark the notebooks in `folder`, which holds a folder for each student; return the paths of what is written.

    About once a minute the marks are written to `table`, a CSV file. A second start reads this file, and marks only
    the notebooks that have no rows there, or that have changed since. `page` is an HTML report on the class, and a
    folder beside it holds a page for each student. A notebook may use `seconds` of a processor, four times as many on
    the clock, and `gigabytes` of memory. Where it reaches a limit, or ends its process, it is run again without the
    cell or the answer that did this, so that the other answers keep their points. Raises `ValueError` if nothing was
    handed in, or otter-grader is not installed.
    """
    if not importlib.util.find_spec("otter"):
        raise ValueError('otter-grader is not installed: pip install "otter-grader>=7,<8"')
    PROCESSES.set_forkserver_preload(["charrnn_helpers.homework.answers"])
    names = {path.stem: exercises_of(nbformat.read(path, as_version=4)) for path in originals}
    files = [path for path in sorted(folder.glob("*/**/*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
    if not files:
        raise ValueError(f"there is no notebook in the folders of {folder}; it needs a folder for each student")
    rows = [*csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))] if table.exists() else []
    with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:  # some only wait
        waiting = {}
        for position, path in enumerate(files):
            student, *parts = path.relative_to(folder).parts
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            known = {"student": student, "notebook": "/".join(parts), "file": digest}
            if any(known.items() <= row.items() for row in rows):
                continue
            rows = [row for row in rows if (row["student"], row["notebook"]) != (student, known["notebook"])]
            own = names.get(_original_of(path, names), {})
            waiting[pool.submit(run_file, path, own, Path(made, str(position)), seconds, gigabytes)] = known
        print(f"{len(waiting)} of {len(files)} notebooks have no marks yet", file=sys.stderr, flush=True)
        batch, begun = [], time.monotonic()
        try:
            for done, work in enumerate(as_completed(waiting), start=1):
                batch.append((waiting[work], *work.result()))
                print(f"{done} of {len(waiting)}:", *waiting[work].values(), file=sys.stderr, flush=True)
                if len(batch) == BATCH or done == len(waiting) or time.monotonic() > begun + SECONDS:
                    print(f"otter-grader judges {len(batch)} of them …", file=sys.stderr, flush=True)
                    rows = sorted([*rows, *_mark_batch(batch)], key=lambda row: [row[field] for field in FIELDS[:3]])
                    with atomic_file(table) as file:
                        file.write(_as_csv(rows).encode())
                    batch, begun = [], time.monotonic()
        except BaseException:  # it was stopped, for example
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                end(process.pid)
            raise
    if not page:
        return [table]
    students = sorted({path.name for path in folder.iterdir() if path.is_dir()}.union(row["student"] for row in rows))
    own = page.with_name(f"{page.stem}-students")
    own.mkdir(parents=True, exist_ok=True)
    pages = {page: as_html(rows, students)} | {own / f"{name}.html": for_student(name, rows) for name in students}
    for path, text in pages.items():
        with atomic_file(path) as file:
            file.write(text.encode())
    return [table, page, own]


def _as_csv(rows: list[dict]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _original_of(path: Path, names: dict[str, dict[str, str]]) -> str:
    """Tell by its exercises, or else by its name, which notebook of the course a file is; "" if it is none."""
    asked = {*CHECK.findall(path.read_text(encoding="utf-8", errors="replace").replace('\\"', '"'))}
    best = max(names, key=lambda stem: len(asked & names[stem].keys()))
    return best if asked & names[best].keys() else next((stem for stem in names if stem in path.stem), "")


def run_file(path: Path, names: dict[str, str], folder: Path, *limits: int) -> tuple[dict, dict]:
    """Run one notebook; return marks of the exercises that gave nothing, and files with what the others gave.

    A file that is no notebook of the course has a single mark.
    """
    if not names:
        return {"": ("unreadable", 0.0, "this is no notebook of the course")}, {}
    try:
        with PARSING:
            steps, unreadable = steps_of(nbformat.read(path, as_version=4), names)
    except Exception as error:  # a file may hold anything
        steps, unreadable = [], dict.fromkeys(names, f"this is not a notebook: {error}")
    folder.mkdir()
    stopped = dict.fromkeys(unreadable, "")  # reasons, by exercise or step
    reason = ENDED
    while steps:
        guilty, reason = _run(steps, names, [*stopped], folder, *limits)
        if not guilty or guilty in stopped:  # all was run, or it did not even begin
            break
        stopped |= dict.fromkeys([guilty, *(steps[int(guilty)][0] if guilty.isdigit() else ())], reason)
    files = {number: folder / number for number in names if number not in stopped}
    files = {number: file for number, file in files.items() if file.is_file() and not file.is_symlink()}
    marks = dict.fromkeys({*names}.difference(*(numbers for numbers, _ in steps)), ("still open", 0.0, ""))  # no cell
    marks |= {number: ("unreadable", 0.0, problem) for number, problem in unreadable.items()}
    missing = {number: ("stopped", 0.0, stopped.get(number, reason)) for number in names if number not in files}
    return missing | marks, files


def _run(steps: list, names: dict[str, str], skipped: list[str], folder: Path, *limits: int) -> tuple[str, str]:
    """Run steps in a process of their own; return the step or exercise that did not end, "" if all did, and why."""
    (folder / RUNNING).write_text("its start")
    process = PROCESSES.Process(target=record_answers, args=(steps, names, skipped, folder, *limits))
    process.start()
    process.join(4 * limits[0])
    slow = process.exitcode is None
    end(process.pid)
    process.join()
    worked = -process.exitcode == getattr(signal, "SIGXCPU", None)
    reason = SLOW.format(4 * limits[0]) if slow else WORKED.format(limits[0]) if worked else ENDED
    return (folder / RUNNING).read_text(), reason


def _mark_batch(batch: list[tuple]) -> list[dict]:
    """Let otter mark what `run_file` returns of some notebooks; return their rows."""
    with tempfile.TemporaryDirectory() as made:
        names = {}
        for position, (_, _, files) in enumerate(batch):
            for number, file in files.items():
                shutil.move(file, Path(made, f"{position}_{number}"))
                names[f"{position}_{number}"] = ""
        marks = {}
        if names:
            write_tests(Path(made, "tests.zip"), names)
            command = [sys.executable, Path(__file__).with_name("with_otter.py"), made]
            ran = subprocess.run(command, capture_output=True, text=True)
            if ran.returncode:
                raise ValueError(f"otter-grader stopped: {ran.stderr.strip().splitlines()[-1]}")
            marks = json.loads(Path(made, "marks.json").read_text(encoding="utf-8"))
    rows = []
    for position, (known, own, files) in enumerate(batch):
        own = own | {number: marks[f"{position}_{number}"] for number in files}
        for number, (state, points, mistake) in own.items():
            rows.append({**known, "exercise": number, "state": state, "points": f"{points:g}", "mistake": mistake})
    return rows
