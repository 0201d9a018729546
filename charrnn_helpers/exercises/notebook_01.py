"""Exercises of 01: text as numbers."""

import torch
from torch.nn import functional as F

from .engine import StillOpen, Wrong, answered, as_number, exercise, is_blank

NUMBERED = [("the hen then!", "then"), ("Look, a bee", "a book")]  # a text, and what is encoded
ROWS = [
    torch.tensor([[0.7, 0.1, 0.2], [0.25, 0.5, 0.25]]),
    torch.tensor([[0.05, 0.9, 0.05], [0.1, 0.3, 0.6], [0.4, 0.4, 0.2]]),
]
SURPRISES = [(ROWS[0], torch.tensor([2, 1])), (ROWS[1], torch.tensor([0, 2, 1]))]  # probabilities, targets
CUTS = [(torch.arange(36), 3, 4), (torch.arange(25), 3, 4)]  # ids, streams, window: with a remainder, and without


def observe_numbering(answer, text, words):
    if not callable(answer):
        raise Wrong('give the class itself, check("1a", Numbering), without brackets behind its name')
    numbering = answered(answer(text))
    numbers = answered(numbering.encode(words))
    if isinstance(numbers, str) or any(isinstance(number, str) for number in numbers):
        raise Wrong("encode should return a list of whole numbers, one for each character; yours has characters in it")
    yield f"the characters of {text!r} in sorted order: {words!r} is {{wanted}}, and you give {{got}}", (*numbers,)
    decoded = answered(numbering.decode(numbers))
    if not isinstance(decoded, str):
        kind = type(decoded).__name__
        raise Wrong(f'decode should return one string, and yours returns a {kind}: put it together with "".join(…)')
    yield "encode is right; decode should give back {wanted!r}, and gives {got!r}", decoded


# %% 1a
# The number of a character is its place in the sorted list of all characters that occur.
class Numbering:
    def __init__(self, text):
        self.characters = sorted(set(text))
        self.number_of = {char: number for number, char in enumerate(self.characters)}

    def encode(self, text):
        return [self.number_of[char] for char in text]

    def decode(self, numbers):
        return "".join(self.characters[number] for number in numbers)


@exercise("1a", Numbering, inputs=NUMBERED, observe=observe_numbering)
def wrong_numberings():
    def by(number):  # `number(text, words, char)`
        class Other(Numbering):
            def __init__(self, text):
                super().__init__(text)
                self.text = text

            def encode(self, words):
                return [number(self.text, words, char) for char in words]

            def decode(self, numbers):
                return ""

        return Other

    def decoding(between, ahead=0):
        decode = lambda self, numbers: between.join(self.characters[number + ahead] for number in numbers)
        return type("Other", (Numbering,), {"decode": decode})

    yield "unsorted", by(lambda text, words, char: [*dict.fromkeys(text)].index(char))
    yield "twice", by(lambda text, words, char: sorted(text).index(char))
    yield "from_1", by(lambda text, words, char: sorted(set(text)).index(char) + 1)
    yield "own_list", by(lambda text, words, char: sorted(set(words)).index(char))
    yield "unicode", by(lambda text, words, char: ord(char))
    yield "that is the place in the text; look in its sorted characters", by(lambda text, _, char: text.index(char))
    yield "encode is right; decode is off by one", decoding("", -1)
    yield "decode puts spaces between the characters: join them with an empty string", decoding(" ")


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


def observe_batches(answer, ids, B, T):
    given = answered(answer(ids, B, T))
    if isinstance(given, torch.Tensor) or not hasattr(given, "__iter__"):
        raise Wrong("return a list of pairs (x, y)")
    batches = list(given)
    if any(map(is_blank, batches)):
        raise StillOpen
    if len(batches) == 2 and all(isinstance(part, torch.Tensor) for part in batches):
        raise Wrong("that is one pair: collect all pairs in a list, and return the list behind the loop")
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in batches):
        raise Wrong("each batch is a pair, `(x, y)`")
    if any(is_blank(part) for pair in batches for part in pair):
        raise Wrong("the inputs are cut; the targets are still `...`")
    yield f"you give {len(batches)} batches where {{wanted}} whole windows fit", len(batches)
    for number, pair in enumerate(batches):
        x, y = (torch.as_tensor(part).tolist() for part in pair)
        yield f"x and y of batch {number} should be {{wanted}}, and yours are {{got}}", (x, y)


# %% 1c
# The targets begin at the second character. Each batch begins where the last one ended, at a multiple of T.
def cut_into_batches(ids, B, T):  # (n,) to a list of pairs (x, y), each (B, T)
    length = (len(ids) - 1) // B
    inputs = ids[: B * length].view(B, length)
    targets = ids[1 : B * length + 1].view(B, length)
    pairs = []
    for start in range(0, length - T + 1, T):
        pairs.append((inputs[:, start : start + T], targets[:, start : start + T]))
    return pairs


@exercise("1c", cut_into_batches, inputs=CUTS, observe=observe_batches)
def wrong_batches(ids, B, T):
    length = (len(ids) - 1) // B
    inputs, targets = (ids[first : B * length + first].view(B, length) for first in (0, 1))
    starts = range(0, length - T + 1, T)

    def cut(starts, x=inputs, y=targets, ahead=0):
        return [(x[:, s : s + T], y[:, s + ahead : s + ahead + T]) for s in starts]

    first, second = cut(starts)
    yield "not_shifted", cut(starts, y=inputs)
    yield "your batches overlap: after one of them step on by T, not by one", cut(range(length - T + 1))
    yield "your batches overlap: number k starts at column k * T, not at k", cut(range(length // T))
    yield "the last batch is too short: what is left over is dropped", cut(range(0, length, T))
    yield "you miss a whole batch at the end: it starts at column length - T", cut(range(0, length - T, T))
    yield "rows", [(inputs[s : s + T], targets[s : s + T]) for s in starts]
    yield "turned", cut(starts, *(part.reshape(length, B).T for part in (inputs, targets)))
    yield "shifted by two: your `targets` are one character ahead already", cut(starts, ahead=1)
    yield "the last target of each batch is wrong: cut y from `targets`", [(x, x.roll(-1, 1)) for x, _ in cut(starts)]
    yield "missing", cut(starts, y=inputs, ahead=1)
    yield "x and y have changed places: first what is read, then what should be said", cut(starts, x=targets, y=inputs)
    yield "out_of_order", [second, first]
    yield "each of your batches starts anew at column 0; it should begin where the last one ended", [first, first]
    yield "you give the first batch only: `return` belongs behind the loop", [first]
