"""Write a file completely or not at all, read the tables of the package, and say where a class keeps its files."""

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
def atomic_file(path: Path, refusal: type[Exception] = ValueError):
    """Open a file for bytes, which appears under its name when all is written, or not at all; make its folder.

    Raises `refusal` with a sentence where it cannot be written, for example because the disk is full.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")  # of this process and thread
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, RuntimeError) as problem:  # PyTorch raises the second where there is no room
        raise refusal(f"{path} could not be written ({problem}); free some room or choose another folder") from problem
    finally:
        with suppress(OSError):  # it is still there only when something went wrong, an interrupt included
            temporary.unlink()


def runs_folder() -> Path:
    """Return the folder that keeps what a class trained and solved: `runs` beside the notebooks of the course.

    A notebook of the laboratory runs in their folder `further`, and finds it one folder up.
    """
    return Path("..", "runs") if Path.cwd().name == "further" else Path("runs")


def read_table(path: Path) -> dict:
    """Return what a TOML file holds."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
