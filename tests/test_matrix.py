"""The matrix of Pythons and packages: its cells, what it writes down, and that the workflow asks for cells it has."""

import re
from pathlib import Path
from subprocess import CompletedProcess

import matrix
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
FROZEN = {
    "3.12": "torch==2.15.0\nnumpy==2.4.1\nnvidia-nccl==2.0\n",
    "3.10": "torch==2.15.0\nnumpy==2.2.6\ntomli==2.0\n",
}


def lines_of(path):
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if re.match(r"\w", line)]


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Every command of the matrix, which is not run: it gives `FROZEN`, and under Python 3.11 the tests fail."""
    commands = []

    def note(command):
        commands.append(" ".join(map(str, command)))
        python = next(said.split()[said.split().index("--python") + 1] for said in commands[::-1] if " venv " in said)
        said = FROZEN.get(python, "") if "freeze" in command else "3 failed" if python == "3.11" else "9 passed in 1s"
        return CompletedProcess(command, int("pytest" in command and python == "3.11"), stdout=said)

    monkeypatch.setattr(matrix, "run", note)
    monkeypatch.setattr(matrix, "LAST_TESTED", tmp_path / "last_tested.txt")
    return commands


def of(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["matrix.py", *arguments])
    return matrix.main()


def test_each_cell_is_installed_with_the_end_of_the_ranges_and_tested(asked, monkeypatch, capsys):
    assert of(monkeypatch, "3.12-newest", "3.10-oldest", "--tests", "tests/text -x") == 0
    installed = [re.search("--resolution (.*)", one)[1] for one in asked if "install" in one]
    assert installed == ["highest", "lowest-direct"]
    assert [one.partition("no:cacheprovider ")[2] for one in asked if "pytest" in one] == ["tests/text -x"] * 2
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert [head.count("|"), *(row.count("|") for row in rows)] == [head.count("|")] * 3
    assert rows[0].startswith("| 3.12 | newest | 2.15.0 | 2.4.1 |")
    assert "9 passed" in rows[1]
    assert not matrix.LAST_TESTED.exists()


def test_what_passed_with_the_newest_is_written_python_by_python_and_a_failure_is_told(asked, monkeypatch, capsys):
    assert of(monkeypatch, "3.11-newest", "3.12-newest", "3.10-newest", "3.10-oldest", "--last-tested") == 1
    assert "--- Python 3.11, newest:\n3 failed" in capsys.readouterr().err
    written = [line for line in matrix.LAST_TESTED.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert written == [
        'numpy==2.2.6; python_version == "3.10"',
        'numpy==2.4.1; python_version == "3.12"',
        "tomli==2.0",
        "torch==2.15.0",
    ]


def test_a_cell_that_is_not_there_is_named(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        of(monkeypatch, "2.7-oldest")
    assert "there is no cell 2.7-oldest; choose from 3.10-oldest, 3.10-newest, " in capsys.readouterr().err


def test_the_workflow_asks_for_cells_of_the_matrix():
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    cells = re.search(r"cell: \[(.*)\]", workflow)[1].split(", ")
    assert {cell.split("-")[1] for cell in cells} == set(matrix.ENDS)
    assert {cell.split("-")[0] for cell in cells} <= set(matrix.PYTHONS)


def test_what_was_tested_last_is_what_the_requirements_allow():
    tested = lines_of("tests/last_tested.txt")
    for asked in [*lines_of("requirements.txt"), *lines_of("tests/requirements.txt")]:
        found = [one for one in tested if re.sub("[-_.]+", "-", one.name) == asked.name]
        assert found, asked
        for one in found:
            assert asked.specifier.contains(str(one.specifier).removeprefix("==")), one
