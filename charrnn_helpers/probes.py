"""Looking into a trained network: its gates, its units, its gradients, what it remembers and whether it can count.

Everything here only looks: no weight, no training mode and no random number of the reader's is changed.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn
from torch.nn import functional as F

from . import tales
from .encoding import Vocabulary
from .fused import FASTEST
from .metrics import DISTANCES
from .models import RNNModel

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
    x = F.one_hot(ids, model.vocab_size).float() if model.embedding is None else model.embedding(ids)  # (T, E)
    layers = []
    for layer in range(rnn.num_layers):
        w_x, w_h, b_x, b_h = (
            getattr(rnn, f"{kind}_{side}_l{layer}") for kind in ("weight", "bias") for side in ("ih", "hh")
        )
        h = c = torch.zeros(rnn.hidden_size, device=x.device)
        rows = []
        for from_x in F.linear(x, w_x, b_x):  # (gates * H,) at each step
            row = step(from_x, F.linear(h, w_h, b_h), h, c)
            h, c = row[-1], row[-2]  # c is read by the LSTM only
            rows.append(torch.stack(row))
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
    "RNN": (_rnn_step, ("h", "h")),
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


# --------------------------------------------------------------------------------------------- what is remembered


class Recall(NamedTuple):
    """For each character of `tales` that only a memory can know: whether the network chose it among its rivals."""

    kinds: np.ndarray  # (n,) one of `tales.DEPENDENCIES`
    distances: np.ndarray  # (n,) characters back to the word that has to be remembered
    right: np.ndarray  # (n,) bool
    guessed: np.ndarray  # (n,) bool: would the rival that is right most often, named every time, have been right?

    def by_distance(self) -> dict[str, Share]:
        """Shares of right answers by distance, in the groups of `metrics.excess_by_distance`."""
        groups = {}
        for low, high in zip(DISTANCES, (*DISTANCES[1:], math.inf), strict=True):
            chosen = (self.distances >= low) & (self.distances < high)
            if chosen.any():
                name = f"{low} to {high - 1}" if high < math.inf else f"{low} on"
                groups[name] = self._share(chosen)
        return groups

    def by_kind(self) -> dict[str, Share]:
        """Shares of right answers by what has to be remembered."""
        return {kind: self._share(self.kinds == kind) for kind in tales.DEPENDENCIES if (self.kinds == kind).any()}

    def _share(self, chosen: np.ndarray) -> Share:
        return Share(int(chosen.sum()), int(self.right[chosen].sum()), float(self.guessed[chosen].mean()))


class Share(NamedTuple):
    """How often a network was right, of how many, and what share of them the best constant guess has right."""

    asked: int
    right: int
    guess: float

    @property
    def share(self) -> float:
        return self.right / self.asked

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Wilson's interval (1927) for the share, as if the questions were independent."""
        found = stats.binomtest(self.right, self.asked).proportion_ci(confidence, method="wilson")
        return found.low, found.high


