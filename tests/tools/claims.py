"""Do the claims hold for other networks? Notebooks run with other seeds, and as on a processor without AVX-512.

    python tests/tools/claims.py                       seeds 0 to 3, both sets of instructions: hours
    python tests/tools/claims.py 02 10 --seeds 1 2     these notebooks
    python tests/tools/claims.py --keep FOLDER         goes on where it stopped; networks of 04 lie in FOLDER

Each run begins with 04, whose networks the other notebooks then open, as they open those of a reader. Of every notebook
the cells run up to the last claim, without those that only show something. The table has a row for each claim and a
column for each run: ✓, ✗, or a dash where that claim was not made. A seed is added to all those of the notebook.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import re
import tempfile
import time
from pathlib import Path

import nbformat
from matrix import AVX2
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from sizes import COURSE, LABORATORY, ROOT

INSTRUCTIONS = {"own": {}, "AVX2": AVX2}  # those of this machine, and fewer
TRAINING = [4, 1, 2, 3, 5, 6, 7, 8, 9, 10, 13]  # notebooks that train networks or open those of a reader; 04 first
SHOWS = re.compile(r"(figures\.|panels\.|print|check|hint|solution|progress)\b")
OTHER_SEEDS = """
from dataclasses import replace
import torch
from charrnn_helpers import experiments, measures

def _moved(function, place):
    def with_other_seed(*arguments, seed=0, **options):
        arguments = [*arguments]
        if len(arguments) > place:
            seed = arguments.pop(place)
        return function(*arguments, seed=seed + {seed}, **options)
    return with_other_seed

measures.learn_to_latch = _moved(measures.learn_to_latch, 1)
measures.learn_to_count = _moved(measures.learn_to_count, 2)
experiments.run = _moved(experiments.run, 1)
torch.manual_seed = lambda number, real=torch.manual_seed: real(number + {seed})
experiments.sweep = lambda configs, *arguments, real=experiments.sweep, **options: real(
    [replace(config, seed=config.seed + 1000 * {seed}) for config in configs], *arguments, **options
)
"""


def only_shows(source: str) -> bool:
    """Is the cell nothing but calls that draw, print or mark exercises?"""
    statements = ast.parse(source).body
    return all(isinstance(one, ast.Expr) and SHOWS.match(ast.unparse(one)) for one in statements)


def with_claims(path: Path, seed: int) -> nbformat.NotebookNode:
    """The notebook's cells up to its last claim, without those that only show something, with other seeds."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    while "claim(" not in cells[-1].source:
        cells.pop()
    kept = [cell for cell in cells if "claim(" in cell.source or not only_shows(cell.source)]
    notebook.cells = [nbformat.v4.new_code_cell(OTHER_SEEDS.format(seed=seed)), *kept]
    for cell in notebook.cells:
        cell.outputs = []
    return notebook


def claims_of(notebook: nbformat.NotebookNode, folder: Path, **environment: str) -> dict[str, str]:
    """Run the cells in `folder`, in which they find `runs`: the mark of each claim, and ✗ for an error."""
    options = {"timeout": 7200, "kernel_name": "python3", "resources": {"metadata": {"path": str(folder)}}}
    marks = {}
    try:
        NotebookClient(notebook, **options).execute(env={**os.environ, "PYTHONPATH": str(ROOT), **environment})
    except CellExecutionError as error:
        marks[f"no error ({error.ename}: {error.evalue})"] = "✗"
    for cell in notebook.cells:
        printed = "".join(output.get("text", "") for output in cell.outputs)  # a line may come in two outputs
        for mark, words in re.findall(r"^([✓✗]) (.*)$", printed, re.MULTILINE):
            marks[words] = "✗" if "✗" in (mark, marks.get(words)) else mark
    return marks


def table(found: dict[str, dict[str, str]]) -> str:
    """A row for each claim, a column for each run; `found` has the marks by "notebook run"."""
    runs = list(dict.fromkeys(key.split(" ", 1)[1] for key in found))
    lines = ["| notebook | claim | " + " | ".join(runs) + " |", "|---|---|" + "---|" * len(runs)]
    for notebook in sorted({key.split(" ", 1)[0] for key in found}):
        marks = [found.get(f"{notebook} {run}", {}) for run in runs]
        for words in dict.fromkeys(words for each in marks for words in each):
            lines.append(f"| {notebook} | {words} | " + " | ".join(each.get(words, "-") for each in marks) + " |")
    return "\n".join(lines)


def read(kept: Path) -> dict[str, dict[str, str]]:
    return json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=int, default=TRAINING)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3])
    parser.add_argument("--instructions", nargs="+", choices=INSTRUCTIONS, default=list(INSTRUCTIONS))
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "charrnn-claims")
    options = parser.parse_args()
    kept = options.keep / "claims.json"
    found = read(kept)
    for seed in options.seeds:
        for instructions in options.instructions:
            folder = options.keep / f"{instructions}-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            for number in sorted({4, *options.notebooks}, key=lambda number: number != 4):
                (path,) = (path for path in (*COURSE, *LABORATORY) if path.name.startswith(f"{number:02d}"))
                key = f"{number:02d} {instructions} {seed}"
                if key not in found:
                    began = time.monotonic()
                    marks = claims_of(with_claims(path, seed), folder, **INSTRUCTIONS[instructions])
                    found = read(kept)  # another process may have added to it
                    found[key] = marks
                    kept.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
                    print(f"{key}: {len(marks)} claims in {time.monotonic() - began:.0f} s; these do not hold:")
                    print(*(f"  {words}" for words, mark in marks.items() if mark == "✗"), sep="\n", flush=True)
    print(table(found))


if __name__ == "__main__":
    main()
