"""Homework is handed out without solutions, and what a class hands in is marked, whatever it is."""

import re

import handed_in
import nbformat

from charrnn_helpers import lecturer
from charrnn_helpers.homework import marking
from charrnn_helpers.homework.prepare import exercises_of, steps_of

NOTEBOOKS = lecturer.list_notebooks()


def notebook_of(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def code_of(*sources):
    """What is run of cells with these sources, where the exercises are 1a and 1b."""
    steps, unreadable = steps_of(notebook_of(*sources), {"1a": "pair", "1b": "windows"})
    return "\n".join(source for _, source in steps if source), unreadable


def test_every_exercise_of_the_notebooks_is_found_with_the_name_of_its_answer():
    found = {}
    for path in NOTEBOOKS:
        found |= exercises_of(nbformat.read(path, as_version=4))
    assert {*found} == {*handed_in.EXERCISES}
    assert (found["2a"], found["2b"], found["9b"]) == ("f", "MyLSTMCell", "gain")


def test_copies_to_hand_out_do_not_speak_of_solutions_and_say_as_much_as_is_wanted(tmp_path):
    lecturer.main(["homework", str(tmp_path / "homework"), "0", "--say", "right"])
    copies = sorted((tmp_path / "homework" / "students").rglob("*.ipynb"), key=lambda path: path.name)
    assert [path.name for path in copies] == [path.name for path in NOTEBOOKS if path.name[0] == "0"]
    for path in copies:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert "solution" not in " ".join(cell.source for cell in notebook.cells if "import" in cell.source)
        assert "solution(" not in " ".join(cell.source for cell in notebook.cells)
        assert not any(re.search(r"hint[^.]+ shows our", cell.source) for cell in notebook.cells)  # half a sentence
        for cell in handed_in.exercise_cells(notebook):
            assert 'say="right")' in cell.source
            assert f"exercise-{handed_in.number_of(cell)}" in cell.metadata.tags
        panels = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith("panels.")]
        assert all("otter_ignore" in cell.metadata.tags for cell in panels)


def test_of_a_notebook_only_the_answers_and_what_they_need_are_run():
    heavy, helper, other = "x = train()\nmodel.fit()", "import a, b\n\ndef helper(): return a.c + K", "K = 3\nL = 4"
    source, unreadable = code_of(heavy, other, helper, "def pair(ids): return helper()\n\ncheck('1a', pair)")
    assert source.splitlines()[::2] == ["K = 3", "def helper():", "def pair(ids):", "answer_1a = pair"]
    assert not unreadable
    assert "answer_1b = lambda: 2" in code_of("check('1b', lambda: 2)", "for in")[0]
    source, unreadable = code_of("%time\ncheck('1a', f", "check('1b', g)")
    assert (source, [*unreadable]) == ("answer_1b = g", ["1a"])
    assert steps_of(notebook_of("pair = 2"), {"1a": "pair"})[0] == [([], "pair = 2")]  # which may be the course's own


def test_what_is_not_python_or_ends_its_process_costs_only_its_own_points(tmp_path, monkeypatch):
    def parse(*given):
        assert marking.PARSING.locked()  # because two threads that parse disturb each other in Python 3.11
        return steps_of(*given)

    def run(steps, _, skipped, folder):
        for position, (numbers, source) in enumerate(steps):
            if "_exit" in source and str(position) not in skipped:
                return str(position), "it ended"
            for number in {*numbers} - {*skipped}:
                (folder / number).touch()
        return "", ""

    nbformat.write(notebook_of("check('1a', f", "check('1b', os._exit)", "check('1c', h)"), tmp_path / "01.ipynb")
    monkeypatch.setattr(marking, "steps_of", parse)
    monkeypatch.setattr(marking, "_run", run)
    marks, files = marking.run_file(tmp_path / "01.ipynb", dict.fromkeys(["1a", "1b", "1c"], ""), tmp_path / "made")
    assert {number: mark[0] for number, mark in marks.items()} == {"1a": "unreadable", "1b": "stopped"}
    assert marks["1b"][2] == "it ended"
    assert marks["1a"][2].startswith("line 1 of the cell is not Python: ")
    assert [*files] == ["1c"]
