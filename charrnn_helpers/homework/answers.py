"""Run the answers of a notebook that was handed in and record what they give. `marking` starts it as a process."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from ..exercises.engine import EXERCISES, Recorded, problem_of, record

WITHOUT_NETWORK = 0x50000000  # CLONE_NEWUSER | CLONE_NEWNET of Linux: a user may leave the network
RUNNING = "running"  # the file that says what is being run, so that one knows what did not end


def record_answers(steps: list[tuple], names: dict[str, str], skipped: list[str], folder: Path, *limits: int) -> None:
    """Run what a student handed in, and write what each exercise gives to a file in `folder`. Ends the process.

    `steps` are those of `prepare.steps_of`, and the file of exercise 2a is called 2a. `skipped` names what is not run:
    exercises by their numbers, and steps by their positions. `limits` are the seconds of a processor that the process
    may use from now on, and the gigabytes of memory.
    """
    _shut_in(folder, *limits)

    def begin(what: str) -> bool:
        if todo := what not in skipped and not (folder / what).is_file():
            (folder / RUNNING).write_text(what)
        return todo

    quiet = Config(HistoryManager={"enabled": False})
    shell = InteractiveShell.instance(config=quiet, ipython_dir=str(folder))  # it knows magics such as %time
    for position, (numbers, source) in enumerate(steps):
        error, before = None, {**shell.user_ns}  # the course may have bound the name of an answer
        if begin(str(position)):
            ran = shell.run_cell(source)
            error = ran.error_before_exec or ran.error_in_exec
        for number in filter(begin, numbers):
            written = shell.user_ns.get(names[number])
            written = None if written is before.get(names[number]) else written
            answer = shell.user_ns.get(f"answer_{number}", written)
            recorded = record(EXERCISES[number], answer)
            if answer is None and error:
                recorded = Recorded([], problem_of(error))
            torch.save(tuple(recorded), folder / number)
    begin("")
    end(os.getpid())


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
        resource.setrlimit(resource.RLIMIT_CPU, (used + seconds,) * 2)
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
