"""Exercises that answer back: `check("2.1", answer)`, `hint("2.1")`, `solution("2.1")`, and `progress(2)`.

`claim("what must hold", condition)` says with ✓ or ✗ whether it does.

A table for each notebook. A new exercise is one entry there, and one cell of the notebook that calls `check`.
"""

from .engine import EXERCISES, check, claim, hint, progress, solution

__all__ = ["EXERCISES", "check", "claim", "hint", "progress", "solution"]
