"""The answer of the course, in five points: what was compared, loss, memory, and what each of the two leaves open."""

from collections.abc import Sequence

from ..networks.registry import BOTH
from .birth import law_points
from .outcome import LARGEST, MATTERS, analyses, millions
from .protocol import SEEDS

SEARCH = {"runs of its search": ("grid", 32), "runs of the eight pairs": ("pairs", 16)}  # part, planned runs
ON_OTHERS = {"runs with six names": ("law window, six names", 48), "runs on tales": ("near", 16)}


def answer(trial: Sequence[dict], births: Sequence[dict]) -> list[str]:
    """Say in five points what the rows of the trial and of the experiment on births support, and what is missing."""
    on_tales, on_shakespeare = analyses(trial)
    designs = ("only far", "far and near alike", "far and six times near")
    far, alike, six = ({cell: _learnt(births, cell, design) for cell in BOTH} for design in designs)
    return [
        f"What we compared: {len(SEEDS)} LSTMs with {len(SEEDS)} GRUs, on each of two texts, tales and Tiny "
        f"Shakespeare. Each network has 350,000 parameters and has read {millions(LARGEST):g} million characters. "
        "Before that, a search had chosen the settings of each cell, for example the learning rate and the biases "
        "with which the gates start. (On tales it chose the same for both.)",
        f"Loss: we had said beforehand that a difference of {MATTERS:g} nats per character would matter. We tested two "
        "things: is there a difference at all, and is it smaller than this? If both were shown, we call one cell "
        "*better, by less than matters*. If only the second was shown, we call the two *equivalent*. "
        f"{on_tales.sentence} {on_shakespeare.sentence}",
        "What this leaves open: would other settings give another answer? The search tried 32 settings of each cell, "
        "but trained only the best three of them to the end, so others may do better. A second experiment trains 16 "
        "settings of each cell to the end, and then eight new pairs of networks with the best setting of each cell."
        f"{_missing(births, 'This second experiment', SEARCH)}",
        "Memory: we made a text that gives a name, goes on with filler words, and then asks for the name. Training "
        "cuts this text into windows of 64 characters. At first, every name lay further back from its question than "
        f"one window. From 3 million characters of this text {far['GRU']} GRUs learnt to answer. A second text had one "
        f"near question, 16 characters after the name, for each far one. From this text {alike['GRU']} GRUs learnt to "
        f"answer the far questions, too. Of the LSTMs, {far['LSTM']} learnt the far questions without near ones, "
        f"{alike['LSTM']} with one near question for each far one, and {six['LSTM']} with six near questions for "
        "each far one. (Six runs are few, so the counts of the LSTMs may differ by luck.) This experiment is "
        "exploratory: it is good for an idea, and not for a verdict. Nor does it compare the cells, because their "
        "gates did not start alike.",
        "What this leaves open: what an LSTM needs in order to learn such a memory, and whether all this holds with "
        f"more than two names, and in tales.{_missing(births, 'The experiment on such memories', ON_OTHERS)}",
    ]


def _learnt(births: Sequence[dict], cell: str, design: str) -> str:
    """Say in how many runs with this cell the memory that is asked for from far is born, "6 of 6"."""
    points = [p for p in law_points(births) if (p.part, p.cell) == ("law window", cell)]
    far = [p.born is not None for p in points if p.design.endswith(f", {design}") and p.memory != "gap 16"]
    return f"{sum(far)} of {len(far)}"


def _missing(births: Sequence[dict], what: str, parts: dict[str, tuple[str, int]]) -> str:
    """Say in a sentence which parts have fewer runs than planned; an empty text if none has."""
    made = [row["part"] for row in births]
    names = [name for name, (part, planned) in parts.items() if made.count(part) < planned]
    return f" {what} is not finished: {' and '.join(names)} are missing." if names else ""
