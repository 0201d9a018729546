"""Homework: what otter-grader runs of a notebook that was handed in, the marks, and a report on the class."""
