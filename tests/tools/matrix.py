"""The tests under several Pythons, each with the oldest and with the newest packages that the requirements allow.

    .venv/bin/pip install uv
    .venv/bin/python tests/tools/matrix.py                # every cell: FAST, the tests below; the last one: all tests
    .venv/bin/python tests/tools/matrix.py 3.10-oldest 3.14-newest  # these cells
    .venv/bin/python tests/tools/matrix.py --tests "-n 2 --nbval notebooks tests"  # all tests in every cell
    .venv/bin/python tests/tools/matrix.py --last-tested  # and write the newest that passed to last_tested.txt

"Oldest" is the oldest release with a wheel for that Python. "avx2" are the newest ones, while a newer processor behaves
like one without AVX-512, as many laptops have it; ARM processors were not tried. uv finds the Pythons of this machine,
or gets them. A cell is an environment of its own, in a folder that goes when the cell is done; with CUDA's libraries it
takes up to 8 GB (UV_TORCH_BACKEND=cpu keeps them out, where PyTorch's own index can be reached).
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
ENDS = {"oldest": "lowest-direct", "newest": "highest", "avx2": "highest"}
CELLS = [*(f"{python}-{end}" for python, end in product(PYTHONS, ("oldest", "newest"))), f"{PYTHONS[-1]}-avx2"]
FAST = "-n 0 --nbval notebooks/03_gru.ipynb tests --ignore=tests/browser --ignore=tests/notebooks"
FAST += " --ignore=tests/experiments --ignore=tests/tools --ignore=tests/test_lecturer.py"
ALL = "-n 2 --nbval notebooks tests"  # as the README has them
AVX2 = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}
SHOWN = ("torch", "numpy", "scipy", "matplotlib", "jupyterlab", "ipywidgets", "anywidget", "nbval")
GPU = ("nvidia-", "cuda-", "triton")  # what PyTorch brings on Linux only
LAST_TESTED = ROOT / "tests" / "last_tested.txt"
HEAD = """\
# The newest set that passed the tests (tests/tools/matrix.py). If a release that came later breaks the course:
# .venv/bin/pip install -r requirements.txt -r tests/requirements.txt -c tests/last_tested.txt
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cells", nargs="*", default=CELLS, metavar="3.10-oldest")
    parser.add_argument("--tests", help="what pytest is given")
    parser.add_argument("--last-tested", action="store_true", help=f"write {LAST_TESTED.name}")
    options = parser.parse_args()
    if unknown := set(options.cells) - set(CELLS):
        parser.error(f"there is no cell {', '.join(sorted(unknown))}; choose from {', '.join(CELLS)}")
    print(f"| Python | packages | {' | '.join(SHOWN)} | tests | minutes |\n|{'---|' * (len(SHOWN) + 4)}", flush=True)
    passed, newest = [], {}
    for cell in options.cells:
        python, end = cell.split("-")
        tests = options.tests or (ALL if end == "avx2" else FAST)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            versions, outcome, said = run_cell(python, end, shlex.split(tests), Path(folder))
        minutes = f"{(time.monotonic() - began) / 60:.1f}"
        columns = [python, end, *(versions.get(name, "") for name in SHOWN), said, minutes]
        print(f"| {' | '.join(columns)} |", flush=True)
        passed.append(outcome == 0)
        if passed[-1] and end == "newest":
            newest[python] = versions
    if options.last_tested and newest:
        LAST_TESTED.write_text(HEAD + "".join(f"{line}\n" for line in constraints(newest)), encoding="utf-8")
    return not all(passed)


def run_cell(python: str, end: str, tests: list[str], folder: Path) -> tuple[dict[str, str], int, str]:
    """The versions of the packages of a cell, pytest's exit status, and its last line."""
    uv, venv = [sys.executable, "-m", "uv"], folder / "venv"
    own = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    asked = ["-r", "tests/requirements.txt", "--only-binary", ":all:", "--resolution", ENDS[end]]
    done = run([*uv, "venv", "--quiet", "--no-project", "--python", python, venv])
    if done.returncode == 0:
        done = run([*uv, "pip", "install", "--quiet", "--python", own, *asked])
    if done.returncode:
        print(done.stdout, file=sys.stderr, flush=True)
        return {}, done.returncode, "could not be installed"
    listed = run([*uv, "pip", "freeze", "--quiet", "--exclude-editable", "--python", own]).stdout.split()
    versions = dict(line.split("==") for line in listed if "==" in line)
    done = run([own, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], **(AVX2 if end == "avx2" else {}))
    if done.returncode:
        print(f"--- Python {python}, {end}:\n{done.stdout}", file=sys.stderr, flush=True)
    return versions, done.returncode, (done.stdout.strip().splitlines() or ["nothing was said"])[-1]


def run(command: list, **environment: str) -> subprocess.CompletedProcess:
    options = {"text": True, "encoding": "utf-8", "errors": "replace", "stderr": subprocess.STDOUT}
    options["env"] = {**os.environ, **environment}
    return subprocess.run(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, check=False, **options)


def constraints(newest: dict[str, dict[str, str]]) -> list[str]:
    """A line for each package, for pip; or one for each Python, if they have different versions."""
    lines = []
    for name in sorted({name for versions in newest.values() for name in versions if not name.startswith(GPU)}):
        found = {python: versions[name] for python, versions in newest.items() if name in versions}
        if len(set(found.values())) == 1:
            lines.append(f"{name}=={next(iter(found.values()))}")
        else:
            lines += [f'{name}=={found[python]}; python_version == "{python}"' for python in sorted(found)]
    return lines


if __name__ == "__main__":
    sys.exit(main())
