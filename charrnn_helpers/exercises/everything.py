"""Exercises that answer back: `check("2.1", answer)`, `hint("2.1")`, `solution("2.1")`, and `progress(2)`.

Each exercise is one function that looks at an answer and returns `None` when it is right, or one sentence that names
what is wrong with it. An exercise left blank says so and harms nothing: the notebook still runs to its end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from ..experiments.faults import FAULTS, answer_to_accusation, hidden_fault
from ..networks.models import LSTMModel, num_parameters
from ..networks.state import detach
from ..text.encoding import Vocabulary


@dataclass
class Exercise:
    diagnose: Callable[[object], str | None]
    hints: list[str]
    solution: str
    hints_given: int = 0
    state: str = "still open"  # then "tried", "solved"


_EXERCISES: dict[str, Exercise] = {}


class StillOpen(Exception):
    """The answer is blank: `...`, `None`, or a function that returns one of them."""


def check(number: str, answer=None) -> None:
    """Say whether `answer` solves exercise `number`, or name the fault. Raises `ValueError` for no such exercise."""
    exercise = _find(number)
    try:
        if answer is None or answer is ...:
            raise StillOpen
        fault = exercise.diagnose(answer)
    except StillOpen:
        exercise.state = "still open"
        print(f'{number} is still open. hint("{number}") for a first step.')
        return
    except Exception as error:  # the reader's own code may fail in any way; say how, and go on
        fault = f"your code stopped with {type(error).__name__}: {error}"
    exercise.state = "solved" if fault is None else "tried"
    print(f"{number} is right." if fault is None else f"{number}, not yet: {fault}")


def hint(number: str) -> None:
    """Print the next hint for exercise `number`; after the last, the last again."""
    exercise = _find(number)
    step = min(exercise.hints_given, len(exercise.hints) - 1)
    exercise.hints_given += 1
    print(f"{number}, hint {step + 1} of {len(exercise.hints)}: {exercise.hints[step]}")


def solution(number: str) -> None:
    """Print the solution of exercise `number` with its reason."""
    print(_find(number).solution.strip("\n"))


def progress(notebook: int) -> None:
    """Print which exercises of a notebook are solved, as `check` last saw them in this session.

    Raises `ValueError` for a notebook without exercises.
    """
    states = {number: one.state for number, one in _EXERCISES.items() if number.split(".")[0] == str(notebook)}
    if not states:
        raise ValueError(f"there are no exercises of notebook {notebook!r}; give a number from 1 to 10")
    solved = sum(state == "solved" for state in states.values())
    print(f"{solved} of {len(states)} solved: {', '.join(f'{number} {state}' for number, state in states.items())}")


def _find(number: str) -> Exercise:
    if number not in _EXERCISES:
        raise ValueError(f"there is no exercise {number!r}; there are {', '.join(sorted(_EXERCISES))}")
    return _EXERCISES[number]


def _exercise(number: str, hints: list[str], solution: str):
    def register(diagnose):
        _EXERCISES[number] = Exercise(diagnose, hints, solution)
        return diagnose

    return register


def _answered(value):
    """`value`, unless a function left blank gave it."""
    if value is None or value is ...:
        raise StillOpen
    return value


# One section for each notebook, in order: `@_exercise("2.1", hints=[...], solution="...")` above a function that takes
# the answer and returns None (right) or the sentence that names the fault. Call `_answered(answer(...))` on what a
# reader's function returns.


# --- 01: text as numbers --------------------------------------------------------------------------------------------


@_exercise(
    "1.1",
    hints=[
        "The target of a character is the character after it. Which character of the text has no target?",
        "Leave out the last one for the inputs and the first one for the targets: slices of ids.",
    ],
    solution="""
# Every character but the last is an input, and what stands one place further on is its target.
def inputs_and_targets(ids):
    return ids[:-1], ids[1:]

check("1.1", inputs_and_targets)
""",
)
def _inputs_and_targets(answer) -> str | None:
    ids = torch.tensor([7, 3, 5, 2, 9, 4])
    got = _answered(answer(ids))
    if not isinstance(got, tuple | list) or len(got) != 2:
        return "return two things, the inputs and the targets: `return x, y`"
    x, y = (torch.as_tensor(value) for value in got)
    if _same(x, ids[:-1]) and _same(y, ids[1:]):
        return None
    if _same(x, ids[1:]) and _same(y, ids[:-1]):
        return "the other way round: these targets are what stood before, so the model would learn to write backwards"
    if _same(x, y):
        return "your targets are not shifted: each is its own input, and copying would score a perfect 0"
    if _same(x, ids) and _same(y, ids.roll(-1)):
        return "you wrap around: the last character's target is the first of the text, which does not follow it"
    if _same(x, ids) and _same(y, ids[1:]):
        return "there is one input more than there are targets: the last character has no target, leave it out"
    if _same(x, ids[:-2]) and _same(y, ids[2:]):
        return "shifted by two: the target is the very next character"
    if x.shape != y.shape:
        return f"{len(x)} inputs and {len(y)} targets: each input needs one target"
    return "for ids 7 3 5 2 the inputs are 7 3 5 and the targets 3 5 2"


@_exercise(
    "1.2",
    hints=[
        "Stream b starts where stream b - 1 ends. How long is a stream? One character is needed beyond the last input.",
        "A stream has L = (n - 1) // B steps, so stream b starts at b * L.",
    ],
    solution="""
# n - 1 characters can be inputs (the last is only a target), so a stream has L = (n - 1) // B steps.
def position(b, t, n, B):
    L = (n - 1) // B
    return b * L + t

check("1.2", position)
""",
)
def _position(answer) -> str | None:
    b, t, n, B = 2, 5, 41, 4  # L = 10; n // B would be 10 as well, so a second case tells them apart
    got = int(_answered(answer(b, t, n, B)))
    if got == b * 10 + t:
        other = int(answer(3, 1, 40, 4))
        if other == 28:
            return None
        if other == 31:
            return "40 characters in 4 streams: one must be left as the last target, so a stream has 39 // 4 = 9 steps"
        return f"right for n = 41, but for b = 3, t = 1, n = 40, B = 4 you say {other}, and it is 28"
    faults = [
        (t * B + b, "that deals characters out like cards: neighbours in the text would land in different streams"),
        (b * B + t, "stream b does not start at b * B: a stream is L = (n - 1) // B characters long"),
        (t * 10 + b, "b and t have changed places"),
        (b * 10 + t + 1, "that is the position of its target, one further on"),
        ((b - 1) * 10 + t, "streams are counted from 0, so stream 2 starts after two whole streams"),
        (t, "that is the position within the stream; stream 2 starts after two whole streams"),
    ]
    return _recognise(got, faults, f"for b = 2, t = 5, n = 41, B = 4 you say {got}, and it is 25", 0.5)


@_exercise(
    "1.3",
    hints=[
        "The loss is a mean over characters; one nat is 1 / ln 2 bits.",
        "losses.mean() / math.log(2)",
    ],
    solution="""
# A mean, so that texts of different length compare; and a nat is 1 / ln 2 = 1.44 bits.
def bits_per_character(losses):
    return losses.mean() / math.log(2)

check("1.3", bits_per_character)
""",
)
def _bits_per_character(answer) -> str | None:
    losses = torch.tensor([0.5, 1.5, 4.0, 2.0])
    got = _answered(answer(losses))
    right = losses.mean() / math.log(2)
    if _same(got, right):
        return None
    faults = [
        (losses.mean(), "that is still in nats: divide by ln 2"),
        (losses.mean() * math.log(2), "you multiply by ln 2; a nat is more than a bit, so the number must grow"),
        (losses.sum() / math.log(2), "those are the bits of the whole text; divide by the number of characters"),
        (losses / math.log(2), "one number for each character; take their mean"),
        (losses.mean() / math.log(10), "you divide by ln 10, which counts decimal digits; bits need ln 2"),
        (torch.log2(losses).mean(), "the losses are logarithms already: divide them by ln 2, no second logarithm"),
        (torch.exp(losses.mean()), "that is the perplexity, e to the mean"),
    ]
    return _recognise(got, faults, f"for losses of 0.5, 1.5, 4 and 2 nats it should be {right:.3f} bits")


@_exercise(
    "1.4",
    hints=[
        "A letter costs -log2(3/4) bits three times in four and -log2(1/4) bits once in four. What does a space cost?",
        "A letter costs 0.811 bits on average; the space after it costs nothing. The floor is per character.",
    ],
    solution="""
