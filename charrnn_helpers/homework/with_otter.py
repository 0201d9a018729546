"""Let otter-grader mark what was recorded of many notebooks. `marking` starts this file as a process."""

import json
import sys
from pathlib import Path

import nbformat


def grade(folder: Path) -> dict[str, tuple]:
    """Return state, points and mistake by the name of each test in `folder`/tests.zip.

    They judge the answers that `load_answers` finds in the folder. No code of a student is run.
    """
    from otter.api import grade_submission

    source = "from charrnn_helpers.homework.answers import load_answers\n"
    cell = nbformat.v4.new_code_cell(f"{source}globals().update(load_answers({str(folder)!r}))")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "answers.ipynb")
    marks = {}
    graded = grade_submission(str(folder / "answers.ipynb"), str(folder / "tests.zip"), quiet=True)
    for name, test in graded.results.items():
        mistakes = [
            case.message.partition("AssertionError: ")[2].strip() for case in test.test_case_results if not case.passed
        ]
        state = "solved" if not mistakes else "tried" if mistakes[0] != "still open" else "still open"
        marks[name] = state, round(test.score, 3), mistakes[0][:1000] if state == "tried" else ""
    return marks


if __name__ == "__main__":
    Path(sys.argv[1], "marks.json").write_text(json.dumps(grade(Path(sys.argv[1]))), encoding="utf-8")
