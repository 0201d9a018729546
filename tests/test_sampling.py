"""The next character is drawn from the distribution the reader asked for, and the text is as long as asked."""

import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from torch import nn

from charrnn_helpers import Vocabulary, generate
from charrnn_helpers.networks.numpy_network import NumpyNetwork
from charrnn_helpers.sampling import generate_many, logits_after, next_distribution
from charrnn_helpers.text.encoding import UnknownCharacterError

FIVE = torch.tensor([0.4, 0.3, 0.15, 0.1, 0.05]).log()


# --- the distribution -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "by_hand"),
    [
        ({}, [0.4, 0.3, 0.15, 0.1, 0.05]),
        ({"temperature": 0.5}, [0.16 / 0.285, 0.09 / 0.285, 0.0225 / 0.285, 0.01 / 0.285, 0.0025 / 0.285]),  # squares
        ({"top_k": 1}, [1, 0, 0, 0, 0]),
        ({"top_k": 2}, [4 / 7, 3 / 7, 0, 0, 0]),
        ({"top_k": 5}, [0.4, 0.3, 0.15, 0.1, 0.05]),
        ({"top_p": 0.39}, [1, 0, 0, 0, 0]),
        ({"top_p": 0.41}, [4 / 7, 3 / 7, 0, 0, 0]),
        ({"top_p": 0.69}, [4 / 7, 3 / 7, 0, 0, 0]),
        ({"top_p": 0.72}, [0.4 / 0.85, 0.3 / 0.85, 0.15 / 0.85, 0, 0]),
        ({"top_p": 1.0}, [0.4, 0.3, 0.15, 0.1, 0.05]),
        ({"top_k": 3, "top_p": 0.8}, [4 / 7, 3 / 7, 0, 0, 0]),  # after top-k two of three hold 0.82
        ({"temperature": 0.5, "top_p": 0.6}, [0.64, 0.36, 0, 0, 0]),  # the temperature first: 0.56 is not yet 0.6
    ],
    ids=str,
)
def test_distribution_is_what_one_computes_by_hand(options, by_hand):
    assert next_distribution(FIVE, **options).tolist() == pytest.approx(by_hand, abs=1e-6)


def test_order_of_the_vocabulary_does_not_matter():
    order = torch.tensor([3, 0, 4, 1, 2])
    for options in ({"top_k": 2}, {"top_p": 0.8}, {"temperature": 2.0, "top_k": 4, "top_p": 0.9}):
        assert torch.allclose(next_distribution(FIVE[order], **options), next_distribution(FIVE, **options)[order])


def test_of_equals_at_the_border_the_first_are_kept():
    assert next_distribution(torch.zeros(4), top_k=2).tolist() == [0.5, 0.5, 0, 0]
    assert next_distribution(torch.zeros(4), top_p=0.5).tolist() == [0.5, 0.5, 0, 0]


def test_any_leading_shape_and_each_row_on_its_own():
    logits = torch.randn(2, 3, 7, generator=torch.Generator().manual_seed(0))
    rows = next_distribution(logits, 0.7, 4, 0.8)
    assert rows.shape == (2, 3, 7)
    assert torch.equal(rows[1, 2], next_distribution(logits[1, 2], 0.7, 4, 0.8))


logits_of_any_kind = st.lists(st.floats(-50, 50, width=32), min_size=2, max_size=40)


@given(logits_of_any_kind, st.floats(5e-324, 1e300))
@settings(deadline=None)
def test_probabilities_sum_to_one_at_every_temperature(logits, temperature):
    p = next_distribution(torch.tensor(logits), temperature)
    assert torch.isfinite(p).all()
    assert (p >= 0).all()
    assert p.sum().item() == pytest.approx(1)


def test_the_smallest_temperature_of_all_is_greedy():
    assert next_distribution(FIVE, 5e-324).tolist() == [1, 0, 0, 0, 0]


