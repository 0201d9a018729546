"""The story grammar: exact probabilities, one derivation a story, and a reader that knows what was forgotten."""

import hashlib
import math
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charrnn_helpers import load_corpus
from charrnn_helpers.text import tales, tales_grammar

# --------------------------------------------------------------------------------------------------------------------
# The bytes of the default text. To be set again whenever words, rules or weights of the grammar change:
#     python -c "from charrnn_helpers import load_corpus; print(load_corpus('tales').sha256)"
TALES_SHA256 = "bd3668064e3af3f150c1748f2a027431929f00515b31ebfb472537e550151294"
# --------------------------------------------------------------------------------------------------------------------

LONG = ("name", "pronoun", "object", "colour", "place")  # dependencies that a class talks about


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("tales")


@pytest.fixture(scope="module")
def stories():
    return tales.split_stories(tales.write_stories(seed=2024, characters=60_000))


# --- a second reader, written from the notation alone: depth first, whole words, a list of things still to do -------

COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
PIECES = re.compile(r"<(?P<write>[^>]+)>|\{(?P<read>[^}]+)\}|(?P<literal>[^<{]+)")


def say(word, form, memory):
    if form in ("a", "A"):
        return form + ("n " if word[0] in "aeiou" else " ") + word
    if form == "cap":
        return word[0].upper() + word[1:]
    if form == "close":
        return ")" if word == "(" else "]"
    if form == "more":
        return (", " + memory["sound"]) * (COUNTS[word] - 1)
    if form:
        girl, boy = {"he": ("she", "he"), "him": ("her", "him"), "his": ("her", "his")}[form]
        return girl if word in tales_grammar.GIRLS else boy
    return word


def second_reader(text, forgetful=False):
    """Every derivation of `text` as (log-probability, spans), and how far the best attempt came.

    A span is (start, text, name, form) of a word that is read from memory.
    """
    found, furthest = [], 0
    todo = [(("<story>", None), 0, 0.0, {}, ())]
    while todo:
        rest, position, logp, memory, spans = todo.pop()
        furthest = max(furthest, position)
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
            words = tales_grammar.WORDS[tales_grammar.KINDS[name][1]] if forgetful else [memory[name]]
            texts = dict.fromkeys(say(word, form, memory) for word in words)
            choices = [(said, 1.0, memory, (*spans, (position, said, name, form))) for said in texts]
        else:
            source, _, name = piece["write"].partition(":")
            source, _, form = source.partition(".")
            if source in tales_grammar.WORDS:
                words = tales_grammar.WORDS[source]
                for word in words:
                    known = {**memory, name: word} if name else memory
                    choices.append((say(word, form, memory), 1 / len(words), known, spans))
            else:
                rules = [rule if isinstance(rule, tuple) else (1, rule) for rule in tales_grammar.RULES[source]]
                total = sum(weight for weight, _ in rules)
                for weight, production in rules:
                    queue = rest
                    for match in reversed(list(PIECES.finditer(production))):
                        queue = (match[0], queue)
                    todo.append((queue, position, logp + math.log(weight / total), memory, spans))
        for said, share, known, after in choices:
            if text.startswith(said, position):
                todo.append((rest, position + len(said), logp + math.log(share), known, after))
            else:
                same = 0
                while position + same < len(text) and same < len(said) and text[position + same] == said[same]:
                    same += 1
                furthest = max(furthest, position + same)
    return found, furthest


def recalls(story):
    """The words that `story` reads from memory, by dependency: {kind: [(start, text), ...]}."""
    ((_, spans),), _ = second_reader(story)
    found = {}
    for start, text, name, form in spans:
        kind = "pronoun" if form in ("he", "him", "his") else tales_grammar.KINDS[name][0]
        found.setdefault(kind, []).append((start, text))
    return found


# --- probability ----------------------------------------------------------------------------------------------------


def test_log_prob_is_that_of_a_second_reader_and_there_is_one_derivation(stories):
    for story in stories[:25]:
        derivations, _ = second_reader(story)
        assert len(derivations) == 1
        assert tales.log_prob(story) == pytest.approx(derivations[0][0], abs=1e-6)


def test_every_story_has_exactly_one_derivation():
    for story in tales.split_stories(tales.write_stories(seed=5, characters=200 * 1100)):
        assert len(tales._read(story).finished) == 1


def test_probabilities_of_the_next_character_sum_to_one(corpus, stories):
    rng = random.Random(3)
    alphabet = sorted(set(corpus.text))
    for story in stories[:6]:
        cut = rng.randrange(len(story) - 1)
        shares = {}
        for char in alphabet:
            costs = tales._read(story[:cut] + char).surprises
            if len(costs) > cut:  # the grammar allows it
                shares[char] = math.exp(-costs[cut])
        assert sum(shares.values()) == pytest.approx(1, abs=1e-9)
        assert tales.next_characters(stories[7] + story[:cut]) == pytest.approx(shares)
        assert shares[story[cut]] == pytest.approx(math.exp(-tales.surprise(story)[cut]))


