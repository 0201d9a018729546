"""How much longer do notebooks, and the page, take while another program occupies one core?

    python tests/tools/busy_notebooks.py                     02, 06, 07 and the page; some twelve minutes on two cores
    python tests/tools/busy_notebooks.py --what 05 --rounds 1

Each is run alone and beside one busy process, in turns. The table, in Markdown, gives the medians over the rounds.
`slowest cell` is the code cell that loses most seconds beside the busy process, by its number in the notebook. The
machine should be idle otherwise: a notebook that is "alone" shares it with whatever else runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import nullcontext
from datetime import datetime
from statistics import median

import common
import nbformat
from busy import process
from nbclient import NotebookClient
from regenerate import HOW
from sizes import COURSE, LABORATORY

BUSY = "print(flush=True)\nwhile True: pass"
ALONE, BESIDE = "alone, s", "beside one busy core, s"


def seconds_of(what: str) -> dict[int, float]:
    """Run the notebook whose name starts with `what`, or make the page: seconds of each code cell, and 0 for all."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        began = time.perf_counter()
        if what == "page":
            command = [sys.executable, "-m", "charrnn_helpers.lecturer", "page", f"{folder}/page.html"]
            subprocess.run(command, check=True, capture_output=True)
            return {0: time.perf_counter() - began}
        (path,) = (path for path in (*COURSE, *LABORATORY) if path.name.startswith(what))
        notebook = nbformat.read(path, as_version=4)
        how = {**HOW, "record_timing": True}
        NotebookClient(notebook, resources={"metadata": {"path": folder}}, **how).execute()
        seconds = {0: time.perf_counter() - began}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            times = [cell.metadata.execution[key] for key in ("iopub.execute_input", "shell.execute_reply")]
            start, end = (datetime.fromisoformat(moment.replace("Z", "+00:00")) for moment in times)
            seconds[len(seconds)] = (end - start).total_seconds()
    return seconds


def compare(what: str, seconds: dict[str, list[dict[int, float]]]) -> dict:
    """Return a row of the table from the `seconds` of each round, alone and beside the busy process."""
    alone, beside = (
        {cell: median(each[cell] for each in seconds[where]) for cell in seconds[where][0]} for where in (ALONE, BESIDE)
    )
    row = {"what": what, ALONE: alone[0], BESIDE: beside[0], "times": beside[0] / alone[0], "slowest cell": ""}
    if len(alone) > 1:
        cell = max([*alone][1:], key=lambda cell: beside[cell] - alone[cell])
        row["slowest cell"] = f"[{cell}] {alone[cell]:.1f} s, then {beside[cell]:.1f} s"
    return row


def in_markdown(rows: list[dict]) -> str:
    """Return rows as a table in Markdown, numbers with one or two digits after the point."""

    def cell(key: str, value) -> str:
        return value if isinstance(value, str) else f"{value:.2f}" if key == "times" else f"{value:.1f}"

    lines = [list(rows[0]), ["---"] * len(rows[0]), *([cell(*item) for item in row.items()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, rounds=2, what=["02", "06", "07", "page"])
    if set_here := [name for name in os.environ if name.startswith("OMP_")]:
        raise SystemExit(f"unset {' and '.join(set_here)}: a class does not set how PyTorch's threads work")
    seconds: dict = {what: defaultdict(list) for what in options.what}
    for _ in range(options.rounds):
        for what in options.what:
            for where, other in ((ALONE, nullcontext()), (BESIDE, process(BUSY))):
                with other:
                    seconds[what][where].append(seconds_of(what))
    result = {"machine": common.machine("cpu"), "rows": [compare(what, seconds[what]) for what in options.what]}
    print(f"{result['machine']}; {options.rounds} rounds\n\n{in_markdown(result['rows'])}")
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