@given(logits_of_any_kind, st.data())
@settings(deadline=None)
def test_top_k_keeps_the_k_most_probable_and_their_proportions(logits, data):
    logits = torch.tensor(logits)
    k = data.draw(st.integers(1, len(logits)))
    whole, p = next_distribution(logits), next_distribution(logits, top_k=k)
    kept = p > 0
    assert p.sum().item() == pytest.approx(1)
    assert kept.sum() <= k  # fewer only where a probability is 0 in double precision
    assert kept.sum() == min(k, int((whole > 0).sum()))
    assert (~kept).sum() == 0 or whole[kept].min() >= whole[~kept].max()
    assert torch.allclose(p[kept], whole[kept] / whole[kept].sum())


@given(logits_of_any_kind, st.floats(1e-6, 1))
@settings(deadline=None)
def test_top_p_keeps_the_smallest_set_of_the_most_probable_that_holds_p(logits, top_p):
    whole = next_distribution(torch.tensor(logits))
    p = next_distribution(torch.tensor(logits), top_p=top_p)
    kept = p > 0
    assert p.sum().item() == pytest.approx(1)
    assert kept.any()
    assert whole[kept].sum() >= top_p - 1e-9
    assert whole[kept].sum() - whole[kept].min() < top_p + 1e-9  # without its least, too little
    assert (~kept).sum() == 0 or whole[kept].min() >= whole[~kept].max()
    assert torch.allclose(p[kept], whole[kept] / whole[kept].sum())


# --- drawing --------------------------------------------------------------------------------------------------------


class Memoryless(nn.Module):
    """The same five characters with the same probabilities, whatever came before: draws are independent."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(FIVE.clone())

    def forward(self, ids, state=None):
        return self.logits.expand(*ids.shape, 5), state


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 0.6},
        {"temperature": 2.5},
        {"top_k": 3},
        {"top_p": 0.8},
        {"temperature": 1.5, "top_k": 4, "top_p": 0.9},
    ],
    ids=str,
)
def test_draws_follow_the_distribution(options):
    """Pearson's chi-square with fixed seeds: right draws are not rejected, and those of another temperature are."""
    vocab = Vocabulary("abcde")
    text = generate(Memoryless(), vocab, "a", 4000, seed=0, **options)[1:]
    counts = np.array([text.count(char) for char in vocab.characters])
    p = next_distribution(FIVE, **options).numpy()
    possible = p > 0
    assert counts[~possible].sum() == 0
    assert chisquare(counts[possible], 4000 * p[possible]).pvalue > 0.01
    wrong = next_distribution(FIVE, **{**options, "temperature": 1.5 * options.get("temperature", 1.0)}).numpy()[
        possible
    ]
    assert chisquare(counts[possible], 4000 * wrong / wrong.sum()).pvalue < 0.01


def test_draws_of_a_network_follow_its_distribution_after_the_prompt(model, vocab, ids):
    with torch.no_grad():
        model.head.weight.mul_(20)  # an untrained network is nearly uniform; this one is not
        model.eval()
        p = next_distribution(model(vocab.encode("the cat")[None])[0][0, -1], 0.8, 6).numpy()
    drawn = [generate(model, vocab, "the cat", 1, 0.8, 6, seed=seed)[-1] for seed in range(600)]
    counts = np.array([drawn.count(char) for char in vocab.characters])
    assert counts[p == 0].sum() == 0
    assert chisquare(counts[p > 0], 600 * p[p > 0]).pvalue > 0.01


def test_logits_after_a_text_are_those_of_each_step_without_dropout(make_model, vocab):
    model = make_model(dropout=0.5).train()
    logits, network = logits_after(model, vocab, "the cat sat"), NumpyNetwork(model)
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
    assert generate(model, vocab, "the ", 25, top_k=1) == written
    assert {
        generate(model, vocab, "the ", 25, temperature, 1, seed=seed) for temperature in (0.3, 4) for seed in (1, 2)
    } == {written}


@pytest.mark.parametrize("length", [0, 1, 2, 57])
@pytest.mark.parametrize("prompt", ["t", "the cat sat"])
def test_the_prompt_is_kept_and_exactly_length_characters_follow(model, vocab, prompt, length):
    text = generate(model, vocab, prompt, length, seed=3)
    assert text.startswith(prompt)
    assert len(text) == len(prompt) + length
    assert set(text) <= set(vocab.characters)


