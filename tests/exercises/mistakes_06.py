"""Mistakes that the exercises of 06 know by name: (exercise, answer, words of the diagnosis)."""


def minimum(bar, scale=True):
    def rule(p, share):
        kept = p * bar(p, share)
        return kept / kept.sum() if scale else kept

    return rule


def pieces(sample, n):
    return [sample[i : i + n] for i in range(len(sample) - n + 1)]


def copied(sample, text, n):
    return [piece in text for piece in pieces(sample, n)]


WRONG = [
    ("6.1", 0.36, "divide by their sum"),
    ("6.1", 0.4728, "temperature 2"),
    ("6.1", 0.6, "temperature 1"),
    ("6.1", 1.2, "above one"),
    ("6.1", 1.0, "greedy"),
    ("6.1", 0.5, "squared"),
    ("6.2", minimum(lambda p, s: p >= s * p.max(), scale=False), "do not sum to one"),
    ("6.2", minimum(lambda p, s: p >= s), "bar is `share` itself"),
    ("6.2", minimum(lambda p, s: p < s * p.max()), "unlikely ones"),
    ("6.2", minimum(lambda p, s: p > s * p.max()), "exactly at the bar"),
    ("6.2", lambda p, s: p, "nothing was left out"),
    ("6.2", minimum(lambda p, s: p == p.max()), "greedy"),
    ("6.2", lambda p, s: p >= s * p.max(), "which characters are kept"),
    ("6.2", lambda p, s: p[p >= s * p.max()], "one probability for each"),
    ("6.3", 0.85 * 0.15 / 40, "variance of the share"),
    ("6.3", 0.3571, "one sentence"),
    ("6.3", 0.1275, "variance of one sentence"),
    ("6.3", 0.85, "share itself"),
    ("6.3", 0.00893, "root of 40"),
    ("6.3", 0.1107, "95 %"),
    ("6.4", lambda s, t, n: sum(copied(s, t, n)), "how many"),
    ("6.4", lambda s, t, n: sum(p in t for p in set(pieces(s, n))) / len(set(pieces(s, n))), "different pieces"),
    ("6.4", lambda s, t, n: sum(copied(s, t, n)[:-1]) / (len(s) - n), "last piece"),
    ("6.4", lambda s, t, n: sum(copied(s, t, n)) / len(s), "only 8 pieces"),
    ("6.4", lambda s, t, n: 1 - sum(copied(s, t, n)) / len(copied(s, t, n)), "share that is new"),
]