def recall(model: nn.Module, vocab: Vocabulary, text: str, context: int | None = None) -> Recall:
    """Read whole stories of `tales`; at each word that must be remembered, which of the possible ones is expected?

    The network has read the true text so far. It is right if the character that comes is more probable to it than
    every other that a forgetful writer could put there ("he" or "she": h or s). The yardstick is the best constant
    guess: a knock is followed by another more often than not, so "always another" is right more than half of the time.
    With `context=k` it has read only the k characters before, from a zero state. Raises `ValueError` where `text`
    leaves the grammar.
    """
    marks = [mark for story in tales.split_stories(text) for mark in tales.annotate(story)]
    places = [place for place, mark in enumerate(marks) if mark.rivals and place > 0]
    ids = vocab.encode(text)
    with looking(model):
        logits = _logits_at(model, ids, torch.tensor(places), context)
    right = []
    for place, row in zip(places, logits, strict=True):
        rivals = marks[place].rivals
        right.append(rivals[int(row[vocab.encode(rivals)].argmax())] == marks[place].char)
    found = [marks[place] for place in places]
    answers = Counter((mark.rivals, mark.char) for mark in found)
    usual = {rivals: char for (rivals, char), _ in sorted(answers.items(), key=lambda item: item[1])}  # the last: most
    return Recall(
        np.array([mark.kind for mark in found]),
        np.array([mark.distance for mark in found]),
        np.array(right),
        np.array([mark.char == usual[mark.rivals] for mark in found]),
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
def looking(model: nn.Module):
    """Without dropout and without gradients; the model is as it was afterwards."""
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(was_training)


# ------------------------------------------------------------------------------------------------- gradient by lag


def gradient_by_lag(model: nn.Module, ids: Tensor) -> dict[str, Tensor]:
    """How much the loss at the last step depends on the states before it: |∂loss_t / ∂h_{t-k}|, for k = 0 to T - 1.

    `ids` (B, T + 1) are B pieces of text; each is read from a zero state, and the loss is that of its last character.
    Returns norms (B, T) in the order of k: of "h", and for an LSTM of its cell, "c", as well. That of h is what flows
    back through h alone; that of c counts all ways from c on. All layers are taken together.
    """
    if ids.dim() != 2 or ids.shape[1] < 2:
        raise ValueError(f"ids has shape {tuple(ids.shape)}; give pieces of at least two characters, (B, T + 1)")
    state, states = None, []
    was_training = model.training
    model.eval()
    try:
        for x in ids[:, :-1].split(1, dim=1):  # (B, 1)
            logits, state = model(x, state)
            states.append(state if isinstance(state, tuple) else (state,))  # parts of (layers, B, H)
            for part in states[-1]:
                part.retain_grad()
        loss = F.cross_entropy(logits[:, -1], ids[:, -1], reduction="sum")  # each piece has its own loss
        parts = [part for parts in states for part in parts]
        gradients = torch.autograd.grad(loss, parts, allow_unused=True)
    finally:
        model.train(was_training)
    names = ("h", "c")[: len(states[0])]
    norms = [
        torch.zeros(len(ids)) if gradient is None else gradient.norm(dim=(0, 2)) for gradient in gradients
    ]  # (B,) each, from the first step to the last
    return {name: torch.stack(norms[place :: len(names)][::-1], dim=1) for place, name in enumerate(names)}


def decay(norms: Tensor, first: int, last: int) -> float:
    """By what factor `norms` (T,) shrink from one lag to the next, from lag `first` to `last`: a line through their
    logarithms, by least squares."""
    lags = np.arange(first, last + 1)
    slope, _ = np.polyfit(lags, np.log(norms[first : last + 1].clamp_min(1e-38).numpy()), 1)
    return float(math.exp(slope))


# --------------------------------------------------------------------------------------------------------- counting


def counted(letters: str, n: int) -> str:
    """ "aaabbb" and a line end, for "ab" and 3; with a line end before it as well, from which a reader starts."""
    return "\n" + "".join(letter * n for letter in letters) + "\n"


def learn_to_count(
    cell: str, letters: str = "ab", seed: int = 0, longest: int = 20, units: int = 10, updates: int = 3000
):
    """Train a network on strings a^n b^n (or a^n b^n c^n, ...) of n up to `longest`: the model and its vocabulary.

    Each update sees 32 strings, each from a zero state; short ones are more frequent than long ones. One-hot input.
    (Weiss, Goldberg and Yahav 2018 ask this question; their sizes and training differ.)
    """
    vocab = Vocabulary.from_text(letters + "\n")
    strings = {n: vocab.encode(counted(letters, n)) for n in range(1, longest + 1)}
    rng = random.Random(seed)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = {**FASTEST, "RNN": RNNModel}[cell](len(vocab), units, num_layers=1, embedding_size=None)
    optimiser = torch.optim.Adam(model.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=updates, pct_start=0.1)
    weights = [0.89**n for n in strings]
    for _ in range(updates):
        drawn = [strings[n] for n in rng.choices(list(strings), weights, k=32)]
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

    That is where the string can be known: as many of every other letter, and then its end.
    """
    ids = vocab.encode(counted(letters, n))
    with looking(model):
        expected = model(ids[None, :-1])[0][0].argmax(-1)  # (T,)
    known = n + 1  # the first of the second letter has been read
    return torch.equal(expected[known:], ids[known + 1 :])


def count_reach(model: nn.Module, vocab: Vocabulary, letters: str, highest: int = 100) -> int:
    """The n up to which every string is counted right, from 1 on; at most `highest`."""
    return next((n - 1 for n in range(1, highest + 1) if not counts(model, vocab, letters, n)), highest)
