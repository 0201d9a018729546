"""Exercises that answer back: `check("2.1", answer)`, `hint("2.1")`, `solution("2.1")`, and `progress(2)`.

`claim("what must hold", condition)` says with ✓ or ✗ whether it does.

`written("3.2")` is the class that a student wrote for an exercise, once it is right.

A table for each notebook. A new exercise is one entry there, and one cell of the notebook that calls `check`.
"""

from .engine import EXERCISES, check, claim, hint, progress, solution, written

__all__ = ["EXERCISES", "check", "claim", "hint", "progress", "solution", "written"]