# A letter: 3/4 · log2(4/3) + 1/4 · log2(4) = 0.811 bits on average. The space after it is certain and costs nothing.
letter = 3 / 4 * math.log2(4 / 3) + 1 / 4 * math.log2(4)
floor = (letter + 0) / 2
check("1.4", floor)
""",
)
def _coin_floor(answer) -> str | None:
    letter = 3 / 4 * math.log2(4 / 3) + 1 / 4 * math.log2(4)
    faults = [
        (letter, "that is the floor per letter; half of the characters are spaces, which cost nothing"),
        (letter * math.log(2) / 2, "that is in nats; the question asks for bits"),
        (letter * math.log(2), "that is in nats, and per letter: in bits, and half of the characters are free"),
        (0.5, "that would be for two letters that are equally likely; a is three times as likely as b"),
        (1.0, "one bit is what two equally likely letters cost; these are not, and spaces cost nothing"),
        (-math.log2(3 / 4) / 2, "that is what an a costs; once in four there is a b, which costs 2 bits"),
        (
            (math.log2(4 / 3) + 2) / 4,
            "you average the two costs as if a and b came equally often: weight them by 3/4 and 1/4",
        ),
        (math.log2(3) / 2, "three characters, but they are not equally likely, and spaces are certain"),
        (math.log2(3), "that is the uniform model of three characters; the floor knows where the spaces are"),
    ]
    if _same(answer, letter / 2, 0.002):
        return None
    otherwise = f"{float(answer):.3f} bits is not it: what does each character cost on average?"
    return _recognise(answer, faults, otherwise, 0.002)


# --- 02: the LSTM ---------------------------------------------------------------------------------------------------


def _same(got, wanted, tolerance: float = 1e-4) -> bool:
    """Numbers or tensors of one shape, equal within `tolerance`."""
    got, wanted = (torch.as_tensor(value, dtype=torch.float64).detach() for value in (got, wanted))
    return got.shape == wanted.shape and bool(((got - wanted).abs() <= tolerance).all())


def _one_number(value):
    """A tensor of one element as a number; anything else as it is."""
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


def _recognise(got, faults, otherwise: str, tolerance: float = 1e-4) -> str:
    """The sentence of the first known mistake that gives what the reader gave."""
    return next((sentence for value, sentence in faults if _same(got, value, tolerance)), otherwise)


@_exercise(
    "2.1",
    hints=[
        "After t characters f * f * ... * f is left: f to the power t.",
        "You need f ** 20 = 0.5. Take the twentieth root of both sides.",
    ],
    solution="""
# After 20 characters f ** 20 is left, so f is the twentieth root of one half: about 0.966.
forget = 0.5 ** (1 / 20)
check("2.1", forget)
""",
)
def _half_life(answer) -> str | None:
    right = 0.5 ** (1 / 20)
    if _same(answer, right, 0.001):
        return None
    faults = [
        (0.5, "with f = 0.5 half is gone after one character; after 20 a millionth is left"),
        (0.975, "you spread the loss evenly, 0.5 / 20 a step; but each step takes a share of what is left"),
        (1.0, "with f = 1 nothing is ever lost"),
        (0.05, "1 / 20 is left after a single character; you need f ** 20 = 0.5"),
        (0.5**20, "that is 0.5 ** 20; you need the number whose 20th power is 0.5"),
    ]
    if not 0 < float(answer) < 1 and not _same(answer, 1.0):
        return f"a gate lies between 0 and 1, and {float(answer):.3g} does not"
    return _recognise(
        answer, faults, f"f = {float(answer):.3f} leaves {float(answer) ** 20:.3f} after 20 characters, not 0.5", 0.0005
    )


@_exercise(
    "2.2",
    hints=[
        "Two lines: first the new c from f, c_prev, i and g; then h from o and the new c.",
        "c = f * c_prev + i * g, and what is shown goes through tanh first.",
    ],
    solution="""
# The cell keeps a share f of what it had and adds a share i of the candidate; the output gate shows tanh of that.
def lstm_step(i, f, g, o, c_prev):
    c = f * c_prev + i * g
    h = o * torch.tanh(c)
    return h, c

check("2.2", lstm_step)
""",
)
def _lstm_step(answer) -> str | None:
    i, f, g = torch.tensor([0.2, 0.7]), torch.tensor([0.9, 0.4]), torch.tensor([-0.5, 0.8])
    o, c_prev = torch.tensor([0.6, 0.3]), torch.tensor([1.5, -2.0])
    got = _answered(answer(i, f, g, o, c_prev))
    if not isinstance(got, tuple | list) or len(got) != 2:
        return "return two things, the new h and the new c: `return h, c`"
    h, c = got
    right_c = f * c_prev + i * g
    right_h = o * torch.tanh(right_c)
    if _same(h, right_h) and _same(c, right_c):
        return None
    if _same(h, right_c) and _same(c, right_h):
        return "the numbers are right and in the wrong order: return h first, then c"
    if not _same(c, right_c):
        faults = [
            (i * c_prev + f * g, "i and f have changed places: f says how much of the old cell is kept"),
            ((1 - i) * c_prev + i * g, "you wrote 1 - i where f belongs; tying the two gates is the GRU's idea (03)"),
            ((1 - f) * c_prev + i * g, "f near 1 means keep, so it is f * c_prev and not (1 - f) * c_prev"),
            (f * c_prev + g, "the candidate enters in full: multiply it by i"),
            (c_prev + i * g, "the old cell is kept in full: multiply it by f"),
            (f * c_prev + i * torch.tanh(g), "g is the candidate already, tanh included: no second tanh"),
            (torch.tanh(right_c), "no tanh on the cell itself: c is a sum and may grow; tanh belongs in h only"),
        ]
        return _recognise(c, faults, "the new c is not f * c_prev + i * g")
    faults = [
        (o * right_c, "c is right; h lacks the tanh, so the unit could show numbers of any size"),
        (torch.tanh(o * right_c), "c is right; the output gate comes after tanh: o * tanh(c)"),
        (o * torch.tanh(c_prev), "c is right; h shows the old cell: use the c that you have just computed"),
        (torch.tanh(right_c), "c is right; h forgets the output gate o"),
        (o * torch.sigmoid(right_c), "c is right; h goes through tanh, not through the sigmoid"),
    ]
    return _recognise(h, faults, "c is right; h is not o * tanh(c)")


@_exercise(
    "2.3",
    hints=[
        "One layer with E inputs has 4 * H * (E + H + 2) parameters. What is E for the second layer?",
        "The second layer reads the H outputs of the first: start with E = inputs, then use H for every further layer.",
    ],
    solution="""
# Four blocks of rows; each unit has a weight for every input, one for every unit, and two biases.
# The first layer reads the embedding, every further layer reads the H outputs of the one below it.
def lstm_parameters(inputs, units, layers):
    total = 0
    for layer in range(layers):
        reads = inputs if layer == 0 else units
        total += 4 * units * (reads + units + 2)
    return total

check("2.3", lstm_parameters)
""",
)
def _lstm_parameters(answer) -> str | None:
    E, H, L = 64, 128, 3

    def count(blocks=4, reads=lambda layer: E if layer == 0 else H, recurrent=H, biases=2):
        return sum(blocks * H * (reads(layer) + recurrent + biases) for layer in range(L))

    got = int(_answered(answer(E, H, L)))
    if got != count():
        faults = [
            (count(biases=1), "you count one bias vector; PyTorch keeps two, b_ih and b_hh"),
            (count(biases=0), "you count no biases; there are two vectors in each layer"),
            (
                count(reads=lambda layer: E),
                "every layer reads `inputs` in your count; from the second on it reads `units`",
            ),
            (count(blocks=3), "three blocks make a GRU; an LSTM has four: i, f, g and o"),
            (count(blocks=1), "you count one block; there are four: i, f, g and o"),
            (count(recurrent=0), "the weights from the last h are missing: H more for each row"),
            (4 * H * (E + H + 2), "that is one layer only"),
        ]
        return _recognise(
            got, faults, f"for inputs=64, units=128, layers=3 you count {got:,}, and nn.LSTM has {count():,}", 0.5
        )
    wanted = num_parameters(nn.LSTM(5, 7))
    got = int(answer(5, 7, 1))
    return None if got == wanted else f"for inputs=5, units=7, layers=1 you count {got}, and nn.LSTM has {wanted}"


@_exercise(
    "2.4",
    hints=[
        "The rows stand in the order i, f, g, o, so the forget gate's are lstm.hidden_size to 2 * lstm.hidden_size.",
        'Go through the layers: getattr(lstm, f"bias_ih_l{layer}"). What enters the gate is the sum of both vectors.',
    ],
    solution="""
