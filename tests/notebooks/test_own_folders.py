"""What nbval sees does not depend on which notebook ran before."""

import subprocess
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
LEAVES = """from pathlib import Path

print(*Path().rglob("*"))
Path("runs").mkdir()
_ = Path("runs/net.pt").write_bytes(b"")"""


def test_a_notebook_finds_nothing_that_another_one_or_an_earlier_run_left(tmp_path):
    outputs = [nbformat.v4.new_output("stream", name="stdout", text="\n")]  # as it is committed after a run
    cell = nbformat.v4.new_code_cell(LEAVES, execution_count=1, outputs=outputs)
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for name in ("first", "second"):
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), tmp_path / f"{name}.ipynb")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "stale.pt").touch()
    asked = ["-c", ROOT / "pyproject.toml", "-q", "-p", "no:cacheprovider", "--nbval", tmp_path]
    done = subprocess.run([sys.executable, "-m", "pytest", *asked], cwd=ROOT, capture_output=True, text=True)
    assert "2 passed" in done.stdout, done.stdout
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["stale.pt"]
