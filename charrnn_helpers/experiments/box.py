"""The answer of the course, in five lines: what was compared, loss, memory, and what each of the two leaves open."""

from collections.abc import Sequence

from ..networks.registry import BOTH
from .birth import law_points
from .outcome import LARGEST, MATTERS, analyses, millions
from .protocol import SEEDS

SEARCH = {"runs of its search": ("grid", 32), "runs of the eight pairs": ("pairs", 16)}  # part, planned runs
ON_OTHERS = {"runs with six names": ("law window, six names", 48), "runs on tales": ("near", 16)}


def answer(trial: Sequence[dict], births: Sequence[dict]) -> list[str]:
    """Say in five lines what the rows of the trial and of the experiment on births support, and what is missing."""
    on_tales, on_shakespeare = analyses(trial)
    designs = ("only far", "far and near alike", "far and six times near")
    far, alike, six = ({cell: _learnt(births, cell, design) for cell in BOTH} for design in designs)
    return [
        f"What was compared: {len(SEEDS)} LSTMs and {len(SEEDS)} GRUs on each of two texts, tales and Tiny "
        f"Shakespeare. Each network has 350,000 parameters and has read {millions(LARGEST):g} million characters. "
        "Before that, a search had chosen the settings for each cell, for example the learning rate and the biases "
        "with which the gates start. (On tales it chose the same for both.)",
        f"Loss: we had said beforehand that a difference of {MATTERS:g} nats per character would matter. If a "
        "difference is certain, but certainly smaller than this, we call one cell *better, by less than matters*. If "
        "it may be zero, and is certainly smaller than this, we call the two *equivalent*. "
        f"{on_tales.sentence} {on_shakespeare.sentence}",
        "What this leaves open: would other settings give another answer? The search tried 32 settings of each cell, "
        "but trained only the best three to the end, so others may do better. A second experiment trains 16 settings "
        "of each cell to the end, and then eight new pairs of networks with the best setting of each cell."
        f"{_missing(births, SEARCH)}",
        "Memory: we made a text that asks for one thing only, a name that it gave some way back. Training cuts the "
        "text into windows of 64 characters, and the name lay further back than that. When all questions were of this "
        f"kind, {far['GRU']} GRUs learnt to answer them. When there were as many questions for a name from nearby, "
        f"{alike['GRU']} GRUs learnt to answer the far questions, too. The LSTMs did not follow this rule: "
        f"{far['LSTM']} learnt it without nearby questions, {alike['LSTM']} with as many nearby questions as far ones, "
        f"and {six['LSTM']} with six times as many. So few LSTMs can differ that much by chance. This part is "
        "exploratory, that is, good for ideas and no verdict. And in this experiment the gates of the two cells did "
        "not start alike, so it does not say which cell is better.",
        "What this leaves open: what an LSTM needs in order to learn such a memory, and whether all this holds with "
        f"more than two names, and in tales.{_missing(births, ON_OTHERS)}",
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
    return f" It is not finished: {' and '.join(names)} are missing." if names else ""
