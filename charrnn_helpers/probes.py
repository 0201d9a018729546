"""Looking into a trained network: its gates, its units, its gradients, what it remembers and whether it can count.

Everything here only looks: no weight, no training mode and no random number of the reader's is changed.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn import functional as F

from . import tales
from .corpus import load_corpus
from .encoding import Vocabulary
from .fused import CELLS
from .metrics import by_distance

# ------------------------------------------------------------------------------------------------- gates and states


@torch.no_grad()
def trace(model: nn.Module, ids: Tensor) -> list[dict[str, Tensor]]:
    """Every gate and state while `model` reads `ids` (T,) from a zero state: a dict for each layer, of (T, H) each.

    An LSTM has i, f, g, o, c, h; a GRU r, z, n, h; a plain RNN h. The equations are those of `LSTMCell` and `GRUCell`,
    with the weights of `model.rnn`. Raises `ValueError` for a text without characters.
    """
    if ids.dim() != 1 or not len(ids):
        raise ValueError(f"ids has shape {tuple(ids.shape)}; trace reads one text of at least one character, (T,)")
    step, names = STEPS[model.cell]
    rnn = model.rnn
    x = (
        F.one_hot(ids, model.vocab_size).to(model.head.weight.dtype)
        if model.embedding is None
        else model.embedding(ids)
    )  # (T, E)
    layers = []
    for layer in range(rnn.num_layers):
        w_x, w_h, b_x, b_h = (
            getattr(rnn, f"{kind}_{side}_l{layer}") for kind in ("weight", "bias") for side in ("ih", "hh")
        )
        h = c = x.new_zeros(rnn.hidden_size)
        rows = []
        for from_x in F.linear(x, w_x, b_x):  # (gates * H,) at each step
            row = step(from_x, F.linear(h, w_h, b_h), h, c)
            h, c = row[-1], row[-2]  # c is read by the LSTM only
            rows.append(torch.stack(row[-len(names) :]))
        values = torch.stack(rows, dim=1)  # (gates and states, T, H)
        layers.append(dict(zip(names, values, strict=True)))
        x = values[-1]  # the next layer reads h
    return layers


def _lstm_step(from_x: Tensor, from_h: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    i, f, g, o = (from_x + from_h).chunk(4)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = f * c + i * g
    return i, f, g, o, c, o * torch.tanh(c)


def _gru_step(from_x: Tensor, from_h: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    (xr, xz, xn), (hr, hz, hn) = from_x.chunk(3), from_h.chunk(3)
    r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
    n = torch.tanh(xn + r * hn)
    return r, z, n, (1 - z) * n + z * h


def _rnn_step(from_x: Tensor, from_h: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    h = torch.tanh(from_x + from_h)
    return h, h


STEPS = {
    "LSTM": (_lstm_step, ("i", "f", "g", "o", "c", "h")),
    "GRU": (_gru_step, ("r", "z", "n", "h")),
    "RNN": (_rnn_step, ("h",)),
}
KEEPS = {"LSTM": "f", "GRU": "z"}  # the gate that says how much of the old state is kept
HOLDS = {"LSTM": "c", "GRU": "h", "RNN": "h"}  # the state that is kept


def time_constants(keep: Tensor) -> Tensor:
    """For each unit, after how many characters 1/e of a value is left: -1 / mean(ln gate), of `keep` (T, H).

    What is left after T characters is the *product* of the gates, so their logarithms are averaged, not the gates. It
    says how long the gate alone would hold a value; what else is written to the unit is not in it. (Tallec and
    Ollivier 2018 relate gates to time constants.)
    """
    return -1 / keep.clamp(1e-7, 1 - 1e-7).log().mean(dim=0)


# ------------------------------------------------------------------------------------- units that mean something


def inside(text: str, opening: str, closing: str) -> np.ndarray:
    """1 for every character of `text` between an opening and its closing one, the opening itself included; else 0."""
    depth, values = 0, []
    for char in text:
        if char == opening and (depth == 0 or opening != closing):
            depth += 1
        elif char == closing:
            depth = max(0, depth - 1)
        values.append(min(depth, 1))
    return np.array(values, dtype=float)


def position_in_sentence(text: str) -> np.ndarray:
    """How many characters ago the sentence began, for every character of `text`."""
    values, position = [], 0
    for char in text:
        values.append(position)
        position = 0 if char in ".\n" else position + 1
    return np.array(values, dtype=float)


def knocks_to_come(text: str) -> np.ndarray:
    """For `tales`: how many knocks of "four times: pop, pop, pop, pop." are still to be written; 0 elsewhere."""
    values = np.zeros(len(text))
    for match in re.finditer(r": ((\w+)(?:, \2)+)\.", text):
        left = match[1].count(",") + 1
        for position in range(match.start(1), match.end(1)):
            values[position] = left - match[1][: position - match.start(1) + 1].count(",") - 1
    return values


def hero_is_a_girl(text: str) -> np.ndarray:
    """For `tales`: 1 from the naming of a heroine to the end of her story, -1 for a hero's, 0 before the naming."""
    values = np.zeros(len(text))
    start = 0
    for story in tales.split_stories(text):
        name = HERO.search(story)
        if name:
            values[start + name.end() : start + len(story)] = 1 if name[0] in tales.GIRLS else -1
        start += len(story)
    return values