# The gate sees b_ih + b_hh: write 1 into the forget rows of one vector and 0 into those of the other, in every layer.
@torch.no_grad()
def open_forget_gates(lstm):
    H = lstm.hidden_size
    for layer in range(lstm.num_layers):
        getattr(lstm, f"bias_ih_l{layer}")[H : 2 * H] = 1.0
        getattr(lstm, f"bias_hh_l{layer}")[H : 2 * H] = 0.0

check("2.4", open_forget_gates)
""",
)
def _open_forget_gates(answer) -> str | None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        lstm = nn.LSTM(5, 6, num_layers=2)
    before = {name: weight.detach().clone() for name, weight in lstm.named_parameters()}
    given = answer(lstm)
    changed = {name for name, weight in lstm.named_parameters() if not torch.equal(weight, before[name])}
    if not changed:
        _answered(given)
        return "nothing in the LSTM has changed; write into its bias vectors in place"
    if any(name.startswith("weight") for name in changed):
        return "a weight matrix has changed; only the biases should"

    def total(layer):
        return (getattr(lstm, f"bias_ih_l{layer}") + getattr(lstm, f"bias_hh_l{layer}")).detach()

    first = total(0)
    forget, ones = slice(6, 12), torch.ones(6)
    if _same(first[forget], 2 * ones):
        return (
            "the forget gates' biases add up to 2: there are two vectors, so write the 1 into one and 0 into the other"
        )
    if not _same(first[forget], ones):
        if _same(first[:6], ones):
            return "you wrote into the first rows, which belong to the input gate; the order is i, f, g, o"
        if _same(first[12:18], ones) or _same(first[18:], ones):
            return "you wrote into rows of g or o; the order is i, f, g, o, so f's are the second block"
        if torch.equal(lstm.bias_hh_l0, before["bias_hh_l0"]) or torch.equal(lstm.bias_ih_l0, before["bias_ih_l0"]):
            return "one vector holds your value and the other still its random start; their sum is what counts"
        return f"the first forget gate's two biases add up to {first[6]:.2f}, not to 1"
    if not _same(total(1)[forget], ones):
        return "the first layer is right; the second layer has biases of its own"
    for layer in range(2):
        old = before[f"bias_ih_l{layer}"] + before[f"bias_hh_l{layer}"]
        if not _same(total(layer)[:6], old[:6]) or not _same(total(layer)[12:], old[12:]):
            return "the forget gates are right, but biases of other gates changed too; write into the second block only"
    return None


# --- 03: the GRU ----------------------------------------------------------------------------------------------------


@_exercise(
    "3.1",
    hints=[
        "It is a weighted mean of n and h_prev; the two weights add up to 1.",
        "In PyTorch's convention z near 1 means keep. So which of the two does z multiply?",
    ],
    solution="""
# z is the share that is kept, 1 - z the share that is written.
def mix(z, n, h_prev):
    return (1 - z) * n + z * h_prev

check("3.1", mix)
""",
)
def _mix(answer) -> str | None:
    z, n, h_prev = torch.tensor([0.75, 0.1]), torch.tensor([-0.4, 0.9]), torch.tensor([0.8, -0.3])
    got = _answered(answer(z, n, h_prev))
    right = (1 - z) * n + z * h_prev
    if _same(got, right):
        return None
    faults = [
        (z * n + (1 - z) * h_prev, "z and 1 - z have changed places: in PyTorch z near 1 keeps the old state"),
        (n + z * h_prev, "the candidate enters in full, as if there were an input gate at 1: multiply it by 1 - z"),
        ((1 - z) * n + h_prev, "the old state is kept in full: multiply it by z"),
        (z * n + z * h_prev, "both are multiplied by z; the two weights must add up to 1"),
        (torch.tanh(right), "no tanh here: n had its own already, and a mean of numbers within ±1 stays there"),
        ((1 - z) * torch.tanh(n) + z * h_prev, "n is the candidate already, tanh included: no second tanh"),
    ]
    return _recognise(got, faults, f"for z = 0.75, n = -0.4, h_prev = 0.8 it should be {right[0]:.2f}")


@_exercise(
    "3.2",
    hints=[
        "Cho's formula: tanh(W_in x + W_hn (r ⊙ h)). Multiply h by r first, then by the matrix.",
        "x is (B, E) and W_in is (H, E), so W_in x is x @ W_in.T.",
    ],
    solution="""
# r meets h before the matrix does. As many parameters as nn.GRU has (without its b_hn), and another function.
def cho_candidate(x, h, r, W_in, W_hn):
    return torch.tanh(x @ W_in.T + (r * h) @ W_hn.T)

check("3.2", cho_candidate)
""",
)
def _cho_candidate(answer) -> str | None:
    random = torch.Generator().manual_seed(1)
    x, h, W_in, W_hn = (torch.randn(shape, generator=random) for shape in ((2, 4), (2, 3), (3, 4), (3, 3)))
    r = torch.rand((2, 3), generator=random)
    got = _answered(answer(x, h, r, W_in, W_hn))
    right = torch.tanh(x @ W_in.T + (r * h) @ W_hn.T)
    if _same(got, right):
        return None
    faults = [
        (torch.tanh(x @ W_in.T + r * (h @ W_hn.T)), "r stands after the product: that is nn.GRU, not Cho's formula"),
        (torch.tanh(x @ W_in.T + h @ W_hn.T), "r is missing: the candidate sees the whole past"),
        (torch.tanh(r * (x @ W_in.T + h @ W_hn.T)), "r multiplies the input as well; it should act on h only"),
        (torch.tanh(r * (x @ W_in.T) + h @ W_hn.T), "r multiplies the input; it should multiply h"),
        (x @ W_in.T + (r * h) @ W_hn.T, "tanh is missing, so the candidate may leave ±1"),
        (
            torch.sigmoid(x @ W_in.T + (r * h) @ W_hn.T),
            "that is a sigmoid; a candidate may be negative, so it takes tanh",
        ),
        (
            torch.tanh(x @ W_in.T + (r * h) @ W_hn),
            "W_hn is not transposed: each of its rows belongs to one unit, so `@ W_hn.T`",
        ),
    ]
    return _recognise(got, faults, "it is not tanh(W_in x + W_hn (r ⊙ h))")


@_exercise(
    "3.3",
    hints=[
        "Write both counts down: 4 * 128 * (64 + 128 + 2) for the LSTM, 3 * H * (64 + H + 2) for the GRU.",
        "H stands in it twice, so it is a quadratic equation; or try whole numbers between 128 and 171 in a loop.",
    ],
    solution="""
# 3 H (64 + H + 2) = 99,328 is quadratic in H. Trying every width finds 152: 99,408 parameters, 80 more than the LSTM.
lstm = 4 * 128 * (64 + 128 + 2)
width = min(range(1, 300), key=lambda H: abs(3 * H * (64 + H + 2) - lstm))
check("3.3", width)
""",
)
def _equal_width(answer) -> str | None:
    lstm = 4 * 128 * (64 + 128 + 2)
    if answer == 152:
        return None
    if round(float(answer)) == 152:
        return "a layer has a whole number of units: round it"
    faults = [
        (
            4 / 3 * 128,
            "that is 4/3 of 128; but most weights go from unit to unit, so they grow with the square of the width",
        ),
        (
            (4 / 3) ** 0.5 * 128,
            "you took the square root of 4/3, as if all weights went from unit to unit; those of 64 inputs do not",
        ),
        (96, "that is 3/4 of 128: a GRU has fewer parameters for a unit, so it may be wider, not narrower"),
        (128, "at equal width the GRU has three quarters of the parameters"),
    ]
    width = round(float(answer))
    count = 3 * width * (64 + width + 2)
    return _recognise(
        answer,
        faults,
        f"a GRU of {width} units has {count:,} parameters here, the LSTM {lstm:,}; one width is nearer",
        0.75,
    )


@_exercise(
    "3.4",
    hints=[
        "Add the rows of b_hh to those of b_ih and set them to 0, but only where the two are added directly.",
        "The rows stand in the order r, z, n. For n, b_hn is multiplied by r first: leave it.",
    ],
    solution="""
