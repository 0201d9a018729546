"""The story grammar: exact probabilities, one derivation a story, and a reader that knows what was forgotten."""

import math
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn_helpers import load_corpus
from charrnn_helpers.measures import check_sentences
from charrnn_helpers.text import tales, tales_grammar
from charrnn_helpers.text.tales_grammar import DEPENDENCIES, KINDS, WORDS

# The bytes of the default text. To be set again whenever words, rules or weights of the grammar change:
#     python -c "from charrnn_helpers import load_corpus; print(load_corpus('tales').sha256)"
TALES_SHA256 = "79d2d6a744fd8e7cd48cbf0b00b19dd4847c67ecc0b31da960a2c1f4fba6ee3d"


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("tales")


@pytest.fixture(scope="module")
def stories():
    return tales.split_stories(tales.write_stories(seed=2024, characters=60_000))


@pytest.fixture(scope="module")
def marked(stories):
    """Each story with its marks."""
    return [(story, tales.annotate(story)) for story in stories]


# --- probability ----------------------------------------------------------------------------------------------------


@pytest.fixture
def choices(monkeypatch):
    """The log-probabilities of the choices that the writer makes, as it makes them."""
    made, draw = [], tales._draw_production

    class Counted(list):
        def __getitem__(self, number):
            made.append(-math.log(len(self)))
            return super().__getitem__(number)

    def drawn(productions, rng):
        chosen = draw(productions, rng)
        weights = {id(symbols): weight for weight, symbols in productions}
        made.append(math.log(weights[id(chosen)] / sum(weights.values())))
        return chosen

    monkeypatch.setattr(tales, "_draw_production", drawn)
    for source, words in list(WORDS.items()):
        monkeypatch.setitem(WORDS, source, Counted(words))
    return made


def test_a_story_has_one_derivation_and_the_probability_of_the_choices_by_which_it_was_written(choices):
    for seed in range(40):
        choices.clear()
        story = tales.write_stories(seed, 1)
        wanted = sum(choices)
        costs = tales.surprise(story)
        assert len(costs) == len(story)
        assert min(costs) >= 0
        assert tales.log_prob(story) == -math.fsum(costs) == pytest.approx(wanted, abs=1e-6)


def test_the_next_character_has_the_probability_that_its_surprise_says(stories):
    rng = random.Random(3)
    for story in stories[:20]:
        costs = tales.surprise(story)
        for position in rng.sample(range(min(len(story), 500)), 5):
            shares = tales.next_characters(stories[-1] + story[:position])
            assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
            assert shares[story[position]] == pytest.approx(math.exp(-costs[position]))
    start = tales.next_characters("")
    assert tales.next_characters(stories[0]) == start
    assert {story[0] for story in stories} <= set(start)
    with pytest.raises(ValueError, match=r"not the beginning of a text of the grammar.*character 0"):
        tales.next_characters("?")


def test_words_that_begin_other_words_share_their_probability(monkeypatch):
    monkeypatch.setitem(tales_grammar.PRODUCTIONS, "story", [(1, tales_grammar.symbols("<trial>.\n\n"))])
    monkeypatch.setitem(WORDS, "trial", ["mill", "miller", "millers", "map"])
    assert tales.next_characters("mill") == pytest.approx({".": 1 / 3, "e": 2 / 3})
    assert tales.log_prob("miller.\n\n") == pytest.approx(math.log(1 / 4))


def test_the_floor_is_the_loss_of_a_perfect_reader_on_val(corpus):
    costs = [-tales.log_prob(story) for story in tales.split_stories(corpus.val)]
    assert corpus.floor == pytest.approx(sum(costs) / len(corpus.val), abs=1e-12)
    assert 0.15 <= corpus.floor < 0.5


# --- writing --------------------------------------------------------------------------------------------------------


def test_the_default_text_is_the_same_bytes_everywhere(corpus):
    assert corpus.sha256 == TALES_SHA256
    assert 1_000_000 <= len(corpus.text) < 1_010_000
    with pytest.raises(ValueError, match="at least 1, and is 0"):
        tales.write_stories(1, 0)


