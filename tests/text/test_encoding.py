"""Characters to numbers and back, and streams in which each batch goes on where the last one ended."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from charrnn_helpers import Vocabulary
from charrnn_helpers.text.encoding import as_streams, batches

texts = st.text(min_size=1, max_size=60)


@given(texts)
def test_characters_stand_in_sorted_order_each_once_and_decoding_undoes_encoding(text):
    vocab = Vocabulary.from_text(text)
    assert list(vocab.characters) == sorted(set(text))
    assert vocab.encode(vocab.characters).tolist() == list(range(len(vocab)))
    ids = vocab.encode(text)
    assert ids.dtype == torch.long
    assert vocab.decode(ids) == text


@given(texts, texts, st.characters())
def test_an_unknown_character_is_named_with_its_position_and_what_stands_around_it(before, after, char):
    vocab = Vocabulary.from_text((before + after).replace(char, "") + ("x" if char != "x" else "y"))
    text = before.replace(char, "") + char + after
    position = text.index(char)
    with pytest.raises(ValueError) as caught:
        vocab.encode(text)
    around = text[max(0, position - 8) : position + 9]
    assert f"does not hold {char!r}, at position {position} in {around!r}; " in str(caught.value)


@pytest.mark.parametrize(
    ("known", "text", "advice"),
    [
        ("cafe", "café", "near it there is 'e'"),
        ("hello", "Hello", "near it there is 'h'"),
        ("HELLO", "Hello", "near it there is 'E'"),
        ("abc", "a?b", "it holds 'abc'"),
    ],
)
def test_an_unknown_character_comes_with_what_is_near_it(known, text, advice):
    with pytest.raises(ValueError, match=advice):
        Vocabulary.from_text(known).encode(text)


def test_an_empty_text_has_no_vocabulary_but_an_empty_encoding():
    with pytest.raises(ValueError, match="at least one character; build it from a text that is not empty"):
        Vocabulary.from_text("")
    vocab = Vocabulary.from_text("abc")
    assert vocab.encode("").shape == (0,)
    assert vocab.decode(vocab.encode("")) == ""
    assert vocab.decode([2, 0]) == "ca"


sizes = st.tuples(st.integers(2, 300), st.integers(1, 8), st.integers(1, 20))


@given(sizes)
def test_streams_are_contiguous_targets_are_one_ahead_and_each_batch_goes_on_where_the_last_one_ended(size):
    n, B, window = size
    ids = torch.arange(n)  # each character is its own position, so that nothing can hide
    if n < B + 1:
        too_short = f"the text has {n} characters; {B} streams need at least {B + 1}: use fewer streams or more text"
        with pytest.raises(ValueError, match=too_short):
            as_streams(ids, B)
        return
    inputs, targets = as_streams(ids, B)
    L = (n - 1) // B
    assert inputs.shape == targets.shape == (B, L)
    assert torch.equal(targets, inputs + 1)
    assert inputs.flatten().tolist() == list(range(B * L))  # stream b + 1 starts where stream b ends
    assert n - 1 - B * L < B  # no more is left over than must be
    if window > L:
        too_long = f"window is {window} and a stream has {L} steps; choose a window from 1 to {L}"
        with pytest.raises(ValueError, match=too_long):
            next(batches(inputs, targets, window))
        return
    walked = list(batches(inputs, targets, window))
    assert len(walked) == L // window
    used = torch.cat([x for x, _ in walked], dim=1)
    assert torch.equal(used, inputs[:, : len(walked) * window])  # in order: nothing shuffled, wrapped or left out
    for x, y in walked:
        assert x.shape == (B, window)
        assert torch.equal(y, x + 1)
