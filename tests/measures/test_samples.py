"""Copying and validity of a sample are what one finds by hand or by brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charrnn_helpers.measures.samples import copied_places, find_copies, novelty, one_hero, tales_validity
from charrnn_helpers.text import tales
from charrnn_helpers.text.tales_grammar import WORDS

TEXT = st.text(alphabet="ab c", max_size=30)


@given(TEXT, TEXT, st.integers(1, 6))
def test_copies_are_those_that_brute_force_finds(sample, training_text, shortest):
    found = find_copies(sample, training_text, shortest)
    pieces = {(i, j) for i in range(len(sample)) for j in range(i + shortest, len(sample) + 1)}
    copied = {(i, j) for i, j in pieces if sample[i:j] in training_text}
    longest = {(i, j) for i, j in copied if not {(i - 1, j), (i, j + 1)} & copied}  # within no longer one
    assert [(copy.start, copy.end) for copy in found] == sorted(longest)
    for start, end, place in found:
        assert training_text[place : place + end - start] == sample[start:end]
    marked = copied_places(found, len(sample))
    assert marked.tolist() == [any(i <= place < j for i, j in copied) for place in range(len(sample))]


def test_shares_of_words_are_those_that_one_counts():
    text = "the old cat sat on the old mat"
    assert novelty("old cat sat on the", text) == 0
    assert novelty("a young dog ran far away", text) == 1
    assert novelty("the old cat sat down", text) == 0.5  # two sequences of four, the second is new


def test_a_broken_sentence_lowers_both_shares_and_a_wrong_name_the_second_one():
    stories = tales.write_stories(seed=5, characters=3000)
    sentences = tales_validity(stories).sentences
    found = tales_validity("Cat the sat. " + stories)
    assert found.grammatical == pytest.approx(sentences / (sentences + 1))
    assert found.remembering <= found.grammatical
    assert tales_validity("Then Leo sang and Leo slept. Then Ada sang and Ada slept. ") == (2, 1, 1 / 2)


def test_one_hero_counts_complete_stories_that_name_nobody_else():
    stories = tales.split_stories(tales.write_stories(seed=5, characters=5000))
    assert one_hero("".join(stories)) == (len(stories), len(stories))
    hero = next(name for name in WORDS["name"] if name in stories[1])
    other = next(name for name in WORDS["name"] if name != hero)
    before, _, after = stories[1].rpartition(hero)  # a single slip
    assert one_hero("".join([stories[0], before + other + after, *stories[2:]])) == (len(stories) - 1, len(stories))
    assert one_hero(stories[0] + "Once a child called Ada. Then Ben") == (1, 1)  # the last is unfinished
    assert one_hero("Once a cold\n\n") == (0, 1)  # nobody
