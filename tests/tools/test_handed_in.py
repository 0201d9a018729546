"""What the students of `handed_in` hand in gets the marks that they have earned."""

import pytest
from handed_in import compare, make_class

from charrnn_helpers import lecturer


def test_otter_marks_a_class_and_goes_on_where_it_was_stopped(tmp_path, capsys):
    pytest.importorskip("otter", reason="otter-grader is a lecturer's tool")
    make_class(tmp_path, ["wrong", "ends_the_kernel", "no_notebook"], ("02",))
    table, page = tmp_path / "marks.csv", tmp_path / "report.html"
    command = ["mark", str(tmp_path / "class"), "--csv", str(table), "--html", str(page)]
    lecturer.main(command)
    assert compare(tmp_path, ("02",)) == []
    assert "2b: you collect c; the output of a step is h (1 of 3)" in page.read_text(encoding="utf-8")
    before = table.read_text(encoding="utf-8")
    (tmp_path / "class" / "02-no_notebook" / "02_lstm.ipynb").write_text("I was ill.")
    capsys.readouterr()
    lecturer.main(command)
    assert capsys.readouterr().err.startswith("1 of 1: 02-no_notebook 02_lstm.ipynb")
    assert table.read_text(encoding="utf-8").splitlines()[:7] == before.splitlines()[:7]