# r and z see b_ih + b_hh, so one vector can carry both. n sees b_in + r * (... + b_hn): b_hn must stay where it is.
@torch.no_grad()
def fold_biases(gru):
    gates = slice(0, 2 * gru.hidden_size)
    gru.bias_ih_l0[gates] += gru.bias_hh_l0[gates]
    gru.bias_hh_l0[gates] = 0.0

check("3.4", fold_biases)
""",
)
def _fold_biases(answer) -> str | None:
    random = torch.Generator().manual_seed(2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        gru = nn.GRU(4, 3, batch_first=True)
    x = torch.randn((2, 9, 4), generator=random)
    with torch.no_grad():
        wanted, _ = gru(x)
    before = {name: weight.detach().clone() for name, weight in gru.named_parameters()}
    given = answer(gru)
    if all(torch.equal(weight, before[name]) for name, weight in gru.named_parameters()):
        _answered(given)
        return "nothing in the GRU has changed; write into its bias vectors in place"
    with torch.no_grad():
        got, _ = gru(x)
    b_ih, b_hh, old = gru.bias_ih_l0.detach(), gru.bias_hh_l0.detach(), before["bias_ih_l0"] + before["bias_hh_l0"]
    empty = b_hh == 0
    if _same(got, wanted):
        if not empty[:3].all():
            return "the outputs are the same, but r's rows of b_hh can be emptied as well"
        if not empty[3:6].all():
            return "the outputs are the same, but z's rows of b_hh can be emptied as well"
        return None
    if _same(b_ih, old) and empty.all():
        return "you moved b_hn too, and the outputs changed: b_hn is multiplied by r, b_in is not"
    if empty[:6].all() and torch.equal(b_ih, before["bias_ih_l0"]):
        return "you emptied b_hh without adding it to b_ih, and the outputs changed"
    if empty[:6].all() and _same(b_ih[:6], before["bias_hh_l0"][:6]):
        return "b_ih was overwritten; add the rows of b_hh to it"
    if _same(b_ih[:6], old[:6]) and not empty.any():
        return "the rows of b_hh are now counted twice: set them to 0 after adding them"
    if _same(b_ih[6:], old[6:]):
        return "you touched the candidate's rows, the last third; b_hn must stay where it is"
    return "the outputs changed; fold the first two thirds of the rows, r and z, and nothing else"


# --- 04: training -----------------------------------------------------------------------------------------------------


@_exercise(
    "4.1",
    hints=[
        "An untrained network gives every character about the same share.",
        "The share is 1/90; the loss is -ln of it.",
    ],
    solution="""
import math

first_loss = math.log(90)  # about 4.50 nats: -ln(1/90)
check("4.1", first_loss)
""",
)
def _first_loss(answer):
    answer = float(answer)
    if abs(answer - math.log(90)) < 0.02:
        return None
    if abs(answer - math.log2(90)) < 0.02:
        return "that is in bits (log to base 2); nats are asked for"
    if abs(answer - math.log10(90)) < 0.02:
        return "that is the logarithm to base 10; the loss uses the natural one"
    if abs(answer - 1 / 90) < 0.002:
        return "1/90 is the probability of each character; the loss is minus its logarithm"
    if abs(answer + math.log(90)) < 0.02:
        return "the sign is turned: a probability below one has a negative logarithm, and the loss is minus that"
    if answer == 0:
        return "zero is the loss of a network that is certain and right; this one knows nothing"
    return f"{answer:g} is not it; what does -ln p give when p is one in ninety?"


@_exercise(
    "4.2",
    hints=[
        "F.cross_entropy wants the classes in dimension 1.",
        "transpose(1, 2) turns logits (B, T, V) into (B, V, T); targets stay (B, T).",
    ],
    solution="""
from torch.nn import functional as F

def sequence_loss(logits, targets):
    return F.cross_entropy(logits.transpose(1, 2), targets)  # (B, V, T) against (B, T): the mean over all questions

check("4.2", sequence_loss)
""",
)
def _sequence_loss(answer):
    generator = torch.Generator().manual_seed(0)
    logits, targets = torch.randn(3, 5, 7, generator=generator), torch.randint(7, (3, 5), generator=generator)
    found = _answered(answer(logits, targets))
    each = torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")  # (B, T)
    found = torch.as_tensor(found)
    if found.dim() > 0:
        return f"you give {tuple(found.shape)} losses; take their mean"
    near = {
        each.sum().item(): "you summed over all questions where the mean is asked",
        each[:, -1].mean().item(): "you scored the last step only: that is the assignment's mistake in silence",
        each.sum(dim=1).mean().item(): "you summed over time; take the mean over time too, or long windows count more",
        -each.mean().item(): "the sign is turned: a loss is minus the log-probability",
    }
    if abs(found.item() - each.mean().item()) < 1e-4:
        return None
    for value, fault in near.items():
        if abs(found.item() - value) < 1e-4:
            return fault
    return f"for one example you give {found.item():.3f} and the mean over all questions is {each.mean().item():.3f}"


@_exercise(
    "4.3",
    hints=[
        "Before update 100: the share (update + 1) / 100 of the peak.",
        "After it: progress = (update - 100) / 900, and the factor (1 + cos(pi * progress)) / 2.",
    ],
    solution="""
import math

def rate(update):
    if update < 100:
        return 0.01 * (update + 1) / 100
    progress = (update - 100) / 900
    return 0.01 * (1 + math.cos(math.pi * progress)) / 2

check("4.3", rate)
""",
)
def _rate(answer):
    values = {update: float(_answered(answer(update))) for update in (0, 49, 99, 100, 550, 1000)}
    if values[0] == 0:
        return (
            "update 0 has the rate 0, so it learns nothing: count it as the first step of the rise, (update + 1) / 100"
        )
    if abs(values[49] - 0.01) < 1e-9:
        return "there is no warm-up: at update 49 the rate should be half of the peak"
    if abs(values[100] - 0.01) > 1e-3:
        return "the cosine should begin where the warm-up ends, at the peak; does your progress start at update 100?"
    if abs(values[1000] - 0.01) < 1e-3:
        return "the rate does not fall: after the warm-up comes half a cosine down to zero"
    if values[1000] < -1e-6 or values[550] < 1e-4:
        return "the cosine goes from 1 to -1; add 1 and halve it, so that it goes from 1 to 0"
    wanted = {0: 0.0001, 49: 0.005, 99: 0.01, 100: 0.01, 550: 0.005, 1000: 0.0}
    for update, value in wanted.items():
        if abs(values[update] - value) > 2e-5:
            return f"at update {update} the rate should be {value:g}, and yours is {values[update]:g}"
    return None


# --- 05: loss curves ------------------------------------------------------------------------------------------------


@_exercise(
    "5.1",
    hints=[
        "At update k the last `width` losses are losses[k - width + 1 : k + 1]. What if k - width + 1 is negative?",
        "Use max(0, k - width + 1) as the start, and divide by the length of the slice, not by width.",
    ],
    solution="""
# The start never goes below zero, and the early means divide by as many losses as there are.
def running_mean(losses, width):
    means = []
    for k in range(len(losses)):
        last = losses[max(0, k - width + 1) : k + 1]
        means.append(sum(last) / len(last))
    return means

