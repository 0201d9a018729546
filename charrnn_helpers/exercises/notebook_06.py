"""Exercises of 06: generation."""

import math

import torch

SQUARE_ROOTS = [math.sqrt(p) for p in (0.6, 0.3, 0.1)]


def other_bar(got, wanted):
    if got.dtype == torch.bool:
        return "that says which characters are kept; return their probabilities, scaled to sum to one"
    if got.shape != wanted.shape:
        return (
            f"return one probability for each of the {len(wanted)} characters, zero for those left out; "
            f"you gave {len(got)}"
        )
    return "for 0.05, 0.4, 0.15, 0.3, 0.1 and share 0.3 the bar is 0.12: three are kept"


def wrong_rules(p, share):
    keep = p >= share * p.max()

    def scaled(kept):
        return kept * p / (kept * p).sum()

    return [
        (keep * p, "the right ones are kept, but they do not sum to one: divide by their sum"),
        (scaled(p >= share), "your bar is `share` itself; it should be `share` times the largest probability"),
        (scaled(~keep), "you keep the unlikely ones and drop the likely: turn the comparison round"),
        (p, "nothing was left out: 0.05 and 0.1 lie below 0.3 · 0.4 = 0.12"),
        (scaled(p >= share * p.mean()), "your bar is measured from the mean; measure it from the largest probability"),
        (
            scaled(p == p.max()),
            "only the most probable one is left, which is greedy; everything from 0.12 up should stay",
        ),
        (keep / keep.sum(), "those kept are now equally likely; they should keep their proportions"),
    ]


def wrong_copies(sample, text, n):
    pieces = [sample[i : i + n] for i in range(len(sample) - n + 1)]
    copied = [piece in text for piece in pieces]
    different = set(pieces)
    return [
        (sum(copied), "that is how many; divide by the number of pieces, 8"),
        (
            sum(piece in text for piece in different) / len(different),
            "you count different pieces; count each as often as it occurs",
        ),
        (sum(copied[:-1]) / len(copied[:-1]), "you leave out the last piece: there are len(sample) - n + 1"),
        (
            sum(copied) / len(sample),
            "you divide by the characters, or count broken pieces at the end; there are only 8 pieces of 3",
        ),
        (
            1 - sum(copied) / len(copied),
            "that is the share that is new; the question is which share stands in the training text",
        ),
    ]
