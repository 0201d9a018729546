"""Surgery on a state: change what a network carries between two characters, and see what it tells from there on.

The states of n readings are one tensor here, (parts, layers, n, H): h, and in an LSTM c. An operation is then a sum.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.cells import State
from ..sampling import next_distribution
from ..text.encoding import Vocabulary
from ..text.tales_grammar import WORDS
from ..training.evaluation import eval_mode
from .memory import Recall
from .units import HERO

Places = list[tuple[int, int]]  # (number of the story, number of the character)


def states_before(model: nn.Module, vocab: Vocabulary, stories: Sequence[str], places: Places) -> Tensor:
    """The states (parts, layers, n, H) just before each of `places`; every story is read from a zero state.

    Raises `ValueError` if there are no places, or one of them has nothing before it.
    """
    if not places or min(place for _, place in places) < 1:
        raise ValueError("a state stands before a character that has others before it: give places, each at least 1")
    ids = torch.zeros(len(stories), max(map(len, stories)), dtype=torch.long)
    for number, story in enumerate(stories):
        ids[number, : len(story)] = vocab.encode(story)  # side by side; what follows the end of one is not asked for
    who, at = torch.tensor(places).T
    state, found = None, []
    with eval_mode(model):
        for place in range(1, int(at.max()) + 1):
            _, state = model(ids[:, place - 1 : place], state)
            found.append(_packed(state)[:, :, who[at == place]])
    return torch.cat(found, dim=2)[:, :, at.argsort(stable=True).argsort()]  # in the order of `places` again


def read_on(model: nn.Module, vocab: Vocabulary, states: Tensor, text: str | list[str]) -> tuple[Tensor, Tensor]:
    """Let each of `states` (parts, layers, n, H) read `text`, or its own of n: logits (n, V) after it, and states."""
    texts = [text] * states.shape[2] if isinstance(text, str) else text
    ids = {one: vocab.encode(one) for one in set(texts)}
    parts = tuple(part.contiguous() for part in states)
    with eval_mode(model):
        logits, state = model(torch.stack([ids[one] for one in texts]), parts if len(parts) > 1 else parts[0])
    return logits[:, -1], _packed(state)


def write_on(model: nn.Module, vocab: Vocabulary, states: Tensor, text: str, length: int, seed: int = 0) -> list[str]:
    """Let each of `states` read `text` and write on at temperature 0.8: n texts, all from the same random numbers."""
    draws = torch.rand(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    written, chars = [], text
    for draw in draws:
        logits, states = read_on(model, vocab, states, chars)
        edges = next_distribution(logits, 0.8).cumsum(dim=-1)  # (n, V)
        chars = list(vocab.decode((edges < draw * edges[:, -1:]).sum(dim=-1)))
        written.append(chars)
    return ["".join(one) for one in zip(*written, strict=True)]


def only_units(change: Tensor, units: Tensor) -> Tensor:
    """`change` (parts, layers, n, H) in these units alone: (k,) numbers, or (n, k), others for each row."""
    return change * torch.zeros_like(change[0, 0]).scatter_(-1, units.expand(change.shape[2], -1), 1.0)


class Names(NamedTuple):
    places: Places  # where the last characters before each name begin, and
    texts: list[str]  # those characters: a space, or more of them
    stories: np.ndarray  # (n,) number of the story
    heroes: Tensor  # (n,) number of the name among WORDS["name"]


def names_again(stories: Sequence[str], back: int = 1) -> Names:
    """The names in `stories` that only a memory can know: all but the first, and but those behind a quotation mark."""
    found = [
        (n, name) for n, story in enumerate(stories) for name in [*re.finditer(f"(?<= ){HERO.pattern}", story)][1:]
    ]
    heroes = torch.tensor([WORDS["name"].index(name[0]) for _, name in found])
    places = [(n, name.start() - back) for n, name in found]
    return Names(places, [stories[n][at : at + back] for n, at in places], np.array([n for n, _ in places]), heroes)


class Exchange(NamedTuple):  # m cases: every judged name with each of the other heroes
    rows: Tensor  # (m,) number of the name
    goals: Tensor  # (m,) number of the other hero
    changes: dict[str, Tensor]  # to be added to states[:, :, rows]: (parts, layers, m, H)


def exchanges(states: Tensor, names: Names, chosen: np.ndarray, counts: Sequence[int]) -> Exchange:
    """Changes of `states` (parts, layers, n, H) before `names` that are to change the hero, and their controls.

    "whole state": that of another story. "all": the difference of the two heroes' mean states, means over the names
    `chosen` (n,), added at all others. "3": its three units (`counts`) that differ most beside their spread within one
    hero. "h", "c": a part of an LSTM's state. Controls of the same length: "noise", and "halves", the difference of two
    random halves of the same hero's names. Raises `ValueError` if a hero is missing on one side.
    """
    generator, first = torch.Generator().manual_seed(0), torch.from_numpy(chosen)
    of = torch.stack([names.heroes == hero for hero in range(len(WORDS["name"]))])  # (6, n)
    if not ((of & first).any(dim=1) & (of & ~first).any(dim=1)).all():
        raise ValueError("a hero is missing among the chosen names or among the others; give more stories")
    rows, goals = torch.nonzero(~first[:, None] & ~of.T).T  # (m,) each
    own, half = names.heroes[rows], torch.rand(len(first), generator=generator) < 0.5
    means = _means(states, of & first)
    change = means[:, :, goals] - means[:, :, own]  # (parts, layers, m, H)
    spread = (states - means[:, :, names.heroes])[:, :, first].std(dim=2, keepdim=True)
    order = (change / (spread + 1e-3)).square().sum(dim=(0, 1)).argsort(dim=-1, descending=True)  # (m, H)
    changes = {f"{count}": only_units(change, order[:, :count]) for count in counts} | {"all": change}
    if len(states) > 1:
        changes |= {name: change * torch.eye(2)[part, :, None, None, None] for part, name in enumerate("hc")}
    noise = torch.randn(change.shape, generator=generator)
    halves = (_means(states, of & first & half) - _means(states, of & first & ~half))[:, :, own]
    length = change.norm(dim=-1, keepdim=True)
    changes |= {"noise": F.normalize(noise, dim=-1) * length, "halves": F.normalize(halves, dim=-1) * length}
    donors = (of & ~first)[goals].double().multinomial(1, generator=generator)[:, 0]  # names of the other hero
    return Exchange(rows, goals, changes | {"whole state": states[:, :, donors] - states[:, :, rows]})


def heroes_told(model: nn.Module, vocab: Vocabulary, states: Tensor, names: Names, cases: Exchange, change) -> Recall:
    """Is the hero of the goal the likeliest of the six, when `change` is made at `names.places`? One answer a case."""
    texts = [names.texts[row] for row in cases.rows]
    logits, _ = read_on(model, vocab, states[:, :, cases.rows] + change, texts)
    told = logits[:, vocab.encode("".join(name[0] for name in WORDS["name"]))].argmax(dim=-1)  # (m,)
    kinds, stories = np.full(len(told), "name"), names.stories[cases.rows.numpy()]
    return Recall(kinds, np.zeros(len(told)), stories, (told == cases.goals).numpy())


def stories_changed(answer: Recall) -> float:
    """The share of stories in which more than half of the cases of `heroes_told` are the hero of the goal."""
    asked, right = np.bincount(answer.stories), np.bincount(answer.stories, answer.right)
    return float((right > asked / 2).sum() / (asked > 0).sum())


def knocks_left(stories: Sequence[str]) -> tuple[Places, np.ndarray]:
    """The places behind the comma after each knock but the last, and how many are still to come there, (n,)."""
    knocks = [re.finditer(r"\b(\w+),(?= \1[,.])", story) for story in stories]
    places = [(number, knock.end()) for number, found in enumerate(knocks) for knock in found]
    left = [1 + stories[number][place:].partition(".")[0].count(",") for number, place in places]
    return places, np.array(left, dtype=float)


def change_per_knock(states: Tensor, left: np.ndarray) -> Tensor:
    """How much each unit of `states` (parts, layers, n, H) rises with one knock more to come: (parts, layers, 1, H)."""
    x = torch.tensor(left - left.mean()).to(states)[:, None]  # (n, 1); least squares
    return (states * x).sum(dim=2, keepdim=True) / x.square().sum()


def stops(model: nn.Module, vocab: Vocabulary, states: Tensor, count: str, after: int, change: Tensor | float = 0.0):
    """P(stop rather than comma), (n, 8), reading "four times: tap, tap, …"; `change` comes `after` so many knocks."""
    found, (_, states) = [], read_on(model, vocab, states, f"{count} times:")
    for knock in range(1, 9):
        logits, states = read_on(model, vocab, states, " tap")
        found.append(logits[:, vocab.encode(".,")].softmax(dim=-1)[:, 0])
        _, states = read_on(model, vocab, states, ",")
        states = states + change if knock == after else states
    return torch.stack(found, dim=1)


def _means(states: Tensor, groups: Tensor) -> Tensor:  # (parts, layers, g, H), groups (g, n) being masks
    return torch.stack([states[:, :, group].mean(dim=2) for group in groups], dim=2)


def _packed(state: State) -> Tensor:
    return torch.stack(state if isinstance(state, tuple) else (state,))