HERO = re.compile(r"\b(?:" + "|".join([*tales.GIRLS, *tales.BOYS]) + r")\b")


class Unit(NamedTuple):
    """The unit that goes with a feature most closely: chosen on one part of a text, and judged on another."""

    number: int
    found: float  # Pearson's correlation where it was chosen
    confirmed: float  # and where it was not


def best_unit(values: Tensor, feature: np.ndarray, chosen_on: int) -> Unit:
    """Of units `values` (T, H), which correlates most with `feature` (T,) over the first `chosen_on` characters?

    By the size of the correlation, whatever its sign. The best of many is too good by selection: what it is worth is
    said by `confirmed`, its correlation over the rest. Raises `ValueError` if either part holds one value only.
    """
    if len(values) != len(feature):
        raise ValueError(f"{len(values)} characters have values and {len(feature)} a feature: give one for each")
    if not 1 < chosen_on < len(values) - 1:
        raise ValueError(f"chosen_on is {chosen_on} of {len(values)} characters; leave some for each of the two parts")
    parts = [correlations(values[part], feature[part]) for part in (slice(chosen_on), slice(chosen_on, None))]
    number = int(np.abs(parts[0]).argmax())
    return Unit(number, *(float(part[number]) for part in parts))


def correlations(values: Tensor, feature: np.ndarray) -> np.ndarray:
    """Pearson's correlation of every unit of `values` (T, H) with `feature` (T,): (H,); 0 for one that stands still."""
    if not len(feature) or np.ptp(feature) == 0:
        raise ValueError("the feature has one value only in this text; choose a text in which it changes")
    units = values.numpy().astype(float)
    units, feature = units - units.mean(0), feature - feature.mean()
    size = np.sqrt((units**2).sum(0) * (feature**2).sum())
    return (units * feature[:, None]).sum(0) / np.where(size > 1e-12, size, np.inf)


# --------------------------------------------------------------------------------------------- what is remembered


