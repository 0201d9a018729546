"""Ask a network at every character which word it has in mind: what the ribbon below a story shows.

After each character a copy of the network reads a cue, the beginning of a sentence that only a hero's name can
continue, and we look which name it expects. The network itself reads on as if nothing had happened. So the answer is
the network's own, and nothing is fitted: a network that has learnt nothing finds all names about equally likely. The
perfect reader, who knows the grammar, is beside it.
"""

from __future__ import annotations

import re

import numpy as np
import torch
from torch import Tensor, nn

from ..base.checks import Float, checked
from ..base.threads import one_thread
from ..networks.cells import State
from ..text import tales
from ..text.encoding import Vocabulary
from ..text.tales_grammar import KINDS, WORDS
from ..training.device import read_ids
from ..training.evaluation import eval_mode
from .memory import Recall

CUES = {"name": '. "I am ', "friend": ', and I," answered the '}
REMEMBERED = {"name": "hero", "friend": "friend"}  # under which the grammar remembers the word
_ROWS = 32  # parts of a long text that are read side by side
_AT_ONCE = 2000  # states that read the cue at once: bounds the memory


def words_of(kind: str) -> list[str]:
    """Return the W words that a story can have: the heroes for "name", the animals for "friend".

    Raises `ValueError` for another kind.
    """
    if kind not in CUES:
        raise ValueError(f"kind is {kind!r}; it is 'name', which asks for the hero, or 'friend'")
    return WORDS[KINDS[REMEMBERED[kind]][1]]


@checked
def in_mind(
    model: nn.Module, vocab: Vocabulary, text: str, kind: str = "name", state: State | None = None
) -> np.ndarray:
    """Ask `model` after each character of `text` for the hero, or for the friend: an array (T, W).

    Once the network has read the cue, how likely does it find each of the W words, if it is one of them? A row adds up
    to 1, and a network that does not know gives each about 1 / W. It reads `text` from a zero state, or from `state`.
    Raises `ValueError` for another kind, and for a vocabulary without the letters of the cue.
    """
    return in_mind_of_states(model, vocab, states_along(model, vocab, text, state), kind)


@checked
@one_thread()
def in_mind_of_states(
    model: nn.Module, vocab: Vocabulary, states: Float[Tensor, "parts layers n units"], kind: str = "name"
) -> np.ndarray:
    """Ask for the word in each of n states, such as `patching` changes: an array (n, W)."""
    initials = vocab.encode("".join(word[0] for word in words_of(kind)))  # the first letters tell the words apart
    cue, answers = vocab.encode(CUES[kind]), []
    with eval_mode(model):
        for part in states.split(_AT_ONCE, dim=2):
            logits, _ = read_ids(model, cue.repeat(part.shape[2], 1), state_of_tensor(part))
            answers.append(logits[:, -1, initials].softmax(dim=-1))
    return torch.cat(answers).numpy()


@checked
def in_mind_recall(model: nn.Module, vocab: Vocabulary, text: str, kind: str = "name") -> Recall:
    """Ask `model` at every character of whole stories: is the likeliest word the one that the story is about?

    A distance is the number of characters since the word was last written. Characters before it is first written are
    left out. The text is read in parts of several stories, each from a zero state.
    """
    return recall_of_states(model, vocab, states_side_by_side(model, vocab, text), text, kind)


def recall_of_states(
    model: nn.Module, vocab: Vocabulary, states: Tensor, text: str, kind: str, every: int = 1
) -> Recall:
    """Return the same from the states (parts, layers, T, H) after each character, asked at each `every`-th of them."""
    labels, stories = labels_of(text, kind), tales.split_stories(text)
    numbers = np.repeat(np.arange(len(stories)), [len(story) for story in stories])
    asked = np.flatnonzero(labels >= 0)[::every]
    likeliest = in_mind_of_states(model, vocab, states[:, :, asked], kind).argmax(axis=1)
    answers = np.array([word[0] for word in words_of(kind)])[likeliest]
    right = likeliest == labels[asked]
    return Recall(np.full(len(right), kind), _distances(stories, kind)[asked], numbers[asked], right, answers)


