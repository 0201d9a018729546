"""Exercises of 06: generation."""

import copy
from functools import cache

import torch

from .engine import StillOpen, Wrong, answered, as_index, exercise, is_blank

SCORES = torch.tensor([-0.7, 1.6, 0.2, 1.1, 0.5], dtype=torch.float64)
THROWS = [0.0, *(0.013 + 0.04 * k for k in range(25))]  # numbers u; but for 0 none lies at the end of a piece
DRAWS = [(SCORES, 0.0, 1.0, 5), (SCORES, 0.0, 0.5, 5), (SCORES, 0.0, 2.0, 3)]  # scores, u, temperature, k
NOTHING = -1  # stands for what a sampler returns when it falls off its end


def observe_draws(answer, scores, _, temperature, k):
    """Look at the characters that a sampler gives for each of `THROWS`."""
    drawn, again = ([answer(scores.clone(), u, temperature, k) for u in throws] for throws in (THROWS, THROWS[::4]))
    if all(map(is_blank, drawn)):
        raise StillOpen
    drawn, again = ([NOTHING if i is None else as_index(i, "character") for i in part] for part in (drawn, again))
    if drawn[::4] != again:
        raise Wrong("the same u gave two different characters: let u decide, and no random numbers of your own")

    def first_difference(got, wanted):
        position = int((got != wanted).nonzero()[0])
        said = "nothing" if got[position] == NOTHING else got[position].item()
        case = f"scores {scores.tolist()}, u = {THROWS[position]:.3g}, temperature {temperature:g} and k = {k}"
        return f"for {case} it should be {wanted[position].item()}, and you return {said}"

    yield first_difference, torch.tensor(drawn)


# %% 6a
# The piece that u hits comes after all pieces that end at or before u: their number is its index.
def draw(scores, u, temperature, k):
    scores = scores / temperature
    lowest = scores.topk(k).values[-1]
    p = torch.where(scores >= lowest, scores, -torch.inf).softmax(0)
    return int((p.cumsum(0) <= u).sum())


@exercise("6a", draw, inputs=DRAWS, observe=observe_draws)
def wrong_draws(scores, u, t, k):
    yield from draw_wrongly(tuple(scores.tolist()), u, t, k)


@cache  # each wrong answer is asked for the same draws
def draw_wrongly(scores, u, t, k):
    """Return what each wrong sampler draws, after its sentence."""
    return list(_draw_wrongly(torch.tensor(scores, dtype=torch.float64), u, t, k))


def _draw_wrongly(scores, u, t, k):
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
    yield "you divide the probabilities by the temperature: divide the scores", hit(softmax_of_kept(scores) / t)
    for pieces in (kept, scaled):
        yield "the softmax is missing: scores may be negative, and do not sum to one", hit(pieces)
    yield "e to the scores is right, but the pieces must sum to one: divide by their sum", hit(weights)
    yield "k cuts nothing off: only the k likeliest may be drawn", hit(s.softmax(0))
    for index in (hit(cut_p), walk(cut_p), min(hit(cut_p), last)):
        yield "sum_not_1", index
    yield "a score of 0 is still in the game, since e to the 0 is 1: set it to minus infinity", hit(kept.softmax(0))
    yield "you keep the k least likely: keep the likeliest", hit(softmax_of_lowest)
    yield "you keep k - 1 characters: the k-th itself stays, so >= and not >", hit(softmax_of_kept(s, max(1, k - 1)))
    yield "at_u", int((ends < u).sum())
    yield "you count from the wrong end: the first character's piece begins at 0", last - hit(p.flip(0))
    yield "you lay the pieces from the last to the first: lay them as in the vocabulary", hit(p.flip(0))
    yield "you are one too far: the first character has index 0", hit(p) + 1
    yield "you are one short: that is the piece before the one u hits", hit(p) - 1
    yield "single_probabilities", next((index for index, share in enumerate(p.tolist()) if share > u), None)
    yield "you look for the probability nearest to u: compare u with the running sum", int((p - u).abs().argmin())
    yield "that is greedy: u decides nothing", int(p.argmax())
    yield "you return the place among the sorted ones: look up which character stands there", rank
    yield "your pieces lie in order of size: lay them in the order of the vocabulary", int(order[rank])


