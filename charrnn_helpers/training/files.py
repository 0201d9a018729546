"""Files that appear whole, or not at all."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path: Path):
    """A file to write bytes to, which appears under its name whole, when all is written, or not at all."""
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
