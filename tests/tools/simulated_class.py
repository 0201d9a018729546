"""Make classes of students who learn as much as we say, to see whether `homework.learnt` finds it."""

import random

from charrnn_helpers.homework.questions import QUESTIONS

Pairs = list[tuple[dict[str, str], dict[str, str]]]


def make_pairs(count: int, known: float, learnt: float, unlearnt: float, seed: int) -> Pairs:
    """Simulate the answers of `count` students before and after a course.

    Each student knows the answer to a question beforehand with the probability `known`, which is a little higher for
    some students than for others. Who does not know it learns it with the probability `learnt`, and who knows it
    unlearns it with the probability `unlearnt`. Who does not know it holds the misconception in half of the cases.
    """
    chance, pairs = random.Random(seed), []
    for _ in range(count):
        talent = chance.uniform(-0.2, 0.2)
        before = {name: chance.random() < known + talent for name in QUESTIONS}
        after = {}
        for name, knew in before.items():
            after[name] = chance.random() >= unlearnt if knew else chance.random() < learnt
        pairs.append((_as_answers(before, chance), _as_answers(after, chance)))
    return pairs


def _as_answers(known: dict[str, bool], chance: random.Random) -> dict[str, str]:
    others = ["misconception", "misconception", "other", "unknown"]
    return {name: "right" if knows else chance.choice(others) for name, knows in known.items()}


def expected_gain(known: float, learnt: float, unlearnt: float) -> float:
    """How much the share of right answers to one question grows in the mean over all classes."""
    return (1 - known) * learnt - known * unlearnt
