"""The answer of the course, in five lines: what was compared, loss, memory, and what each of the two leaves open."""

from collections.abc import Sequence

from ..networks.registry import BOTH
from .birth import law_points
from .outcome import LARGEST, MATTERS, analyses, millions
from .protocol import SEEDS

SEARCH = {  # part, planned runs
    "some of a flat search (16 settings of each cell)": ("grid", 32),
    "all eight fresh pairs": ("pairs", 16),
}
ON_OTHERS = {"the runs with six names": ("law window, six names", 48), "the runs on tales": ("near", 16)}


def answer(trial: Sequence[dict], births: Sequence[dict]) -> list[str]:
    """Say in five lines what the rows of the trial and of the experiment on births support, and what is missing."""
    on_tales, on_shakespeare = analyses(trial)
    designs = ("only far", "far and near alike", "far and six times near")
    far, alike, six = ({cell: _learnt(births, cell, design) for cell in BOTH} for design in designs)
    return [
        f"What was compared: on each of two texts {len(SEEDS)} LSTMs and {len(SEEDS)} GRUs with 350,000 parameters, "
        f"after {millions(LARGEST):g} million characters. A search had chosen the start of the gates and the learning "
        "rate for each cell. (On tales it chose the same for both.)",
        f"Loss: {on_tales.sentence} {on_shakespeare.sentence} (We had said beforehand that a difference of {MATTERS:g} "
        "nats would matter.)",
        "What this leaves open: the search trained only three settings of each cell to the end, so others may do "
        f"better. A second experiment asks this.{_missing(births, SEARCH)}",
        "Memory (exploratory): we made a text in which one thing must be remembered, a name. Where the text asked for "
        f"it only from further back than the window of training, {far['GRU']} GRUs learnt to answer. Where it asked as "
        f"often from nearby as well, {alike['GRU']} did. Of the LSTMs {far['LSTM']} and {alike['LSTM']} did, and with "
        f"still more questions from nearby {six['LSTM']}. These differences between the LSTMs may be chance.",
        "What this leaves open: why the LSTM differs, and whether the same holds with more than two names, and on "
        f"tales.{_missing(births, ON_OTHERS)}",
    ]


def _learnt(births: Sequence[dict], cell: str, design: str) -> str:
    """Say in how many runs with this cell the memory that is asked for from far is born, "6 of 6"."""
    points = [p for p in law_points(births) if (p.part, p.cell) == ("law window", cell)]
    far = [p.born is not None for p in points if p.design.endswith(f", {design}") and p.memory != "gap 16"]
    return f"{sum(far)} of {len(far)}"


def _missing(births: Sequence[dict], parts: dict[str, tuple[str, int]]) -> str:
    """Say in a sentence which parts have fewer runs than planned; an empty text if none has."""
    made = [row["part"] for row in births]
    names = [name for name, (part, planned) in parts.items() if made.count(part) < planned]
    return f" Still missing: {' and '.join(names)}." if names else ""
