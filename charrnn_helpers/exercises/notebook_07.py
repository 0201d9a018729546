"""Exercises of 07: the playground."""

from .engine import Wrong, exercise

# %% 7a
# top_k=1 leaves one character to draw from at every step, so the seed decides nothing: one text.
different_texts = 1


@exercise("7a", different_texts)
def wrong_numbers():
    yield "one text for each seed is what drawing gives; with top_k=1 there is nothing left to draw", 50
    yield "there is always a text; count how many *different* ones there are", 0
    yield "200 is the length of each text; the question is how many different texts there are", 200


def as_word(answer):
    if not isinstance(answer, str):
        raise Wrong("write the word as a text in quotation marks")
    return answer.strip().lower()


# %% 7b
# The state carries the hero, and with the hero whether it is a girl or a boy. So a girl in mind makes it "her".
pronoun = "her"


@exercise("7b", pronoun, read=as_word)
def wrong_words():
    yield "the letters say Leo, but they are gone: what is left of them is the state, which we changed", "his"
    yield "that is the name itself; the question is for the small word before “hair”", "zoe"
    yield "“hers” stands alone; before “hair” the word is shorter", "hers"
