"""Exercises of 06: generation."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from .engine import StillOpen, Wrong

SCORES = torch.tensor([-0.7, 1.6, 0.2, 1.1, 0.5], dtype=torch.float64)
THROWS = [0.0, *(0.013 + 0.02 * k for k in range(50))]  # numbers u; but for 0 none lies at the end of a piece
CASES = [(SCORES, 1.0, 5), (SCORES, 0.5, 5), (SCORES, 2.0, 3)]
NOTHING = -1  # stands for what a sampler returns when it falls off its end


def what_u_hits(answer: Callable, scores: Tensor, temperature: float, k: int) -> Iterator[Tensor]:
    """The characters that a sampler gives for each of `THROWS`."""
    found = [answer(scores.clone(), u, temperature, k) for u in THROWS]
    if all(index is None or index is ... for index in found):
        raise StillOpen
    found = torch.tensor([NOTHING if index is None else whole_number(index) for index in found])
    if any(answer(scores.clone(), u, temperature, k) != index for u, index in zip(THROWS, found) if index != NOTHING):
        raise Wrong("the same u gave two different characters: let u decide, and no random numbers of your own")
    yield found


def whole_number(index) -> int:
    """An index as a number. Raises `Wrong` for anything else."""
    if isinstance(index, str):
        raise Wrong(f"return the index of the character, a whole number; you return {index!r}")
    index = torch.as_tensor(index)
    if index.numel() != 1:
        raise Wrong(f"return the index of one character; you return {index.numel()} numbers")
    if index.is_floating_point():
        raise Wrong(f"return the index of the character, a whole number; you return {index.item():.3g}")
    return int(index)


def other_character(case: int) -> Callable[[Tensor, Tensor], str]:
    """For an answer that the table has no name for: the first number u that goes wrong in a case."""
    _, temperature, k = CASES[case]

    def sentence(got: Tensor, wanted: Tensor) -> str:
        place = int((got != wanted).nonzero()[0])
        said = "nothing" if got[place] == NOTHING else got[place].item()
        return (
            f"for scores {SCORES.tolist()}, u = {THROWS[place]:.3g}, temperature {temperature:g} and k = {k} it should "
            f"be {wanted[place].item()}, and you return {said}"
        )

    return sentence


def softmax_of_kept(scores: Tensor, temperature: float, k: int) -> Tensor:
    """The pieces (V,): what is right."""
    scores = scores / temperature
    return torch.where(scores >= scores.topk(k).values[-1], scores, -torch.inf).softmax(0)


def cut(p: Tensor, k: int, fill: float = 0.0) -> Tensor:
    """All but the k largest get `fill`; nothing is scaled."""
    return torch.where(p >= p.topk(k).values[-1], p, fill)


def first_end_above(p: Tensor, u: float) -> int:
    return int((p.cumsum(0) <= u).sum())


def walk(p: Tensor, u: float) -> int | None:
    """As a loop finds the piece; nothing where the pieces end before u."""
    return next((index for index, end in enumerate(p.cumsum(0).tolist()) if u < end), None)


def sampler(pieces: Callable = softmax_of_kept, hit: Callable = first_end_above) -> Callable:
    """An answer to 6.2 of two steps: from scores, temperature and k to pieces (V,); from these and u to an index."""
    return lambda scores, u, temperature, k: hit(pieces(scores, temperature, k), u)


def by_size(place_only: bool) -> Callable:
    """The pieces laid down from the largest to the smallest; returned is the place among them, or the character."""

    def hit(p: Tensor, u: float) -> int:
        order = p.argsort(descending=True)
        place = min(first_end_above(p[order], u), len(p) - 1)
        return place if place_only else int(order[place])

    return hit


NOT_ONE = "what is kept does not sum to one: after the cut, divide by its sum (or cut the scores, before the softmax)"
NO_SOFTMAX = "the softmax is missing: scores may be negative, and do not sum to one"
SAMPLER_MISTAKES = [
    (sampler(lambda s, t, k: softmax_of_kept(s, 1 / t, k)), "you multiply by the temperature: divide the scores by it"),
    (sampler(lambda s, t, k: softmax_of_kept(s, 1, k)), "the temperature changes nothing: divide the scores by it"),
    (
        sampler(lambda s, t, k: softmax_of_kept(s, 1, k) / t),
        "you divide the probabilities by the temperature: divide the scores, before the softmax",
    ),
    (sampler(lambda s, t, k: cut(s / t, k)), NO_SOFTMAX),
    (sampler(lambda s, t, k: cut(s / t, k), walk), NO_SOFTMAX),
    (sampler(lambda s, t, k: cut(s / t, k) / cut(s / t, k).sum()), NO_SOFTMAX),
    (sampler(lambda s, t, k: cut(s / t, k) / cut(s / t, k).sum(), walk), NO_SOFTMAX),
    (
        sampler(lambda s, t, k: cut(s / t, k, -torch.inf).exp()),
        "e to the scores is right, but the pieces must sum to one: divide by their sum",
    ),
    (sampler(lambda s, t, k: (s / t).softmax(0)), "k cuts nothing off: only the k likeliest may be drawn"),
    (sampler(lambda s, t, k: cut((s / t).softmax(0), k)), NOT_ONE),
    (sampler(lambda s, t, k: cut((s / t).softmax(0), k), walk), NOT_ONE),
    (
        sampler(lambda s, t, k: cut((s / t).softmax(0), k), lambda p, u: min(first_end_above(p, u), len(p) - 1)),
        NOT_ONE,
    ),
    (
        sampler(lambda s, t, k: cut(s / t, k).softmax(0)),
        "a score of 0 is not out of the game, since e to the 0 is 1: set what is cut to minus infinity",
    ),
    (
        sampler(lambda s, t, k: torch.where(s <= s.sort().values[k - 1], s / t, -torch.inf).softmax(0)),
        "you keep the k least likely: keep the likeliest",
    ),
    (
        sampler(lambda s, t, k: softmax_of_kept(s, t, max(1, k - 1))),
        "you keep k - 1 characters: the k-th itself stays, so >= and not >",
    ),
    (sampler(lambda s, t, k: softmax_of_kept(s, t, min(len(s), k + 1))), "you keep k + 1 characters"),
    (
        sampler(hit=lambda p, u: int((p.cumsum(0) < u).sum())),
        "at u = 0 you return a character that was cut: its piece ends at 0, so take the first end *above* u",
    ),
    (
        sampler(hit=lambda p, u: len(p) - 1 - first_end_above(p.flip(0), u)),
        "you count from the wrong end: the first character's piece begins at 0",
    ),
    (
        sampler(hit=lambda p, u: first_end_above(p.flip(0), u)),
        "you lay the pieces from the last character to the first: lay them in the order of the vocabulary",
    ),
    (
        sampler(hit=lambda p, u: int((p.cumsum(0) > u).sum())),
        "that is how many ends lie above u: count those at or below it",
    ),
    (sampler(hit=lambda p, u: first_end_above(p, u) + 1), "you are one too far: the first character has index 0"),
    (sampler(hit=lambda p, u: first_end_above(p, u) - 1), "you are one short: that is the piece before the one u hits"),
    (
        sampler(hit=lambda p, u: next((i for i, one in enumerate(p.tolist()) if one > u), None)),
        "you compare u with single probabilities: compare it with their running sum, the ends of the pieces",
    ),
    (
        sampler(hit=lambda p, u: int((p - u).abs().argmin())),
        "you look for the probability nearest to u: compare u with the running sum, the ends of the pieces",
    ),
    (
        sampler(hit=lambda p, u: int((p.cumsum(0) - u).abs().argmin())),
        "you take the end nearest to u: take the first one above it",
    ),
    (sampler(hit=lambda p, u: int(p.argmax())), "that is greedy: u decides nothing"),
    (
        sampler(hit=by_size(place_only=True)),
        "you return the place among the sorted ones: look up which character stands there",
    ),
    (
        sampler(hit=by_size(place_only=False)),
        "each has its right share, but your pieces lie in order of size: lay them in the order of the vocabulary",
    ),
]
