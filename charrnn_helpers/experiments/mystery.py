"""A run with a hidden fault, and what to answer to whoever names one."""

import random

from .faults import FAULTS, run, signs_of
from .symptoms import OBSERVATIONS

SEED = 1  # not that of the figures in 10: the fault would be recognised by its picture
HIDDEN = (*tuple(FAULTS)[:11], "sound")  # a fault that a reader adds does not change what the numbers mean


class Mystery:
    """A run with a hidden fault, or with none, beside its sound twin: `run`, `twin`, and `accuse(name)`.

    The number decides which fault it is; two numbers may hide the same one.
    """

    def __init__(self, number: int):
        self._hidden = hidden_fault(number)
        self.run = run(self._hidden, SEED)
        self.twin = run(FAULTS[self._hidden].twin if self._hidden in FAULTS else "sound", SEED)

    def accuse(self, name: str) -> str:
        """Is it this fault? The reason, in one sentence. Raises `ValueError` for a name that is none."""
        return answer_to_accusation(self._hidden, name)


def hidden_fault(number: int) -> str:
    """What the mystery of that number hides. For checks; to look it up spoils the game."""
    return random.Random(number).choice(HIDDEN)


def answer_to_accusation(hidden: str, named: str) -> str:
    """What to answer to a reader who names the fault `named` when it is `hidden`; either may be "sound"."""
    for name in (hidden, named):
        if name not in FAULTS and name != "sound":
            raise ValueError(f"there is no fault {name!r}; choose one of {', '.join(FAULTS)}, or 'sound'")
    if hidden == named == "sound":
        return "Yes: nothing is wrong with this run. To find no fault where there is none is a skill as well."
    if hidden == named:
        fault = FAULTS[hidden]
        return f"Yes: {fault.title}. Its sign: {fault.symptom}. The reason: {fault.cause}."
    real, supposed = signs_of(hidden), signs_of(named)
    where = next(one for one in OBSERVATIONS if real[one] != supposed[one])
    would, does = OBSERVATIONS[where][supposed[where]], OBSERVATIONS[where][real[where]]
    suspect = "a sound run" if named == "sound" else f"“{FAULTS[named].title}”"
    return f"No. With {suspect} {would}; but here {does}."
