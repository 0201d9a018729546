"""The answer of the course, in five points: what was compared, loss, memory, how it is learnt, and what is open."""

import math
from collections.abc import Sequence

from ..networks.registry import BOTH
from .birth import PairsOutcome, births_in, law_points, pairs_outcome
from .outcome import LARGEST, MATTERS, analyses, confirmation, millions

LAW = ("law window", "law window, six names")  # parts of the second experiment
SEARCHED = ("grid", "pairs", "pairs by births", "grid again", "pairs again")
LEVEL = 0.05
SMALLEST_MEMORY = 0.0009  # nats per character: the worth of the bracket, by part 2 of the protocol on births

Known = dict[tuple[float, str], dict[str, list[bool]]]  # by learning rate and start of the gates, and by cell


def answer(trial: Sequence[dict], births: Sequence[dict]) -> list[str]:
    """Say in five points what the rows of the trial and of the experiment on births support, and what is missing."""
    pairs = pairs_outcome(births)
    far, both = (_learnt(births, design) for design in ("only far", "far and near alike"))
    return [
        f"What we compared: eight LSTMs and eight GRUs of 350,000 parameters, which had read {millions(LARGEST):g} "
        f"million characters of tales, and no story twice. {_settings(births)}",
        f"Loss: {_loss_of_pairs(pairs)} {_loss_of_second_search(births)} {_loss_on_shakespeare(trial)}",
        f"Memory: {_friends_of_pairs(pairs)} {_where_only_the_cell_differs(trial, births)}",
        "How a GRU learns a memory, in a simple text with two or six names: in training no gradient goes back further "
        f"than 64 characters. If the text asks for a name only after more than that, {far['GRU']} learn to answer "
        f"within 3 million characters. If it also asks from near, {both['GRU']} learn to answer from far, too. The "
        f"LSTMs, whose gates had another start, show no clear rule: {far['LSTM']} learn it without near questions, "
        f"and {both['LSTM']} with them.{_place_from_near(births)}",
        f"What is open: whether it is the cell. {_changed_stories(births)}{_other_start(births)}{_manual(births)}",
    ]


def friend_by_setting(trial: Sequence[dict], births: Sequence[dict]) -> Known:
    """Say which networks know the friend. All have 350,000 parameters, and have read 24 million characters of *tales*.

    One of the second experiment knows the friend if this memory was born. Those of the trial were not asked for it, so
    there the loss at its first letter must be less than half that of a blind guess.
    """
    known = {}
    for row in _asked(trial, births):
        known.setdefault(_setting(row), {cell: [] for cell in BOTH})[row["cell"]].append(_knows(row))
    return known


def _asked(trial: Sequence[dict], births: Sequence[dict]) -> list[dict]:
    rows = [row for row in births if row["part"] in SEARCHED]
    at = {"text": "tales", "budget": LARGEST}
    return rows + [row for cell in BOTH for row in confirmation(trial, **at, cell=cell).values()]


def _setting(row: dict) -> tuple[float, str]:
    """Return the learning rate and the start of the gates, such as "chrono 11"."""
    if "settings" not in row:
        return row["rate"], row["start"]
    ((name, number),) = row["settings"]["start"].items()
    return round(row["settings"]["rate"], 4), f"{name} {number}"


def _knows(row: dict) -> bool:
    if "bands" in row:
        return births_in(row)["friend"] is not None
    return row["by kind"]["friend"][1] < math.log(6) / 2


def _where_only_the_cell_differs(trial: Sequence[dict], births: Sequence[dict]) -> str:
    """Compare an LSTM and a GRU wherever they have the same setting, seed and stories."""
    pairs = {}
    for row in _asked(trial, births):
        pairs.setdefault((row["part"], _setting(row), row["seed"]), {})[row["cell"]] = _knows(row)
    both = [(pair["LSTM"], pair["GRU"]) for pair in pairs.values() if len(pair) == 2]
    return (
        f"In {len(both)} other pairs the two cells had the same setting, the same seed and the same stories: in "
        f"{both.count((False, True))} of them only the GRU knows the friend, in {both.count((False, False))} neither "
        f"does, and in {both.count((True, False)) or 'none'} only the LSTM. (Many of these share "
        "a seed or their stories, so they are no independent witnesses.)"
    )


def _settings(births: Sequence[dict]) -> str:
    """Say which setting each cell of the eight pairs had."""
    starts = {row["cell"]: (row["start"], row["rate"]) for row in births if row["part"] == "pairs"}
    gates = {"LSTM": "forget", "GRU": "update"}
    chosen = [
        f"for the {cell} a learning rate of {rate:g} and a {start.replace('bias', 'bias of')} at its {gates[cell]} gate"
        for cell, (start, rate) in starts.items()
    ]
    return f"A search over 16 settings had chosen {', and '.join(chosen)}."


def _loss_of_pairs(pairs: PairsOutcome) -> str:
    """Say how the cells of the eight pairs differ in loss."""
    if pairs.p_loss >= LEVEL:
        return f"in eight pairs on tales no difference is shown (p = {pairs.p_loss:.2f})."
    nats, ratio = pairs.difference, pairs.ratio
    first = "less" if nats.high < MATTERS else "not clearly less"
    second = "more" if nats.low >= SMALLEST_MEMORY else "not clearly more"
    return (
        f"the loss of the LSTM is higher by {nats.mean:.3f} nats per character (95 % interval {nats.low:.3f} to "
        f"{nats.high:.3f}). This is {first} than {MATTERS:g} nats, which our first protocol calls the smallest "
        f"difference that matters, and {second} than {SMALLEST_MEMORY:g} nats, which the smallest memory of these "
        "stories is worth. Above the lowest loss that is possible, the LSTM lies "
        f"{ratio.mean:.1f} times as far as the GRU (95 % interval {ratio.low:.1f} to {ratio.high:.1f})."
    )


