"""What the benchmarks of `tests/tools` measured beforehand, as it comes with the package."""

import json
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"


def measured(name: str) -> dict:
    """Read the result of a benchmark that is kept with the package, for example "quality", and where it ran."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
