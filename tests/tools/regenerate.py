"""Run notebooks from top to bottom in a fresh kernel and save them with their real outputs.

    python tests/tools/regenerate.py              all of them
    python tests/tools/regenerate.py 03 05        those whose names start so
    python tests/tools/regenerate.py 04 --bundle  and put the checkpoints that 04 has just trained into the package
    python tests/tools/regenerate.py --panels 03  runs none: takes the pictures of their panels anew, in a browser
    python tests/tools/regenerate.py --panels phone  the same for the page for phones
    python tests/tools/regenerate.py --panels diagrams  draws a PNG of each SVG in charrnn_helpers/figures/diagrams

What is saved is what `pytest --nbval` compares: execution counts 1..n, no widget state, no timestamps. As there, each
notebook runs in an empty folder of its own, so it opens the networks in the package; 04, which can renew them, comes
first. The texts of 02 and 04 describe networks that were trained with
AVX2, and with AVX-512 the same seeds give others: on such a processor set ONEDNN_MAX_CPU_ISA=AVX2
ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2 OPENBLAS_CORETYPE=Haswell before you run these two.
An error in an untagged cell ends all, and of that notebook nothing is saved. What both
networks of the README's riddle write of six friends is taken from the output of 09.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from sizes import COURSE, LABORATORY

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
BUNDLED = ROOT / "charrnn_helpers" / "checkpoints"
HOW = {"timeout": 1200, "kernel_name": "python3", "store_widget_state": False, "record_timing": False}
HOW["coalesce_streams"] = True  # what is printed slowly is one output as well
WRITTEN = re.compile(r"(?<=<!-- written -->\n)(.+?)(?=<!-- end -->)", re.DOTALL)


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


def written_words() -> str:
    """What both networks of the riddle write of six friends, as 09 has printed it, without their names."""
    cells = nbformat.read(NOTEBOOKS / "further" / "09_fair_trial.ipynb", as_version=4).cells
    (printed,) = (cell.outputs[0].text for cell in cells if "six throws" in cell.source and cell.get("outputs"))
    rows = re.findall(r"^(\w+) .+?%    (.+?)  .+%    (.+)$", printed, re.MULTILINE)
    rows.insert(0, ("friend", "network A", "network B"))
    lines = [f"{friend:9}{first:29}{second.rstrip()}" for friend, first, second in rows]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prefixes", nargs="*", default=[""])
    parser.add_argument("--bundle", action="store_true")
    parser.add_argument("--panels", action="store_true")
    options = parser.parse_args()
    if options.panels:
        command = [sys.executable, ROOT / "tests" / "tools" / "panel_pictures.py", *options.prefixes]
        raise SystemExit(subprocess.run(command).returncode)
    paths = [path for path in (*COURSE, *LABORATORY) if path.name.startswith(tuple(options.prefixes))]
    for path in sorted(paths, key=lambda path: (not path.name.startswith("04"), path)):
        start = time.perf_counter()
        notebook = nbformat.read(path, as_version=4)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            NotebookClient(notebook, resources={"metadata": {"path": folder}}, **HOW).execute()
            for checkpoint in sorted(Path(folder).glob("runs/tales-*.pt")) if options.bundle else ():
                shutil.copyfile(checkpoint, BUNDLED / checkpoint.name)
                print(f"bundled {checkpoint.name}, {checkpoint.stat().st_size / 1e6:.2f} MB")
        tidy(notebook)
        nbformat.write(notebook, path)
        print(f"{path.name}: {time.perf_counter() - start:.0f} s", flush=True)
    readme = ROOT / "README.md"
    readme.write_text(WRITTEN.sub(lambda _: written_words(), readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
