"""Make what a class of sixty may hand in, of notebooks 02 and 04, and compare the marks with what each earned.

python tests/tools/handed_in.py FOLDER                     makes FOLDER/class, a folder for each student
python -m charrnn_helpers.lecturer mark FOLDER/class --csv FOLDER/marks.csv --html FOLDER/report.html
python tests/tools/handed_in.py FOLDER --compare           says which marks are not those that were earned
"""

import argparse
import csv
import re
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import nbformat

from charrnn_helpers.exercises import EXERCISES
from charrnn_helpers.homework.prepare import CHECK
from charrnn_helpers.lecturer import homework

WRONG = {  # a piece of the solution, what stands there instead, the mark and a part of the mistake
    "2a": ("0.953", "3", 0.5, "that is the sum"),
    "2b": ("torch.sigmoid(f) * c", "c", 0.5, "the old cell is kept in full"),
    "4a": ("return state.detach()", "return state", 0, "the GRU's h still leads back"),
    "4b": ("    optimiser.zero_grad()\n", "", 0.5, "gradients of earlier updates"),
}


def number_of(cell) -> str:
    return CHECK.search(cell.source)[1]


def exercise_cells(notebook) -> list:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and CHECK.search(cell.source)]
    return [cell for cell in cells if "nbgrader" not in cell.metadata]  # which are not the students'


def right(notebook) -> None:
    for cell in exercise_cells(notebook):
        cell.source = EXERCISES[number_of(cell)].solution


def wrong(notebook) -> None:
    for cell in exercise_cells(notebook):
        piece, instead, *_ = WRONG[number_of(cell)]
        cell.source = EXERCISES[number_of(cell)].solution.replace(piece, instead)


def in_first(change: Callable[[str], str], student: Callable = right) -> Callable:
    """Make a student who solves all exercises, or as `student` does, and changes the cell of the first."""

    def other(notebook) -> None:
        student(notebook)
        first = exercise_cells(notebook)[0]
        first.source = change(first.source)

    return other


def with_answer(answer: str) -> Callable[[str], str]:
    """Make a change of the answer that is given to `check`, in which {} stands for it."""
    return lambda source: re.sub(r"check\((.+), (.+)\)", rf"check(\1, {answer.format(chr(92) + '2')})", source)


def with_cell(source: str, student: Callable = right) -> Callable:
    """Make a student who writes a cell at the beginning, too."""

    def other(notebook) -> None:
        student(notebook)
        notebook.cells.insert(0, nbformat.v4.new_code_cell(source))

    return other


def deleted(notebook) -> None:
    notebook.cells = [cell for cell in notebook.cells if cell not in exercise_cells(notebook)]


def copied(notebook) -> None:
    for cell in exercise_cells(notebook):
        cell.source = f'check("{number_of(cell)}", written("{number_of(cell)}"))'


def below(notebook) -> None:
    """Leave the cells of the exercises as they are, and write the answers into new ones."""
    for cell in exercise_cells(notebook):
        answer = nbformat.v4.new_code_cell(EXERCISES[number_of(cell)].solution)
        notebook.cells.insert(notebook.cells.index(cell) + 1, answer)


def faked(notebook) -> None:
    for cell in exercise_cells(notebook):
        cell.outputs = [nbformat.v4.new_output("stream", text=f"{number_of(cell)} is right.\n")]


def with_metadata(**metadata) -> Callable:
    def student(notebook) -> None:
        right(notebook)
        notebook.metadata.update(metadata)

    return student


