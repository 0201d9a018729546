"""Fit linear probes: can a simple classifier read from a network's state which word the story is about?

A probe sees nothing but the state. If it succeeds on stories that it was not fitted to, the state *holds* the word. It
does not follow that the network *uses* it: an untrained GRU whose gates start nearly closed holds the hero's name, too.
`in_mind` asks the network itself. Hewitt and Liang (2019, arXiv 1909.03368) say why a probe needs a control task, in
which the labels are random: a probe that succeeds there has learnt the labels by heart.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor, nn

from ..text import tales
from ..text.checks import checked
from ..text.encoding import Vocabulary
from .memory import Recall
from .minds import answers_recall, labels_of, states_side_by_side, words_of

EVERY = 4  # of so many characters one is used for fitting, because the states of neighbours are nearly the same
PENALTY = 0.03  # scikit-learn's C, the inverse of the strength of the L2 penalty, on standardised states


class Probe(NamedTuple):
    """A logistic regression from the state of a network to the words of one kind: weight · state + bias.

    A state is one vector of S numbers here: h of all layers, and then c of all layers in an LSTM.
    """

    kind: str  # "name" is the hero, "friend" the friend
    weight: np.ndarray  # (W, S)
    bias: np.ndarray  # (W,)


@checked
def fit_probe(
    model: nn.Module, vocab: Vocabulary, text: str, kind: str = "name", shuffle_seed: int | None = None
) -> Probe:
    """Fit a probe to the states of `model` while it reads `text`, which are whole stories. Takes some seconds.

    Characters before the word is first written in a story are left out, because nobody can know it there. With a
    `shuffle_seed` each story gets a word at random: the control task. Raises `ValueError` for another kind, and if no
    story is about one of the words.
    """
    from sklearn.linear_model import LogisticRegression  # takes a second to import
    from sklearn.preprocessing import StandardScaler

    labels = _labels(text, kind, shuffle_seed)
    states = _vectors(states_side_by_side(model, vocab, text))
    known = np.flatnonzero(labels >= 0)[::EVERY]
    for number, word in enumerate(words_of(kind)):
        if number not in labels[known]:
            raise ValueError(f"no story of this text is about {word}; give more stories")
    scaler = StandardScaler().fit(states[known])
    fitted = LogisticRegression(C=PENALTY, max_iter=1000).fit(scaler.transform(states[known]), labels[known])
    weight = fitted.coef_ / scaler.scale_  # for states as they are
    return Probe(kind, weight, fitted.intercept_ - weight @ scaler.mean_)


@checked
def probe_recall(
    model: nn.Module, vocab: Vocabulary, text: str, probe: Probe, shuffle_seed: int | None = None
) -> Recall:
    """Ask the probe at every character of whole stories: is its likeliest word the one that the story is about?

    Distances are those of `in_mind_recall`. `shuffle_seed` gives each story a word at random, as `fit_probe` does.
    """
    states = _vectors(states_side_by_side(model, vocab, text))
    if states.shape[1] != probe.weight.shape[1]:
        raise ValueError(
            f"probe reads states of {probe.weight.shape[1]} numbers, and those of this model have {states.shape[1]}"
        )
    labels = _labels(text, probe.kind, shuffle_seed)
    return answers_recall(states @ probe.weight.T + probe.bias, text, probe.kind, labels)


def _labels(text: str, kind: str, shuffle_seed: int | None) -> np.ndarray:
    labels = labels_of(text, kind)
    if shuffle_seed is None:
        return labels
    if shuffle_seed < 0:
        raise ValueError(f"shuffle_seed is {shuffle_seed}; it is a whole number from 0 on, or None for the true words")
    lengths = [len(story) for story in tales.split_stories(text)]
    words = np.random.default_rng(shuffle_seed).integers(len(words_of(kind)), size=len(lengths))
    return np.where(labels >= 0, np.repeat(words, lengths), -1)


def _vectors(states: Tensor) -> np.ndarray:
    """Return states (parts, layers, n, H) as the n vectors of a probe, (n, S)."""
    return states.permute(2, 0, 1, 3).reshape(states.shape[2], -1).numpy()
