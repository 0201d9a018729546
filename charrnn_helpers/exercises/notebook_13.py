"""Exercises of 13: a story as a number."""

from operator import add, mul

from .engine import exercise, parts_of

ENDS = [[0.0, 0.5, 0.8, 1.0], [0.0, 0.1, 0.7, 1.0], [0.0, 0.25, 0.75, 1.0]]  # of three steps, three characters each
INTERVALS = [(ENDS[:1], [1]), (ENDS[:2], [1, 2]), (ENDS, [0, 1, 1])]


# %% 13a
# What we have so far is an interval. The next character takes its piece of it: first move the beginning, by a share of
# the old width, and then make the width smaller.
def interval(ends, ids):
    low, width = 0, 1
    for line, i in zip(ends, ids):
        low += width * line[i]
        width *= line[i + 1] - line[i]
    return low, width


@exercise("13a", interval, inputs=INTERVALS, read=lambda made: parts_of(made, "low, width"))
def wrong_intervals(ends, ids):
    def run(move=lambda low, width, start: low + width * start, shrink=mul, shrink_first=False):
        low, width = 0.0, 1.0
        for line, i in zip(ends, ids, strict=True):
            smaller = shrink(width, line[i + 1] - line[i])
            low, width = move(low, smaller if shrink_first else width, line[i]), smaller
        return low, width

    low, width = interval(ends, ids)
    yield "you return where the interval begins and where it ends: return low, width", (low, low + width)
    yield "you make the width smaller too early: first move the beginning", run(shrink_first=True)
    yield "line[i] is a place on the whole line: move low by width * line[i]", run(lambda low, _, start: low + start)
    yield "the beginning forgets the characters before: add to low", run(lambda low, width, start: start)
    yield "that is where the interval ends; its beginning is at line[i]", (low + width, width)
    yield "the first number is its middle; return where the interval begins", (low + width / 2, width)
    yield "you return the width first: return low, width", (width, low)
    yield "the beginning is right; the widths are multiplied, not added", run(shrink=add)
    yield "the beginning is right; the width is that of the last piece alone", run(shrink=lambda width, piece: piece)
    yield "the beginning is right; the width is never made smaller", (low, 1.0)
