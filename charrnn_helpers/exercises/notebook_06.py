"""Exercises of 06: generation."""

import math

import torch

from .engine import StillOpen, Wrong, as_number, exercise, is_blank

SCORES = torch.tensor([-0.7, 1.6, 0.2, 1.1, 0.5], dtype=torch.float64)
THROWS = [0.0, *(0.013 + 0.04 * k for k in range(25))]  # numbers u; but for 0 none lies at the end of a piece
DRAWS = [(SCORES, 0.0, 1.0, 5), (SCORES, 0.0, 0.5, 5), (SCORES, 0.0, 2.0, 3)]  # scores, u, temperature, k
NOTHING = -1  # stands for what a sampler returns when it falls off its end

# %% 6.1
# p is proportional to exp(ln p / 0.5) = p ** 2: the squares are 0.36, 0.09 and 0.01, and together 0.46.
sharpened = 0.36 / (0.36 + 0.09 + 0.01)


@exercise("6.1", sharpened, read=as_number, tolerance=0.002)
def wrong_sharpened():
    p = torch.tensor([0.6, 0.3, 0.1])
    yield "the squares are right, but the three no longer sum to one: divide by their sum", 0.36
    yield "you took roots: that is temperature 2, and it makes the first one smaller", p.sqrt()[0] / p.sqrt().sum()
    yield "that is temperature 1; at 0.5 the likeliest character gains", 0.6
    yield "a probability cannot be above one: it is the logarithm that is divided by 0.5", 1.2
    yield "it is the logarithm that is divided by the temperature, and a low one makes the likeliest gain", 0.3
    yield "you took the probabilities for logits: their logarithms are the logits", (p / 0.5).softmax(0)[0]
    yield "that is greedy, the limit of temperature 0", 1.0


def observe_draws(answer, scores, _, temperature, k):
    """Look at the characters that a sampler gives for each of `THROWS`."""
    drawn = [answer(scores.clone(), u, temperature, k) for u in THROWS]
    if all(map(is_blank, drawn)):
        raise StillOpen
    drawn = [NOTHING if index is None else as_index(index) for index in drawn]
    again = [answer(scores.clone(), u, temperature, k) for u in THROWS[::4]]
    if any(index not in (NOTHING, other) for index, other in zip(drawn[::4], again, strict=True)):
        raise Wrong("the same u gave two different characters: let u decide, and no random numbers of your own")
    yield temperature, k, torch.tensor(drawn)


def as_index(index) -> int:
    """Make a number of an index. Raises `Wrong` for anything else."""
    if isinstance(index, str):
        raise Wrong(f"return the index of the character, a whole number; you return {index!r}")
    index = torch.as_tensor(index)
    if index.numel() != 1:
        raise Wrong(f"return the index of one character; you return {index.numel()} numbers")
    if index.is_floating_point():
        raise Wrong(f"return the index of the character, a whole number; you return {index.item():.3g}")
    return int(index)


def other_draws(got, wanted):
    """Name the first number u that goes wrong."""
    temperature, k, drawn = got
    position = int((drawn != wanted[2]).nonzero()[0])
    said = "nothing" if drawn[position] == NOTHING else drawn[position].item()
    return (
        f"for scores {SCORES.tolist()}, u = {THROWS[position]:.3g}, temperature {temperature:g} and k = {k} it should "
        f"be {wanted[2][position].item()}, and you return {said}"
    )


# %% 6.2
# The piece that u hits comes after all pieces that end at or before u: their number is its index.
def draw(scores, u, temperature, k):
    scores = scores / temperature
    lowest = scores.topk(k).values[-1]
    p = torch.where(scores >= lowest, scores, -torch.inf).softmax(0)
    return int((p.cumsum(0) <= u).sum())


