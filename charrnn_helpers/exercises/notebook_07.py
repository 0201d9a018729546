"""Exercises of 07: the playground."""

from .engine import Wrong, exercise

WRITTEN = ["x the owl sang", "so Meg sat", "abcd", "abc"]
TRAINING = ["an old ox sand the owls", "for Meg sat", "xcdyab", "xyz"]

# %% 7.1
# top_k=1 leaves one character to draw from at every step, so the seed decides nothing: one text.
different_texts = 1


@exercise("7.1", different_texts)
def wrong_numbers():
    yield "one text for each seed is what drawing gives; with top_k=1 there is nothing left to draw", 50
    yield "there is always a text; count how many *different* ones there are", 0
    yield "200 is the length of each text; the question is how many different texts there are", 200


# %% 7.2
def first_difference(a, b):
    for place, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return place
    return min(len(a), len(b))  # one is the start of the other


@exercise("7.2", first_difference, inputs=[("abcd", "abXd"), ("ab", "abcd"), ("aXbX", "aYbY")])
def wrong_places(a, b):
    shorter = min(len(a), len(b))
    differences = [place for place in range(shorter) if a[place] != b[place]]
    yield "from_1", differences[0] + 1 if differences else shorter
    yield "you give the number of differences; the question is where the first one stands", len(differences)
    yield "nothing", differences[0] if differences else None
    yield "with two differences you give a later one; stop at the first", differences[-1] if differences else shorter


def as_piece(answer):
    if isinstance(answer, int):
        raise Wrong("return the piece itself, not its length or its place")
    if isinstance(answer, tuple | list | set):
        raise Wrong("return one piece, a single string")
    return answer


def pieces(text):
    """List all of them, from left to right, the short ones of each start first."""
    return [text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1)]


# %% 7.3
# From each start only pieces longer than the best so far are tried, and the first that is not there ends it.
def longest_copy(written, training_text):
    best = ""
    for start in range(len(written)):
        for end in range(start + len(best) + 1, len(written) + 1):
            if written[start:end] not in training_text:
                break
            best = written[start:end]
    return best


@exercise("7.3", longest_copy, inputs=[*zip(WRITTEN, TRAINING, strict=True)], read=as_piece)
def wrong_pieces(written, training):
    copied = [piece for piece in pieces(written) if piece in training]
    best = longest_copy(written, training)

    def longest(pieces, default=""):
        return max(pieces, key=len, default=default)

    side_by_side = "".join(a if a == b else "|" for a, b in zip(written, training))
    yield "end_missing", longest(piece for piece in copied if piece != best)
    yield "not_to_the_end", longest(piece for piece in copied if not written.endswith(piece))
    yield "that is the first piece you meet: go on looking for longer ones", next(iter(copied), "")
    yield "first_start_only", longest(piece for piece in copied if written.startswith(piece))
    yield "whole_words", longest(word for word in written.split() if word in training.split())
    yield "same_place", longest(side_by_side.split("|"))
    yield "of equally long pieces give the first: replace the best only by a longer one", longest(reversed(copied))
    yield "where nothing is copied, return an empty string", longest(copied, default="a")
    yield "that is all of it: it does not stand in the training text", written
    yield "that piece of the training text was not copied", longest(p for p in pieces(training) if p not in written)
    yield "most_often", max(copied, key=training.count, default="")