check("5.1", running_mean)
""",
)
def _running_mean(answer) -> str | None:
    losses, width = [8.0, 4.0, 6.0, 1.0, 3.0, 9.0], 3
    got = _answered(answer(list(losses), width))
    got = torch.as_tensor(got, dtype=torch.float64)
    n = len(losses)

    def means(start=lambda k: max(0, k - width + 1), stop=lambda k: k + 1, over=len, places=range(n)):
        pieces = [losses[start(k) : stop(k)] for k in places]
        return [sum(piece) / over(piece) if piece else 0.0 for piece in pieces]

    if _same(got, means()):
        return None
    faults = [
        (
            means(places=range(width - 1, n)),
            "the first width - 1 updates have no mean; give them that of the losses so far",
        ),
        (means(over=lambda _: width), "the first means divide by width, but fewer losses are there yet: too low"),
        (means(start=lambda k: 0), "that is the mean of all losses so far; old ones must drop out after width updates"),
        (
            means(start=lambda k: k, stop=lambda k: k + width),
            "you look ahead: at update k the later losses are unknown",
        ),
        (means(start=lambda k: max(0, k - width)), "one loss too many: the slice starts at k - width + 1"),
        (means(start=lambda k: max(0, k - width), stop=lambda k: k), "the loss of update k itself is missing"),
        (means(over=lambda _: 1), "those are sums; divide by the number of losses in them"),
        (losses, "nothing is smoothed: these are the losses themselves"),
    ]
    if got.shape != (n,) and not any(_same(got, value) for value, _ in faults):
        return f"{n} losses went in and {got.numel()} numbers came out; give one for each update"
    return _recognise(got, faults, "for losses 8, 4, 6, 1 and width 3 it is 8, 6, 6 and 3.67")


@_exercise(
    "5.2",
    hints=[
        "Mean 0.02; the deviations are -0.01, 0.01 and 0, so s = sqrt((0.0001 + 0.0001) / 2) = 0.01.",
        "The interval reaches 4.303 * 0.01 / sqrt(3) to either side of the mean.",
    ],
    solution="""
# Mean 0.02, s = 0.01 (divided by n - 1 = 2): the reach is 4.303 * 0.01 / sqrt(3) = 0.0248. Zero lies inside.
lower_end = 0.02 - 4.303 * 0.01 / 3**0.5
check("5.2", lower_end)
""",
)
def _lower_end(answer) -> str | None:
    mean, s, t, root = 0.02, 0.01, 4.303, 3**0.5
    if _same(answer, mean - t * s / root, 1e-4):
        return None
    biased = (2 / 3) ** 0.5 * s
    faults = [
        (mean + t * s / root, "that is the upper end: subtract the reach from the mean"),
        (t * s / root, "that is the reach; the lower end is the mean minus it"),
        (-t * s / root, "that is minus the reach; add the mean"),
        (mean - t * s, "s is the spread of one pair; the mean of three has s / sqrt(3)"),
        (mean - t * s / 3, "divide by the square root of 3, not by 3"),
        (mean - 1.96 * s / root, "1.96 is for a known spread; with three pairs it is estimated, and t is 4.303"),
        (mean - s / root, "that is one standard error below the mean; t = 4.303 of them make 95 %"),
        (mean - t * biased / root, "your s divides by n; the estimate from a sample divides by n - 1"),
        (mean, "that is the mean, the middle of the interval"),
    ]
    return _recognise(answer, faults, f"{float(answer):.4f} is not the mean minus 4.303 * s / sqrt(3)", 1e-4)


@_exercise(
    "5.3",
    hints=[
        "The excess of one character is losses - oracle. Sum it over the characters of that kind, and over all.",
        "chosen = torch.tensor([k == kind for k in kinds]); then excess[chosen].sum() / excess.sum().",
    ],
    solution="""
# A share compares sums: a rare kind may be dear for each character and still cause little of the whole.
def share_of_excess(losses, oracle, kinds, kind):
    excess = losses - oracle
    chosen = torch.tensor([k == kind for k in kinds])
    return excess[chosen].sum() / excess.sum()

check("5.3", share_of_excess)
""",
)
def _share_of_excess(answer) -> str | None:
    losses = torch.tensor([1.0, 0.5, 2.0, 0.25, 1.7])
    oracle = torch.tensor([0.8, 0.0, 1.2, 0.0, 0.0])
    kinds = ["free", "name", "free", "spelling", "name"]
    got = _answered(answer(losses, oracle, list(kinds), "name"))
    chosen = torch.tensor([kind == "name" for kind in kinds])
    excess = losses - oracle
    right = excess[chosen].sum() / excess.sum()
    if _same(got, right):
        other = answer(losses, oracle, list(kinds), "free")
        if _same(other, 1.0 / excess.sum()):
            return None
        return "right for one kind and wrong for another: use `kind`, not a fixed name, and subtract the oracle"
    faults = [
        (losses[chosen].sum() / losses.sum(), "that is the share of the loss; subtract the oracle's first"),
        (excess[chosen].mean() / excess.mean(), "a ratio of means: how dear one such character is; a share needs sums"),
        (excess[chosen].sum(), "those are the nats of this kind; divide by the sum over all characters"),
        (excess[chosen].mean(), "that is the mean excess of one such character, as in 5.4; the share divides sums"),
        (excess[chosen].sum() / len(kinds), "divided by the number of characters; divide by the whole excess"),
        (chosen.float().mean(), "that is the share of the characters; how much do they cost?"),
        (excess[~chosen].sum() / excess.sum(), "that is the share of all other kinds"),
        (100 * right, "in per cent; give a share between 0 and 1"),
    ]
    return _recognise(got, faults, f"for the example the share is {right:.3f}")


# --- 06: generation ---------------------------------------------------------------------------------------------------


@_exercise(
    "6.1",
    hints=[
        "Dividing a logarithm by 0.5 doubles it. What does that do to the probability itself?",
        "Square each probability, then scale the three squares so that they sum to one.",
    ],
    solution="""
# p is proportional to exp(ln p / 0.5) = p ** 2: the squares are 0.36, 0.09 and 0.01, and together 0.46.
sharpened = 0.36 / (0.36 + 0.09 + 0.01)
check("6.1", sharpened)
""",
)
def _sharpened(answer) -> str | None:
    if _same(answer, 0.36 / 0.46, 0.002):
        return None
    roots = [math.sqrt(p) for p in (0.6, 0.3, 0.1)]
    divided = torch.softmax(torch.tensor([0.6, 0.3, 0.1]) / 0.5, dim=0)[0].item()
    faults = [
        (0.36, "the squares are right, but the three no longer sum to one: divide by their sum"),
        (roots[0] / sum(roots), "you took roots: that is temperature 2, and it makes the first one smaller"),
        (0.6, "that is temperature 1; at 0.5 the likeliest character gains"),
        (1.2, "a probability cannot be above one: it is the logarithm that is divided by 0.5"),
        (0.3, "it is the logarithm that is divided by the temperature, and a low one makes the likeliest gain"),
        (divided, "you took the probabilities for logits: their logarithms are the logits"),
        (1.0, "that is greedy, the limit of temperature 0"),
    ]
    return _recognise(answer, faults, "at temperature 0.5 every probability is squared, then all are scaled", 0.002)


@_exercise(
    "6.2",
    hints=[
        "The bar to clear is share * p.max().",
        "Set to zero what lies below it, for example with torch.where, and divide by the sum of what is left.",
    ],
    solution="""
# The bar moves with the most probable character: high where the network is sure, low where it is not.
def keep_min_p(p, share):
    kept = torch.where(p >= share * p.max(), p, 0.0)
    return kept / kept.sum()

check("6.2", keep_min_p)
""",
)
def _keep_min_p(answer) -> str | None:
    p, share = torch.tensor([0.05, 0.4, 0.15, 0.3, 0.1]), 0.3  # the bar is 0.12
    given = _answered(answer(p.clone(), share))
    got = torch.as_tensor(given)
    if got.dtype == torch.bool:
        return "that says which characters are kept; return their probabilities, scaled to sum to one"
    if got.shape != p.shape:
        return (
            f"return one probability for each of the {len(p)} characters, zero for those left out; you gave {len(got)}"
        )

    def scaled(kept):
        return kept * p / (kept * p).sum()

    keep = p >= share * p.max()
    faults = [
        (keep * p, "the right ones are kept, but they do not sum to one: divide by their sum"),
        (scaled(p >= share), "your bar is `share` itself; it should be `share` times the largest probability"),
        (scaled(p < share * p.max()), "you keep the unlikely ones and drop the likely: turn the comparison round"),
        (p, "nothing was left out: 0.05 and 0.1 lie below 0.3 · 0.4 = 0.12"),
        (scaled(p >= share * p.mean()), "your bar is measured from the mean; measure it from the largest probability"),
        (
            scaled(p == p.max()),
            "only the most probable one is left, which is greedy; everything from 0.12 up should stay",
        ),
        (torch.tensor([0.0, 1, 1, 1, 0]) / 3, "those kept are now equally likely; they should keep their proportions"),
    ]
    if not _same(got, scaled(keep)):
        return _recognise(got, faults, "for 0.05, 0.4, 0.15, 0.3, 0.1 and share 0.3 the bar is 0.12: three are kept")
    if not _same(answer(torch.tensor([0.5, 0.25, 0.25]), 0.5), torch.tensor([0.5, 0.25, 0.25])):
        return "a character exactly at the bar should stay: at least, so >= and not >"
    return None


@_exercise(
    "6.3",
    hints=[
        "One sentence is a draw that is right with probability p; its variance is p (1 - p).",
        "The mean of n draws has variance p (1 - p) / n. The standard error is its root.",
    ],
    solution="""
