"""Run the answers of a notebook that was handed in and record what they give. `marking` starts it as a process."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FunctionType

import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from ..exercises.engine import EXERCISES, STILL_OPEN, Recorded, problem_of, record

WITHOUT_NETWORK = 0x50000000  # CLONE_NEWUSER | CLONE_NEWNET of Linux: a user may leave the network
COPIED = "this answer comes from the course's own code: write one yourself"
RUNNING = "running"  # the file that says what is being run, so that one knows what did not end


def record_answers(steps: list[tuple], names: dict[str, str], skipped: list[str], folder: Path, *limits: int) -> None:
    """Run what a student handed in, and write what each exercise gives to a file in `folder`. Ends the process.

    `steps` are those of `prepare.steps_of`, and the file of exercise 2a is called 2a. `skipped` names what is not run:
    exercises by their numbers, and steps by their positions. `limits` are the seconds of a processor that the process
    may use from now on, and the gigabytes of memory. An exercise may have several cells: the last answer that is not
    blank counts, also where it is written into a cell without `check`.
    """
    _shut_in(folder, *limits)
    kept: dict[str, Recorded] = {}

    def begin(what: str) -> bool:
        if todo := what not in skipped:
            (folder / RUNNING).write_text(what)
        return todo

    def keep(number: str, answer, error: BaseException | None = None) -> None:
        own = answer is None or not _is_of_the_course(answer)
        recorded = record(EXERCISES[number], answer) if own else Recorded([], COPIED)
        if answer is None and error:
            recorded = Recorded([], problem_of(error))
        if number not in kept or not _is_blank(recorded):
            kept[number] = recorded
            torch.save(tuple(recorded), folder / number)

    quiet = Config(HistoryManager={"enabled": False})
    shell = InteractiveShell.instance(config=quiet, ipython_dir=str(folder))  # it knows magics such as %time
    for position, (numbers, source) in enumerate(steps):
        error, before = None, {**shell.user_ns}  # the course may have bound the name of an answer
        for number in names:
            shell.user_ns.pop(f"answer_{number}", None)
        if begin(str(position)):
            ran = shell.run_cell(source)
            error = ran.error_before_exec or ran.error_in_exec
        blank = [number for number, recorded in kept.items() if _is_blank(recorded)]
        for number in filter(begin, dict.fromkeys([*numbers, *blank])):
            written = shell.user_ns.get(names[number])
            if written is before.get(names[number]) or _is_of_the_course(written):
                written = None
            keep(number, shell.user_ns.get(f"answer_{number}", written), error if number in numbers else None)
    (folder / RUNNING).write_text("")
    end(os.getpid())


def _is_blank(recorded: Recorded) -> bool:
    return recorded.problem == STILL_OPEN or any(outcome is None for _, outcome in recorded.outcomes[:1])


def _is_of_the_course(answer) -> bool:
    """Is it a solution, or another function or class of the package?"""
    if any(answer is exercise.answer for exercise in EXERCISES.values()):
        return True
    return isinstance(answer, type | FunctionType) and answer.__module__.partition(".")[0] == __name__.partition(".")[0]


def load_answers(folder: str) -> dict[str, Recorded]:
    """Load what was recorded, as `answer_17_2a` from the file 17_2a."""
    return {f"answer_{path.name}": load_answer(path) for path in Path(folder).glob("*_*")}


def load_answer(file: Path) -> Recorded:
    """Load what was recorded of one answer. It is data: nothing in a file is run."""
    try:
        return Recorded(*torch.load(file, weights_only=True))
    except Exception:  # a file may hold anything
        return Recorded([], "what it gives cannot be read")


def _shut_in(folder: Path, seconds: int, gigabytes: int) -> None:
    """Print nowhere, write to `folder`, obey the limits, leave the network, and end when `marking` ends."""
    os.chdir(folder)
    if hasattr(os, "setsid"):
        os.setsid()
    torch.set_num_threads(1)
    os.environ |= {"TMPDIR": str(folder), "MPLBACKEND": "agg"}
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    with suppress(ImportError, ValueError):
        import resource  # not on Windows

        used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, used + seconds + 1))  # first SIGXCPU, then SIGKILL
        resource.setrlimit(resource.RLIMIT_FSIZE, (2**26,) * 2)
        resource.setrlimit(resource.RLIMIT_AS, (gigabytes * 2**30,) * 2)  # macOS may refuse this one
    if sys.platform == "linux":
        ctypes.CDLL(None).unshare(WITHOUT_NETWORK)
    threading.Thread(target=_end_with, args=[multiprocessing.parent_process()], daemon=True).start()


def _end_with(parent) -> None:
    parent.join()
    end(os.getpid())


def end(pid: int) -> None:
    """End a process of `record_answers`, and those that it has started where there are groups of processes."""
    with suppress(OSError):
        os.killpg(pid, signal.SIGKILL) if hasattr(os, "killpg") else os.kill(pid, signal.SIGTERM)
