"""Let otter-grader mark one notebook. `marking` starts this file as a process, which imports nothing of the course."""

import json
import sys
from contextlib import suppress
from pathlib import Path


def grade(notebook: str, tests: str) -> dict[str, tuple]:
    """Return state, points and mistake by exercise. Raises `DeadKernelError` if the kernel stops, or is stopped."""
    from otter.api import grade_submission

    marks = {}
    for number, test in grade_submission(notebook, tests, quiet=True).results.items():
        mistakes = [case.message.rpartition("Error: ")[2] for case in test.test_case_results if not case.passed]
        state = "solved" if not mistakes else "tried" if mistakes[0] != "still open" else "still open"
        marks[number] = state, round(test.score, 3), mistakes[0] if state == "tried" else ""
    return marks


if __name__ == "__main__":
    given, tests, result, seconds, gigabytes = sys.argv[1:]
    with suppress(ImportError):
        import resource  # not on Windows; the kernel inherits the limits

        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds),) * 2)
        resource.setrlimit(resource.RLIMIT_AS, (int(gigabytes) * 2**30,) * 2)
    Path(result).write_text(json.dumps(grade(given, tests)), encoding="utf-8")
