"""Mistakes that the exercises of 05 know by name: (exercise, answer, words of the diagnosis)."""

import torch

from charrnn_helpers.measures.intervals import paired_difference


def windows(losses, start, stop=lambda k: k + 1):
    return [losses[max(0, start(k)) : stop(k)] for k in range(len(losses))]


def mean(piece):
    return sum(piece) / len(piece) if piece else 0.0


def of(kinds, kind):
    return torch.tensor([k == kind for k in kinds])


S = 0.01


ROOT = 3**0.5


WRONG = [
    ("5.1", lambda x, w: [mean(x[k : k + w]) for k in range(len(x) - w + 1)], "have no mean"),
    ("5.1", lambda x, w: [sum(piece) / w for piece in windows(x, lambda k: k - w + 1)], "divide by width"),
    ("5.1", lambda x, w: [mean(piece) for piece in windows(x, lambda k: 0)], "drop out"),
    ("5.1", lambda x, w: [mean(x[k : k + w]) for k in range(len(x))], "look ahead"),
    ("5.1", lambda x, w: [mean(piece) for piece in windows(x, lambda k: k - w)], "one loss too many"),
    ("5.1", lambda x, w: [mean(x[max(0, k - w) : k]) for k in range(len(x))], "itself is missing"),
    ("5.1", lambda x, w: [sum(piece) for piece in windows(x, lambda k: k - w + 1)], "those are sums"),
    ("5.1", lambda x, w: x, "nothing is smoothed"),
    ("5.1", lambda x, w: x[:2], "6 losses went in and 2"),
    ("5.1", lambda x, w: [0.0] * len(x), "8, 6, 6 and 3.67"),
    ("5.2", 0.02 + 4.303 * S / ROOT, "upper end"),
    ("5.2", 4.303 * S / ROOT, "that is the reach"),
    ("5.2", -4.303 * S / ROOT, "add the mean"),
    ("5.2", 0.02 - 4.303 * S, "spread of one pair"),
    ("5.2", 0.02 - 4.303 * S / 3, "square root of 3"),
    ("5.2", 0.02 - 1.96 * S / ROOT, "1.96"),
    ("5.2", 0.02 - S / ROOT, "one standard error"),
    ("5.2", 0.02 - 4.303 * S * (2 / 3) ** 0.5 / ROOT, "n - 1"),
    ("5.2", 0.02, "the middle"),
    ("5.2", 1.0, "1.0000 is not"),
    ("5.3", lambda x, o, ks, k: x[of(ks, k)].sum() / x.sum(), "share of the loss"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].mean() / (x - o).mean(), "ratio of means"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].sum(), "divide by the sum over all"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].mean(), "as in 5.4"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, k)].sum() / len(ks), "number of characters"),
    ("5.3", lambda x, o, ks, k: of(ks, k).float().mean(), "share of the characters"),
    ("5.3", lambda x, o, ks, k: (x - o)[~of(ks, k)].sum() / (x - o).sum(), "all other kinds"),
    ("5.3", lambda x, o, ks, k: 100 * (x - o)[of(ks, k)].sum() / (x - o).sum(), "per cent"),
    ("5.3", lambda x, o, ks, k: (x - o)[of(ks, "name")].sum() / (x - o).sum(), "not a fixed name"),
    ("5.3", lambda x, o, ks, k: 0.0, "the share is"),
]


RIGHT = [("5.2", paired_difference([0.01, 0.03, 0.02], [0, 0, 0]).low)]
