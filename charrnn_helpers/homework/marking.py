"""The marks of a class: otter-grader marks each notebook in a process of its own, with limits of time and memory."""

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

import nbformat

from ..base.files import atomic_file
from .prepare import CHECK, exercises_of, prepare, write_tests
from .report import as_html

FIELDS = ("student", "notebook", "exercise", "state", "points", "mistake", "file")
STOPPED = ("stopped", 0.0, "it ran into a limit of time or memory, or ended its kernel")
NO_NETWORK = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")  # where Linux lets a user do this


def mark(
    folder: Path, originals: list[Path], table: Path, page: Path | None = None, seconds: int = 60, gigabytes: int = 8
) -> list[Path]:
    """Mark the notebooks in `folder`, which holds a folder for each student; return the paths of what is written.

    `table` is written as CSV after each notebook, so a second start goes on where the first was stopped: it marks what
    has no rows yet, or has changed. `page` is an HTML report. The limits are `seconds` of a processor (and four times
    as many on the clock) and `gigabytes` for one notebook. One that reaches a limit, or ends its kernel, is marked
    again exercise by exercise, so that the others keep their points. Raises `ValueError` if nothing was handed in.
    """
    names = {path.stem: exercises_of(nbformat.read(path, as_version=4)) for path in originals}
    files = [path for path in sorted(folder.glob("*/**/*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
    if not files:
        raise ValueError(f"there is no notebook in the folders of {folder}; it needs a folder for each student")
    rows = [*csv.DictReader(io.StringIO(table.read_text(encoding="utf-8")))] if table.exists() else []
    with tempfile.TemporaryDirectory() as made, ThreadPoolExecutor(os.cpu_count()) as pool:
        tests, waiting = {}, {}
        for path in files:
            student, *parts = path.relative_to(folder).parts
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            known = {"student": student, "notebook": "/".join(parts), "file": digest}
            if any(known.items() <= row.items() for row in rows):
                continue
            rows = [row for row in rows if (row["student"], row["notebook"]) != (student, known["notebook"])]
            stem = _original_of(path, names)
            if stem not in tests:
                tests[stem] = write_tests(Path(made) / f"{stem}.zip", names.get(stem, {}))
            work = pool.submit(_mark_file, path, names.get(stem, {}), tests[stem], seconds, gigabytes)
            waiting[work] = known
        for done, work in enumerate(as_completed(waiting), start=1):
            rows += [{**waiting[work], **row} for row in work.result()]
            rows.sort(key=lambda row: (row["student"], row["notebook"], row["exercise"]))
            text = io.StringIO(newline="")
            csv.DictWriter(text, FIELDS).writerows([dict(zip(FIELDS, FIELDS, strict=True)), *rows])  # headings first
            with atomic_file(table) as file:
                file.write(text.getvalue().encode())
            print(f"{done} of {len(waiting)}:", *waiting[work].values(), file=sys.stderr, flush=True)
    if page:
        with atomic_file(page) as file:
            file.write(as_html(rows).encode())
    return [path for path in (table, page) if path]


def _original_of(path: Path, names: dict[str, dict[str, str]]) -> str:
    """Tell by its exercises, or else by its name, which notebook of the course a file is; "" if it is none."""
    asked = {*CHECK.findall(path.read_text(encoding="utf-8", errors="replace").replace('\\"', '"'))}
    best = max(names, key=lambda stem: len(asked & names[stem].keys()))
    return best if asked & names[best].keys() else next((stem for stem in names if stem in path.stem), "")


def _mark_file(path: Path, names: dict[str, str], tests: Path, *limits: int) -> list[dict]:
    """Mark one notebook: a row for each of its exercises, or a single one if it is no notebook of the course."""
    try:
        notebook = nbformat.read(path, as_version=4)
        given, unreadable = prepare(notebook, names)
    except Exception as error:  # a file may hold anything
        unreadable = dict.fromkeys(names, f"this is not a notebook: {error}")
    if not names:
        unreadable = {"": "this is no notebook of the course"}
    marks = {}
    if readable := [number for number in names if number not in unreadable]:
        marks = _grade(given, tests, limits)
        for number in readable if not marks else ():
            alone = _grade(prepare(notebook, names, only=number)[0], tests, limits)
            marks[number] = alone.get(number, STOPPED)
    marks |= {number: ("unreadable", 0.0, problem) for number, problem in unreadable.items()}
    fields = ("exercise", "state", "points", "mistake")
    return [dict(zip(fields, (number, *marks.get(number, STOPPED)), strict=True)) for number in names or unreadable]


def _grade(notebook, tests: Path, limits: tuple) -> dict[str, tuple]:
    """Let otter grade a notebook in a process of its own: state, points and mistake by exercise; none if stopped."""
    import psutil  # comes with ipykernel

    able = shutil.which("unshare") and subprocess.run([*NO_NETWORK, "true"], capture_output=True).returncode == 0
    marks = {}
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder) / "notebook.ipynb", Path(folder) / "result.json"
        nbformat.write(notebook, given)
        command = [sys.executable, Path(__file__).with_name("one_notebook.py"), given, tests, result, *limits]
        command = [*(NO_NETWORK if able else ()), *map(str, command)]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "TMPDIR": folder}, **quiet)
        with suppress(subprocess.TimeoutExpired):
            process.wait(4 * limits[0])
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
        process.wait()
        with suppress(OSError, ValueError):
            marks = json.loads(result.read_text(encoding="utf-8"))
    return marks