@exercise("6.2", draw, inputs=DRAWS, observe=observe_draws, otherwise=other_draws)
def wrong_draws(scores, u, t, k):
    def cut(p, k=k, fill=0.0):
        return torch.where(p >= p.topk(k).values[-1], p, fill)  # nothing is scaled

    def softmax_of_kept(scores, k=k):
        return cut(scores, k, -torch.inf).softmax(0)

    def hit(p):
        return int((p.cumsum(0) <= u).sum())

    def walk(p):
        return next((index for index, end in enumerate(p.cumsum(0).tolist()) if u < end), None)  # as a loop does

    s = scores / t
    weights = cut(s, fill=-torch.inf).exp()
    kept, scaled, cut_p, p = cut(s), cut(s) / cut(s).sum(), cut(s.softmax(0)), softmax_of_kept(s)
    ends, last, order = p.cumsum(0), len(p) - 1, p.argsort(descending=True)
    rank = min(hit(p[order]), last)
    softmax_of_lowest = torch.where(s <= s.sort().values[k - 1], s, -torch.inf).softmax(0)
    yield "you multiply by the temperature: divide the scores by it", hit(softmax_of_kept(scores * t))
    yield "the temperature changes nothing: divide the scores by it", hit(softmax_of_kept(scores))
    yield "temperature_after_the_softmax", hit(softmax_of_kept(scores) / t)
    for find in (hit, walk):
        yield "the softmax is missing: scores may be negative, and do not sum to one", find(kept)
        yield "the softmax is missing: scores may be negative, and do not sum to one", find(scaled)
    yield "e to the scores is right, but the pieces must sum to one: divide by their sum", hit(weights)
    yield "k cuts nothing off: only the k likeliest may be drawn", hit(s.softmax(0))
    for index in (hit(cut_p), walk(cut_p), min(hit(cut_p), last)):
        yield "sum_not_1", index
    yield "score_of_0", hit(kept.softmax(0))
    yield "you keep the k least likely: keep the likeliest", hit(softmax_of_lowest)
    yield "you keep k - 1 characters: the k-th itself stays, so >= and not >", hit(softmax_of_kept(s, max(1, k - 1)))
    yield "you keep k + 1 characters", hit(softmax_of_kept(s, min(len(p), k + 1)))
    yield "at_u", int((ends < u).sum())
    yield "you count from the wrong end: the first character's piece begins at 0", last - hit(p.flip(0))
    yield "pieces_from_the_last", hit(p.flip(0))
    yield "that is how many ends lie above u: count those at or below it", int((ends > u).sum())
    yield "you are one too far: the first character has index 0", hit(p) + 1
    yield "you are one short: that is the piece before the one u hits", hit(p) - 1
    yield "single_probabilities", next((index for index, share in enumerate(p.tolist()) if share > u), None)
    yield "nearest_probability", int((p - u).abs().argmin())
    yield "you take the end nearest to u: take the first one above it", int((ends - u).abs().argmin())
    yield "that is greedy: u decides nothing", int(p.argmax())
    yield "you return the place among the sorted ones: look up which character stands there", rank
    yield "order_of_size", int(order[rank])


# %% 6.3
# A share is a mean of n draws of 0 or 1; p = 34 / 40 = 0.85, so the standard error is about 0.056.
standard_error = math.sqrt(0.85 * 0.15 / 40)


@exercise("6.3", standard_error, read=as_number, tolerance=0.0008)
def wrong_errors():
    yield "that is the variance of the share; take its root", 0.85 * 0.15 / 40
    yield "that is the spread of one sentence; the mean of 40 scatters less", math.sqrt(0.85 * 0.15)
    yield "that is the variance of one sentence; divide by 40 and take the root", 0.85 * 0.15
    yield "that is the share itself; how far would it scatter over other samples of 40?", 0.85
    yield "you divide the spread by 40; a mean of 40 scatters less by the root of 40", math.sqrt(0.85 * 0.15) / 40
    yield "that is half the width of a 95 % interval, two standard errors; give one", 1.96 * standard_error
    yield "that is the error of the count; divide by 40 for the share", math.sqrt(40 * 0.85 * 0.15)