class Share(NamedTuple):
    """How often a network was right, of how many, and what share always naming the usual answer has right."""

    asked: int
    right: int
    guess: float
    error: float = math.nan  # standard error of the share, the questions of one story taken together

    @property
    def share(self) -> float:
        return self.right / self.asked

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The share plus and minus so many standard errors. Questions of one story are alike, so stories count."""
        width = float(stats.norm.ppf((1 + confidence) / 2)) * self.error
        return max(0.0, self.share - width), min(1.0, self.share + width)


class Recall(NamedTuple):
    """For each character of `tales` that only a memory can know: whether the network chose it among its rivals."""

    kinds: np.ndarray  # (n,) one of `tales.DEPENDENCIES`
    distances: np.ndarray  # (n,) characters back to the word that has to be remembered
    stories: np.ndarray  # (n,) number of the story
    right: np.ndarray  # (n,) bool
    guessed: np.ndarray  # (n,) bool: would the answer that is usual in the training text have been right?

    def by_distance(self) -> dict[str, Share]:
        """Shares of right answers by distance, in the groups of `metrics.excess_by_distance`."""
        return {group: self.share(mask) for group, mask in by_distance(self.distances).items() if mask.any()}

    def by_kind(self) -> dict[str, Share]:
        """Shares of right answers by what has to be remembered."""
        return {kind: self.share(self.kinds == kind) for kind in tales.DEPENDENCIES if (self.kinds == kind).any()}

    def share(self, chosen: np.ndarray) -> Share:
        """The share of the questions `chosen` (n,), a mask."""
        right = self.right[chosen]
        deviations = np.bincount(self.stories[chosen], right - right.mean())  # summed in each story
        error = float(np.sqrt((deviations**2).sum()) / len(right))
        return Share(len(right), int(right.sum()), float(self.guessed[chosen].mean()), error)


@cache
def usual_answers() -> dict[str, str]:
    """Of each group of rivals in `tales`, the one that is right most often in 250 stories of the training text."""
    answers: dict[str, Counter] = {}
    for story in tales.split_stories(load_corpus("tales").train)[:250]:
        for mark in tales.annotate(story):
            if mark.rivals:
                answers.setdefault(mark.rivals, Counter())[mark.char] += 1
    return {rivals: min(found, key=lambda char: (-found[char], char)) for rivals, found in answers.items()}


def recall(model: nn.Module, vocab: Vocabulary, text: str, context: int | None = None) -> Recall:
    """Read whole stories of `tales`; at each word that must be remembered, which of the possible ones is expected?

    The network has read the true text so far. It is right if the character that comes is more probable to it than
    every other that a forgetful writer could put there ("he" or "she": h or s). The yardstick is to name always the
    answer that is usual in the training text: a knock is followed by another more often than not, so "always another"
    is right more than half of the time. With `context=k` the network has read only the k characters before, from a zero
    state. Raises `ValueError` where `text` leaves the grammar, or asks nothing.
    """
    stories = tales.split_stories(text)
    marks = [(mark, number) for number, story in enumerate(stories) for mark in tales.annotate(story)]
    places = [place for place, (mark, _) in enumerate(marks) if mark.rivals and place > 0]
    if not places:
        raise ValueError("there is nothing to remember in this text; give at least one whole story of tales")
    ids = vocab.encode(text)
    with looking(model):
        logits = _logits_at(model, ids, torch.tensor(places), context)
    found, numbers = zip(*(marks[place] for place in places), strict=True)
    expected = [
        mark.rivals[int(row[vocab.encode(mark.rivals)].argmax())] for mark, row in zip(found, logits, strict=True)
    ]
    usual = usual_answers()
    return Recall(
        np.array([mark.kind for mark in found]),
        np.array([mark.distance for mark in found]),
        np.array(numbers),
        np.array([mark.char == char for mark, char in zip(found, expected, strict=True)]),
        np.array([mark.char == usual.get(mark.rivals) for mark in found]),
    )


def _logits_at(model: nn.Module, ids: Tensor, places: Tensor, context: int | None, chunk: int = 2000) -> Tensor:
    """What the network says just before each of `places` (n,): logits (n, V)."""
    if context is None:
        state, rows = None, []
        for start in range(0, len(ids), chunk):
            logits, state = model(ids[None, start : start + chunk], state)
            here = places[(places > start) & (places <= start + chunk)]
            rows.append(logits[0, here - 1 - start])
        return torch.cat(rows)
    if context < 1:
        raise ValueError(f"context is {context}; it must be at least 1 character, or None for all there are")
    first = places[places < context]  # too near to the beginning for a whole context
    rows = [model(ids[None, :place])[0][:, -1] for place in first.tolist()]
    rest = places[places >= context]
    for part in rest.split(max(1, 200_000 // context)):
        windows = ids[part[:, None] + torch.arange(-context, 0)]  # (n, context)
        rows.append(model(windows)[0][:, -1])
    return torch.cat(rows)


@contextmanager
def looking(model: nn.Module, gradients: bool = False):
    """Without dropout, and without gradients unless asked for; the model is as it was afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.set_grad_enabled(gradients):
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


# ------------------------------------------------------------------------------------------------- gradient by lag


def gradient_by_lag(model: nn.Module, ids: Tensor) -> dict[str, Tensor]:
    """How much the loss at the last step depends on the states before it: |∂loss_t / ∂h_{t-k}|, for k = 1 to T - 1.

    `ids` (B, T + 1) are B pieces of text; each is read from a zero state, and the loss is that of its last character.
    Returns norms (B, T - 1), k = 1 first: of "h", and for an LSTM of its cell, "c", as well: each as the next step
    reads it, the other held fixed. All layers are taken together. The gradient is that of the last step times a product
    of Jacobians, one for each step in between (Pascanu, Mikolov and Bengio 2013). Raises `ValueError` for pieces that
    are too short.
    """
    if ids.dim() != 2 or ids.shape[1] < 3:
        raise ValueError(f"ids has shape {tuple(ids.shape)}; give pieces of at least three characters, (B, T + 1)")
    state, states = None, []
    with looking(model, gradients=True):
        for x in ids[:, :-1].split(1, dim=1):  # (B, 1)
            logits, state = model(x, state)
            states.append(state if isinstance(state, tuple) else (state,))  # parts of (layers, B, H)
        loss = F.cross_entropy(logits[:, -1], ids[:, -1], reduction="sum")  # each piece has its own loss
        parts = [part for parts in states[-2::-1] for part in parts]  # from k = 1 back to the first step
        gradients = torch.autograd.grad(loss, parts)
    norms = [gradient.double().norm(dim=(0, 2)) for gradient in gradients]  # (B,) each; squares would underflow
    names = ("h", "c")[: len(states[0])]
    return {name: torch.stack(norms[place :: len(names)], dim=1) for place, name in enumerate(names)}


