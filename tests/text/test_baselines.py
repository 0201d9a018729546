"""The ladder without a network: true probabilities, and the smoothing that the papers describe."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from charrnn_helpers.text.baselines import NGram, best_ngram, ladder

V = 4
chars = st.integers(0, V - 1)
texts = st.lists(chars, min_size=6, max_size=60).map(torch.tensor)


def slow_kneser_ney(text, size, order):
    """p(c | context) as a function, from dictionaries and the formula, one order above the other."""
    grams = [Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1)) for n in range(order + 2)]
    counts = {order: grams[order]}
    for n in range(1, order):  # below the top: how many different characters stand before the gram
        before = defaultdict(set)
        for gram in grams[n + 1]:
            before[gram[1:]].add(gram[0])
        counts[n] = Counter({gram: len(before[gram]) for gram in grams[n]})
    discount = {}
    for n, table in counts.items():
        once, twice = list(table.values()).count(1), list(table.values()).count(2)
        discount[n] = once / (once + 2 * twice) if once else 0.5

    def p(char, context, n=order):
        if n == 0:
            return 1 / size
        if len(context) < n - 1:
            return p(char, context, n - 1)
        context = context[len(context) - (n - 1) :]
        here = {gram: count for gram, count in counts[n].items() if gram[:-1] == context and count > 0}
        total = sum(here.values())
        lower = p(char, context[1:], n - 1)
        if not total:
            return lower
        kept = max(here.get((*context, char), 0) - discount[n], 0)
        return (kept + discount[n] * len(here) * lower) / total

    return p


@given(texts, st.lists(chars, max_size=7), st.integers(1, 5), st.integers(1, 5))
def test_it_is_the_kneser_ney_of_the_papers_in_every_context_and_order(ids, context, order, lower):
    lower = min(order, lower)  # a lower order is the model of that order
    p = slow_kneser_ney(ids.tolist(), V, lower)
    got = NGram(ids, V, order).probabilities(torch.tensor(context, dtype=torch.long), lower)
    assert got == pytest.approx([p(char, tuple(context)) for char in range(V)])
    assert got.sum() == pytest.approx(1)
    assert (got > 0).all()


@given(texts, st.lists(chars, min_size=1, max_size=30).map(torch.tensor), st.integers(1, 5), st.integers(1, 5))
def test_losses_along_a_text_are_minus_log_probabilities(ids, other, order, lower):
    model, lower = NGram(ids, V, order), min(order, lower)
    for text in (ids, other):
        losses = model.losses(text, lower)
        wanted = [-math.log(model.probabilities(text[:t], lower)[text[t]]) for t in range(len(text))]
        assert losses == pytest.approx(wanted)
        assert model.loss(text, lower) == pytest.approx(np.mean(wanted))


def test_a_text_of_one_character_has_a_ladder():
    rungs = ladder(torch.zeros(50, dtype=torch.long), torch.zeros(9, dtype=torch.long), 2)
    assert list(rungs)[:3] == ["uniform", "unigram", "bigram"]


def test_the_ladder_ends_at_the_order_with_the_lowest_loss_on_val():
    """A chain in which the last two characters decide, with noise: orders above 3 only fit the noise."""
    random = torch.Generator().manual_seed(0)
    ids = [0, 1]
    for draw in torch.rand(3000, generator=random).tolist():
        ids.append((ids[-1] + 2 * ids[-2] + 1) % V if draw < 0.7 else int(draw * 1000) % V)
    train, val = torch.tensor(ids[:2400]), torch.tensor(ids[2400:])
    losses = [NGram(train, V, order).loss(val) for order in range(1, 9)]
    assert min(losses) == losses[2]
    assert best_ngram(train, val, V).order == 3
    rungs = ladder(train, val, V)
    assert list(rungs) == ["uniform", "unigram", "bigram", "n-gram (n = 3)"]
    assert list(rungs.values()) == pytest.approx([math.log(V), *losses[:3]])


def test_more_orders_are_tried_where_the_last_is_the_best():
    """Two words of 24 characters: only the first one tells how a word ends."""
    draws = torch.randint(2, (300,), generator=torch.Generator().manual_seed(0)).tolist()
    ids = torch.tensor([char for first in draws for char in (first, *[2] * 22, first)])
    assert best_ngram(ids[:6000], ids[6000:], 3).order > 20


def test_a_short_text_is_climbed_as_far_as_it_goes():
    ids = torch.tensor([0, 1, 2, 3, 0])
    assert best_ngram(ids, ids, V).order <= 4
    assert MODEL.losses(NOTHING).shape == (0,)


MODEL = NGram(torch.tensor([0, 1, 2, 3, 0, 1]), V, 3)
NOTHING = torch.tensor([], dtype=torch.long)
SAME = torch.zeros(100, dtype=torch.long)
