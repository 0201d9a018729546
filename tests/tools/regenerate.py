"""Run notebooks from top to bottom in a fresh kernel and save them with their real outputs.

    python tests/tools/regenerate.py              all of them
    python tests/tools/regenerate.py 03 05        those whose names start so
    python tests/tools/regenerate.py 04 --bundle  and put the checkpoints that 04 has just trained into the package
    python tests/tools/regenerate.py --panels 03  runs none: takes the pictures of their panels anew, in a browser

What is saved is what `pytest --nbval` compares: execution counts 1..n, no widget state, no timestamps. An error in an
untagged cell ends it, and of that notebook nothing is saved. Two figures
are also kept as pictures of their own, for the README; what is bundled is for readers who open 05 to 08 first.
"""

from __future__ import annotations

import argparse
import base64
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
RUNS = NOTEBOOKS / "runs"
BUNDLED = ROOT / "charrnn_helpers" / "checkpoints"
HOW = {"timeout": 1200, "kernel_name": "python3", "store_widget_state": False, "record_timing": False}
PICTURES = {
    "horizon.png": ("05_loss_curves", "plot_shares("),
    "answer.png": ("09_fair_trial", "plot_answer("),
}


def tidy(notebook) -> None:
    """What every committed notebook has in common: stable ids, one kernel name, no state of widgets."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03d}"
        cell.metadata.pop("execution", None)
        cell.metadata.pop("ExecuteTime", None)
        if cell.cell_type == "code":  # a progress bar is gone when its cell has run
            cell.outputs = [out for out in cell.outputs if "%|" not in out.get("data", {}).get("text/plain", "")]


def picture(name: str) -> bytes:
    """One of `PICTURES`: the first figure of its notebook that is drawn by its function, as saved there."""
    notebook, call = PICTURES[name]
    cells = nbformat.read(NOTEBOOKS / f"{notebook}.ipynb", as_version=4).cells
    shows = next(cell for cell in cells if cell.cell_type == "code" and call in cell.source)
    (shown,) = (output.data for output in shows.outputs if "image/png" in output.get("data", {}))
    return base64.b64decode(shown["image/png"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prefixes", nargs="*", default=[""])
    parser.add_argument("--bundle", action="store_true")
    parser.add_argument("--panels", action="store_true")
    options = parser.parse_args()
    if options.panels:
        command = [sys.executable, ROOT / "tests" / "tools" / "panel_pictures.py", *options.prefixes]
        raise SystemExit(subprocess.run(command).returncode)
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if path.name.startswith(tuple(options.prefixes)):
            start = time.perf_counter()
            notebook = nbformat.read(path, as_version=4)
            NotebookClient(notebook, resources={"metadata": {"path": str(NOTEBOOKS)}}, **HOW).execute()
            tidy(notebook)
            nbformat.write(notebook, path)
            print(f"{path.name}: {time.perf_counter() - start:.0f} s", flush=True)
    for name in PICTURES:
        (NOTEBOOKS / "figures" / name).write_bytes(picture(name))
    for checkpoint in sorted(RUNS.glob("tales-*.pt")) if options.bundle else ():
        shutil.copyfile(checkpoint, BUNDLED / checkpoint.name)
        print(f"bundled {checkpoint.name}, {checkpoint.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