def test_words_that_begin_other_words_share_their_probability(monkeypatch):
    monkeypatch.setitem(tales_grammar.RULES, "story", ["<trial>.\n\n"])
    monkeypatch.setitem(tales_grammar.WORDS, "trial", ["mill", "miller", "millers", "map"])
    tales_grammar._productions.cache_clear()
    try:
        shares = tales.next_characters("mill")
        assert shares == pytest.approx({".": 1 / 3, "e": 2 / 3})
        assert tales.log_prob("miller.\n\n") == pytest.approx(math.log(1 / 4))
    finally:
        monkeypatch.undo()
        tales_grammar._productions.cache_clear()
        tales._trie.cache_clear()


def test_next_characters_of_nothing_are_the_beginnings_of_a_story(stories):
    start = tales.next_characters("")
    assert tales.next_characters(stories[0]) == start
    assert sum(start.values()) == pytest.approx(1)
    assert {story[0] for story in stories} <= set(start)
    with pytest.raises(ValueError, match=r"not the beginning of a text of the grammar.*character 0"):
        tales.next_characters("?")


def test_the_floor_is_the_oracle_s_loss_on_fresh_stories(corpus):
    def mean_and_error(text):
        pairs = [(-tales.log_prob(story), len(story)) for story in tales.split_stories(text)]
        mean = sum(cost for cost, _ in pairs) / sum(length for _, length in pairs)
        spread = sum((cost - mean * length) ** 2 for cost, length in pairs)
        return mean, math.sqrt(spread) / sum(length for _, length in pairs)

    fresh, error = mean_and_error(tales.write_stories(seed=99, characters=150_000))
    floor, own_error = mean_and_error(corpus.val)
    assert floor == pytest.approx(corpus.floor, abs=1e-12)
    assert abs(fresh - floor) < 4 * math.hypot(error, own_error)
    assert math.hypot(error, own_error) < 0.01  # else the line above would say little
    assert 0.3 < corpus.floor < 0.6


def test_surprise_adds_up_to_log_prob_over_several_stories(stories):
    text = "".join(stories[:3])
    costs = tales.surprise(text)
    assert len(costs) == len(text)
    assert min(costs) >= 0
    assert -sum(costs) == pytest.approx(sum(map(tales.log_prob, stories[:3])))


def test_a_text_that_is_no_story_has_no_probability(stories):
    broken = stories[0].replace(".", "!", 1)
    for question in (tales.log_prob, tales.surprise, tales.annotate):
        with pytest.raises(ValueError, match=f"character {broken.index('!')}"):
            question(broken)


# --- writing --------------------------------------------------------------------------------------------------------


def test_the_default_text_is_the_same_bytes_everywhere(corpus):
    assert hashlib.sha256(corpus.text.encode()).hexdigest() == corpus.sha256
    assert corpus.sha256 == TALES_SHA256
    assert 1_000_000 <= len(corpus.text) < 1_010_000


@given(seed=st.integers(0, 10_000), short=st.integers(1, 4000), more=st.integers(0, 4000))
@settings(max_examples=25, deadline=None)
def test_a_longer_text_begins_with_the_shorter_one(seed, short, more):
    text = tales.write_stories(seed, short)
    assert len(text) >= short
    assert text.endswith("\n\n")
    assert tales.write_stories(seed, short + more).startswith(text)
    assert "".join(tales.split_stories(text)) == text
    assert len("".join(tales.split_stories(text)[:-1])) < short  # and not one story too many


def test_another_seed_tells_other_stories_and_the_global_generator_rests():
    random.seed(1)
    before = random.getstate()
    assert tales.write_stories(1, 500) != tales.write_stories(2, 500)
    assert random.getstate() == before
    with pytest.raises(ValueError, match="at least 1, and is 0"):
        tales.write_stories(1, 0)


def test_the_text_is_rich_and_plain(corpus):
    words = re.findall(r"[A-Za-z']+", corpus.text)
    assert len({word.lower() for word in words}) >= 300
    assert corpus.text.isascii()
    sentences = re.findall(r"[^.?]+[.?]", corpus.text[:200_000])
    assert len(set(sentences)) > 0.95 * len(sentences)
    assert "  " not in corpus.text
    assert not re.search(r"\ba [aeiou]", corpus.text)
    assert not re.search(r"\ban [^aeiou]", corpus.text)