@given(seed=st.integers(0, 10_000), short=st.integers(1, 4000), more=st.integers(0, 4000))
@settings(max_examples=25)
def test_a_longer_text_begins_with_the_shorter_one_and_the_global_generator_rests(seed, short, more):
    before = random.getstate()
    text = tales.write_stories(seed, short)
    assert random.getstate() == before
    assert text != tales.write_stories(seed + 1, short)
    assert len(text) >= short
    assert text.endswith("\n\n")
    assert tales.write_stories(seed, short + more).startswith(text)
    assert "".join(tales.split_stories(text)) == text
    assert len("".join(tales.split_stories(text)[:-1])) < short  # and not one story too many


# --- is it a story? --------------------------------------------------------------------------------------------------


def test_what_is_no_story_is_refused_with_the_position_and_the_reason(stories):
    story = stories[0]
    cases = {
        story[:250] + "#" + story[251:]: "at character 250, after .* no story of the grammar goes on with '#'",
        story[:300]: "breaks off at character 300",
        story[:-1]: f"breaks off at character {len(story) - 1}",
        story + stories[1]: f"at character {len(story)} the story has ended, and {stories[1][0]!r} follows",
        "": "breaks off at character 0",
    }
    for text, message in cases.items():
        with pytest.raises(ValueError, match=message):
            tales.annotate(text)
    for question in (tales.log_prob, tales.surprise, tales.next_characters):
        with pytest.raises(ValueError, match=f"of the grammar: at character {len(story) + 250}, after"):
            question(story + next(iter(cases)).rstrip())


@pytest.mark.parametrize("kind", DEPENDENCIES)
def test_a_word_that_is_not_remembered_is_refused_and_found_in_its_sentence(stories, kind):
    named = []
    for story in stories[:20]:
        recalled = [one for one in tales.parse(story).complete[0].recalls if one.symbol.dependency == kind]
        for start, text, _, words in (one[1:] for one in recalled[-1:]):
            other = random.Random(start).choice([word for word in words if word != text])
            changed = story[:start] + other + story[start + len(text) :]
            with pytest.raises(ValueError, match="goes on with"):
                tales.annotate(changed)
            named.append(any(kind in sentence.forgotten for sentence in check_sentences(changed)))
    assert len(named) >= 3
    assert all(named)


# --- what each character follows from -------------------------------------------------------------------------------


def test_the_kinds_of_memory_are_graded_and_the_heros_distances_spread(marked):
    distances = {kind: [] for kind in DEPENDENCIES}
    for _, marks in marked:
        for mark in marks:
            if mark.rivals:
                distances[mark.kind].append(mark.distance)
    per_story = {kind: len(found) / len(marked) for kind, found in distances.items()}
    assert per_story["name"] > 2 * per_story["friend"] > 4 * per_story["place"] > 0
    assert min(per_story.values()) > 0.5
    for low, high in ((1, 8), (8, 16), (16, 32), (32, 64), (64, 128), (128, 512)):
        share = sum(low <= distance < high for distance in distances["name"]) / len(distances["name"])
        assert 0.01 < share < 0.4, (low, high)
    assert max(distances["name"]) > 250


def test_the_words_to_remember_are_told_apart_by_their_first_letters_and_chance_is_one_of_them():
    for name, (kind, source) in KINDS.items():
        words = WORDS[source]
        assert tales_grammar.CHANCE[kind] == 1 / len(words)
        assert len({word[0] for word in words}) == len(words) or name == "count"
    assert tales_grammar.CHANCE["pronoun"] == 1 / 2


MENTIONS = {kind: WORDS[source] for kind, source in KINDS.values()}
MENTIONS["name"] = MENTIONS["pronoun"] = [*WORDS["name"], "his", "her"]


def test_a_mark_leads_back_to_the_last_mention_of_the_word_to_remember(marked):
    for story, marks in marked[:20]:
        assert "".join(mark.char for mark in marks) == story
        hero = re.search("|".join(WORDS["name"]), story)[0]
        for position, (mark, cost) in enumerate(zip(marks, tales.surprise(story), strict=True)):
            assert (mark.kind == "free") == (cost > 1e-9)
            assert (mark.distance > 0) == (mark.kind in DEPENDENCIES)
            if mark.kind in DEPENDENCIES:
                mention = position - mark.distance
                (word,) = (word for word in MENTIONS[mark.kind] if story[:mention].endswith(word))
                if mark.kind == "name":
                    assert hero not in story[mention:position]
                    assert story.startswith(hero, position)
                elif mark.kind not in ("pronoun", "count", "bracket"):
                    assert word in story[position - 2 : position + len(word) + 2]  # after "a" or "an"
