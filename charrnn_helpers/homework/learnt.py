"""What was learnt: the answers before the course against those after it, with intervals, as one HTML page."""

import base64
from collections.abc import Sequence
from pathlib import Path

from ..base.files import atomic_file
from ..figures.comparison import plot_learnt
from ..measures.intervals import Interval, paired_difference
from .questions import QUESTIONS, read_pairs
from .report import as_page, as_table

Pairs = Sequence[tuple[dict[str, str], dict[str, str]]]


def gain_in_all(pairs: Pairs) -> Interval:
    """Return by how many of ten answers more were right after than before, with its 95 % interval."""
    before, after = ([sum(kind == "right" for kind in answers.values()) for answers in each] for each in zip(*pairs))
    return paired_difference(after, before)


def gain_of(name: str, pairs: Pairs) -> Interval:
    """Return by how much the share of right answers to one question grew, with its 95 % interval.

    Two students are imagined beside the real ones: one who has learnt it, and one who has unlearnt it. Without them the
    interval would have no width where all have changed alike, and would miss the truth too often in small classes.
    """
    before, after = ([float(answers[name] == "right") for answers in each] for each in zip(*pairs))
    return paired_difference([*after, 1, 0], [*before, 0, 1])


def share_of(name: str, kind: str, pairs: Pairs) -> tuple[float, float]:
    """Return which share of the students gave an answer of this kind, before and after."""
    before, after = (sum(answers[name] == kind for answers in each) / len(pairs) for each in zip(*pairs))
    return before, after


def write_page(folder: Path, page: Path) -> Path:
    """Write the page of the files in `folder` that the students have handed in.

    Raises `ValueError` for fewer than two students who answered both times, and as `read_pairs` does.
    """
    pairs, alone = read_pairs(folder)
    if len(pairs) < 2:
        raise ValueError(f"{len(pairs)} students in {folder} answered both before and after; two or more are needed")
    total = gain_in_all(pairs)
    rights = {asked["misconception"]: share_of(name, "right", pairs) for name, asked in QUESTIONS.items()}
    gains = {asked["misconception"]: gain_of(name, pairs) for name, asked in QUESTIONS.items()}
    lines = []
    for name, asked in QUESTIONS.items():
        low, high = gains[asked["misconception"]][1:]
        shares = [*share_of(name, "misconception", pairs), *rights[asked["misconception"]]]
        lines.append([asked["misconception"], *(f"{share:.0%}" for share in shares), f"{low:+.0%} to {high:+.0%}"])
    before, after = (sum(shares) for shares in zip(*rights.values()))
    words = (
        f"{len(pairs)} students answered before and after the course; {alone} more code words have no pair and are "
        f"left out. Of ten answers, {before:.1f} were right before and {after:.1f} after: {total.mean:+.1f}, with "
        f"a 95 % interval from {total.low:+.1f} to {total.high:+.1f}.",
        "This is a change, and no more than that. Nobody is here who did not take the course, so what else the "
        "students heard and read in the meantime is in it, too. Of ten such intervals, at least one misses the truth "
        "in about four classes of ten, so do not make much of a single one.",
    )
    image = plot_learnt(rights, gains)
    data = base64.b64encode(image.png).decode()
    heading = ("misconception", "held before", "after", "right before", "after", "gain, 95 % interval")
    parts = [*(f"<p>{text}</p>" for text in words), f'<img alt="{image.words}" src="data:image/png;base64,{data}">']
    with atomic_file(page) as file:
        file.write(as_page("What was learnt", [*parts, as_table(heading, lines)]).encode())
    return page
