"""Exercises that answer back: `check("2.1", answer)`, `hint("2.1")`, `solution("2.1")`, and `progress(2)`.

`claim("what must hold", condition)` says with ✓ or ✗ whether it does.

`written("3.2")` is the class that a student wrote for an exercise, once it is right.

The exercises of a notebook are a module, `notebook_02.py`, and a table of their words, `notebook_02.toml`. The module
holds what is computed: solutions, inputs, wrong answers. The table holds what is said: hints, and a sentence for each
wrong answer. A new exercise is an entry in both, and one cell of the notebook that calls `check`.
"""

from importlib import import_module
from pathlib import Path

from .commands import check, claim, hint, progress, solution, written
from .engine import EXERCISES

for _path in sorted(Path(__file__).parent.glob("notebook_*.py")):
    import_module(f".{_path.stem}", __package__)  # enters its exercises

__all__ = ["EXERCISES", "check", "claim", "hint", "progress", "solution", "written"]
