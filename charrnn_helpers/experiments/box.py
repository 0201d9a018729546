"""The answer of the course, in five points: what was compared, loss, memory, how it is learnt, and what is open."""

from collections.abc import Sequence

from ..networks.registry import BOTH
from .birth import births_in, law_points
from .outcome import LARGEST, MATTERS, analyses, millions
from .protocol import SEEDS

TO_COME = {  # part of the second experiment: planned runs, and what it asks
    "pairs": (16, "eight new pairs with the best setting of each cell, to test point 3"),
    "law window, six names": (48, "runs with six names instead of two, to test point 4"),
    "near": (16, "runs on stories that also ask for the friend or the place from near, to test point 4 on tales"),
    "late": (6, "LSTMs that read four times as much, to see whether they only need longer"),
}
KEEPS = {  # for how long gates keep before training: with a bias b for 1 + exp(b) characters on average
    "bias 0.5": "for about 3 characters (a bias of 0.5)",
    "bias 2.5": "for about 13 characters (a bias of 2.5)",
    "chrono 30": "for up to 30 (the start called chrono 30)",
    "chrono 100": "for up to 100 (chrono 100)",
}


def answer(trial: Sequence[dict], births: Sequence[dict]) -> list[str]:
    """Say in five points what the rows of the trial and of the experiment on births support, and what is missing."""
    return [
        f"What we compared: {len(SEEDS)} LSTMs with {len(SEEDS)} GRUs, on each of two texts, tales and Tiny "
        f"Shakespeare. Each network has 350,000 parameters and has read {millions(LARGEST):g} million characters. "
        "Before that, a search had chosen the settings of each cell, for example the learning rate and the biases "
        "with which the gates start.",
        f"Loss: we had said beforehand that a difference of {MATTERS:g} nats per character would matter. "
        f"{' '.join(analysis.sentence for analysis in analyses(trial))} (Equivalent means: it is shown that the "
        f"difference is smaller than {MATTERS:g} nats.)",
        _who_knows_the_friend([row for row in births if row["part"] == "grid"]),
        "How such a memory is learnt: another part of the second experiment has a text in which one of two names is "
        "given, and asked for later. Training cuts this text into windows of 64 characters. A question is *near* if "
        "its name lies 16 characters back, and *far* if it lies further back than one window. Each network reads 3 "
        f"million characters. Where all questions are far, {_learnt(births, 'only far')} learn to answer them. Where "
        f"half of the questions are near, {_learnt(births, 'far and near alike')} learn to answer the far ones, too. "
        "So near questions can teach a network to remember over far distances.",
        "What this leaves open: only one network stands behind each setting in point 3, and six behind each number in "
        "point 4. In point 4 the gates of the two cells also started differently. So the two points are ideas for "
        f"tests, and no verdicts.{_to_come(births)}",
    ]


def _who_knows_the_friend(search: Sequence[dict]) -> str:
    """Say with which settings a network of the search comes to know the friend, and after how much reading."""
    known = {cell: [] for cell in BOTH}
    for row in search:
        if born := births_in(row)["friend"]:
            known[row["cell"]].append((row["start"], row["rate"], born))
    (chance,) = {row["bands"]["friend"]["chance"] for row in search}
    starts, rates, born = (list(dict.fromkeys(column)) for column in zip(*known["GRU"], strict=True))
    after, by = (round(look / 1e6) for look in (min(one.after for one in born), max(one.by for one in born)))
    each = {cell: sum(row["cell"] == cell for row in search) for cell in BOTH}
    return (
        f"Memory: a second experiment trained {each['GRU']} settings of each cell, one network each, on 24 million "
        "characters of tales. We asked each of them for the hero's friend, when the friend had last been named 32 or "
        f"more characters before. {len(known['GRU'])} of the {each['GRU']} GRUs came to know the friend, and "
        f"{len(known['LSTM']) or 'none'} of the {each['LSTM']} LSTMs. To know the friend means, as laid down "
        f"beforehand: to name more than {50 * (1 + chance):.0f} % of these friends right, from some moment "
        "of training on and up to its end. "
        f"This is half way from a guess ({100 * chance:.0f} %) to certainty. "
        f"These are the GRUs that had both a low learning rate ({_listed(map(str, rates), 'or')}) and gates that keep "
        f"for long at first: {_listed([KEEPS[start] for start in starts], 'or')}. They learnt it after {after} to "
        f"{by} million characters."
    )


def _learnt(births: Sequence[dict], design: str) -> str:
    """Say in how many runs of each cell the memory that is asked for from far is born."""
    points = [p for p in law_points(births) if p.part == "law window" and p.design.endswith(f", {design}")]
    far = [p for p in points if p.memory != "gap 16"]
    counts = {cell: [p.born is not None for p in far if p.cell == cell] for cell in reversed(BOTH)}
    return " and ".join(f"{sum(born)} of {len(born)} {cell}s" for cell, born in counts.items())


def _to_come(births: Sequence[dict]) -> str:
    """Say in a sentence which parts have fewer runs than planned; an empty text if none has."""
    made = [row["part"] for row in births]
    missing = [words for part, (planned, words) in TO_COME.items() if made.count(part) < planned]
    return f" Still to come: {'; '.join(missing)}." if missing else ""


def _listed(words: Sequence[str], link: str) -> str:
    """Join words as in a sentence: "a, b or c"."""
    *others, last = words
    return f"{', '.join(others)} {link} {last}" if others else last
