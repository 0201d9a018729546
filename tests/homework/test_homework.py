"""Homework is handed out without solutions, and what a class hands in is marked, whatever it is."""

import handed_in
import nbformat

from charrnn_helpers import lecturer
from charrnn_helpers.homework import marking
from charrnn_helpers.homework.prepare import exercises_of, prepare

OK = ("solved", 1, "")
NOTEBOOKS = lecturer.list_notebooks()


def notebook_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def prepared(*sources, **options):
    """What otter would run of cells with these sources, where the exercises are 1a and 1b."""
    notebook, unreadable = prepare(notebook_of(*sources), {"1a": "pair", "1b": "windows"}, **options)
    return "\n".join(cell.source for cell in notebook.cells[1:]), unreadable


def test_every_exercise_of_the_notebooks_is_found_with_the_name_of_its_answer():
    found = {}
    for path in NOTEBOOKS:
        found |= exercises_of(nbformat.read(path, as_version=4))
    assert {*found} == {*handed_in.EXERCISES}
    assert (found["2a"], found["9b"]) == ("MyLSTMCell", "gain")


def test_copies_to_hand_out_do_not_speak_of_solutions_and_say_as_much_as_is_wanted(tmp_path):
    lecturer.main(["homework", str(tmp_path / "homework"), "0", "--say", "right"])
    copies = sorted((tmp_path / "homework" / "students").glob("*.ipynb"))
    assert [path.name for path in copies] == [path.name for path in NOTEBOOKS if path.name[0] == "0"]
    for path in copies:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert "solution" not in " ".join(cell.source for cell in notebook.cells if "import" in cell.source)
        assert "solution(" not in " ".join(cell.source for cell in notebook.cells)
        for cell in handed_in.exercise_cells(notebook):
            assert 'say="right")' in cell.source
            assert f"exercise-{handed_in.number_of(cell)}" in cell.metadata.tags
        panels = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith("panels.")]
        assert all("otter_ignore" in cell.metadata.tags for cell in panels)


def test_of_a_notebook_only_the_answers_and_what_they_need_are_run():
    heavy, helper, other = "x = train()\nmodel.fit()", "import a, b\n\ndef helper(): return a.c + K", "K = 3\nL = 4"
    source, unreadable = prepared(heavy, other, helper, "def pair(ids): return helper()\n\ncheck('1a', pair)")
    assert source.splitlines() == [
        "K = 3", "import a, b", "def helper():", "    return a.c + K", "def pair(ids):", "    return helper()",
        "answer_1a = pair",
    ]  # fmt: skip
    assert unreadable == {}
    assert "answer_1b = lambda: 2" in prepared("check('1b', lambda: 2)", "for in")[0]
    source, unreadable = prepared("%time\ncheck('1a', f", "check('1b', g)")
    assert (source, [*unreadable]) == ("answer_1b = g", ["1a"])
    assert prepared("check('1a', f)", "check('1b', g)", only="1a")[0] == "answer_1a = f"


def test_an_exercise_that_is_not_python_or_ends_its_kernel_costs_only_its_own_points(tmp_path, monkeypatch):
    sources = ("check('1a', f", "check('1b', g)", "check('1c', os._exit)")
    nbformat.write(notebook_of(*sources), tmp_path / "01.ipynb")
    monkeypatch.setattr(marking, "_grade", lambda *_: {"1a": ("still open", 0, ""), "1b": OK, "1c": OK})
    rows = marking._mark_file(tmp_path / "01.ipynb", {"1a": "f", "1b": "g", "1c": "h"}, tmp_path, 1, 1)
    assert [row["state"] for row in rows] == ["unreadable", "solved", "solved"]
    assert rows[0]["mistake"].startswith("line 1 of the cell is not Python: ")
    both = {"1b": OK, "1c": ("still open", 0, "")}  # what otter says of a notebook that lacks 1c
    monkeypatch.setattr(marking, "_grade", lambda given, *_: {} if "answer_1c" in str(given) else both)
    rows = marking._mark_file(tmp_path / "01.ipynb", {"1a": "f", "1b": "g", "1c": "h"}, tmp_path, 1, 1)
    assert [row["state"] for row in rows] == ["unreadable", "solved", "stopped"]
