"""Exercises of 01: text as numbers."""

import torch
from torch.nn import functional as F

from .engine import Wrong, answered, as_number, exercise, parts_of, same

IDS = torch.tensor([7, 3, 5, 2, 9, 4])
TEXTS = [torch.arange(33).view(3, 11), torch.arange(24).view(3, 8)]  # of the characters 0, 1, 2, …
ROWS = [
    torch.tensor([[0.7, 0.1, 0.2], [0.25, 0.5, 0.25]]),
    torch.tensor([[0.05, 0.9, 0.05], [0.1, 0.3, 0.6], [0.4, 0.4, 0.2]]),
]
SURPRISES = [(ROWS[0], torch.tensor([2, 1])), (ROWS[1], torch.tensor([0, 2, 1]))]  # probabilities, targets
STREAMS = [(text, text + 1, 4) for text in TEXTS]  # inputs, targets, window


def observe_pair(answer, ids):
    x, y = map(torch.as_tensor, parts_of(answer(ids), "inputs, targets"))
    lengths = f"{len(x)} inputs and {len(y)} targets: each input needs one target"
    yield "not_shifted", same(x, y, 0)
    yield "for ids 7 3 5 2 the inputs are 7 3 5 and the targets 3 5 2" if len(x) == len(y) else lengths, (x, y)


# %% 1a
# Every character but the last is an input. Its target is the character that follows it.
def inputs_and_targets(ids):
    return ids[:-1], ids[1:]


@exercise("1a", inputs_and_targets, inputs=[(IDS,)], observe=observe_pair)
def wrong_pairs(ids):
    yield "the other way round: with these targets a model learns to write backwards", (ids[1:], ids[:-1])
    yield "not_shifted", (ids, ids)
    yield "you wrap around: the first character does not follow the last one", (ids, ids.roll(-1))
    yield "one input has no target: leave out the last character, which nothing follows", (ids, ids[1:])
    yield "shifted by two: the target is the very next character", (ids[:-2], ids[2:])


# %% 1b
# Pick from each row the probability of the character that came; its surprise is the negative logarithm.
def mean_surprise(probabilities, targets):
    came = probabilities[torch.arange(len(targets)), targets]  # (n,)
    return -came.log().mean()


@exercise("1b", mean_surprise, inputs=SURPRISES, read=as_number)
def wrong_surprises(probabilities, targets):
    came = probabilities[torch.arange(len(targets)), targets]
    yield "that is the sum; divide by the number of characters", -came.log().sum()
    yield "that is in bits; the question asks for nats, so take the natural logarithm", -came.log2().mean()
    yield "the sign is wrong: the logarithm of a probability is negative, and a surprise is not", came.log().mean()
    yield "take the logarithm of each probability first, and the mean afterwards", -came.mean().log()
    yield "that is the mean probability; its logarithm is still missing", came.mean()
    yield "columns", -probabilities[:, targets].log().mean()
    yield "softmax_again", F.cross_entropy(probabilities, targets)
    yield "you average over all characters; only the one that came counts", -probabilities.log().mean()


def observe_batches(answer, inputs, targets, window):
    given = answered(answer(inputs, targets, window))
    if isinstance(given, torch.Tensor) or not hasattr(given, "__iter__"):
        raise Wrong("return a list of pairs (x, y), or yield them one by one")
    batches = list(given)
    if len(batches) == 2 and all(isinstance(part, torch.Tensor) for part in batches):
        raise Wrong("that is one pair: collect the pairs in a list, or yield each, and do not return inside the loop")
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in batches):
        raise Wrong("each batch is a pair, `(x, y)`")
    yield f"you give {len(batches)} batches where {{wanted}} whole windows fit", len(batches)
    for number, pair in enumerate(batches):
        x, y = (torch.as_tensor(part).tolist() for part in pair)
        yield f"x and y of batch {number} should be {{wanted}}, and yours are {{got}}", (x, y)


# %% 1c
# Each window starts where the last one ended; the last whole one starts at L - window at the latest.
def windows(inputs, targets, window):
    L = inputs.shape[1]
    for start in range(0, L - window + 1, window):
        yield inputs[:, start : start + window], targets[:, start : start + window]


@exercise("1c", windows, inputs=STREAMS, observe=observe_batches)
def wrong_windows(inputs, targets, window):
    L = inputs.shape[1]
    starts = range(0, L - window + 1, window)

    def cut(starts, x=inputs, y=targets, ahead=0):
        return [(x[:, s : s + window], y[:, s + ahead : s + ahead + window]) for s in starts]

    first, second = cut(starts)
    yield "your windows overlap: after one of them step on by `window`, not by one", cut(range(L - window + 1))
    yield "your windows overlap: number k starts at k * window, not at k", cut(range(L // window))
    yield "the last batch is short: what is less than a whole window is left out", cut(range(0, L, window))
    yield "you miss a whole window at the end: it starts at L - window", cut(range(0, L - window, window))
    yield "rows", [(inputs[s : s + window], targets[s : s + window]) for s in starts]
    yield "your targets are the inputs again: take them from `targets`", cut(starts, y=inputs)
    yield "`targets` are one character ahead already, and you shift them once more", cut(starts, ahead=1)
    yield "at the end the last target is missing: take y from `targets`", cut(starts, y=inputs, ahead=1)
    yield "x and y have changed places: first what is read, then what should be said", cut(starts, x=targets, y=inputs)
    yield "out_of_order", [second, first]
    yield "out_of_order", [first, first]
    yield "you give the first batch only: `return` belongs behind the loop", [first]