def test_same_seed_same_text_and_another_seed_another_text(model, vocab):
    texts = [generate(model, vocab, "the", 40, seed=seed) for seed in (1, 1, 2, 0)]
    assert texts[0] == texts[1]
    assert len(set(texts)) == 3
    assert generate(model, vocab, "the", 40) != generate(model, vocab, "the", 40)


def test_a_longer_text_begins_with_the_shorter_one(model, vocab):
    assert generate(model, vocab, "the", 60, seed=5).startswith(generate(model, vocab, "the", 20, seed=5))


@pytest.mark.parametrize("seed", [None, 7])
def test_global_random_numbers_are_neither_used_nor_disturbed(model, vocab, seed):
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    first = generate(model, vocab, "the", 40, seed=seed)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert (np.random.get_state()[1] == before[2]).all()
    torch.manual_seed(123)
    if seed is not None:
        assert generate(model, vocab, "the", 40, seed=seed) == first


@pytest.mark.parametrize("mode", [True, False])
def test_dropout_is_off_while_writing_and_the_mode_comes_back(make_model, vocab, mode):
    model = make_model(dropout=0.5).train(mode)
    texts = {generate(model, vocab, "the", 40, seed=1) for _ in range(3)}
    assert len(texts) == 1
    assert model.training is mode
    assert all(weight.grad is None for weight in model.parameters())


def test_the_mode_comes_back_after_an_error_too():
    class Broken(Memoryless):
        def forward(self, ids, state=None):
            raise RuntimeError("broken on purpose")

    model = Broken().train()
    with pytest.raises(RuntimeError, match="on purpose"):
        generate(model, Vocabulary("abcde"), "a", 5)
    assert model.training


class AnyModule(nn.Module):
    """A network of the reader's own: not a `CharModel`, so that `generate` has to call it step by step."""

    def __init__(self, model):
        super().__init__()
        self.model, self.read = model, []

    def forward(self, ids, state=None):
        self.read.append(tuple(ids.shape))
        return self.model(ids, state)


def test_each_character_is_read_once(model, vocab):
    own = AnyModule(model)
    generate(own, vocab, "the cat", 10)
    assert own.read == [(1, 1)] * (7 + 9)


@pytest.mark.parametrize("options", [{}, {"top_k": 1}, {"temperature": 0.7, "top_k": 8, "top_p": 0.9}], ids=str)
def test_plain_arrays_write_what_the_module_writes(make_model, vocab, options):
    model = make_model(num_layers=2)
    expected = generate(AnyModule(model), vocab, "the cat", 60, seed=4, **options)
    assert generate(model, vocab, "the cat", 60, seed=4, **options) == expected


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
@pytest.mark.parametrize("options", [{}, {"top_k": 1}, {"top_p": 0.9}], ids=str)
def test_scores_that_are_not_numbers_are_named(model, vocab, own, options):
    with torch.no_grad():
        model.head.bias[3] = math.nan
    network = AnyModule(model) if own else model
    with pytest.raises(FloatingPointError, match="scores are not numbers"):
        generate(network, vocab, "the", 5, seed=1, **options)
    with pytest.raises(FloatingPointError, match="scores are not numbers"):
        generate_many(network, vocab, "the", 5, seeds=(1, 2), **options)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_networks_of_lower_precision_write_too(make_model, vocab, dtype):
    model = make_model().to(dtype)
    assert len(generate(model, vocab, "the", 20, seed=1)) == 23
    assert next_distribution(torch.zeros(4, dtype=dtype)).tolist() == [0.25] * 4


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("embedding_size", [None, 8])
def test_plain_arrays_give_the_logits_of_the_module(make_model, ids, layers, embedding_size):
    """For one text and for several at once; dropout is off, and training on does not reach the copy."""
    model = make_model(num_layers=layers, embedding_size=embedding_size, dropout=0.5)
    one, three = NumpyNetwork(model), NumpyNetwork(model, texts=3)
    texts = ids[:120].view(3, 40)
    with torch.no_grad():
        expected = model.eval()(texts)[0].numpy()  # (3, 40, V)
        for weight in model.parameters():
            weight.zero_()
    assert np.abs(expected).max() > 0.1
    assert np.abs(np.stack([one.step(i) for i in texts[0].tolist()]) - expected[0]).max() < 1e-5
    assert np.abs(np.stack([three.step(column) for column in texts.T.numpy()], axis=1) - expected).max() < 1e-5


