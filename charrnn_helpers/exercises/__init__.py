"""Exercises that answer back: `check("2a", answer)`, `hint("2a")`, `solution("2a")`, `progress(2)`; and `predict`.

The exercises of a notebook are a module, `notebook_02.py`: solutions, inputs, and wrong answers with what is said of
them. Hints and sentences that are too long for a line of code stand in the table beside it, `notebook_02.toml`.
"""

from importlib import import_module
from pathlib import Path

from .commands import check, claim, hint, progress, solution, written
from .engine import EXERCISES
from .predictions import came_out, predict

for _path in sorted(Path(__file__).parent.glob("notebook_*.py")):
    import_module(f".{_path.stem}", __package__)  # enters its exercises

__all__ = ["EXERCISES", "came_out", "check", "claim", "hint", "predict", "progress", "solution", "written"]
