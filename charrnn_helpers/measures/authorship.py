"""Divide what a network remembers among the characters it has read: the state is a sum over them.

An LSTM's c is a sum: what character t wrote, i ⊙ g, is still there to the share that all later forget gates let
through. A GRU's h is one as well, of (1 - z) ⊙ n. (Murdoch and Szlam 2017 take an LSTM apart so.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.cells import state_of
from ..networks.registry import CELLS, Cell
from ..text import tales
from ..text.checks import checked
from ..text.encoding import Vocabulary
from ..text.tales_grammar import BOYS, PRONOUNS
from ..training.device import read_ids
from .gates import trace
from .memory import Share
from .units import HERO

WORD = re.compile(r"[^\W\d_]+")
LEAST_DISTANCE = {"name": 16, "pronoun": 8}  # characters since the last mention
FIRST = 60  # the first character that is asked for: something must stand before the last 24


def parts(record: dict[str, Tensor], cell: Cell) -> Tensor:
    """Divide the last memory among the characters that have written it, (T, H), from what `trace` recorded.

    They add up to it. `cell` says which gate keeps the memory, which writes to it, and what.
    """
    keep = record[cell.keep_gate]
    write = record[cell.write_gate] if cell.write_gate else 1 - keep
    wrote = write * record[cell.candidate]
    later = torch.cat([keep[1:], torch.ones_like(keep[:1])])
    return later.flip(0).cumprod(0).flip(0) * wrote


@checked
def written_by(model: nn.Module, vocab: Vocabulary, text: str, at: int, back: int = 24, steps: int = 4) -> np.ndarray:
    """Compute what each character of `text` has written into the memory that speaks for `text[at]`: nats, (at,).

    The memory speaks for it by the logit of `text[at]` minus that of its strongest rival. We look at the state `back`
    characters earlier, and ask how much of the answer it owes to each of its units: by an integrated gradient
    (Sundararajan, Taly and Yan 2017) from an empty state, by Gauss and Legendre's rule with `steps` points. Then each
    character gets its part of each unit (`parts`). The sum is what the answer would lose with an empty state there, but
    for the error of the rule: with four points about a quarter in a trained LSTM, a twentieth in a GRU. The last `back`
    characters have 0. The network has one layer and begins with a zero state. Raises `ValueError` for a position with
    nothing before the `back` characters, or for a network of another kind, or of several layers.
    """
    cell = CELLS.get(getattr(model, "cell", ""))
    if cell is None or cell.candidate is None or model.rnn.num_layers != 1:
        raise ValueError(
            "the shares are known where one layer has a gate that keeps; give an LSTM or a GRU of one layer"
        )
    if not back < at < len(text):
        raise ValueError(f"at is {at}; give a character with more than {back} before it, {back + 1} to {len(text) - 1}")
    if steps < 1:
        raise ValueError(f"steps is {steps}; it must be at least 1")
    ids, then = vocab.encode(text[: at + 1]), at - back
    with torch.no_grad():
        (record,) = trace(model, ids[:then])
        logits = read_ids(model, ids[None, :-1])[0][0, -1]
    rival = (logits - torch.where(torch.arange(len(logits)) == ids[-1], torch.inf, 0.0)).argmax()
    memory = record[cell.memory][-1]
    point, weight = (torch.from_numpy(each).to(memory) for each in np.polynomial.legendre.leggauss(steps))
    state = ((point[:, None] + 1) / 2 * memory).requires_grad_()  # (steps, H)
    h = record[cell.output_gate][-1] * state.tanh() if cell.output_gate else state
    start = state_of(cell.cell_class.carries, {cell.memory: state[None], "h": h[None]})
    answers, _ = read_ids(model, ids[None, then:-1].expand(steps, -1), start)
    ahead = answers[:, -1, ids[-1]] - answers[:, -1, rival]
    (gradient,) = torch.autograd.grad(ahead @ weight / 2, state)
    light = np.zeros(at)
    light[:then] = (parts(record, cell) @ gradient.sum(0)).numpy()
    return light


@checked
def brightest_word(text: str, light: np.ndarray) -> str:
    """Return the word of `text` that has written most, a single mention of it. Raises `ValueError` without a word."""
    words = list(WORD.finditer(text[: len(light)]))
    if not words:
        raise ValueError("no word stands before this position; choose a later one")
    return max(words, key=lambda word: light[slice(*word.span())].sum())[0]


class RememberedWord(NamedTuple):
    """A name or a pronoun that only a memory can know."""

    story: str
    at: int  # the position in the story at which it is decided
    mentions: set[str]  # the words of the story that speak of the hero


@checked
def remembered_words(
    model: nn.Module, vocab: Vocabulary, stories: Sequence[str], kind: str, most: int = 50
) -> list[RememberedWord]:
    """Find up to `most` names or pronouns, evenly spread, that a network rightly expects and that lie far back.

    `kind` is "name" (16 characters or more since the last mention) or "pronoun" (8 or more; the letter that decides is
    the second of "her" or "his"). Raises `ValueError` for another kind, or if the network is right nowhere.
    """
    if kind not in LEAST_DISTANCE:
        raise ValueError(f"kind is {kind!r}; it must be 'name' or 'pronoun'")
    marks = [(story, at, mark) for story in stories for at, mark in enumerate(tales.annotate(story)) if at > FIRST]
    marks = [each for each in marks if each[2].kind == kind and each[2].distance >= LEAST_DISTANCE[kind]]
    words = []
    for number in np.linspace(0, len(marks) - 1, min(most, len(marks))).round().astype(int):
        story, at, mark = marks[number]
        with torch.no_grad():
            scores = read_ids(model, vocab.encode(story[:at])[None])[0][0, -1, vocab.encode(mark.rivals)]
        if mark.rivals[int(scores.argmax())] == mark.char:
            hero = HERO.search(story)[0]
            words.append(RememberedWord(story, at, {hero, PRONOUNS["his"][hero in BOYS]}))
    if not words:
        raise ValueError(f"the network is right at no {kind} of these stories; give more of them, or train it")
    return words


@checked
def mentions_lit(words: Sequence[RememberedWord], lights: Sequence[np.ndarray]) -> Share:
    """Count how often the brightest word is a mention of the hero. Chance is the share of mentions among the words.

    `lights` holds for each of `words` what `written_by` says of it, (at,), or another light as a control. Raises
    `ValueError` without a word, or if the two are not as many.
    """
    if not 0 < len(words) == len(lights):
        raise ValueError(f"words are {len(words)} and lights {len(lights)}; give a light for each of some words")
    lit = [brightest_word(word.story, light) in word.mentions for word, light in zip(words, lights, strict=True)]
    read = [WORD.findall(story[:at]) for story, at, _ in words]
    chances = [np.mean([each in word.mentions for each in before]) for word, before in zip(words, read, strict=True)]
    return Share(len(lit), sum(lit), float(np.mean(chances)))
