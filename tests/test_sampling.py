"""The next character is drawn from the distribution the reader asked for, and the text is as long as asked."""

import copy
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import nn

from charrnn_helpers import Vocabulary, generate
from charrnn_helpers.networks import CELLS
from charrnn_helpers.sampling import draw_characters, generate_many, logits_after, next_distribution

FIVE = torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05]).log()
OPTIONS = ({}, {"top_k": 1}, {"temperature": 0.7, "top_k": 8, "top_p": 0.9})


# --- the distribution -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "by_hand"),
    [
        ({}, [0.4, 0.3, 0.15, 0.1, 0.05]),
        ({"temperature": 0.5}, [0.16 / 0.285, 0.09 / 0.285, 0.0225 / 0.285, 0.01 / 0.285, 0.0025 / 0.285]),  # squares
        ({"top_k": 2}, [4 / 7, 3 / 7, 0, 0, 0]),
        ({"temperature": 5e-324}, [1, 0, 0, 0, 0]),  # the smallest of all
        ({"top_p": 0.39}, [1, 0, 0, 0, 0]),
        ({"top_p": 0.72}, [0.4 / 0.85, 0.3 / 0.85, 0.15 / 0.85, 0, 0]),
        ({"top_p": 1.0}, [0.4, 0.3, 0.15, 0.1, 0.05]),
        ({"top_k": 3, "top_p": 0.8}, [4 / 7, 3 / 7, 0, 0, 0]),  # after top-k two of three hold 0.82
        ({"temperature": 0.5, "top_p": 0.6}, [0.64, 0.36, 0, 0, 0]),  # the temperature first: 0.56 is not yet 0.6
    ],
    ids=str,
)
def test_distribution_is_what_one_computes_by_hand(options, by_hand):
    assert next_distribution(FIVE, **options).tolist() == pytest.approx(by_hand, abs=1e-6)


def test_a_top_p_of_one_keeps_characters_that_rounding_would_drop():
    """After the first the sum of probabilities is 1 in float64 already, and the second has some 1e-20."""
    logits = torch.tensor([0.0, -46.0])
    assert torch.equal(next_distribution(logits, top_p=1.0), next_distribution(logits))
    assert next_distribution(logits, top_p=1.0)[1] > 0
    three = torch.tensor([0.0, -46.0, -47.0])
    assert (next_distribution(three, top_k=2, top_p=1.0) > 0).tolist() == [True, True, False]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_logits_that_are_not_numbers_have_no_distribution(options):
    rows = torch.zeros(2, 15)
    rows[1, 3] = math.nan
    for logits in (rows, rows[1], torch.full((15,), -math.inf)):
        with pytest.raises(FloatingPointError, match="scores are not numbers"):
            next_distribution(logits, **options)
    impossible = torch.tensor([0.0, -math.inf, *[0.0] * 13])
    assert next_distribution(impossible, **options)[1] == 0


def test_of_equals_at_the_border_the_first_are_kept():
    assert next_distribution(torch.zeros(4), top_k=2).tolist() == [0.5, 0.5, 0, 0]
    assert next_distribution(torch.zeros(4), top_p=0.5).tolist() == [0.5, 0.5, 0, 0]


logits_of_any_kind = st.lists(st.floats(-50, 50, width=32), min_size=2, max_size=40).map(torch.tensor)


@given(logits_of_any_kind, st.floats(5e-324, 1e300), st.floats(1e-6, 1), st.data())
def test_what_is_kept_is_the_most_probable_in_its_proportions_and_sums_to_one(logits, temperature, share, data):
    k = data.draw(st.integers(1, len(logits)))
    whole = next_distribution(logits)
    by_k, by_share = next_distribution(logits, top_k=k), next_distribution(logits, top_p=share)
    for p in (by_k, by_share, next_distribution(logits, temperature)):
        assert (p >= 0).all()
        assert p.sum().item() == pytest.approx(1)
    for p in (by_k, by_share):
        kept = p > 0
        assert kept.all() or whole[kept].min() >= whole[~kept].max()
        assert torch.allclose(p[kept], whole[kept] / whole[kept].sum())
    assert (by_k > 0).sum() == k
    kept = whole[by_share > 0]
    assert kept.sum() >= share - 1e-9
    assert kept.sum() - kept.min() < share + 1e-9  # without its least, too little


# --- drawing --------------------------------------------------------------------------------------------------------


class Memoryless(nn.Module):
    """The same five characters with the same probabilities, whatever came before: draws are independent."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(FIVE.clone())

    def forward(self, ids, state=None):
        return self.logits.expand(*ids.shape, 5), state


@pytest.mark.parametrize("options", [{}, {"temperature": 0.6}, {"temperature": 1.5, "top_k": 4, "top_p": 0.9}], ids=str)
def test_draws_follow_the_distribution(options):
    """Pearson's chi-square with fixed seeds: right draws are not rejected, and those of another temperature are."""
    vocab = Vocabulary("abcde")
    text = generate(Memoryless(), vocab, "a", 4000, seed=0, **options)[1:]
    counts = np.array([text.count(char) for char in vocab.characters])
    p = next_distribution(FIVE, **options).numpy()
    possible = p > 0
    assert counts[~possible].sum() == 0
    assert chisquare(counts[possible], 4000 * p[possible]).pvalue > 0.01
    warmer = {**options, "temperature": 1.5 * options.get("temperature", 1.0)}
    assert chisquare(counts[possible], 4000 * next_distribution(FIVE, **warmer).numpy()[possible]).pvalue < 0.01