def test_plain_arrays_keep_double_precision(make_model, ids):
    model = make_model(num_layers=2).double().eval()
    network = NumpyNetwork(model)
    with torch.no_grad():
        expected = model(ids[None, :30])[0][0].numpy()
    assert np.abs(np.stack([network.step(i) for i in ids[:30].tolist()]) - expected).max() < 1e-13


def test_plain_weights_begin_where_the_processor_reads_fastest(make_model):
    """NumPy's own arrays do not always, and a product with them may then take longer."""
    networks = [NumpyNetwork(make_model(num_layers=2)) for _ in range(10)]
    assert {layer.W.ctypes.data % 64 for network in networks for layer in network.layers} == {0}


# --- many at once ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"top_k": 1}, {"temperature": 0.7, "top_k": 8, "top_p": 0.9}], ids=str)
@pytest.mark.parametrize("own", [False, True])
def test_many_texts_are_those_that_one_after_the_other_gives(model, vocab, options, own):
    network = AnyModule(model) if own else model
    texts = generate_many(network, vocab, "the cat", 50, seeds=[5, 1, 5, 900], **options)
    assert texts == [generate(model, vocab, "the cat", 50, seed=seed, **options) for seed in (5, 1, 5, 900)]


def test_many_needs_seeds_and_refuses_what_generate_refuses(model, vocab):
    with pytest.raises(ValueError, match="seeds is empty"):
        generate_many(model, vocab, "the", 5, seeds=[])
    with pytest.raises(ValueError, match="the prompt is empty"):
        generate_many(model, vocab, "", 5, seeds=[1])
    with pytest.raises(ValueError, match="length is -1"):
        generate_many(model, vocab, "the", -1, seeds=[1])
    with pytest.raises(ValueError, match="top_k is 0"):
        generate_many(model, vocab, "the", 5, top_k=0, seeds=[1])
    assert generate_many(model, vocab, "the", 0, seeds=[1, 2]) == ["the", "the"]


# --- what cannot be -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompt": ""}, "prompt is empty; give at least one character"),
        ({"length": -1}, "length is -1; it must be zero or more"),
        ({"temperature": 0.0}, r"temperature is 0\.0; it must be above zero: use greedy"),
        ({"temperature": -0.5}, r"temperature is -0\.5; it must be above zero: use greedy"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"top_k": 0}, r"top_k is 0; choose from 1 \(greedy\) to 15"),
        ({"top_k": 16}, r"top_k is 16; choose from 1 \(greedy\) to 15"),
        ({"top_p": 0.0}, r"top_p is 0\.0; choose a share above 0 and at most 1"),
        ({"top_p": 1.01}, r"top_p is 1\.01; choose a share above 0 and at most 1"),
        ({"top_p": math.nan}, "top_p is nan"),
    ],
    ids=str,
)
def test_a_value_that_means_nothing_is_named(model, vocab, options, message):
    with pytest.raises(ValueError, match=message):
        generate(model, vocab, **{"prompt": "the", "length": 5, **options})


@pytest.mark.parametrize(
    "options", [{"temperature": 0}, {"top_k": 0}, {"top_k": 6}, {"top_p": 0}, {"top_p": 2}], ids=str
)
def test_the_distribution_refuses_the_same_values(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        next_distribution(FIVE, **options)


def test_an_unknown_character_in_the_prompt_is_named(model, vocab):
    with pytest.raises(UnknownCharacterError, match=r"'é', at position 5 in 'the cét'; near it there is 'e'"):
        generate(model, vocab, "the cét", 5)
