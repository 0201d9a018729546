"""Sentences of a sample: which are in the grammar, which remember their story, and why the others do not."""

import re

import pytest

from charrnn_helpers.measures import check_sentences
from charrnn_helpers.text import split_stories, write_stories
from charrnn_helpers.text.tales_grammar import BOYS, GIRLS, WORDS


@pytest.fixture(scope="module")
def stories():
    return split_stories(write_stories(seed=2024, characters=30_000))


def test_true_text_is_grammatical_and_remembers_and_an_unfinished_sentence_is_left_out(stories):
    text = "".join(stories[:15])
    nonsense, *found = check_sentences("Colourless ideas sleep furiously. " + text[:-2] + " And so")
    why = "“Colourless”: no sentence of these stories goes on like this"
    assert nonsense == ("Colourless ideas sleep furiously.", False, False, (), ((0, 10, why),))
    assert {sentence[1:] for sentence in found} == {(True, True, (), ())}
    assert " ".join(sentence.text for sentence in found) == " ".join(text.split())
    assert check_sentences("") == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("One Monday Leo met a shy pig, and the cat sang.", "the cat was never in this story, its friend is the pig"),
        ("Then Leo washed her nose, and Leo sang.", "“her”: Leo is a boy"),
        ("Then Leo ran round the mill, and Leo slept.", "the mill was never in this story, the hero lives by the inn"),
        ("Somebody knocked three times: pat, pat.", "the noise must come three times"),
        (
            "On a wall stood [no cheese today) in chalk.",
            "the words on the wall began with [, which “)” does not close",
        ),
    ],
)
def test_a_slip_is_explained_in_plain_words(wrong, why):
    *_, found = check_sentences(f"Once a shy child called Leo lived by the inn. {wrong} ")
    assert found.grammatical
    assert {slip.why for slip in found.slips} == {why}


def test_a_word_that_no_sentence_has_given_is_a_slip_once_contradicts_nothing_and_is_known_from_there_on():
    leo, ada = (f"Then {name} sang and {name} slept." for name in ("Leo", "Ada"))
    first, second, third = check_sentences(f"{leo} {leo} {ada} ")
    assert first == (leo, True, True, (), ((5, 8, "“Leo”: this story has not named its hero yet"),))
    assert second == (leo, True, True, (), ())
    assert third[1:4] == (True, False, ("name",))


def test_after_a_change_of_memory_a_story_is_judged_by_the_new_word_from_there_on():
    opening = "Once a shy child called Leo lived by the inn. One Monday Leo met a shy pig, and the pig sang. "
    before, after = "Then Leo sang and Leo slept. ", "Then Zoe rubbed her nose, and Zoe sang. "
    text = opening + before + after + before + "\n\n" + opening + before

    def wrong(changes):
        slips = [slip for sentence in check_sentences(text, changes) for slip in sentence.slips]
        return [(text[start:end], why) for start, end, why in slips]

    there = len(opening + before)
    assert wrong({there: "Zoe"}) == [("Leo", "since the change this story is about Zoe, not about Leo")] * 2
    assert {word for word, _ in wrong({})} == {"Zoe", "her"}
    middle = text.index("Zoe", there + 6)  # the first Zoe is judged by the word before the change
    assert [word for word, _ in wrong({middle: "Zoe"})] == ["Zoe", "her", "Leo", "Leo"]
    assert wrong({3: "Zoe"}) == wrong({text.index("Leo"): "Zoe"}) == wrong({})  # then the text itself named its hero
    assert wrong({text.index(" lived"): "Zoe"})[0] == ("Leo", "since the change this story is about Zoe, not about Leo")
    assert wrong({there: "Zoe", there + len(after): "Leo"}) == []
    told = wrong({there: "Zoe", text.index("pig") + 3: "cat"})[0]
    assert told == ("pig", "since the change the friend in this story is the cat, not the pig")
    with pytest.raises(ValueError, match="'mill' is neither a hero nor a friend"):
        wrong({there: "mill"})


def test_a_swapped_name_is_missed_only_where_it_is_recalled(stories):
    tried = 0
    for story in stories[:20]:
        hero = re.search("|".join(WORDS["name"]), story)[0]
        other = next(name for name in (GIRLS if hero in GIRLS else BOYS) if name != hero)
        swapped = "A story.\n\n" + re.sub(rf"\b{hero}\b", other, story, count=1)
        for sentence in check_sentences(swapped)[1:]:
            recalled = re.search(rf"\b{hero}\b", sentence.text) is not None
            assert sentence[1:4] == (True, not recalled, ("name",) if recalled else ())
            wrong = {(swapped[start:end], why) for start, end, why in sentence.slips}
            assert wrong == ({(hero, f"this story is about {other}, not about {hero}")} if recalled else set())
            tried += recalled
    assert tried >= 20
