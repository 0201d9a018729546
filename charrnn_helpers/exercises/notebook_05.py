"""Exercises of 05: loss curves."""

import torch


def as_numbers(values):
    return torch.as_tensor(values, dtype=torch.float64)


def other_means(got, wanted):
    if got.shape != wanted.shape:
        return f"{len(wanted)} losses went in and {got.numel()} numbers came out; give one for each update"
    return "for losses 8, 4, 6, 1 and width 3 it is 8, 6, 6 and 3.67"


def wrong_means(losses, width):
    def means(start=lambda k: max(0, k - width + 1), stop=lambda k: k + 1, over=lambda piece: max(1, len(piece))):
        pieces = [losses[start(k) : stop(k)] for k in range(len(losses))]
        return [sum(piece) / over(piece) for piece in pieces]

    one_more = lambda k: max(0, k - width)
    return [
        (means()[width - 1 :], "the first width - 1 updates have no mean; give them that of the losses so far"),
        (means(over=lambda _: width), "the first means divide by width, but fewer losses are there yet: too low"),
        (means(lambda k: 0), "that is the mean of all losses so far; old ones must drop out after width updates"),
        (means(lambda k: k, lambda k: k + width), "you look ahead: at update k the later losses are unknown"),
        (means(one_more), "one loss too many: the slice starts at k - width + 1"),
        (means(one_more, stop=lambda k: k), "the loss of update k itself is missing"),
        (means(over=lambda _: 1), "those are sums; divide by the number of losses in them"),
        (losses, "nothing is smoothed: these are the losses themselves"),
    ]


MEAN, S, T, ROOT = 0.02, 0.01, 4.303, 3**0.5

LOSSES, ORACLE = torch.tensor([1.0, 0.5, 2.0, 0.25, 1.7]), torch.tensor([0.8, 0.0, 1.2, 0.0, 0.0])
KINDS = ["free", "name", "free", "spelling", "name"]


def wrong_shares(losses, oracle, kinds, kind):
    excess = losses - oracle
    chosen = torch.tensor([k == kind for k in kinds])
    return [
        (losses[chosen].sum() / losses.sum(), "that is the share of the loss; subtract the oracle's first"),
        (excess[chosen].mean() / excess.mean(), "a ratio of means: how dear one such character is; a share needs sums"),
        (excess[chosen].sum(), "those are the nats of this kind; divide by the sum over all characters"),
        (excess[chosen].mean(), "that is the mean excess of one such character, as in 5.4; the share divides sums"),
        (excess[chosen].sum() / len(kinds), "divided by the number of characters; divide by the whole excess"),
        (chosen.float().mean(), "that is the share of the characters; how much do they cost?"),
        (excess[~chosen].sum() / excess.sum(), "that is the share of all other kinds"),
        (100 * excess[chosen].sum() / excess.sum(), "in per cent; give a share between 0 and 1"),
    ]
