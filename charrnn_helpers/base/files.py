"""Write a file completely or not at all, and read the tables that come with the package."""

import os
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@contextmanager
def atomic_file(path: Path):
    """Open a file for bytes, which appears under its name when all is written, or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")  # of this process and thread
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        with suppress(OSError):  # it is still there only when something went wrong, an interrupt included
            temporary.unlink()


def read_table(path: Path) -> dict:
    """Return what a TOML file holds."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
