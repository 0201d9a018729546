"""Mistakes that the exercises of 07 know by name: (exercise, answer, words of the diagnosis)."""

WRONG = [
    ("7.1", 50, "nothing left to draw"),
    ("7.1", 0, "always a text"),
    ("7.1", 200, "length of each text"),
    ("7.1", 3, "is not the number"),
    ("7.2", lambda a, b: next((i for i, (x, y) in enumerate(zip(a, b), 1) if x != y), min(len(a), len(b))), "from 1"),
    ("7.2", lambda a, b: sum(x != y for x, y in zip(a, b)), "number of differences"),
    ("7.2", lambda a, b: next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), None), "return nothing"),
    (
        "7.2",
        lambda a, b: max((i for i, (x, y) in enumerate(zip(a, b)) if x != y), default=min(len(a), len(b))),
        "later",
    ),
    ("7.3", lambda p, v: [c for c in p if c in v.characters], "list"),
    ("7.3", lambda p, v: p, "nothing was left out"),
    ("7.3", lambda p, v: "".join(c for c in p if c not in v.characters), "turn the condition"),
    ("7.3", lambda p, v: "".join(sorted(set(p) & set(v.characters))), "lost the order"),
]