def _loss_of_second_search(births: Sequence[dict]) -> str:
    """Say how the cells differ in loss in the pairs with the settings that the second search chose."""
    losses = {}
    for row in births:
        if row["part"] == "pairs again":
            losses.setdefault(row["seed"], {})[row["cell"]] = row["test"]["loss"]
    lost = [pair["LSTM"] for pair in losses.values() if pair["LSTM"] - pair["GRU"] > 1]
    apart = [pair["LSTM"] - pair["GRU"] for pair in losses.values() if pair["LSTM"] - pair["GRU"] <= 1]
    return (
        "The same search, made once more, chose another setting for the LSTM. In "
        f"{len(apart)} of the {len(losses)} pairs that were trained with it the loss of the LSTM is higher by "
        f"{min(apart):.3f} to {max(apart):.3f} nats. In the other {len(lost)} the LSTM is lost in many new stories "
        f"if it reads them from an empty state, and ends at {min(lost):.1f} and {max(lost):.1f} nats (10.9)."
    )


def _loss_on_shakespeare(trial: Sequence[dict]) -> str:
    """Say how the cells of the trial's ten pairs on Tiny Shakespeare differ in loss."""
    (analysis,) = (each for each in analyses(trial) if each.text == "shakespeare")
    mean, low, high = analysis.difference.interval
    return (
        f"On Shakespeare {analysis.verdict} by the first limit: LSTM minus GRU is {mean:+.3f} nats in ten pairs (95 % "
        f"interval {low:+.3f} to {high:+.3f})."
    )


def _friends_of_pairs(pairs: PairsOutcome) -> str:
    """Say what the eight pairs remember of the friend."""
    ends = {cell: sorted(round(100 * share) for share in shares) for cell, shares in pairs.friends.items()}
    right = {cell: f"{shares[0]} to {shares[-1]} %" for cell, shares in ends.items()}
    shown = "hardly chance" if pairs.p_memory < LEVEL else "so no difference is shown"
    return (
        "asked for the hero's friend, who was last named 32 or more characters before, the GRUs are right in "
        f"{right['GRU']} of the cases, and the LSTMs in {right['LSTM']}. A guess is right in 17 %. (LSTM against GRU: "
        f"p = {pairs.p_memory:.3f}, {shown}.)"
    )


def _learnt(births: Sequence[dict], design: str) -> dict[str, str]:
    """Say by cell in how many runs, with two names and with six, the memory that is asked for from far is born."""
    points = [p for p in law_points(births) if p.part in LAW and p.design.endswith(f", {design}")]
    far = [p for p in points if p.memory != "gap 16"]
    counts = {cell: [p.born is not None for p in far if p.cell == cell] for cell in BOTH}
    return {cell: f"{sum(born)} of {len(born)} {cell}s" for cell, born in counts.items()}


def _other_start(births: Sequence[dict]) -> str:
    """Say what the cells of both searches know of the friend if their gates start as those of the other cell.

    The starts are those of the eight pairs of the test.
    """
    starts = {row["cell"]: row["start"] for row in births if row["part"] == "pairs"}
    counts = {}
    for cell, other in (BOTH, BOTH[::-1]):
        searched = [row for row in births if row["part"] in ("grid", "grid again") and row["cell"] == cell]
        known = [_knows(row) for row in searched if row["start"] == starts[other]]
        counts[cell] = f"{sum(known)} of the {len(known)} {cell}s"
    return (
        f"The start of the gates matters, too: in the two searches {counts['GRU']} with the start of these LSTMs know "
        f"the friend, and {counts['LSTM']} with the start of these GRUs. "
    )


def _manual(births: Sequence[dict]) -> str:
    """Say how often each cell names the sign that closes what the manual opened long before.

    A network was asked many times during its training. We count its answers at the moment when its validation loss was
    lowest, because the protocol demands this.
    """
    rows = [row for row in births if row["part"] == "manual"]
    right = {cell: [] for cell in BOTH}
    for row in rows:
        look, band = row["losses"].index(min(row["losses"])), row["bands"]["32 on"]
        right[row["cell"]].append(round(100 * band["right"][look] / band["asked"]))
    shares = {cell: f"{min(each)} to {max(each)} %" for cell, each in right.items()}
    return (
        "And we wrote these stories ourselves. In the manual of Python, which we did not write, neither cell is much "
        "better than a guess if it has to close a bracket or a quotation mark that was opened 32 or more characters "
        f"before. The GRUs are right in {shares['GRU']} of the cases, the LSTMs in {shares['LSTM']}, and a guess is "
        "right in 33 %."
    )


def _place_from_near(births: Sequence[dict]) -> str:
    """Say whether near questions for the place help in *tales*."""
    rows = [row for row in births if (row["part"], row["design"]) == ("near", "place also near")]
    return (
        " But near questions did not help with the place in tales: if the stories also ask for it from near, "
        f"{_count_born(rows, 'place')} learn to answer from far."
    )


def _changed_stories(births: Sequence[dict]) -> str:
    """Say how many know the friend in all stories that differ from *tales* in one sentence."""
    rows = [row for row in births if row["part"] == "near"]
    return (
        f"In stories that differ from tales in one sentence {_count_born(rows, 'friend')} know the friend "
        "after as much reading. "
    )


def _count_born(rows: Sequence[dict], memory: str) -> str:
    """Say in how many runs of each cell a memory is born."""
    born = {cell: [births_in(row)[memory] is not None for row in rows if row["cell"] == cell] for cell in BOTH}
    return " and ".join(f"{sum(born[cell])} of {len(born[cell])} {cell}s" for cell in reversed(BOTH))