def test_at_the_border_between_two_characters_the_second_is_drawn_and_never_one_that_is_impossible():
    p = np.array([0.0, 2.0, 0.0, 2.0])
    assert [int(draw_characters(p, u)) for u in (0.0, 0.4999, 0.5, 0.9999)] == [1, 1, 3, 3]
    assert draw_characters(np.stack([p, p]), np.array([0.0, 0.5])).tolist() == [1, 3]


def test_logits_after_a_text_are_those_of_each_step_without_dropout(make_model, vocab):
    model = make_model(dropout=0.5).train()
    logits, network = logits_after(model, vocab, "the cat sat"), CELLS[model.cell].steps(model, None)
    steps = [network.step(i) for i in vocab.encode("the cat sat").tolist()]
    assert np.abs(logits.numpy() - np.stack(steps)).max() < 1e-5
    assert model.training


def test_greedy_takes_the_most_probable_character_at_each_step(model, vocab):
    written = "the "
    model.eval()
    for _ in range(25):
        with torch.no_grad():
            logits, _ = model(vocab.encode(written)[None])  # the whole text read again each time
        written += vocab.characters[logits[0, -1].argmax()]
    assert {generate(model, vocab, "the ", 25, temperature, 1) for temperature in (0.3, 1, 4)} == {written}


@pytest.mark.parametrize("length", [0, 1, 57])
@pytest.mark.parametrize("prompt", ["t", "the cat sat"])
def test_the_prompt_is_kept_and_exactly_length_characters_follow(model, vocab, prompt, length):
    text = generate(model, vocab, prompt, length, seed=3)
    assert text.startswith(prompt)
    assert len(text) == len(prompt) + length
    assert generate_many(model, vocab, prompt, length, seeds=[3]) == [text]


def test_a_seed_gives_one_text_however_long_and_the_readers_random_numbers_are_neither_used_nor_disturbed(model, vocab):
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    texts = [generate(model, vocab, "the", 40, seed=seed) for seed in (1, 2, 0, None, None)]
    assert len(set(texts)) == 5
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert (np.random.get_state()[1] == before[2]).all()
    torch.manual_seed(123)
    assert generate(model, vocab, "the", 60, seed=1).startswith(texts[0])


class AnyModule(nn.Module):
    """A network of the reader's own: not a `CharModel`, so that `generate` has to call it step by step."""

    def __init__(self, model):
        super().__init__()
        self.model, self.read = model, []

    def forward(self, ids, state=None):
        self.read.append(tuple(ids.shape))
        return self.model(ids, state)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_plain_arrays_write_what_the_module_writes_and_each_character_is_read_once(make_model, vocab, options):
    model = make_model(num_layers=2)
    own = AnyModule(copy.deepcopy(model).double())  # called as it is, in float64
    expected = generate(own, vocab, "the cat", 60, seed=4, **options)
    assert generate(model, vocab, "the cat", 60, seed=4, **options) == expected
    assert own.read == [(1, 1)] * (7 + 59)


def test_a_network_that_the_reader_changed_is_asked_and_not_the_one_it_came_from(model, vocab):
    class Always(type(model)):
        def forward(self, ids, state=None):
            logits, state = super().forward(ids, state)
            return logits.index_fill(-1, vocab.encode("m"), 1e3), state

    own = Always(**model.hyperparameters)
    assert generate(own, vocab, "the", 5, seed=1) == "themmmmm"
    model.head = nn.Sequential(model.head, nn.Dropout(0.5))  # not a plain layer any more
    assert len(generate(model, vocab, "the", 5, seed=1)) == 8


@pytest.mark.parametrize("own", [False, True])
def test_scores_that_are_not_numbers_are_named(model, vocab, own):
    with torch.no_grad():
        model.head.bias[3] = math.nan
    network = AnyModule(model) if own else model
    with pytest.raises(FloatingPointError, match="scores are not numbers"):
        generate(network, vocab, "the", 5, seed=1)
    with pytest.raises(FloatingPointError, match="scores are not numbers"):
        generate_many(network, vocab, "the", 5, seeds=(1, 2))


# --- many at once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("own", [False, True])
def test_many_texts_are_those_that_one_after_the_other_gives(model, vocab, options, own):
    network = AnyModule(copy.deepcopy(model).double()) if own else model
    texts = generate_many(network, vocab, "the cat", 50, seeds=[5, 1, 5, 900], **options)
    assert texts == [generate(model, vocab, "the cat", 50, seed=seed, **options) for seed in (5, 1, 5, 900)]


# --- what cannot be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("prompt", "", "prompt is empty; give at least one character"),
        ("length", -1, "length is -1; it must be zero or more"),
        ("temperature", 0.0, r"temperature is 0\.0; it must be above zero: use greedy"),
        ("top_k", 16, r"top_k is 16; choose from 1 \(greedy\) to 15"),
        ("top_p", 1.01, r"top_p is 1\.01; choose a number above 0 and at most 1"),
        ("seeds", [], "seeds is empty"),
    ],
)
def test_a_value_that_means_nothing_is_named(model, vocab, name, value, message):
    given = {"prompt": "the", "length": 5, name: value}
    with pytest.raises(ValueError, match=message):
        generate_many(model, vocab, **{"seeds": [1], **given})
    if name != "seeds":
        with pytest.raises(ValueError, match=message):
            generate(model, vocab, **given)
    if name in ("temperature", "top_k", "top_p"):
        with pytest.raises(ValueError, match=message):
            next_distribution(torch.zeros(15), **{name: value})
