"""What the students of `handed_in` hand in gets the marks that they have earned."""

import csv
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from handed_in import STUDENTS, WRONG, compare, earned, make_class

from charrnn_helpers import lecturer
from charrnn_helpers.homework.with_nbgrader import RunAnswers

SORTS = ["wrong", "tampers", "ends_the_kernel", "no_notebook", "copied", "below", "measured"]


def test_otter_marks_a_class_and_goes_on_where_it_was_stopped(tmp_path, capsys, monkeypatch):
    pytest.importorskip("otter", reason="otter-grader is a lecturer's tool")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    make_class(tmp_path, [*SORTS, "sleeps"], ("02",))
    sleeper = (tmp_path / "class" / "07-sleeps").rename(tmp_path / "sleeper")
    table, page = tmp_path / "marks.csv", tmp_path / "report.html"
    command = ["mark", str(tmp_path / "class"), "--csv", str(table), "--html", str(page)]
    (tmp_path / "class" / "08-nothing").mkdir()
    lecturer.main(command)
    (tmp_path / "class" / "08-nothing").rmdir()
    assert compare(tmp_path, ("02",)) == []
    report = page.read_text(encoding="utf-8")
    assert "2b: the old cell is kept in full: multiply it by f (2 of 7 answers)" in report
    assert "<summary>00-wrong: 02: 1 of 2</summary>" in report
    assert "<summary>08-nothing: nothing was handed in</summary>" in report
    own = (tmp_path / "report-students" / "00-wrong.html").read_text(encoding="utf-8")
    assert "the old cell is kept in full" in own
    assert "01-tampers" not in own
    before = table.read_text(encoding="utf-8").splitlines()

    sleeper.rename(tmp_path / "class" / "07-sleeps")
    killed = subprocess.Popen([sys.executable, "-m", "charrnn_helpers.lecturer", *command, "--seconds", "9999"])
    wait_for(lambda: processes_in(tmp_path), 300)
    killed.kill()
    wait_for(lambda: not processes_in(tmp_path), 60)
    assert table.read_text(encoding="utf-8").splitlines() == before

    capsys.readouterr()
    lecturer.main([*command, "--seconds", "10"])
    assert capsys.readouterr().err.startswith("1 of 8 notebooks have no marks yet\n1 of 1: 07-sleeps 02_lstm.ipynb")
    assert compare(tmp_path, ("02",)) == []
    after = table.read_text(encoding="utf-8").splitlines()
    assert after[: len(before)] == before
    assert len({tuple(row[:3]) for row in csv.reader(after)}) == len(after)


def test_a_course_for_nbgrader_shows_points_and_mistakes(tmp_path):
    lecturer.main(["homework", str(tmp_path), "04", "--nbgrader", "--say", "none"])
    notebook = nbformat.read(tmp_path / "source" / "homework" / "04_training.ipynb", as_version=4)
    STUDENTS["wrong"][0](notebook)
    RunAnswers().preprocess(notebook, {})
    shown = {}
    for cell in notebook.cells:
        if "nbgrader" in cell.metadata:
            said, points = cell.outputs
            shown[said.text[:2]] = float(points.data["text/plain"])
            assert WRONG[said.text[:2]][3] in said.text
    assert shown == pytest.approx({number: earned("wrong", 0, number) for number in ("4a", "4b")})


def test_nbgrader_marks_a_class(tmp_path, monkeypatch):
    pytest.importorskip("nbgrader", reason="nbgrader is a lecturer's tool")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # it calls alembic
    lecturer.main(["homework", str(tmp_path), "02", "--nbgrader"])
    run_nbgrader("generate_assignment", tmp_path)
    released = tmp_path / "release" / "homework" / "02_lstm.ipynb"
    assert "HIDDEN" not in released.read_text(encoding="utf-8")
    sorts = "right", "wrong", "empty", "ends_the_kernel"
    for sort in sorts:
        notebook = nbformat.read(released, as_version=4)
        STUDENTS[sort][0](notebook)
        (tmp_path / "submitted" / sort / "homework").mkdir(parents=True)
        nbformat.write(notebook, tmp_path / "submitted" / sort / "homework" / released.name)
    run_nbgrader("autograde", tmp_path)
    run_nbgrader("generate_feedback", tmp_path)

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        for sort in sorts:
            [marked] = book.find_submission("homework", sort).notebooks
            points = {grade.cell.name: grade.auto_score for grade in marked.grades}
            wanted = {f"exercise-2{letter}": earned(sort, "ab".index(letter), f"2{letter}") for letter in "ab"}
            assert points == pytest.approx(wanted), sort
    feedback = (tmp_path / "feedback/wrong/homework/02_lstm.html").read_text(encoding="utf-8")
    assert "2b: the old cell is kept in full" in feedback


def run_nbgrader(command, folder):
    ran = subprocess.run(["nbgrader", command, "homework"], cwd=folder, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def wait_for(happens, seconds):
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.1)


def processes_in(folder):
    """The processes of students: they work in a folder below this one."""
    return [each for each in psutil.process_iter(["cwd"]) if (each.info["cwd"] or "").startswith(f"{folder}{os.sep}")]
