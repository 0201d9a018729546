"""A run with a hidden fault, and what to answer to whoever names one."""

import random

from .faults import FAULTS, run, signs_of
from .symptoms import OBSERVATIONS

FIRST_SEED = 1000  # number 0 has it: no other run of 10 has such a seed, so no picture there gives a mystery away
HIDDEN = (*(name for name, fault in FAULTS.items() if fault.mystery), "sound")


class Mystery:
    """A run with a hidden fault, or with none, and no sound run beside it: `run`, and `accuse(name)`.

    The number decides which fault it is; two numbers may hide the same one, in two runs.
    """

    def __init__(self, number: int):
        self._hidden = hidden_fault(number)
        self.run = run(self._hidden, FIRST_SEED + number)

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