# A share is a mean of n draws of 0 or 1; p = 34 / 40 = 0.85, so the standard error is about 0.056.
standard_error = math.sqrt(0.85 * 0.15 / 40)
check("6.3", standard_error)
""",
)
def _standard_error(answer) -> str | None:
    right = math.sqrt(0.85 * 0.15 / 40)
    faults = [
        (0.85 * 0.15 / 40, "that is the variance of the share; take its root"),
        (math.sqrt(0.85 * 0.15), "that is the spread of one sentence; the mean of 40 scatters less"),
        (0.85 * 0.15, "that is the variance of one sentence; divide by 40 and take the root"),
        (0.85, "that is the share itself; how far would it scatter over other samples of 40?"),
        (math.sqrt(0.85 * 0.15) / 40, "you divide the spread by 40; a mean of 40 scatters less by the root of 40"),
        (1.96 * right, "that is half the width of a 95 % interval, two standard errors; give one"),
        (math.sqrt(40 * 0.85 * 0.15), "that is the error of the count; divide by 40 for the share"),
    ]
    if _same(answer, right, 0.0008):
        return None
    return _recognise(
        answer, faults, f"{float(answer):.3g} is not it: the root of p (1 - p) / n, with p = 34 / 40", 0.0005
    )


@_exercise(
    "6.4",
    hints=[
        "The pieces are sample[i : i + n]. What is the last i for which a whole piece is left?",
        "There are len(sample) - n + 1 pieces; count those for which `piece in training_text`.",
    ],
    solution="""
# A text of m characters has m - n + 1 pieces of n characters.
def share_copied(sample, training_text, n):
    pieces = [sample[i : i + n] for i in range(len(sample) - n + 1)]
    return sum(piece in training_text for piece in pieces) / len(pieces)

check("6.4", share_copied)
""",
)
def _share_copied(answer) -> str | None:
    sample, text, n = "abababxyab", "cdababcd", 3  # pieces: aba bab aba bab abx bxy xya yab; four of eight are copied
    got = _answered(answer(sample, text, n))
    more = "abcbcbc", "zzabcz", 2  # ab bc cb bc cb bc: 4/6
    if _same(got, 0.5) and _same(answer(*more), 4 / 6):
        return None
    faults = [
        (4, "that is how many; divide by the number of pieces, 8"),
        (2 / 6, "you count different pieces; count each as often as it occurs"),
        (4 / 7, "you leave out the last piece: there are len(sample) - n + 1"),
        (4 / 10, "you divide by the characters, or count broken pieces at the end; there are only 8 pieces of 3"),
    ]
    if _same(got, 0.5):
        second = answer(*more)
        if _same(second, 1 - 4 / 6):
            return "that is the share that is new; the question is which share stands in the training text"
        return f"right for one text; but of ab bc cb bc cb bc four stand in 'zzabcz', and you say {float(second):.3f}"
    return _recognise(got, faults, "of the 8 pieces of 'abababxyab' four stand in 'cdababcd': aba, bab, aba, bab")


# --- 07: playground ---------------------------------------------------------------------------------------------------


@_exercise(
    "7.1",
    hints=[
        "What does top_k=1 leave to draw from?",
        "A draw from a single character always gives that character, whatever the seed.",
    ],
    solution="""
# top_k=1 leaves one character to draw from at every step, so the seed decides nothing: one text.
different_texts = 1
check("7.1", different_texts)
""",
)
def _texts_of_greedy(answer):
    if answer == 1:
        return None
    if answer == 50:
        return "one text for each seed is what drawing gives; with top_k=1 there is nothing left to draw"
    if answer == 0:
        return "there is always a text; count how many *different* ones there are"
    if answer == 200:
        return "200 is the length of each text; the question is how many different texts there are"
    return f"{answer!r} is not the number; ask what a seed can change when one character is left to draw from"


@_exercise(
    "7.2",
    hints=[
        "Walk along both texts together with zip and enumerate.",
        "Stop at the first pair that differs; think of what to return when no pair does.",
    ],
    solution="""
def first_difference(a, b):
    for place, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return place
    return min(len(a), len(b))  # one is the start of the other

check("7.2", first_difference)
""",
)
def _first_difference(answer):
    if _answered(answer("abcd", "abXd")) == 3:
        return "you count the place from 1; Python counts from 0, so 'abcd' and 'abXd' part at 2"
    if answer("abcd", "abXd") == 1:
        return "you give the number of differences; the question is where the first one stands"
    if answer("abcd", "abXd") != 2:
        return f"'abcd' and 'abXd' part at 2, and you gave {answer('abcd', 'abXd')!r}"
    if answer("ab", "abcd") is None:
        return "when one text is the start of the other you return nothing; return the length of the shorter one"
    if answer("ab", "abcd") != 2:
        return f"'ab' never differs from 'abcd': return 2, the length of the shorter, not {answer('ab', 'abcd')!r}"
    if answer("aXbX", "aYbY") != 1:
        return "with two differences you give a later one; stop at the first"
    return None


@_exercise(
    "7.3",
    hints=[
        "vocab.characters is the string of all characters it knows.",
        "Keep each character of the prompt that stands in it, and join what is left.",
    ],
    solution="""
def known_only(prompt, vocab):
    return "".join(char for char in prompt if char in vocab.characters)

check("7.3", known_only)
""",
)
def _known_only(answer):
    vocab = Vocabulary.from_text("abc ")
    found = _answered(answer("a cab, bé", vocab))
    if isinstance(found, list):
        return "you return a list of characters; join them to a text with ''.join"
    if found == "a cab, bé":
        return "nothing was left out: ',' and 'é' are not in the vocabulary"
    if found == ",é":
        return "you keep the unknown characters and leave out the known ones; turn the condition round"
    if found == "".join(sorted(set("a cab b"))):
        return "you lost the order and the repetitions: go along the prompt, not along a set"
    if found != "a cab b":
        return f"from 'a cab, bé' and the characters 'abc ' 'a cab b' should be left, and you gave {found!r}"
    return None


# --- 08: inside the gates -------------------------------------------------------------------------------------------


@_exercise(
    "8.1",
    hints=[
        "After T characters the product of the gates is left. What is the logarithm of a product?",
        "The mean of the logarithms says how much the logarithm falls at each character; it has to fall by 1 in all.",
    ],
    solution="""
# The product of the gates is left; its logarithm falls by mean(ln f) at each character, and must fall by 1.
def time_constant(gates):
    return -1 / gates.log().mean()

check("8.1", time_constant)
""",
)
def _time_constant(answer) -> str | None:
    gates = torch.tensor([0.9, 0.99, 0.5, 0.8], dtype=torch.float64)
    got = _one_number(_answered(answer(gates)))
    logs, mean = gates.log().mean(), gates.mean()
    if _same(got, -1 / logs):
        return None
    faults = [
        (1 / logs, "the sign: the logarithm of a gate is negative, and a time is not"),
        (-1 / mean.log(), "you take the mean of the gates first: what is left is their product, so average logarithms"),
        (
            1 / (1 - mean),
            "1 / (1 - f) is near it for gates near 1, and you average the gates: average their logarithms",
        ),
        ((1 / (1 - gates)).mean(), "you average the times: one gate near 1 then outweighs a gate that forgets at once"),
        ((-1 / gates.log()).mean(), "you average the times of each character: it is the logarithms that add up"),
        (math.log(0.5) / logs, "that is the half-life; 1/e was asked for, which is 1 / ln 2 times as long"),
        (-1 / torch.log2(gates).mean(), "that is the half-life: with logarithms to base 2 one half is left, not 1/e"),
        (-1 / gates.log().sum(), "a sum where a mean is asked: the time must not depend on how long you watched"),
        (-logs, "that is the rate, what goes at each character; the time is one over it"),
    ]
    return _recognise(got, faults, f"for gates 0.9, 0.99, 0.5 and 0.8 it is {float(-1 / logs):.2f} characters")


@_exercise(
    "8.2",
    hints=[
        "Take off the mean of each unit and of the feature; multiply, sum over time, and divide by both lengths.",
        "torch.corrcoef, or by hand; then .abs().argmax(): a unit that goes down as the feature goes up is as good.",
    ],
    solution="""