def decay(norms: Tensor, first: int, last: int) -> float:
    """By what factor norms (lags,), the first of lag 1, shrink at each further lag, from lag `first` to `last`.

    A line through their logarithms, by least squares. Raises `ValueError` for lags that are not there, or a norm of 0.
    """
    if not 1 <= first < last <= len(norms):
        raise ValueError(f"lags {first} to {last} were asked for, and there are 1 to {len(norms)}")
    chosen = norms[first - 1 : last]
    if not bool((chosen > 0).all()):
        raise ValueError(f"between lags {first} and {last} a norm is 0: nothing is left that could shrink")
    slope, _ = np.polyfit(np.arange(first, last + 1), np.log(chosen.numpy()), 1)
    return float(math.exp(slope))


# ---------------------------------------------------------------------------------------------- counting and holding

LONGEST = 20  # what networks are trained on; they are asked for more


def counted(letters: str, n: int) -> str:
    """ "aaabbb" and a line end, for "ab" and 3; with a line end before it as well, from which a reader starts."""
    return "\n" + "".join(letter * n for letter in letters) + "\n"


def held(key: str, n: int) -> str:
    """A key, n dots, a question mark, and the key again: "c.....?c" between line ends, for "c" and 5."""
    return f"\n{key}{'.' * n}?{key}\n"


KEYS = "abcdef"


def learn_to_count(cell: str, letters: str = "ab", seed: int = 0, **options):
    """Train on a^n b^n (or a^n b^n c^n, ...) of n up to 20: the model and its vocabulary; `options` as `learn_lines`.

    (Weiss, Goldberg and Yahav 2018 ask this question; their sizes and their training differ.)
    """
    return learn_lines(cell, {n: [counted(letters, n)] for n in range(1, LONGEST + 1)}, seed, **options)


def learn_to_hold(cell: str, seed: int = 0, **options):
    """Train on a key, up to 20 dots, and the key again: the model and its vocabulary; `options` as `learn_lines`."""
    return learn_lines(cell, {n: [held(key, n) for key in KEYS] for n in range(1, LONGEST + 1)}, seed, **options)


def learn_lines(
    cell: str, lines: dict[int, list[str]], seed: int, *, units: int = 10, updates: int = 3000
) -> tuple[nn.Module, Vocabulary]:
    """Train a small network on `lines` of each length n, 32 drawn for each update, each read from a zero state.

    Short lines are drawn more often than long ones (0.89 to the power of n), so that the longest is no wall to be
    learnt. One-hot input; Adam, one cycle of the learning rate up to 0.02.
    """
    if cell not in CELLS:
        raise ValueError(f"there is no cell {cell!r}; choose from {', '.join(CELLS)}")
    vocab = Vocabulary.from_text("".join(line for some in lines.values() for line in some))
    encoded = {n: [vocab.encode(line) for line in some] for n, some in lines.items()}
    weights = [0.89**n for n in encoded]
    lengths, choice = random.Random(seed), random.Random(f"{seed} of the lines of one length")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = CELLS[cell](len(vocab), units, num_layers=1, embedding_size=None)
    optimiser = torch.optim.Adam(model.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=updates, pct_start=0.1)
    for _ in range(updates):
        drawn = [choice.choice(encoded[n]) for n in lengths.choices(list(encoded), weights, k=32)]
        x = nn.utils.rnn.pad_sequence([ids[:-1] for ids in drawn], batch_first=True)  # (32, T)
        y = nn.utils.rnn.pad_sequence([ids[1:] for ids in drawn], batch_first=True, padding_value=-100)
        logits, _ = model(x)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-100)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rates.step()
    return model.eval(), vocab


def counts(model: nn.Module, vocab: Vocabulary, letters: str, n: int) -> bool:
    """Does the network expect the right character everywhere after the first letter has ended?

    That is where the line can be known: as many of every other letter, and then its end.
    """
    return _expects(model, vocab.encode(counted(letters, n)), n + 1)


def holds(model: nn.Module, vocab: Vocabulary, n: int) -> bool:
    """Does the network expect the right key, and the line's end, after n dots and "?", for each of the six keys?"""
    return all(_expects(model, vocab.encode(held(key, n)), n + 2) for key in KEYS)


def _expects(model: nn.Module, ids: Tensor, known: int) -> bool:
    """Is every character after number `known` the one that the network finds most probable?"""
    with looking(model):
        expected = model(ids[None, :-1])[0][0].argmax(-1)  # (T,)
    return torch.equal(expected[known:], ids[known + 1 :])


def reach(works: Callable[[int], bool], highest: int = 100) -> int:
    """The n up to which `works(n)` is true, from 1 on without a gap; at most `highest`."""
    return next((n - 1 for n in range(1, highest + 1) if not works(n)), highest)
