"""What a Python project is expected to have: house rules, layout and types that hold, and names that are declared."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOOKS = re.findall(r"entry: ([^,]+),", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
ROOMS = sorted(path.parent.name for path in ROOT.glob("charrnn_helpers/*/__init__.py"))


@pytest.mark.parametrize("command", HOOKS)
def test_what_is_checked_before_a_commit_holds(command):
    done = subprocess.run([sys.executable, "-m", *command.split()], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_layout_and_types_are_checked_before_a_commit():
    assert HOOKS == ["ruff check", "ruff format --check", "mypy"]
    assert (ROOT / "charrnn_helpers" / "py.typed").exists()


@pytest.mark.parametrize("name", ["charrnn_helpers", *(f"charrnn_helpers.{room}" for room in ROOMS)])
def test_a_room_declares_what_is_in_it(name):
    room = import_module(name)
    assert len(set(room.__all__)) == len(room.__all__)
    assert set(room.__all__) <= set(dir(room))
