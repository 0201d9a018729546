"""The ladder without a network: true probabilities, and the smoothing that the papers describe."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn_helpers.text.baselines import MAX_ORDER, NGram, best_ngram, ladder

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


# --- probabilities --------------------------------------------------------------------------------------------------


@given(texts, st.lists(chars, max_size=7), st.integers(1, 5), st.integers(1, 5))
def test_probabilities_sum_to_one_in_every_context_and_order(ids, context, order, lower):
    model = NGram(ids, V, order)
    p = model.probabilities(torch.tensor(context, dtype=torch.long), min(lower, order))
    assert p.shape == (V,)
    assert p.sum() == pytest.approx(1)
    assert (p > 0).all()


@given(texts, st.lists(chars, min_size=1, max_size=30).map(torch.tensor), st.integers(1, 5))
@settings(deadline=None)
def test_losses_along_a_text_are_minus_log_probabilities(ids, other, order):
    model = NGram(ids, V, order)
    for text in (ids, other):
        losses = model.losses(text)
        assert losses.shape == (len(text),)
        wanted = [-math.log(model.probabilities(text[:t])[text[t]]) for t in range(len(text))]
        assert losses == pytest.approx(wanted)
        assert model.loss(text) == pytest.approx(np.mean(wanted))


@given(texts, st.lists(chars, max_size=6), st.integers(1, 5))
@settings(deadline=None)
def test_it_is_the_kneser_ney_of_the_papers(ids, context, order):
    p = slow_kneser_ney(ids.tolist(), V, order)
    got = NGram(ids, V, order).probabilities(torch.tensor(context, dtype=torch.long))
    assert got == pytest.approx([p(char, tuple(context)) for char in range(V)])


@given(texts, texts, st.integers(1, 5), st.integers(1, 5))
@settings(deadline=None)
def test_a_lower_order_is_the_model_of_that_order(ids, other, order, lower):
    lower = min(order, lower)
    assert NGram(ids, V, order).losses(other, lower) == pytest.approx(NGram(ids, V, lower).losses(other))


def test_the_unigram_is_the_discounted_share_of_each_character():
    ids = torch.tensor([0] * 5 + [1] * 2 + [2])  # counts 5, 2, 1, 0: the discount is 1 / (1 + 2 · 1) = 1/3
    got = NGram(ids, V, 1).probabilities(torch.tensor([], dtype=torch.long))
    spread = (1 / 3) * 3 / V
    assert got == pytest.approx(
        [(5 - 1 / 3 + spread) / 8, (2 - 1 / 3 + spread) / 8, (1 - 1 / 3 + spread) / 8, spread / 8]
    )


def test_a_longer_context_helps_where_it_decides():
    ids = torch.tensor([0, 1, 2, 1, 3, 1] * 50)  # what follows a 1 depends on the character before it
    losses = [NGram(ids[:240], V, order).loss(ids[240:]) for order in (1, 2, 3, 4)]
    assert losses[1] < losses[0]
    assert losses[2] < losses[1] - 0.2
    assert losses[3] < 0.1


# --- the ladder -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def random_text():
    """A chain in which the last two characters decide, with noise: orders above 3 only fit the noise."""
    random = torch.Generator().manual_seed(0)
    ids = [0, 1]
    for draw in torch.rand(3000, generator=random).tolist():
        ids.append((ids[-1] + 2 * ids[-2] + 1) % V if draw < 0.7 else int(draw * 1000) % V)
    return torch.tensor(ids[:2400]), torch.tensor(ids[2400:])


def test_the_best_order_is_the_one_with_the_lowest_loss_on_val(random_text):
    train, val = random_text
    best = best_ngram(train, val, V, highest=8)
    losses = [NGram(train, V, order).loss(val) for order in range(1, 9)]
    assert best.order == 1 + losses.index(min(losses)) == 3
    assert best.loss(val) == pytest.approx(min(losses))


def test_the_ladder_goes_down_rung_by_rung(random_text):
    train, val = random_text
    rungs = ladder(train, val, V)
    assert list(rungs) == ["uniform", "unigram", "bigram", "n-gram (n = 3)"]
    assert rungs["uniform"] == pytest.approx(math.log(V))
    assert rungs["unigram"] == pytest.approx(NGram(train, V, 1).loss(val))
    assert rungs["bigram"] == pytest.approx(NGram(train, V, 2).loss(val))
    assert rungs["n-gram (n = 3)"] == pytest.approx(NGram(train, V, 3).loss(val))
    assert rungs["n-gram (n = 3)"] < rungs["uniform"]


def test_a_short_text_is_climbed_as_far_as_it_goes():
    ids = torch.tensor([0, 1, 2, 3, 0])
    assert best_ngram(ids, ids, V).order <= 4


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [0, -1, MAX_ORDER + 1])
def test_an_order_out_of_range_is_refused(order):
    with pytest.raises(ValueError, match=f"order must be between 1 and {MAX_ORDER}, and is {order}"):
        NGram(torch.zeros(100, dtype=torch.long), V, order)


@pytest.mark.parametrize("order", [0, 4])
def test_an_order_that_was_not_counted_is_refused(order):
    model = NGram(torch.tensor([0, 1, 2, 3, 0, 1]), V, 3)
    ids = torch.tensor([0, 1])
    for question in (model.losses, model.loss, model.probabilities):
        with pytest.raises(ValueError, match=f"this model knows orders 1 to 3, not {order}"):
            question(ids, order)


def test_a_text_that_is_too_short_to_count_is_refused():
    with pytest.raises(ValueError, match="order 3 needs more than 3 characters, and the text has 3"):
        NGram(torch.tensor([0, 1, 2]), V, 3)


def test_an_empty_text_has_no_loss():
    model = NGram(torch.tensor([0, 1, 2, 3]), V, 2)
    assert model.losses(torch.tensor([], dtype=torch.long)).shape == (0,)
    with pytest.raises(ValueError, match="at least one character"):
        model.loss(torch.tensor([], dtype=torch.long))


@pytest.mark.parametrize("ids", [[0, 1, 4, 2], [0, -1, 2, 3]])
def test_an_index_outside_the_vocabulary_is_refused(ids):
    good, bad = torch.tensor([0, 1, 2, 3]), torch.tensor(ids)
    with pytest.raises(ValueError, match="not one of 0 to 3"):
        NGram(bad, V, 2)
    for question in (NGram(good, V, 2).losses, NGram(good, V, 2).probabilities):
        with pytest.raises(ValueError, match="not one of 0 to 3"):
            question(bad)
