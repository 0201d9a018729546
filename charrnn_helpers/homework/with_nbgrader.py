"""Let nbgrader mark homework as `mark` does: `lecturer homework --nbgrader` writes a course that is configured so."""

import re
import tempfile
from pathlib import Path

import nbformat
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool, Int

from ..exercises.engine import EXERCISES, judge
from .answers import load_answer
from .marking import run_file
from .prepare import exercises_of

CONFIGURATION = """from charrnn_helpers.homework.with_nbgrader import RunAnswers
from nbgrader.converters import Autograde

c = get_config()
usual = Autograde.autograde_preprocessors.default()
c.Autograde.autograde_preprocessors = [RunAnswers, *usual[1:]]  # the first of them would run the whole notebook
"""
GRADED = """# nbgrader marks exercise {number} here
### BEGIN HIDDEN TESTS
check("{number}", {answer}).points
### END HIDDEN TESTS"""
MARKED = re.compile(r'^check\("(\w+)", (.+)\)\.points$', re.MULTILINE)


def add_grade_cells(notebook) -> None:
    """Add a cell below each exercise in which nbgrader shows its points. In the students' copies it is empty."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        for number, answer in exercises_of(nbformat.v4.new_notebook(cells=[cell])).items():
            marks = {"schema_version": 3, "grade_id": f"exercise-{number}", "points": 1, "cell_type": "code"}
            marks |= {"grade": True, "locked": True, "solution": False, "task": False}
            source = GRADED.format(number=number, answer=answer)
            cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": marks}))
    notebook.cells = cells


def write_configuration(folder: Path) -> Path:
    """Write the file by which nbgrader runs notebooks as `RunAnswers` does; its path."""
    (folder / "nbgrader_config.py").write_text(CONFIGURATION, encoding="utf-8")
    return folder / "nbgrader_config.py"


class RunAnswers(Preprocessor):
    """Run the answers in a process with the limits of `mark`, and write points and mistakes into nbgrader's cells."""

    enabled = Bool(True)
    seconds = Int(20, help="of a processor, for one notebook").tag(config=True)
    gigabytes = Int(8, help="of memory, for one notebook").tag(config=True)

    def preprocess(self, notebook, resources):
        names, graded = {}, {}
        for cell in notebook.cells:
            for number, answer in MARKED.findall(cell.source if "nbgrader" in cell.metadata else ""):
                names[number], graded[number] = answer, cell
        written = [cell for cell in notebook.cells if "nbgrader" not in cell.metadata]
        with tempfile.TemporaryDirectory() as made:
            path = Path(made, "written.ipynb")
            nbformat.write(nbformat.v4.new_notebook(cells=written), path)
            marks, files = run_file(path, names, Path(made, "answers"), self.seconds, self.gigabytes)
            for number, file in files.items():
                result = judge(EXERCISES[number], load_answer(file))
                marks[number] = result.state, result.points, result.mistake
        for number, cell in graded.items():
            state, points, mistake = marks[number]
            said = nbformat.v4.new_output("stream", text=f"{number}: {mistake or state}\n")
            cell.outputs = [said, nbformat.v4.new_output("execute_result", {"text/plain": str(points)})]
        return notebook, resources
