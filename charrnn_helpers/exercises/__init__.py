"""Exercises that answer back: `check("2.1", answer)`, `hint("2.1")`, `solution("2.1")`, and `progress(2)`."""

from .everything import check, hint, progress, solution

__all__ = ["check", "hint", "progress", "solution"]