def test_no_word_list_repeats_a_word_or_is_empty():
    for words in tales_grammar.WORDS.values():
        assert words
        assert len(set(words)) == len(words)


# --- is it a story, and does it remember? ---------------------------------------------------------------------------


def wrong_word(kind, text):
    """Another word that the grammar alone would allow in the place of `text`."""
    if kind == "count":  # one repetition too few
        return text[: text.rindex(",")]
    if kind == "bracket":
        return {")": "]", "]": ")"}[text]
    if kind == "pronoun":
        return {"he": "she", "she": "he", "him": "her", "his": "her", "her": "his"}[text]
    source = next(source for known, source in tales_grammar.KINDS.values() if known == kind)
    same_sex = tales_grammar.GIRLS if text in tales_grammar.GIRLS else tales_grammar.BOYS
    words = same_sex if kind == "name" else tales_grammar.WORDS[source]
    article, _, word = text.rpartition(" ")
    other = next(
        other for other in words if other[0] != word[0] and (not article or (other[0] in "aeiou") == (article == "an"))
    )
    return f"{article} {other}" if article else other


@pytest.mark.parametrize("kind", tales_grammar.DEPENDENCIES)
def test_a_word_that_is_not_remembered_is_found_where_it_stands(stories, kind):
    tried = 0
    for story in stories[:30]:
        for start, text in recalls(story).get(kind, [])[-1:]:
            if story[start - 1] == "\n" or story[start - 2 : start] in (". ", '" '):
                continue  # a sentence could begin in another way
            if text.startswith("an ") or (kind == "count" and text.count(",") == 1):
                continue  # no other word of the kind begins so; after one repetition fewer no number is left
            wrong = wrong_word(kind, text)
            broken = story[:start] + wrong + story[start + len(text) :]
            _, furthest = second_reader(broken)
            verdict = tales.is_valid(broken)
            assert not verdict
            assert (verdict.reason, verdict.position) == ("memory", furthest)
            assert start <= verdict.position <= start + len(wrong)
            # after "took the" a colour or the object itself may stand: either may be named
            kinds = ("colour", "object") if kind == "colour" else (kind,)
            assert any(f"does not remember the {named}" in verdict.message for named in kinds)
            tried += 1
    assert tried >= 3


def test_one_knock_too_many_is_forgotten_counting(stories):
    story = next(s for s in stories if "count" in recalls(s))
    start, text = recalls(story)["count"][0]
    end = start + len(text)
    verdict = tales.is_valid(story[:end] + text[: text.index(" ") + 1] + story[end - len(text) + 2 :])
    assert (bool(verdict), verdict.reason, verdict.position) == (False, "memory", end)
    assert "the count" in verdict.message


def test_wrong_grammar_is_not_called_forgetting(stories):
    story = stories[0]
    word = story.index(" ", 200) + 1
    cases = {
        "typo": (story[: word + 1] + "#" + story[word + 1 :], word + 1),
        "unknown word": (story[:word] + "zzz " + story[word:], None),
        "truncated": (story[:300], 300),
        "without its end": (story[:-1], len(story) - 1),
        "extra": (story + "And", len(story)),
        "two stories": (story + stories[1], len(story)),
        "empty": ("", 0),
    }
    for name, (text, position) in cases.items():
        verdict = tales.is_valid(text)
        assert not verdict, name
        assert verdict.reason == "grammar", name
        assert position is None or verdict.position == position, name
        assert f"character {verdict.position}" in verdict.message, name
        assert "\n" not in verdict.message, name
    assert "breaks off" in tales.is_valid(story[:300]).message
    assert "has ended" in tales.is_valid(story + "And").message


def test_a_story_is_valid(stories):
    for story in stories[:20]:
        verdict = tales.is_valid(story)
        assert verdict
        assert verdict.position == len(story)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_slip_of_the_pen_is_judged_as_a_second_reader_would(data):
    story = tales.split_stories(tales.write_stories(data.draw(st.integers(0, 50)), 1))[0]
    place = data.draw(st.integers(0, len(story) - 1))
    char = data.draw(st.sampled_from(sorted(set(story))))
    broken = story[:place] + char + story[place + 1 :]
    derivations, furthest = second_reader(broken)
    verdict = tales.is_valid(broken)
    assert bool(verdict) == bool(derivations)
    if not verdict:
        assert verdict.position == furthest
        memory = furthest < len(broken) and second_reader(broken[: furthest + 1], forgetful=True)[1] > furthest
        assert verdict.reason == ("memory" if memory else "grammar")


# --- what each character follows from -------------------------------------------------------------------------------


