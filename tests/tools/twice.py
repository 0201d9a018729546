"""Run each notebook's cells twice in one kernel: a class runs cells again, and a second run must not break.

    python tests/tools/twice.py           all of them, one after the other: half an hour on two idle cores
    python tests/tools/twice.py 03 05     those whose names start so

Each kernel works in a folder of its own. An error, or a claim that does not hold in either run, is printed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from copy import deepcopy
from pathlib import Path

import nbformat
from claims import claims_of
from sizes import COURSE, LABORATORY


def main(prefixes: list[str]) -> int:
    """The number of notebooks in which something did not hold."""
    broken = 0
    for path in (*COURSE, *LABORATORY):
        if not path.name.startswith(tuple(prefixes)):
            continue
        began = time.monotonic()
        notebook = nbformat.read(path, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for cell in notebook.cells:
            cell.outputs = []
        notebook.cells += deepcopy(notebook.cells)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            failed = [words for words, mark in claims_of(notebook, Path(folder)).items() if mark == "✗"]
        broken += bool(failed)
        print(f"{path.stem}: {time.monotonic() - began:.0f} s", *failed, sep="\n  ✗ ", flush=True)
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [""]))