# Pearson's correlation of every unit with the feature; the largest in size, whatever its sign.
def closest_unit(values, feature):
    v, f = values - values.mean(0), feature - feature.mean()
    r = (v * f[:, None]).sum(0) / (v.norm(dim=0) * f.norm())
    return r.abs().argmax()

check("8.2", closest_unit)
""",
)
def _closest_unit(answer) -> str | None:
    """Judged on two sets of units: the closest one falls in the first, and rises in the second."""
    sets = [_units_and_feature(sign) for sign in (-1.0, 1.0)]
    numbers = []
    for values, feature in sets:
        got = torch.as_tensor(_answered(answer(values, feature)))
        if got.numel() != 1:
            return f"return one number, that of a unit; you return {got.numel()}"
        if got.dtype.is_floating_point or not 0 <= int(got) < values.shape[1]:
            return f"there are units 0 to {values.shape[1] - 1}, and you return {got.item():.3g}: return its number"
        numbers.append(int(got))
    centred = [(v - v.mean(0), f - f.mean()) for v, f in sets]
    covariance = [(v * f[:, None]).sum(0) for v, f in centred]
    r = [c / (v.norm(dim=0) * f.norm()) for c, (v, f) in zip(covariance, centred, strict=True)]
    if numbers == [int(x.abs().argmax()) for x in r]:
        return None
    faults = [
        (
            [c.abs().argmax() for c in covariance],
            "that is the covariance: a unit with large values wins by size; divide by both lengths",
        ),
        (
            [x.argmax() for x in r],
            "you look for the highest correlation, with its sign: a unit that goes down is as good",
        ),
        ([x.argmin() for x in r], "you look for the lowest correlation, with its sign: one that goes up is as good"),
        ([x.abs().argmin() for x in r], "that is the unit that goes along least: argmax, not argmin"),
        (
            [(v.T @ f / (v.norm(dim=0) * f.norm())).abs().argmax() for v, f in sets],
            "subtract the means first: without that a common level counts as going along",
        ),
        (
            [(v - f[:, None]).abs().mean(0).argmin() for v, f in sets],
            "that is the unit nearest in value; one that goes along may have another size, and another sign",
        ),
    ]
    known = (sentence for picks, sentence in faults if numbers == [int(pick) for pick in picks])
    return next(
        known, f"units {numbers[0]} and {numbers[1]} were not the closest: means off, lengths divided, largest size"
    )


def _units_and_feature(sign: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Values (6, 7) and a feature (6,); each unit catches one mistake."""
    feature = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    noise = torch.tensor([0.5, -0.9, 0.6, -0.7, 0.9, -0.4])
    values = [
        sign * -1.2 * feature + 0.9 * noise + 3,  # rather close, the other way
        10 * feature + 30 * noise,  # large, less close
        sign * (0.3 * feature - 0.02 * noise) - 7,  # the closest
        noise.flip(0) - noise + 0.3,  # hardly goes along
        feature + 0.8 * noise,  # nearest in value
        0.5 * feature + 0.3 * noise,  # closest as long as means are left in
        1.7 + 0.02 * (0.3 * feature + noise.flip(0)),  # hardly moves
    ]
    return torch.stack(values, dim=1), feature


@_exercise(
    "8.3",
    hints=[
        "From lag 10 to lag 30 a quarter is left: two halvings.",
        "Two halvings in 20 characters.",
    ],
    solution="""
# From 0.2 to 0.05 it is halved twice, in 20 characters.
half_life = 20 / math.log2(0.2 / 0.05)
check("8.3", half_life)
""",
)
def _half_of_a_gradient(answer) -> str | None:
    answer = _one_number(answer)
    if _same(answer, 10.0, 0.05):
        return None
    faults = [
        (20.0, "over 20 characters a quarter is left, not half"),
        (20 / math.log(4), "that is where 1/e is left; for one half use the logarithm to base 2"),
        (40.0, "it is halved twice in 20 characters, so once in half of that"),
        (4.0, "that is how many times smaller it has become"),
        (5.0, "a quarter is two halvings, not four"),
        (15.0, "you count from lag 0 to 30; from 10 to 30 it is 20 characters"),
        (0.25 ** (1 / 20), "that is the factor at each character; how many of them make one half?"),
        (40 / 3, "you let it fall along a straight line, 0.0075 at each character; it shrinks by a factor"),
    ]
    return _recognise(
        answer, faults, f"{float(answer):.3g} is not it: how often is 0.2 halved on the way to 0.05?", 0.05
    )


# --- 09: the fair trial ---------------------------------------------------------------------------------------------


@_exercise(
    "9.1",
    hints=[
        "Set 3 G (E + G + 2) against 4 H (E + H + 2). You know H and E; try whole numbers for G.",
        "wanted = 4 * H * (E + H + 2); then min(range(1, 2 * H + 1), key=lambda G: abs(3 * G * (E + G + 2) - wanted)).",
    ],
    solution="""
# The count grows with the square of the width as well as with the width: no fixed ratio gives it. Try them all.
def gru_width(H, E):
    wanted = 4 * H * (E + H + 2)
    return min(range(1, 2 * H + 1), key=lambda G: abs(3 * G * (E + G + 2) - wanted))

check("9.1", gru_width)
""",
)
def _gru_width(answer) -> str | None:
    cases = [(128, 64), (20, 100), (400, 16), (7, 60)]
    got = [_answered(answer(H, E)) for H, E in cases]

    def nearest(blocks: int, biases: int, wanted_blocks: int = 4) -> list[int]:
        found = []
        for H, E in cases:
            wanted = wanted_blocks * H * (E + H + biases)
            found.append(min(range(1, 3 * H), key=lambda G: abs(blocks * G * (E + G + biases) - wanted)))
        return found

    if _same(got, nearest(3, 2)):
        return None
    faults = [
        ([round(4 / 3 * H) for H, _ in cases], "4/3 of the width: the count also grows with the square of the width"),
        ([int(4 / 3 * H) for H, _ in cases], "4/3 of the width: the count also grows with the square of the width"),
        ([round((4 / 3) ** 0.5 * H) for H, _ in cases], "that forgets the E inputs: only W_h grows with the square"),
        ([int((4 / 3) ** 0.5 * H) for H, _ in cases], "that forgets the E inputs: only W_h grows with the square"),
        ([H for H, _ in cases], "that is equal width, and gives the GRU three quarters of the parameters"),
        (nearest(4, 2, 3), "the other way round: the GRU has three blocks and needs more units, not fewer"),
        ([3 * H * (E + H + 2) for H, E in cases], "that is a number of parameters; return a number of units"),
        ([4 * H * (E + H + 2) for H, E in cases], "that is a number of parameters; return a number of units"),
    ]
    return _recognise(got, faults, f"for H = 128 and E = 64 it is {nearest(3, 2)[0]}, and you give {got[0]}")


@_exercise(
    "9.2",
    hints=[
        "Draw five numbers with spread 0.01 many times. How far below their mean is the lowest, on average?",
        "np.random.default_rng(0).normal(0, 1, (100_000, 5)).min(axis=1).mean() is about -1.16 spreads. And in nats?",
    ],
    solution="""
# The lowest of five lies 1.16 spreads below the mean on average: a gain of 0.0116 nats, made of nothing.
lowest = np.random.default_rng(0).normal(0, 0.01, (100_000, 5)).min(axis=1)
gain = -lowest.mean()
check("9.2", gain)
""",
)
def _best_of_five(answer) -> str | None:
    if _same(answer, 0.01163, 0.0007):
        return None
    faults = [
        (0.0, "on average the mean of five is fair; the lowest of five is not"),
        (-0.01163, "the right size: say how much lower it looks, as a number above zero"),
        (1.163, "that is in spreads; one spread is 0.01 nats"),
        (-1.163, "that is in spreads, and below zero; one spread is 0.01 nats"),
        (0.01, "one spread: the lowest of five lies farther out than that, on average"),
        (0.01 / 5**0.5, "that is the standard error of a mean of five; here the lowest is taken"),
        (0.02326, "that is from the highest to the lowest; the baseline reports its mean"),
        (1.5 - 0.01163, "that is the loss it reports; by how much does it look lower?"),
    ]
    return _recognise(answer, faults, f"{float(answer):.4f} is not it: simulate the lowest of five draws", 0.0007)


