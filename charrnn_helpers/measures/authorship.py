"""Who wrote what a network remembers: the state is a sum over the characters read, and each has its part in it.

An LSTM's c is a sum: what character t wrote, i ⊙ g, is still there to the share that all later forget gates let
through. A GRU's h is one as well, of (1 - z) ⊙ n. (Murdoch and Szlam 2017 take an LSTM apart so.)
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.cells import state_of
from ..networks.registry import CELLS, Cell
from ..text import tales
from ..text.arguments import explained
from ..text.encoding import Vocabulary
from ..text.tales_grammar import BOYS, PRONOUNS
from ..training.device import read_ids
from .gates import trace
from .memory import Share
from .units import HERO

WORD = re.compile(r"[^\W\d_]+")
LEAST = {"name": 16, "pronoun": 8}  # characters since the last mention
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


@explained
def written_by(model: nn.Module, vocab: Vocabulary, text: str, at: int, back: int = 24, steps: int = 4) -> np.ndarray:
    """What each character of `text` has written into the memory that now speaks for `text[at]`: nats, (at,).

    It speaks for it by the logit of `text[at]`, less that of its strongest rival. `back` characters earlier the state
    was a memory of all before it. How much the answer owes to each unit of it is an integrated gradient (Sundararajan,
    Taly and Yan 2017) from an empty state to that one, by Gauss and Legendre's rule of `steps` points; and each
    character has its part of the unit (`parts`). So all add up to what the answer would lose with an empty state there,
    but for the error of the rule: with four points about a quarter of it in a trained LSTM, a twentieth in a GRU.
    The last `back` characters have 0. A network of one layer; from a zero state. Raises `ValueError` for a place with
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
    way, weight = (torch.from_numpy(one).to(memory) for one in np.polynomial.legendre.leggauss(steps))
    state = ((way[:, None] + 1) / 2 * memory).requires_grad_()  # (steps, H)
    h = record[cell.output_gate][-1] * state.tanh() if cell.output_gate else state
    start = state_of(cell.equations.carries, {cell.memory: state[None], "h": h[None]})
    answers, _ = read_ids(model, ids[None, then:-1].expand(steps, -1), start)
    ahead = answers[:, -1, ids[-1]] - answers[:, -1, rival]
    (gradient,) = torch.autograd.grad(ahead @ weight / 2, state)
    light = np.zeros(at)
    light[:then] = (parts(record, cell) @ gradient.sum(0)).numpy()
    return light


@explained
def brightest_word(text: str, light: np.ndarray) -> str:
    """The word of `text` that has written most, a single mention of it. Raises `ValueError` if there is no word."""
    words = list(WORD.finditer(text[: len(light)]))
    if not words:
        raise ValueError("no word stands before this place; choose a later one")
    return max(words, key=lambda word: light[slice(*word.span())].sum())[0]


class Place(NamedTuple):
    """A name or a pronoun that only a memory can know: the story, where it is decided, and the hero's mentions."""

    story: str
    at: int
    mentions: set[str]


@explained
def remembered_places(
    model: nn.Module, vocab: Vocabulary, stories: Sequence[str], kind: str, most: int = 50
) -> list[Place]:
    """About `most` places, evenly taken, where a network rightly expects a name or a pronoun that lies far back.

    `kind` is "name" (16 characters or more behind the last mention) or "pronoun" (8 or more; the letter that decides is
    the second of "her" or "his"). Raises `ValueError` for another kind, or without a place.
    """
    if kind not in LEAST:
        raise ValueError(f"kind is {kind!r}; it must be 'name' or 'pronoun'")
    marks = [(story, at, mark) for story in stories for at, mark in enumerate(tales.annotate(story)) if at > FIRST]
    marks = [place for place in marks if place[2].kind == kind and place[2].distance >= LEAST[kind]]
    found = []
    for number in np.linspace(0, len(marks) - 1, min(most, len(marks))).round().astype(int):
        story, at, mark = marks[number]
        with torch.no_grad():
            scores = read_ids(model, vocab.encode(story[:at])[None])[0][0, -1, vocab.encode(mark.rivals)]
        if mark.rivals[int(scores.argmax())] == mark.char:
            found.append(Place(story, at, {(name := HERO.search(story)[0]), PRONOUNS["his"][name in BOYS]}))
    if not found:
        raise ValueError(f"the network is right at no {kind} of these stories; give more of them, or train it")
    return found


@explained
def mentions_lit(places: Sequence[Place], lights: Sequence[np.ndarray]) -> Share:
    """How often the brightest word is a mention of the hero; `chance` is the share of mentions among the words before.

    `lights`: for each place what `written_by` says of it, or another light (at,), as a control. Raises `ValueError`
    without a place, or if the two are not as many.
    """
    if not 0 < len(places) == len(lights):
        raise ValueError(f"places are {len(places)} and lights {len(lights)}; give a light for each of some places")
    lit = [brightest_word(place.story, light) in place.mentions for place, light in zip(places, lights, strict=True)]
    words = [WORD.findall(story[:at]) for story, at, _ in places]
    chances = [np.mean([word in place.mentions for word in one]) for place, one in zip(places, words, strict=True)]
    return Share(len(lit), sum(lit), float(np.mean(chances)))
