"""Exercises that answer back: `check("2.1", answer)`, `hint("2.1")`, `solution("2.1")`, and `progress(2)`.

A table for each notebook. A new exercise is one entry there, and one cell of the notebook that calls `check`.
"""

from .engine import EXERCISES, check, hint, progress, solution

__all__ = ["EXERCISES", "check", "hint", "progress", "solution"]