@_exercise(
    "9.3",
    hints=[
        "Twelve looks at level 0.05 / 12 each keep the chance of one or more false alarms below 0.05.",
        "[p < level / len(p_values) for p in p_values]",
    ],
    solution="""
# Each of n tests gets the n-th part of the level, so that all together keep it (Bonferroni).
def found(p_values, level=0.05):
    return [p < level / len(p_values) for p in p_values]

check("9.3", found)
""",
)
def _bonferroni(answer) -> str | None:
    p = [0.001, 0.012, 0.018, 0.045, 0.2]
    got = [bool(x) for x in _answered(answer(p))]
    right = [x < 0.05 / len(p) for x in p]
    if got == right:
        if [bool(x) for x in answer([0.03])] != [True] or [bool(x) for x in answer([0.03] * 2)] != [False] * 2:
            return "the number of tests is that of the list: one p of 0.03 is found, two of them are not"
        return None
    holm = [x < 0.05 / (len(p) - rank) for rank, x in enumerate(p)]
    faults = [
        (
            [x < 0.05 for x in p],
            "no correction: five looks at 0.05 each give a false alarm in nearly one of four cases",
        ),
        ([x / len(p) < 0.05 for x in p], "you divide p by the number of tests: multiply it, or divide the level"),
        (holm, "that is Holm's procedure: valid and sharper. The same level for all is asked here, Bonferroni's"),
        ([not x for x in right], "the other way round: True is for what counts as found"),
        (
            [x <= 0.05 * (rank + 1) / len(p) for rank, x in enumerate(p)],
            "that bounds the share of false finds (Benjamini and Hochberg), not the chance of any",
        ),
    ]
    if len(got) != len(p):
        return f"{len(p)} values went in and {len(got)} came out; give True or False for each"
    return next((sentence for value, sentence in faults if got == value), f"for {p} only the first counts as found")


# --- 10: break it ---------------------------------------------------------------------------------------------------


@_exercise(
    "10.1",
    hints=[
        "Look at the right-hand chart: what does the first character of a window cost, and what would a bigram pay?",
        "It costs more than knowing one character only. So what comes in from the window before is worse than nothing.",
    ],
    solution="""
# The first character of each window costs more than a bigram would pay: the state that comes in speaks of another
# place in the text. In the evidence the second window does not go on where the first one ends.
check("10.1", "shuffled_streams")
""",
)
def _mystery(answer) -> str | None:
    if not isinstance(answer, str) or answer not in (*FAULTS, "sound"):
        return f"give the name as a string, one of {', '.join(FAULTS)}, or sound"
    hidden = hidden_fault(25)
    return None if answer == hidden else answer_to_accusation(hidden, answer)


@_exercise(
    "10.2",
    hints=[
        "Two lines are missing. One has to do with the gradients of the update before, the other with the state.",
        "zero_grad before backward, and the state that is returned must be detached.",
    ],
    solution="""
# Gradients of the last update must go before new ones are added; and the next window must not lead back into this one.
from charrnn_helpers.models import detach
from torch.nn import functional as F

def update(model, optimiser, x, y, state):
    logits, state = model(x, state)
    loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return loss.item(), detach(state)

check("10.2", update)
""",
)
def _update(answer) -> str | None:
    try:
        weights, losses = _three_updates(answer)
    except RuntimeError as problem:
        if "second time" in str(problem):
            return "it stops at the second window: the state still carries its history, so detach what you return"
        if "inplace" in str(problem):
            return (
                "retain_graph keeps the old graph, and the optimiser has changed its weights: detach the state instead"
            )
        raise
    if any(isinstance(loss, torch.Tensor) and loss.requires_grad for loss in losses):
        return "the loss is still a tensor with its whole graph, which would stay in memory: return loss.item()"
    if _same(weights, _three_updates(_sound_update())[0], 1e-6):
        return None
    faults = [
        ({"zero": False}, "the state is right, but gradients add up: call optimiser.zero_grad() before backward()"),
        (
            {"clip": False},
            "the two faults are gone, but so is the clipping to 1.0: it belongs between backward() and step()",
        ),
        (
            {"carry": False},
            "you throw the state away: hand it on, detached, so that the next window knows what came before",
        ),
        ({"zero": "late"}, "zero_grad() after backward() throws away the gradients that you have just computed"),
    ]
    known = [(_three_updates(_sound_update(**change))[0], sentence) for change, sentence in faults]
    return _recognise(
        weights, known, "it trains, but to other weights than the sound update: compare it line by line", 1e-6
    )


def _sound_update(zero: bool | str = True, clip: bool = True, carry: bool = True):
    """The update of 10.2, or one with a fault that readers plant."""

    def update(model, optimiser, x, y, state):
        logits, state = model(x, state)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        if zero is True:
            optimiser.zero_grad()
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if zero == "late":
            optimiser.zero_grad()
        optimiser.step()
        return loss.item(), detach(state) if carry else None

    return update


def _three_updates(update):
    """The weights of a tiny network after three windows, and the three losses."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        model = LSTMModel(5, 6, 1, 4)
        ids = torch.randint(5, (2, 25))
        model.head.weight.data.mul_(20)  # so that gradients are large and clipping matters
        optimiser = torch.optim.SGD(model.parameters(), 0.5)
        state, losses = None, []
        for start in (0, 8, 16):
            x, y = ids[:, start : start + 8], ids[:, start + 1 : start + 9]
            loss, state = _answered(update(model, optimiser, x, y, state))
            losses.append(loss)
    return torch.cat([weight.detach().flatten() for weight in model.parameters()]), losses


@_exercise(
    "10.3",
    hints=[
        "Two things must hold in each stream: y1 is x1 shifted by one, and x2 begins with the last target, y1[:, -1].",
        "torch.equal(x1[:, 1:], y1[:, :-1]) is the first; for the second compare x2[:, 0] with y1[:, -1].",
    ],
    solution="""
# The targets are the inputs one further on, and the last target is what the next window begins with: in all streams.
def goes_on(x1, y1, x2):
    return torch.equal(x1[:, 1:], y1[:, :-1]) and torch.equal(x2[:, 0], y1[:, -1])

check("10.3", goes_on)
""",
)
def _goes_on(answer) -> str | None:
    one = [4, 0, 2, 2, 5, 1, 3, 0, 5, 4, 1, 1, 0, 3, 2, 5, 4]
    ids = torch.tensor([one, [2, 3, 3, 0, 4, 2, 0, 5, 1, 2, 4, 0, 5, 5, 3, 1, 0]])
    x1, y1, x2 = ids[:, :8], ids[:, 1:9], ids[:, 8:16]
    other = x2.clone()
    other[1] = ids[1, 9:17]  # the second stream comes from elsewhere
    nearly = x1.clone()  # unshifted, but for the last target
    nearly[:, -1] = x2[:, 0]
    by_two = ids[:, 2:10].clone()  # shifted by two, but for the last target
    by_two[:, -1] = x2[:, 0]
    cases = [
        ((x1, y1, x2), True, "sound windows are refused: y1 is x1 one further on, and x2 begins with the last target"),
        ((x1, x1, x2), False, "you let unshifted targets pass: y1 must be x1 one further on"),
        ((x1, nearly, x2), False, "you look at the last target only, so unshifted targets pass: compare all of y1"),
        ((x1, by_two, x2), False, "targets that are shifted by two pass: x1[:, 1:] must equal y1[:, :-1]"),
        ((x1, y1, x1), False, "you let a window pass that comes again: x2 must begin with the last target, y1[:, -1]"),
        ((x1, y1, ids[:, 7:15]), False, "a second window that repeats the last input passes: compare with y1[:, -1]"),
        ((x1, y1, ids[:, 9:17]), False, "a second window that leaves out one character passes: compare with y1[:, -1]"),
        ((x1, y1, other), False, "you look at the first stream only, or want it in any stream: it must hold in all"),
    ]
    for arguments, wanted, sentence in cases:
        if bool(_answered(answer(*arguments))) != wanted:
            return sentence
    return None
