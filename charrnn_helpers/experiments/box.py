"""The answer of the course, in five points: what was compared, loss, memory, and what each of the two leaves open."""

from collections.abc import Sequence

from ..networks.registry import BOTH
from .birth import law_points
from .outcome import LARGEST, MATTERS, analyses, millions
from .protocol import SEEDS

SEARCH = {"the rest of the search": ("grid", 32), "the eight pairs": ("pairs", 16)}  # part, planned runs
ON_OTHERS = {"the runs with six names": ("law window, six names", 48), "the runs on tales": ("near", 16)}


def answer(trial: Sequence[dict], births: Sequence[dict]) -> list[str]:
    """Say in five points what the rows of the trial and of the experiment on births support, and what is missing."""
    on_tales, on_shakespeare = analyses(trial)
    designs = ("only far", "far and near alike", "far and six times near")
    far, alike, six = ({cell: _learnt(births, cell, design) for cell in BOTH} for design in designs)
    return [
        f"What we compared: {len(SEEDS)} LSTMs with {len(SEEDS)} GRUs, on each of two texts, tales and Tiny "
        f"Shakespeare. Each network has 350,000 parameters and has read {millions(LARGEST):g} million characters. "
        "Before that, a search had chosen the settings of each cell, for example the learning rate and the biases "
        "with which the gates start. (On tales it chose the same settings for both cells.)",
        f"Loss: we had said beforehand that a difference of {MATTERS:g} nats per character would matter. We asked two "
        "questions. Is it shown that the two cells differ? And is it shown that they differ by less than this? If the "
        "answer is yes to both, we call the cell with the lower loss *better, by less than matters*. If it is yes only "
        "to the second, we call the two cells *equivalent*. "
        f"{on_tales.sentence} {on_shakespeare.sentence}",
        "What this leaves open: would other settings give another answer? The search tried 32 settings of each cell in "
        "short runs, and trained only the best three of them to the end, so others may do better. Therefore a second "
        "experiment trains 16 settings of each cell to the end, and then eight new pairs of networks with the best "
        f"setting of each cell.{_to_come(births, SEARCH)}",
        "Memory: another part of the second experiment asks what a memory needs in order to be learnt. Its text gives "
        "one of two names, goes on with filler words, and then asks for the name, so a guess is right in half of the "
        "cases. We say that a network has learnt the answer if at least three quarters of its answers are right, and "
        "stay right to the end of the training. Training cuts the text into windows of 64 characters. A question is "
        "*far* if its name lies further back than one window, and *near* if its name lies 16 characters back. How many "
        "networks learn to answer the far questions within 3 million characters? If all questions are far, "
        f"{far['GRU']} GRUs and {far['LSTM']} LSTMs do. If half of the questions are near, {alike['GRU']} GRUs and "
        f"{alike['LSTM']} LSTMs do. If six of seven questions are near, {six['GRU']} GRUs and {six['LSTM']} LSTMs do. "
        "So near questions can teach a network to remember over far distances, too. But six runs are few, and in this "
        "part the gates of the two cells do not start alike. So these counts are an idea for a later experiment, and "
        "they do not say which cell is better.",
        "What this leaves open: what an LSTM needs in order to learn such a memory, and whether all this holds with "
        f"more than two names, and in tales.{_to_come(births, ON_OTHERS)}",
    ]


def _learnt(births: Sequence[dict], cell: str, design: str) -> str:
    """Say in how many runs with this cell the memory that is asked for from far is born, "6 of 6"."""
    points = [p for p in law_points(births) if (p.part, p.cell) == ("law window", cell)]
    far = [p.born is not None for p in points if p.design.endswith(f", {design}") and p.memory != "gap 16"]
    return f"{sum(far)} of {len(far)}"


def _to_come(births: Sequence[dict], parts: dict[str, tuple[str, int]]) -> str:
    """Say in a sentence which parts have fewer runs than planned; an empty text if none has."""
    made = [row["part"] for row in births]
    names = [name for name, (part, planned) in parts.items() if made.count(part) < planned]
    return f" Still to come: {' and '.join(names)}." if names else ""