class ToyNetwork:
    """Stands for a network: its scores depend on all characters that it has read, and on their order."""

    def __init__(self):
        self.memory = 1

    def __call__(self, i) -> torch.Tensor:
        self.memory = (self.memory * 31 + 7 * as_index(i, "character") + 3) % 1009
        return (torch.arange(1, 6, dtype=torch.float64) * self.memory).sin() * 4


NUMBERS = [0.31, 0.86, 0.07, 0.55, 0.94, 0.42, 0.68, 0.19, 0.77, 0.5]
LOOPS = [(ToyNetwork(), [3, 0, 2], NUMBERS, lambda scores, u: draw(scores, u, 1.0, 5))]  # step, prompt, us, pick


def observe_loop(answer, step, prompt, us, pick):
    """Look at the characters that a loop writes, one after the other."""
    new = answered(answer(step, prompt, us, pick))
    if not isinstance(new, list | tuple | torch.Tensor):
        raise Wrong("return a list with the index of every character that you wrote")

    def first_difference(got, wanted):
        position = int((got != wanted).nonzero()[0])
        right = f"the first {position} characters are right, and then comes {got[position]} where {wanted[position]}"
        return f"{right} should be: what had the network read by then?"

    length = f"write one character for each u: {len(us)} are asked for, and you return {len(new)}"
    new = torch.tensor([as_index(index, "character") for index in new])
    yield first_difference if len(new) == len(us) else length, new


# %% 6b
# The scores after the prompt choose the first new character; from then on each choice is read before the next one.
def write(step, prompt, us, pick):
    for i in prompt:
        scores = step(i)
    new = []
    for u in us:
        new.append(pick(scores, u))
        scores = step(new[-1])
    return new


@exercise("6b", write, inputs=LOOPS, observe=observe_loop)
def wrong_loops(step, prompt, us, pick):
    def loop(read=prompt, fed=lambda i, scores, u: [i], before=()):
        network = copy.deepcopy(step)
        scores, new = torch.zeros(5, dtype=torch.float64), list(before)
        for i in read:
            scores = network(i)
        for u in us:
            new.append(pick(scores, u))
            for i in fed(new[-1], scores, u):
                scores = network(i)
        return new

    right = write(copy.deepcopy(step), prompt, us, pick)
    yield "the network read only the last character of the prompt: let it read all of them", loop(prompt[-1:])
    yield "the network read only the first character of the prompt: let it read all of them", loop(prompt[:1])
    yield "the network has not read the prompt: call step for each of its characters first", loop([])
    yield "the last character of the prompt is read twice: go on with its scores", loop([*prompt, prompt[-1]])
    yield "the network never reads what you wrote: call step with each new character", loop(fed=lambda i, scores, u: [])
    yield "the network reads the prompt again: let it read the new character", loop(fed=lambda i, scores, u: prompt)
    yield "reads_all_again", loop(fed=lambda i, scores, u: [*prompt, i])
    yield "the network reads the likeliest character, not yours", loop(fed=lambda i, scores, u: [scores.argmax()])
    yield "you let step read each new character twice", loop(fed=lambda i, scores, u: [i, i])
    yield "return only what is new, without the prompt", [*prompt, *right]
    yield "the last u is missing: write one character for each u", right[:-1]
    yield "the first character is missing: the scores after the prompt already choose one", right[1:]


ENDS = [[0.0, 0.5, 0.8, 1.0], [0.0, 0.1, 0.7, 1.0], [0.0, 0.25, 0.75, 1.0]]  # of three steps, three characters each
INTERVALS = [(ENDS[:1], [1]), (ENDS[:2], [1, 2]), (ENDS, [0, 1, 1])]
