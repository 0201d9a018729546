"""Exercises of 07: the playground."""

from itertools import pairwise

from .engine import Wrong, exercise, parts_of

# %% 7a
# top_k=1 leaves one character to draw from at every step, so the seed decides nothing: one text.
different_texts = 1


@exercise("7a", different_texts)
def wrong_numbers():
    yield "one text for each seed is what drawing gives; with top_k=1 there is nothing left to draw", 50
    yield "there is always a text; count how many *different* ones there are", 0
    yield "200 is the length of each text; the question is how many different texts there are", 200


STORIES = [
    (["Zoe", "Zoe", "Ada", "Zoe", "Zoe"],),
    (["Leo", "Ben", "Ben", "Ben"],),
    (["Ada", "Meg", "Meg", "Ada", "Kit", "Ada", "Leo"],),
    (["Kit", "Kit", "Kit"],),
]


# %% 7b
def slips_and_repairs(names):
    hero = last = names[0]
    slips = repaired = 0
    for name in names:
        slips += last == hero and name != hero
        repaired += last != hero and name == hero
        last = name
    return slips, repaired


@exercise("7b", slips_and_repairs, inputs=STORIES, read=lambda made: parts_of(made, "slips, repaired"))
def wrong_counts(names):
    slips, repaired = slips_and_repairs(names)
    others = sum(name != names[0] for name in names)
    changes = sum(last != name for last, name in pairwise(names))
    yield "two wrong names in a row are one slip: count only the first of them", (others, repaired)
    yield "not every slip is put right: the last one of a story may stay wrong", (slips, slips)
    yield "the way back to the hero is no slip: count only the steps away from the hero", (changes, repaired)
    yield "these two are the other way round: slips come first", (repaired, slips)
    yield "you only say whether there is a slip in the story; there may be several", (int(slips > 0), int(repaired > 0))


def as_word(answer):
    if not isinstance(answer, str):
        raise Wrong("write the word as a text in quotation marks")
    return answer.strip().lower()


# %% 7c
# The state carries the hero, and with the hero whether it is a girl or a boy. So a girl in mind makes it "her".
pronoun = "her"


@exercise("7c", pronoun, read=as_word)
def wrong_words():
    yield "the letters say Leo, but they are gone: what is left of them is the state, which we changed", "his"
    yield "that is the name itself; the question is for the small word before “hair”", "zoe"
    yield "“hers” stands alone; before “hair” the word is shorter", "hers"