@checked
def perfect_reader(text: str, kind: str = "name") -> np.ndarray:
    """Compute what a reader who knows the grammar believes after each character of `text`: (T, W), rows add up to 1.

    Raises `ValueError` for another kind, and where the text leaves the grammar.
    """
    words, name, beliefs = words_of(kind), REMEMBERED[kind], []
    for derivations in tales.derivations_along(text):
        belief = dict.fromkeys(words, 0.0)
        for derivation in derivations:
            possible = words  # before the story has begun to say the word, and after its end
            if name in derivation.memory and derivation.node.children:
                possible = [derivation.memory[name].word]
            elif derivation.symbol.name == name and derivation.written:
                possible = list(derivation.node.words())
            for word in possible:
                belief[word] += derivation.probability / len(possible)
        beliefs.append(list(belief.values()))
    return np.array(beliefs)


# ------------------------------------------------------------------------------------------------------------- states


@checked
@one_thread()
def states_along(
    model: nn.Module, vocab: Vocabulary, text: str, state: State | None = None
) -> Float[Tensor, "parts layers time units"]:
    """Return the states (parts, layers, T, H) of `model` after each character of `text`: h, or h and c of an LSTM."""
    return _states_of_rows(model, vocab.encode(text)[None], state)[:, :, 0]


@one_thread()
def states_side_by_side(model: nn.Module, vocab: Vocabulary, text: str) -> Tensor:
    """Return the states (parts, layers, T, H) after each character of a long text of whole stories, and faster.

    The text is cut into 32 parts of several stories, which are read side by side, each from a zero state.
    """
    stories = tales.split_stories(text)
    groups = np.array_split(np.array(stories, dtype=object), min(_ROWS, len(stories)))
    parts = [vocab.encode("".join(group)) for group in groups]
    ids = nn.utils.rnn.pad_sequence(parts, batch_first=True)  # (B, T); what is read after the end of a part is cut off
    along = _states_of_rows(model, ids)
    return torch.cat([along[:, :, row, : len(part)] for row, part in enumerate(parts)], dim=2)


def _states_of_rows(model: nn.Module, ids: Tensor, state: State | None = None) -> Tensor:
    """Return the states (parts, layers, B, T, H) of `model` after each of `ids` (B, T)."""
    states = []
    with eval_mode(model):
        for x in ids.split(1, dim=1):  # (B, 1)
            _, state = read_ids(model, x, state)
            states.append(tensor_of_state(state))
    return torch.stack(states, dim=3)


@checked
def mean_states(model: nn.Module, vocab: Vocabulary, text: str, kind: str = "name") -> Tensor:
    """Return the mean state of `model` while the story is about each of the W words: (parts, layers, W, H).

    The difference of two of them is what activation patching adds to a state to put another word in. `text` are whole
    stories. Raises `ValueError` if no story is about one of the words.
    """
    return mean_of_each_word(states_side_by_side(model, vocab, text), text, kind)


def mean_of_each_word(states: Tensor, text: str, kind: str) -> Tensor:
    """Return the same from the states (parts, layers, T, H) after each character of `text`."""
    labels = torch.from_numpy(labels_of(text, kind))
    means = []
    for number, word in enumerate(words_of(kind)):
        if not (labels == number).any():
            raise ValueError(f"no story of this text is about {word}; give more stories")
        means.append(states[:, :, labels == number].mean(dim=2))
    return torch.stack(means, dim=2)


def tensor_of_state(state: State) -> Tensor:
    """Return a state as one tensor (parts, layers, n, H)."""
    return torch.stack(state if isinstance(state, tuple) else (state,))


def state_of_tensor(states: Tensor) -> State:
    """Return states (parts, layers, n, H) as a model takes them: h, or h and c."""
    parts = tuple(part.contiguous() for part in states)
    return parts if len(parts) > 1 else parts[0]


# -------------------------------------------------------------------------------------------------------------- truth


def labels_of(text: str, kind: str) -> np.ndarray:
    """Return for each character of whole stories the number of the word of its story; -1 before it is first written."""
    words, labels = words_of(kind), []
    for story in tales.split_stories(text):
        label = np.full(len(story), -1)
        if mentions := _mentions(story, kind):
            label[mentions[0].end() - 1 :] = words.index(mentions[0][0])
        labels.append(label)
    return np.concatenate(labels)


def _distances(stories: list[str], kind: str) -> np.ndarray:
    """Return for each character how many characters ago the word of its story was last written."""
    distances = []
    for story in stories:
        last = np.zeros(len(story), dtype=int)
        for mention in _mentions(story, kind):
            last[mention.end() - 1] = mention.end() - 1
        distances.append(np.arange(len(story)) - np.maximum.accumulate(last))
    return np.concatenate(distances)


def _mentions(story: str, kind: str) -> list[re.Match]:
    return [*re.finditer(r"\b(?:" + "|".join(words_of(kind)) + r")\b", story)]