def test_every_character_is_marked(stories):
    for story in stories[:20]:
        marks = tales.annotate(story)
        assert "".join(mark.char for mark in marks) == story
        assert {mark.kind for mark in marks} <= {"free", "spelling", *tales_grammar.DEPENDENCIES}
        for mark, cost in zip(marks, tales.surprise(story), strict=True):
            assert (mark.kind == "free") == (cost > 1e-9)
            assert (mark.distance > 0) == (mark.kind in tales_grammar.DEPENDENCIES)


def test_distances_reach_over_what_a_memory_must_span(stories):
    distances = {}
    for story in stories:
        for mark in tales.annotate(story):
            distances.setdefault(mark.kind, []).append(mark.distance)
    for kind in LONG:
        assert min(distances[kind]) <= 150, kind
        assert sum(50 <= distance <= 500 for distance in distances[kind]) >= 5, kind
        assert max(distances[kind]) >= {"pronoun": 150, "name": 300}.get(kind, 500), kind  # the hero is named often
    assert set(tales_grammar.DEPENDENCIES) <= set(distances)


def test_the_word_at_the_distance_is_the_word_to_remember(stories):
    for story in stories[:20]:
        marks = tales.annotate(story)
        ((_, spans),), _ = second_reader(story)
        for start, text, _, form in spans:
            for place in range(start, start + len(text)):
                kind, distance = marks[place].kind, marks[place].distance
                if kind not in tales_grammar.DEPENDENCIES:
                    continue
                source = story[: place - distance]
                if kind == "pronoun":  # reaches back to the hero's last mention, by name or by pronoun
                    hero = next(said for _, said, other, shape in spans if (other, shape) == ("hero", ""))
                    mentions = [story.index(hero) + len(hero)]
                    mentions += [
                        begin + len(said) for begin, said, other, _ in spans if other == "hero" and begin < start
                    ]
                    assert len(source) == max(mentions)
                elif kind == "count":
                    assert COUNTS[source.split()[-1]] - 1 == text.count(",")
                elif kind == "bracket":
                    assert {"(": ")", "[": "]"}[source[-1]] == text
                else:
                    word = text.split()[-1] if form in ("a", "A") else text
                    assert source.endswith(word)


def test_forgetting_costs_nothing_but_at_marked_characters(stories):
    """A choice the grammar alone leaves open, and memory closes, is exactly what is marked as a dependency."""
    story = stories[1]
    marks = tales.annotate(story)
    for kind, spans in recalls(story).items():
        for start, text in spans:
            marked = [mark.kind for mark in marks[start : start + len(text) + 1]]
            assert kind in marked or all(known != "spelling" for known in marked[:1])


# --- sentence by sentence -------------------------------------------------------------------------------------------


def test_true_text_is_grammatical_and_remembers(stories):
    text = "".join(stories[:15])
    found = tales.check_sentences(text)
    assert all(sentence.grammatical and sentence.remembers and not sentence.forgotten for sentence in found)
    assert " ".join(sentence.text for sentence in found) == " ".join(text.split())


def test_a_swapped_name_is_missed_only_where_it_is_recalled(stories):
    tried = 0
    for story in stories[:20]:
        hero = recalls(story)["name"][0][1]
        sex = tales_grammar.GIRLS if hero in tales_grammar.GIRLS else tales_grammar.BOYS
        other = next(name for name in sex if name != hero)
        found = tales.check_sentences(re.sub(rf"\b{hero}\b", other, story, count=1))
        assert all(sentence.grammatical for sentence in found)
        for sentence in found:
            recalled = re.search(rf"\b{hero}\b", sentence.text) is not None
            assert sentence.remembers != recalled
            assert sentence.forgotten == (("name",) if recalled else ())
            tried += recalled
    assert tried >= 20


def test_a_name_of_the_other_sex_is_missed_by_the_pronouns(stories):
    story = next(s for s in stories if "pronoun" in recalls(s))
    hero = recalls(story)["name"][0][1]
    other = (tales_grammar.BOYS if hero in tales_grammar.GIRLS else tales_grammar.GIRLS)[-1]
    found = tales.check_sentences(re.sub(rf"\b{hero}\b", other, story))
    assert any(sentence.forgotten == ("pronoun",) for sentence in found)
    assert not any("name" in sentence.forgotten for sentence in found)


def test_nonsense_is_not_grammatical_and_an_unfinished_sentence_is_left_out(stories):
    found = tales.check_sentences("Colourless ideas sleep furiously. " + stories[0][:-2] + " And so")
    assert not found[0].grammatical
    assert not found[0].remembers
    assert all(sentence.grammatical for sentence in found[1:])
    assert found[-1].text == tales.check_sentences(stories[0])[-1].text
    assert tales.check_sentences("") == []
