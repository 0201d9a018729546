"""What the tools in `tests/tools` measured beforehand, as it comes with the package."""

import hashlib
import json
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"


def measured(name: str) -> dict:
    """Read the result of a benchmark that is kept with the package, for example "quality", and where it ran."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def counted_rows(path: Path, version: str) -> list[dict]:
    """Read the rows of an experiment, one a line, that were made under this `version` of its protocol."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [row for row in map(json.loads, lines) if row["protocol"] == version]


def protocol_hash(protocol: Path) -> str:
    """Compute the SHA-256 of a protocol, with "\\n" at its line ends, whatever the checkout has."""
    return hashlib.sha256(protocol.read_text(encoding="utf-8").encode("utf-8")).hexdigest()
