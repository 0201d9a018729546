"""The story grammar: exact probabilities, one derivation a story, and a reader that knows what was forgotten."""

import math
import random
import re
from functools import cache
from itertools import takewhile
from operator import eq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn_helpers import load_corpus
from charrnn_helpers.measures import check_sentences
from charrnn_helpers.text import tales, tales_grammar
from charrnn_helpers.text.tales_grammar import DEPENDENCIES, GIRLS, KINDS, RULES, WORDS

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


# --- a second reader, written from the notation alone: depth first, whole words, a list of things still to do -------

COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
PIECES = re.compile(r"<(?P<write>[^>]+)>|\{(?P<read>[^}]+)\}|(?P<literal>[^<{]+)")


def say(word, form, memory):
    if form in ("a", "A"):
        return form + ("n " if word[0] in "aeiou" else " ") + word
    if form == "cap":
        return word[0].upper() + word[1:]
    if form == "close":
        return {"(": ")", "[": "]"}.get(word, word)
    if form == "more":
        return (", " + memory["sound"]) * (COUNTS[word] - 1)
    if form:
        assert form == "his"
        return "her" if word in GIRLS else "his"
    return word


def second_reader(text):
    """Every derivation of `text` as (log-probability, spans), and how far the best attempt came.

    A span is (start, text, name, form) of a word that is read from memory.
    """
    found, furthest = [], 0
    todo = [(("<story>", None), 0, 0.0, {}, ())]
    while todo:
        rest, position, logp, memory, spans = todo.pop()
        if rest is None:
            if position == len(text):
                found.append((logp, spans))
            continue
        symbol, rest = rest
        piece = PIECES.fullmatch(symbol)
        choices = []  # text, probability, memory, spans
        if piece["literal"]:
            choices = [(symbol, 1.0, memory, spans)]
        elif piece["read"]:
            name, _, form = piece["read"].partition(".")
            said = say(memory[name], form, memory)
            choices = [(said, 1.0, memory, (*spans, (position, said, name, form)))]
        else:
            source, _, name = piece["write"].partition(":")
            source, _, form = source.partition(".")
            if source in WORDS:
                words = WORDS[source]
                for word in words:
                    known = {**memory, name: word} if name else memory
                    choices.append((say(word, form, memory), 1 / len(words), known, spans))
            else:
                total = sum(weight for weight, _ in RULES[source])
                for weight, production in RULES[source]:
                    queue = rest
                    for match in reversed(list(PIECES.finditer(production))):
                        queue = (match[0], queue)
                    todo.append((queue, position, logp + math.log(weight / total), memory, spans))
        for said, share, known, after in choices:
            same = sum(takewhile(bool, map(eq, said, text[position : position + len(said)])))
            furthest = max(furthest, position + same)
            if same == len(said):
                todo.append((rest, position + same, logp + math.log(share), known, after))
    return found, furthest


@cache
def recalls(story):
    """The words that `story` reads from memory, by dependency: {kind: [(start, text, name, form), ...]}."""
    ((_, spans),), _ = second_reader(story)
    found = {}
    for span in spans:
        name, form = span[2:]
        found.setdefault("pronoun" if form == "his" else KINDS[name][0], []).append(span)
    return found


def refused(text):
    """Why `text` is no story, "" if it is one, once the second reader has agreed on where it leaves the grammar."""
    derivations, furthest = second_reader(text)
    if derivations:
        tales.annotate(text)
        return ""
    with pytest.raises(ValueError, match=f"character {furthest}\\b") as refusal:
        tales.annotate(text)
    return str(refusal.value)


# --- probability ----------------------------------------------------------------------------------------------------


def test_a_story_has_one_derivation_and_the_probability_that_a_second_reader_finds(stories):
    wanted = []
    for story in stories[:40]:
        ((log_prob, _),), _ = second_reader(story)
        assert tales.log_prob(story) == pytest.approx(log_prob, abs=1e-6)
        wanted.append(log_prob)
    costs = tales.surprise("".join(stories[:5]))
    assert len(costs) == sum(map(len, stories[:5]))
    assert min(costs) >= 0
    assert -sum(costs) == pytest.approx(sum(wanted[:5]))


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


def test_the_text_is_rich_and_plain(corpus):
    words = re.findall(r"[A-Za-z']+", corpus.text)
    assert len({word.lower() for word in words}) >= 250
    assert corpus.text.isascii()
    sentences = re.findall(r"[^.?]+[.?]", corpus.text[:200_000])
    assert len(set(sentences)) > 0.6 * len(sentences)
    assert "  " not in corpus.text
    assert not re.search(r"\ba [aeiou]", corpus.text)
    assert not re.search(r"\ban [^aeiou]", corpus.text)
    assert all(words and len(set(words)) == len(words) for words in WORDS.values())


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
        assert re.search(message, refused(text))
    for question in (tales.log_prob, tales.surprise, tales.annotate):
        with pytest.raises(ValueError, match="of the grammar: at character 250, after"):
            question(next(iter(cases)))


@pytest.mark.parametrize("kind", DEPENDENCIES)
def test_a_word_that_is_not_remembered_is_refused_and_found_in_its_sentence(stories, kind):
    named = []
    for story in stories[:20]:
        for start, text, name, form in recalls(story).get(kind, [])[-1:]:
            others = tales_grammar.alternatives(name, form, sound=text[2:].partition(",")[0])
            other = random.Random(start).choice([other for other in others if other != text])
            changed = story[:start] + other + story[start + len(text) :]
            assert refused(changed)
            named.append(any(kind in sentence.forgotten for sentence in check_sentences(changed)))
    assert len(named) >= 3
    assert all(named)


@given(data=st.data())
@settings(max_examples=40)
def test_any_slip_of_the_pen_is_refused_where_a_second_reader_would(data):
    story = tales.split_stories(tales.write_stories(data.draw(st.integers(0, 50)), 1))[0]
    position = data.draw(st.integers(0, len(story) - 1))
    char = data.draw(st.sampled_from(sorted(set(story))))
    refused(story[:position] + char + story[position + 1 :])


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


def test_every_character_is_marked_what_is_recalled_too_and_the_word_at_the_distance_is_the_word_to_remember(marked):
    for story, marks in marked[:20]:
        assert "".join(mark.char for mark in marks) == story
        assert {mark.kind for mark in marks} <= {"free", "spelling", *DEPENDENCIES}
        for mark, cost in zip(marks, tales.surprise(story), strict=True):
            assert (mark.kind == "free") == (cost > 1e-9)
            assert (mark.distance > 0) == (mark.kind in DEPENDENCIES)
        hero = recalls(story)["name"][0][1]
        mentions = [story.index(hero) + len(hero)]  # where the hero's name, or a pronoun for it, has ended
        spans = sorted((*span[:2], kind) for kind, found in recalls(story).items() for span in found)
        for start, text, kind in spans:
            here = marks[start : start + len(text)]
            assert kind in [mark.kind for mark in marks[start : start + len(text) + 1]] or here[0].kind != "spelling"
            for position, mark in enumerate(here, start=start):
                if mark.kind not in DEPENDENCIES:
                    continue
                source = story[: position - mark.distance]
                if kind in ("name", "pronoun"):
                    assert len(source) == mentions[-1]
                elif kind == "count":
                    assert COUNTS[source.split()[-1]] - 1 == text.count(",")
                elif kind == "bracket":
                    assert {"(": ")", "[": "]", '"': '"'}[source[-1]] == text
                else:
                    assert source.endswith(text.split()[-1])  # without "a"
            if kind in ("name", "pronoun"):
                mentions.append(start + len(text))
