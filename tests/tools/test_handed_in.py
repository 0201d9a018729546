"""What the students of `handed_in` hand in gets the marks that they have earned."""

import csv
import os
import subprocess
import sys
import time

import psutil
import pytest
from handed_in import compare, make_class

from charrnn_helpers import lecturer


def test_otter_marks_a_class_and_goes_on_where_it_was_stopped(tmp_path, capsys, monkeypatch):
    pytest.importorskip("otter", reason="otter-grader is a lecturer's tool")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    make_class(tmp_path, ["wrong", "tampers", "ends_the_kernel", "no_notebook", "sleeps"], ("02",))
    sleeper = (tmp_path / "class" / "04-sleeps").rename(tmp_path / "sleeper")
    table, page = tmp_path / "marks.csv", tmp_path / "report.html"
    command = ["mark", str(tmp_path / "class"), "--csv", str(table), "--html", str(page)]
    lecturer.main(command)
    assert compare(tmp_path, ("02",)) == []
    assert "2b: you collect c; the output of a step is h (2 of 4)" in page.read_text(encoding="utf-8")
    before = table.read_text(encoding="utf-8").splitlines()

    sleeper.rename(tmp_path / "class" / "04-sleeps")
    killed = subprocess.Popen([sys.executable, "-m", "charrnn_helpers.lecturer", *command, "--seconds", "9999"])
    wait_for(lambda: processes_in(tmp_path), 300)
    killed.kill()
    wait_for(lambda: not processes_in(tmp_path), 60)
    assert table.read_text(encoding="utf-8").splitlines() == before

    capsys.readouterr()
    lecturer.main([*command, "--seconds", "10"])
    assert capsys.readouterr().err.startswith("1 of 1: 04-sleeps 02_lstm.ipynb")
    assert compare(tmp_path, ("02",)) == []
    after = table.read_text(encoding="utf-8").splitlines()
    assert after[: len(before)] == before
    assert len({tuple(row[:3]) for row in csv.reader(after)}) == len(after)


def wait_for(happens, seconds):
    until = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < until
        time.sleep(0.1)


def processes_in(folder):
    """The processes of students: they work in a folder below this one."""
    return [each for each in psutil.process_iter(["cwd"]) if (each.info["cwd"] or "").startswith(f"{folder}{os.sep}")]
