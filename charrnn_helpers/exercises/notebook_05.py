"""Exercises of 05: loss curves."""

import torch

from .engine import as_number, exercise

LOSSES, ORACLE = torch.tensor([1.0, 0.5, 2.0, 0.25, 1.7]), torch.tensor([0.8, 0.0, 1.2, 0.0, 0.0])
KINDS = ["free", "name", "free", "spelling", "name"]
TWO_KINDS = [(LOSSES, ORACLE, KINDS, "name"), (LOSSES, ORACLE, KINDS, "free")]


def other_means(got, wanted):
    if got.shape != wanted.shape:
        return f"{len(wanted)} losses went in and {got.numel()} numbers came out; give one for each update"
    return "for losses 8, 4, 6, 1 and width 3 it is 8, 6, 6 and 3.67"


# %% 5a
# The start never goes below zero, and the early means divide by as many losses as there are.
def running_mean(losses, width):
    means = []
    for k in range(len(losses)):
        last = losses[max(0, k - width + 1) : k + 1]
        means.append(sum(last) / len(last))
    return means


@exercise("5a", running_mean, inputs=[([8.0, 4, 6, 1, 3, 9], 3)], read=torch.as_tensor, otherwise=other_means)
def wrong_means(losses, width):
    updates = range(len(losses))
    last = [losses[max(0, k - width + 1) : k + 1] for k in updates]

    def means(pieces):
        return [sum(p) / max(1, len(p)) for p in pieces]

    yield "the first width - 1 updates have no mean; give them that of the losses so far", means(last)[width - 1 :]
    yield "the first means divide by width, but fewer losses are there yet: too low", [sum(p) / width for p in last]
    yield "all_so_far", means(losses[: k + 1] for k in updates)
    yield "you look ahead: at update k the later losses are unknown", means(losses[k : k + width] for k in updates)
    yield "one_too_many", means(losses[max(0, k - width) : k + 1] for k in updates)
    yield "the loss of update k itself is missing", means(losses[max(0, k - width) : k] for k in updates)
    yield "those are sums; divide by the number of losses in them", [sum(p) for p in last]
    yield "nothing is smoothed: these are the losses themselves", losses


# %% 5b
# Mean 0.02, s = 0.01 (divided by n - 1 = 2): the reach is 4.303 * 0.01 / sqrt(3) = 0.0248. Zero lies inside.
lower_end = 0.02 - 4.303 * 0.01 / 3**0.5


@exercise("5b", lower_end, read=as_number)
def wrong_ends():
    mean, s, t, root = 0.02, 0.01, 4.303, 3**0.5
    yield "that is the upper end: subtract the reach from the mean", mean + t * s / root
    yield "that is the reach; the lower end is the mean minus it", t * s / root
    yield "that is minus the reach; add the mean", -t * s / root
    yield "s is the spread of one pair; the mean of three has s / sqrt(3)", mean - t * s
    yield "divide by the square root of 3, not by 3", mean - t * s / 3
    yield "1.96 is for a known spread; with three pairs it is estimated, and t is 4.303", mean - 1.96 * s / root
    yield "that is one standard error below the mean; t = 4.303 of them make 95 %", mean - s / root
    yield "your s divides by n; the estimate from a sample divides by n - 1", mean - t * (2 / 3) ** 0.5 * s / root
    yield "that is the mean, the middle of the interval", mean


# %% 5c
# A share compares sums: a rare kind may be dear for each character and still cause little of the whole.
def share_of_excess(losses, oracle, kinds, kind):
    excess = losses - oracle
    chosen = torch.tensor([k == kind for k in kinds])
    return excess[chosen].sum() / excess.sum()


@exercise("5c", share_of_excess, inputs=TWO_KINDS)
def wrong_shares(losses, oracle, kinds, kind):
    excess = losses - oracle
    chosen = torch.tensor([k == kind for k in kinds])
    yield "that is the share of the loss; subtract the oracle's first", losses[chosen].sum() / losses.sum()
    yield "a ratio of means: how dear one such character is; a share needs sums", excess[chosen].mean() / excess.mean()
    yield "those are the nats of this kind; divide by the sum over all characters", excess[chosen].sum()
    yield "that is the mean excess of one such character, as in 5.4; the share divides sums", excess[chosen].mean()
    yield "divided by the number of characters; divide by the whole excess", excess[chosen].sum() / len(kinds)
    yield "that is the share of the characters; how much do they cost?", chosen.float().mean()
    yield "that is the share of all other kinds", excess[~chosen].sum() / excess.sum()
    yield "in per cent; give a share between 0 and 1", 100 * excess[chosen].sum() / excess.sum()
