"""Change the state that a network carries between two characters, and see what it writes from there on.

The field calls this activation patching. The states of n readings are one tensor here, (parts, layers, n, H): a GRU has
one part, h, and an LSTM two, h and c. So a patch is a tensor of the same shape that is added to the states.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..sampling import draw_characters, next_distribution
from ..text.corpus import load_corpus
from ..text.encoding import Vocabulary
from ..text.tales import split_stories
from ..text.tales_grammar import WORDS
from ..training.checkpoints import find_checkpoint, load_checkpoint
from ..training.device import read_ids
from ..training.evaluation import eval_mode
from .memory import Recall
from .minds import in_mind_of_states, mean_states, state_of_tensor, states_along, tensor_of_state
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


def write_on(model: nn.Module, vocab: Vocabulary, states: Tensor, text: str, length: int, seed: int = 0) -> list[str]:
    """Let each of n states read `text` and write `length` characters at temperature 0.8. Return n texts.

    All of them are drawn from the same random numbers, so equal states write equal texts.
    """
    uniforms = torch.rand(length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).numpy()
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


def repeated_names(stories: Sequence[str], back: int = 1, unnamed: int = 1) -> RepeatedNames:
    """Find the names in `stories` with no other name among the `unnamed` characters before them.

    Each gets a position `back` characters before it; 1 is the space before the name. The first name of each story is
    left out, and so are those that follow a quotation mark. Raises `ValueError` for a `back` beyond `unnamed`, where
    another name could stand between the position and its name.
    """
    if not 1 <= back <= unnamed:
        raise ValueError(f"back is {back} and unnamed is {unnamed}; give 1 <= back <= unnamed")
    matches = []
    for number, story in enumerate(stories):
        for last, match in pairwise(HERO.finditer(story)):
            if story[match.start() - 1] == " " and match.start() - last.end() >= unnamed:
                matches.append((number, match))
    heroes = torch.tensor([WORDS["name"].index(match[0]) for _, match in matches])
    positions = [(number, match.start() - back) for number, match in matches]
    texts = [stories[number][at : at + back] for number, at in positions]
    return RepeatedNames(positions, texts, np.array([number for number, _ in matches]), heroes)


class HeroPatches(NamedTuple):
    """Patches for m cases: every judged name with each of the other heroes as its goal."""

    rows: Tensor  # (m,) number of the name
    goals: Tensor  # (m,) number of the other hero
    patches: dict[str, Tensor]  # to be added to states[:, :, rows]: (parts, layers, m, H)


def hero_patches(states: Tensor, names: RepeatedNames, chosen: np.ndarray, counts: Sequence[int] = ()) -> HeroPatches:
    """Compute patches of the `states` (parts, layers, n, H) before `names` that put another hero in.

    "all" is the mean state of the other hero minus that of the own one. The means are taken over the names `chosen`
    (n,), a mask, and all the other names are judged. "3", for a 3 in `counts`, is the same in three units only: those
    in which the heroes differ most, beside the spread within one hero. "h" and "c" are one part of an LSTM's state.
    Two controls have the length of "all": "noise", and "halves", which is the difference between two random halves of
    the own hero's names. Raises `ValueError` if a hero is missing among the chosen names or among the judged ones.
    """
    generator, first = torch.Generator().manual_seed(0), torch.from_numpy(chosen)
    of = torch.stack([names.heroes == hero for hero in range(len(WORDS["name"]))])  # (6, n)
    if not ((of & first).any(dim=1) & (of & ~first).any(dim=1)).all():
        raise ValueError("a hero is missing among the chosen names or among the others; give more stories")
    rows, goals = torch.nonzero(~first[:, None] & ~of.T).T  # (m,) each
    own, half = names.heroes[rows], torch.rand(len(first), generator=generator) < 0.5
    means = _means(states, of & first)
    difference = means[:, :, goals] - means[:, :, own]  # (parts, layers, m, H)
    patches = {"all": difference}
    if counts:
        spread = (states - means[:, :, names.heroes])[:, :, first].std(dim=2, keepdim=True)
        order = (difference / (spread + 1e-3)).square().sum(dim=(0, 1)).argsort(dim=-1, descending=True)  # (m, H)
        patches |= {f"{count}": only_units(difference, order[:, :count]) for count in counts}
    if len(states) > 1:
        patches |= {name: difference * torch.eye(2)[part, :, None, None, None] for part, name in enumerate("hc")}
    noise = torch.randn(difference.shape, generator=generator)
    halves = (_means(states, of & first & half) - _means(states, of & first & ~half))[:, :, own]
    length = difference.norm(dim=-1, keepdim=True)
    patches |= {"noise": F.normalize(noise, dim=-1) * length, "halves": F.normalize(halves, dim=-1) * length}
    return HeroPatches(rows, goals, patches)


def recall_of_goal(
    model: nn.Module, vocab: Vocabulary, states: Tensor, names: RepeatedNames, cases: HeroPatches, patch: Tensor | float
) -> Recall:
    """Add `patch` to the states before `names`. A case is right if the network then expects the hero of its goal."""
    texts = [names.texts[row] for row in cases.rows]
    logits, _ = read_on(model, vocab, states[:, :, cases.rows] + patch, texts)
    likeliest = logits[:, vocab.encode("".join(name[0] for name in WORDS["name"]))].argmax(dim=-1)  # (m,)
    return _as_recall(names, cases, likeliest)


def stories_of_goal(
    model: nn.Module,
    vocab: Vocabulary,
    states: Tensor,
    names: RepeatedNames,
    cases: HeroPatches,
    patch: Tensor | float,
    name_first: bool = False,
) -> Recall:
    """Add `patch` to the states before `names` and let the network write 250 characters after the text up to the name.

    A case is right if more than half of the names that it writes, until its story ends, are that of its goal. With
    `name_first` the network reads the goal's name as well before it writes.
    """
    texts = [names.texts[row] + WORDS["name"][goal] * name_first for row, goal in zip(*cases[:2], strict=True)]
    written = write_on(model, vocab, states[:, :, cases.rows] + patch, texts, 250)
    return _as_recall(names, cases, torch.tensor([hero_told(text) for text in written]))


def hero_told(text: str) -> int:
    """Return which hero has more than half of the names in `text` until its story ends, by number; -1 for none."""
    counts = Counter(HERO.findall(text.partition("\n")[0]))
    name, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return WORDS["name"].index(name) if count > counts.total() / 2 else -1


def changed_story(cell: str, number: int, goal: str, back: int = 100) -> dict[str, Any]:
    """Let the network of a cell read a story, change its state to another hero's once, and let it write on.

    `number` is that of a story in the test part of *tales*. The patch to the hero `goal` is added `back` characters
    before the first name that has no other so many characters before it. Returns what `plot_ribbon` draws: the "text"
    from the beginning of a sentence to 70 characters that the changed network writes; the "answers" of the network as
    it is and as it was changed, while they read this text; and "marks" where it is changed and where it writes.
    """
    checkpoint, corpus = load_checkpoint(find_checkpoint(cell)), load_corpus("tales")
    model, vocab, story = checkpoint.model, checkpoint.vocab, split_stories(corpus.test)[number]
    names = repeated_names([story], back, unnamed=back)
    _, at = names.positions[0]
    mean = mean_states(model, vocab, corpus.val)  # (parts, layers, 6, H)
    patch = mean[:, :, [WORDS["name"].index(goal)]] - mean[:, :, names.heroes[:1]]
    states = states_along(model, vocab, story[:at])  # (parts, layers, T, H)
    return _read_twice(model, vocab, story, states, {cell: 0, f"{cell}, changed": patch}, "the state is changed")


def turned_story(cell: str, story: str, words: str, goal: str) -> dict[str, Any]:
    """Let the network of a cell read a story, turn the sign of one number in its state, and let it write on.

    The sign is turned before `words`, in the unit of the last layer whose turned sign makes the hero `goal` likeliest.
    Returns the same as `changed_story`.
    """
    checkpoint = load_checkpoint(find_checkpoint(cell))
    model, vocab = checkpoint.model, checkpoint.vocab
    states = states_along(model, vocab, story[: story.index(words)])  # (parts, layers, T, H)
    units = states.shape[-1]
    patches = torch.zeros_like(states[:, :, -1:]).repeat(1, 1, units, 1)  # (parts, layers, H, H): one for each unit
    patches[0, -1] = -2 * torch.diag(states[0, -1, -1])
    minds = in_mind_of_states(model, vocab, states[:, :, -1:] + patches)  # (H, 6)
    best = minds[:, WORDS["name"].index(goal)].argmax()
    readers = {cell: 0, f"{cell}, turned": patches[:, :, best : best + 1]}
    return _read_twice(model, vocab, story, states, readers, "the sign is turned")


def _read_twice(model, vocab, story: str, states: Tensor, patches: dict[str, Tensor | float], note: str) -> dict:
    """Let readers go on from `states` (parts, layers, T, H), the last one patched, up to the next name in `story`.

    The last of the readers, `patches[reader]`, then writes 70 characters. Returns what `plot_ribbon` draws.
    """
    at = states.shape[2]
    between = story[at : HERO.search(story, at).start()]
    (written,) = write_on(model, vocab, states[:, :, -1:] + [*patches.values()][-1], between, 70)
    start = story.rfind(". ", 0, at - 60) + 2
    answers = {}
    for reader, patch in patches.items():
        state = state_of_tensor(states[:, :, -1:] + patch)
        along = torch.cat([states[:, :, start:], states_along(model, vocab, between + written, state)], dim=2)
        answers[reader] = in_mind_of_states(model, vocab, along)
    marks = {at - start: note, at - start + len(between): "from here on the network writes"}
    return {"text": story[start:at] + between + written, "answers": answers, "marks": marks}


def _as_recall(names: RepeatedNames, cases: HeroPatches, heroes: Tensor) -> Recall:
    """Return which cases are right, those whose goal is the hero beside it in `heroes` (m,)."""
    kinds, stories = np.full(len(heroes), "name"), names.stories[cases.rows.numpy()]
    initials = np.array([*(hero[0] for hero in WORDS["name"]), ""])[heroes.numpy()]  # -1: the name of no hero
    return Recall(kinds, np.zeros(len(heroes)), stories, (heroes == cases.goals).numpy(), initials)


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


def _means(states: Tensor, groups: Tensor) -> Tensor:
    """Return the mean state of each group, a row of `groups` (g, n), which are masks: (parts, layers, g, H)."""
    return torch.stack([states[:, :, group].mean(dim=2) for group in groups], dim=2)
