"""Change the state that a network carries between two characters, and see what it writes from there on.

The field calls this activation patching. The states of n readings are one tensor here, (parts, layers, n, H): a GRU has
one part, h, and an LSTM two, h and c. So a patch is a tensor of the same shape that is added to the states.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..sampling import draw_characters, next_distribution
from ..text.encoding import Vocabulary
from ..text.tales_grammar import WORDS
from ..training.device import read_ids
from ..training.evaluation import eval_mode
from .memory import Recall
from .minds import state_of_tensor, tensor_of_state
from .units import HERO

Positions = list[tuple[int, int]]  # (number of the story, number of the character in it)


def states_before(model: nn.Module, vocab: Vocabulary, stories: Sequence[str], positions: Positions) -> Tensor:
    """Return the states (parts, layers, n, H) just before each of n positions. Each story is read from a zero state.

    Raises `ValueError` if there are no positions, or if one of them is the first character of its story.
    """
    if not positions or min(at for _, at in positions) < 1:
        raise ValueError("a state stands before a character that has others before it: give positions, each at least 1")
    ids = torch.zeros(len(stories), max(map(len, stories)), dtype=torch.long)
    for number, story in enumerate(stories):
        ids[number, : len(story)] = vocab.encode(story)  # side by side; what follows the end of one is not asked for
    which, at = torch.tensor(positions).T
    state, states = None, []
    with eval_mode(model):
        for step in range(1, int(at.max()) + 1):
            _, state = read_ids(model, ids[:, step - 1 : step], state)
            states.append(tensor_of_state(state)[:, :, which[at == step]])
    return torch.cat(states, dim=2)[:, :, at.argsort(stable=True).argsort()]  # in the order of `positions` again


def read_on(model: nn.Module, vocab: Vocabulary, states: Tensor, text: str | list[str]) -> tuple[Tensor, Tensor]:
    """Let each of n states read `text`, or its own of n texts of one length. Return logits (n, V) and new states."""
    texts = [text] * states.shape[2] if isinstance(text, str) else text
    ids = {each: vocab.encode(each) for each in set(texts)}
    with eval_mode(model):
        logits, state = read_ids(model, torch.stack([ids[each] for each in texts]), state_of_tensor(states))
    return logits[:, -1], tensor_of_state(state)


def write_on(model: nn.Module, vocab: Vocabulary, states: Tensor, text: str, length: int) -> list[str]:
    """Let each of n states read `text` and write `length` characters at temperature 0.8. Return n texts.

    All of them are drawn from the same random numbers, so equal states write equal texts.
    """
    uniforms = torch.rand(length, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()
    columns, characters = [], text
    for u in uniforms:
        logits, states = read_on(model, vocab, states, characters)
        characters = list(vocab.decode(draw_characters(next_distribution(logits, 0.8).numpy(), u)))
        columns.append(characters)
    return ["".join(row) for row in zip(*columns, strict=True)]


def only_units(patch: Tensor, units: Tensor) -> Tensor:
    """Set a patch (parts, layers, n, H) to zero except at these units: (k,), or (n, k) where rows differ."""
    return patch * torch.zeros_like(patch[0, 0]).scatter_(-1, units.expand(patch.shape[2], -1), 1.0)


# ------------------------------------------------------------------------------------------------- another hero


class RepeatedNames(NamedTuple):
    """The n names that only a memory can know, each with the position at which a state can be patched for it."""

    positions: Positions  # some characters before each name
    texts: list[str]  # those characters, which are read after the patch
    stories: np.ndarray  # (n,) number of the story
    heroes: Tensor  # (n,) number of the name among WORDS["name"]


def repeated_names(stories: Sequence[str], back: int = 1) -> RepeatedNames:
    """Find the names in `stories`, except the first of each story and those that follow a quotation mark.

    Each gets a position `back` characters before it; 1 is the space before the name.
    """
    matches = [
        (n, match) for n, story in enumerate(stories) for match in [*re.finditer(f"(?<= ){HERO.pattern}", story)][1:]
    ]
    heroes = torch.tensor([WORDS["name"].index(match[0]) for _, match in matches])
    positions = [(n, match.start() - back) for n, match in matches]
    texts = [stories[n][at : at + back] for n, at in positions]
    return RepeatedNames(positions, texts, np.array([n for n, _ in matches]), heroes)


class HeroPatches(NamedTuple):
    """Patches for m cases: every judged name with each of the other heroes as its goal."""

    rows: Tensor  # (m,) number of the name
    goals: Tensor  # (m,) number of the other hero
    patches: dict[str, Tensor]  # to be added to states[:, :, rows]: (parts, layers, m, H)


def hero_patches(states: Tensor, names: RepeatedNames, chosen: np.ndarray, counts: Sequence[int]) -> HeroPatches:
    """Compute patches of the `states` (parts, layers, n, H) before `names` that put another hero in.

    "all" is the mean state of the other hero minus that of the own one. The means are taken over the names `chosen`
    (n,), a mask, and all the other names are judged. "3", for a 3 in `counts`, is the same in three units only: those
    in which the heroes differ most, beside the spread within one hero. "h" and "c" are one part of an LSTM's state, and
    "whole state" puts in the state from another story. Two controls have the length of "all": "noise", and "halves",
    which is the difference between two random halves of the own hero's names. Raises `ValueError` if a hero is missing
    among the chosen names or among the judged ones.
    """
    generator, first = torch.Generator().manual_seed(0), torch.from_numpy(chosen)
    of = torch.stack([names.heroes == hero for hero in range(len(WORDS["name"]))])  # (6, n)
    if not ((of & first).any(dim=1) & (of & ~first).any(dim=1)).all():
        raise ValueError("a hero is missing among the chosen names or among the others; give more stories")
    rows, goals = torch.nonzero(~first[:, None] & ~of.T).T  # (m,) each
    own, half = names.heroes[rows], torch.rand(len(first), generator=generator) < 0.5
    means = _means(states, of & first)
    difference = means[:, :, goals] - means[:, :, own]  # (parts, layers, m, H)
    spread = (states - means[:, :, names.heroes])[:, :, first].std(dim=2, keepdim=True)
    order = (difference / (spread + 1e-3)).square().sum(dim=(0, 1)).argsort(dim=-1, descending=True)  # (m, H)
    patches = {f"{count}": only_units(difference, order[:, :count]) for count in counts} | {"all": difference}
    if len(states) > 1:
        patches |= {name: difference * torch.eye(2)[part, :, None, None, None] for part, name in enumerate("hc")}
    noise = torch.randn(difference.shape, generator=generator)
    halves = (_means(states, of & first & half) - _means(states, of & first & ~half))[:, :, own]
    length = difference.norm(dim=-1, keepdim=True)
    patches |= {"noise": F.normalize(noise, dim=-1) * length, "halves": F.normalize(halves, dim=-1) * length}
    donors = (of & ~first)[goals].double().multinomial(1, generator=generator)[:, 0]  # names of the other hero
    return HeroPatches(rows, goals, patches | {"whole state": states[:, :, donors] - states[:, :, rows]})


def recall_of_goal(
    model: nn.Module, vocab: Vocabulary, states: Tensor, names: RepeatedNames, cases: HeroPatches, patch: Tensor
) -> Recall:
    """Add `patch` to the states before `names`. A case is right if the network then expects the hero of its goal."""
    texts = [names.texts[row] for row in cases.rows]
    logits, _ = read_on(model, vocab, states[:, :, cases.rows] + patch, texts)
    likeliest = logits[:, vocab.encode("".join(name[0] for name in WORDS["name"]))].argmax(dim=-1)  # (m,)
    kinds, stories = np.full(len(likeliest), "name"), names.stories[cases.rows.numpy()]
    return Recall(kinds, np.zeros(len(likeliest)), stories, (likeliest == cases.goals).numpy())


def stories_changed(answers: Recall) -> float:
    """Return the share of stories in which more than half of the cases of `recall_of_goal` are right."""
    asked, right = np.bincount(answers.stories), np.bincount(answers.stories, answers.right)
    return float((right > asked / 2).sum() / (asked > 0).sum())


# ---------------------------------------------------------------------------------------------- another number


def knocks_left(stories: Sequence[str]) -> tuple[Positions, np.ndarray]:
    """Find the positions after the comma of each knock, and how many knocks are still to come there, (n,)."""
    matches = [(n, match) for n, story in enumerate(stories) for match in re.finditer(r"\b(\w+),(?= \1[,.])", story)]
    left = [1 + stories[n][match.end() :].partition(".")[0].count(",") for n, match in matches]
    return [(n, match.end()) for n, match in matches], np.array(left, dtype=float)


def slope_per_knock(states: Tensor, left: np.ndarray) -> Tensor:
    """Return by how much each unit rises with one knock more to come, by least squares: (parts, layers, 1, H)."""
    x = torch.tensor(left - left.mean()).to(states)[:, None]  # (n, 1)
    return (states * x).sum(dim=2, keepdim=True) / x.square().sum()


def stop_probabilities(
    model: nn.Module, vocab: Vocabulary, states: Tensor, count: str, after: int, patch: Tensor | float = 0.0
) -> Tensor:
    """Return the probability (n, 8) of a full stop, rather than a comma, after each of eight knocks.

    The states (parts, layers, n, H) read "four times: tap, tap, …", where `count` is "four". The patch is added once,
    after the comma of knock number `after`.
    """
    _, states = read_on(model, vocab, states, f"{count} times:")
    stops = []
    for knock in range(1, 9):
        logits, states = read_on(model, vocab, states, " tap")
        stops.append(logits[:, vocab.encode(".,")].softmax(dim=-1)[:, 0])
        _, states = read_on(model, vocab, states, ",")
        states = states + patch if knock == after else states
    return torch.stack(stops, dim=1)


def _means(states: Tensor, groups: Tensor) -> Tensor:
    """Return the mean state of each group, a row of `groups` (g, n), which are masks: (parts, layers, g, H)."""
    return torch.stack([states[:, :, group].mean(dim=2) for group in groups], dim=2)
