"""Homework: what otter-grader runs of a notebook that was handed in, the marks, and a report on the class."""

from .marking import mark
from .prepare import exercises_of, tag_cells, write_tests

__all__ = ["exercises_of", "mark", "tag_cells", "write_tests"]