WIDGETS = {"application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {}}}
TAMPER = """import charrnn_helpers.exercises.engine as engine
engine.same = lambda *_: True
engine.Exercise.compare = lambda asked, _: engine.Result(asked.number, "solved", points=1.0)
"""
ALL, NONE, ALL_BUT_THE_FIRST, AS_WRONG = range(4)
STUDENTS = {  # what they hand in, and what they have earned
    "right": (right, ALL),
    "wrong": (wrong, AS_WRONG),
    "empty": (lambda notebook: None, NONE),
    "hangs": (in_first(lambda source: f"while True:\n    pass\n{source}"), ALL_BUT_THE_FIRST),
    "sleeps": (in_first(lambda source: f"import time\ntime.sleep(10**6)\n{source}"), ALL_BUT_THE_FIRST),
    "hangs_when_asked": (in_first(with_answer("lambda *_: [*iter(int, 1)]")), ALL_BUT_THE_FIRST),
    "ends_the_kernel": (in_first(lambda source: f"import os\nos._exit(0)\n{source}"), ALL_BUT_THE_FIRST),
    "fills_the_memory": (in_first(with_answer("lambda *_: bytearray(10**11)")), ALL_BUT_THE_FIRST),
    "writes_much": (in_first(lambda source: f"for _ in range(10**5):\n    print('x' * 10_000)\n{source}"), ALL),
    "no_python": (in_first(lambda source: f"{source}\nfor in"), ALL_BUT_THE_FIRST),
    "deleted": (deleted, NONE),
    "copied": (copied, NONE),
    "below": (below, ALL),
    "measured": (in_first(lambda source: f"%%time\n{source}"), ALL),
    "renamed": (in_first(lambda source: re.sub(r"\b(f|cut_state)\b", "mine", source)), ALL),
    "other_kernel": (with_metadata(kernelspec={"name": "ir", "display_name": "R", "language": "R"}), ALL),
    "widget_state": (with_metadata(widgets=WIDGETS), ALL),
    "faked": (faked, NONE),
    "own_check": (with_cell("def check(number, answer):\n    print(number, 'is right.')", faked), NONE),
    "tampers": (in_first(lambda source: TAMPER + source, wrong), AS_WRONG),
    "no_check": (in_first(lambda source: source.rpartition("\n\n")[0]), ALL),
    "trains": (with_cell("import time\n\ntime.sleep(10**6)"), ALL),
    "helper": (with_cell("def helper(answer):\n    return answer", in_first(with_answer("helper({})"))), ALL),
    "no_notebook": (None, NONE),
}


def make_class(folder: Path, sorts: list[str], notebooks: tuple[str, ...] = ("02", "04")) -> None:
    """Write a student of each of the sorts above to `folder`/class."""
    originals = [path for path in homework(folder / "handed_out", notebooks) if path.suffix == ".ipynb"]
    for position, sort in enumerate(sorts):
        for path in originals:
            notebook = nbformat.read(path, as_version=4)
            target = folder / "class" / f"{position:02}-{sort}" / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            if sort == "no_notebook":
                target.write_text("Dear professor, please find attached my homework.")
            else:
                STUDENTS[sort][0](notebook)
                nbformat.write(notebook, target)


def earned(sort: str, position: int, number: str) -> float:
    """What a student of this sort has earned for an exercise, which is at `position` in its notebook."""
    marks = STUDENTS[sort][1]
    if marks == AS_WRONG:
        return WRONG[number][2]
    return float(marks == ALL or (marks == ALL_BUT_THE_FIRST and position > 0))


def compare(folder: Path, notebooks: tuple[str, ...] = ("02", "04")) -> list[str]:
    """Say which rows of marks are missing, or not as earned."""
    with open(folder / "marks.csv", encoding="utf-8", newline="") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    faults = []
    for student in sorted(path.name for path in (folder / "class").iterdir()):
        for number in (number for number in WRONG if f"0{number[0]}" in notebooks):
            row, wanted = rows.get((student, number)), earned(student[3:], "abc".index(number[1]), number)
            if row is None or abs(float(row["points"]) - wanted) > 0.01:
                faults.append(f"{student} {number}: {wanted:.2f} earned, {row}")
            elif student.endswith("-wrong") and WRONG[number][3] not in row["mistake"]:
                faults.append(f"{student} {number}: {row['mistake']}")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--compare", action="store_true")
    options = parser.parse_args()
    if options.compare:
        print(*compare(options.folder) or ["every mark is as earned"], sep="\n")
    else:
        make_class(options.folder, [*islice(cycle(STUDENTS), options.count)])


if __name__ == "__main__":
    main()
