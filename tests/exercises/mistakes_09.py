"""Mistakes that the exercises of 09 know by name: (exercise, answer, words of the diagnosis)."""


def nearest(H, E, blocks, wanted):
    return min(range(1, 3 * H), key=lambda G: abs(blocks * G * (E + G + 2) - wanted))


WRONG = [
    ("9.1", lambda H, E: round(4 / 3 * H), "4/3 of the width"),
    ("9.1", lambda H, E: int(H * 4 / 3), "4/3 of the width"),
    ("9.1", lambda H, E: round((4 / 3) ** 0.5 * H), "forgets the E inputs"),
    ("9.1", lambda H, E: H, "equal width"),
    ("9.1", lambda H, E: nearest(H, E, 4, 3 * H * (E + H + 2)), "the other way round"),
    ("9.1", lambda H, E: 4 * H * (E + H + 2), "number of parameters"),
    ("9.1", lambda H, E: 1, "it is 152, and you give 1"),
    ("9.2", 0.0, "lowest of five is not"),
    ("9.2", -0.0116, "above zero"),
    ("9.2", 1.163, "in spreads"),
    ("9.2", 0.01, "one spread"),
    ("9.2", 0.01 / 5**0.5, "standard error"),
    ("9.2", 0.0233, "highest to the lowest"),
    ("9.2", 1.4884, "loss it reports"),
    ("9.2", 0.5, "0.5000 is not it"),
    ("9.3", lambda p, level=0.05: [x < level for x in p], "no correction"),
    ("9.3", lambda p, level=0.05: [x / len(p) < level for x in p], "divide p by"),
    ("9.3", lambda p, level=0.05: [x < level / (len(p) - k) for k, x in enumerate(p)], "Holm's"),
    ("9.3", lambda p, level=0.05: [x >= level / len(p) for x in p], "the other way round"),
    ("9.3", lambda p, level=0.05: [x <= level * (k + 1) / len(p) for k, x in enumerate(p)], "share of false finds"),
    ("9.3", lambda p, level=0.05: [x < 0.01 for x in p], "number of tests is that of the list"),
    ("9.3", lambda p, level=0.05: [x < level / len(p) for x in p if x < 0.1], "5 values went in and 4"),
    ("9.3", lambda p, level=0.05: [False] * len(p), "only the first"),
]


RIGHT = [("9.2", 0.0116), ("9.3", lambda p, level=0.05: [x * len(p) < level for x in p])]
