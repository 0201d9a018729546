"""Exercises of 05: loss curves."""

import math

import numpy as np
import torch

from ..networks.models import GRUModel
from ..text.encoding import Vocabulary
from .engine import Wrong, answered, exercise, parts_of, seeded

LETTERS = Vocabulary.from_text("ABCdefg ")
BEFORE = [" Ad", " Bed fed", "C fed ", "A deed fed Cd ", "feed", "Bdg", " deg", "Add Bee ", "eggC", " gCfed"]


READER = seeded(5, lambda: GRUModel(len(LETTERS), hidden_size=8, num_layers=1, embedding_size=4))
for weight in READER.parameters():
    weight.data.mul_(4)  # so that what was read long ago still decides


def observe_answers(answer, model, vocab, initials):
    """Look at the letters that `answer` gives for each text of `BEFORE`, as one word."""
    letters = [answered(answer(model, vocab, before, initials)) for before in BEFORE]
    if not all(isinstance(letter, str) for letter in letters):
        raise Wrong("return the letter itself, initials[k], and not its number k or a score")
    yield "for ten short texts the letters are {wanted}, and you give {got}", "".join(letters)


# %% 5a
# The scores after the last character are those of the letter that comes next; the other initials are its rivals.
@torch.inference_mode()
def recall_one(model, vocab, before, initials):
    logits, _ = model(vocab.encode(before)[None])  # (1, T, V), T characters of `before`
    scores = logits[0, -1, vocab.encode(initials)]  # (6,): one for each of the initials
    return initials[int(scores.argmax())]


@exercise("5a", recall_one, inputs=[(READER, LETTERS, "ABC")], observe=observe_answers)
def wrong_recalls():
    def answer(read=lambda before: before, step=-1, choose=torch.argmax, rivals=None):
        @torch.inference_mode()
        def wrong(model, vocab, before, initials):
            logits, _ = model(vocab.encode(read(before))[None])
            among = rivals or initials
            return among[int(choose(logits[0, step, vocab.encode(among)]))]

        return wrong

    yield "you allow all letters; only the initials are possible here", answer(rivals="".join(LETTERS.characters))
    yield "that is the least likely of the initials: take the largest score", answer(choose=torch.argmin)
    yield "you look at the first step; the answer stands after the last one", answer(step=0)
    yield "that is the answer one character too early: take the last step, -1", answer(step=-2)
    yield "the network read only the last character; let it read the whole of `before`", answer(lambda text: text[-1])
    yield "you return the same letter for every text", lambda *given: given[-1][0]
    yield "you look for the last initial in the text; ask the network", lambda *given: max(given[3], key=given[2].rfind)


PAIRS = [([1.62, 1.55, 1.71], [1.50, 1.52, 1.53], 4.303), ([0.9, 0.4, 0.8, 0.5, 0.7], [0.7, 0.5, 0.4, 0.4, 0.4], 2.776)]


# %% 5b
# Only the spread of the differences counts. The spread of a mean of n is smaller than that of one by the root of n.
def paired_interval(first, second, t):
    differences = [a - b for a, b in zip(first, second)]
    n = len(differences)
    mean = sum(differences) / n
    spread = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    reach = t * spread / math.sqrt(n)
    return mean, mean - reach, mean + reach


@exercise("5b", paired_interval, inputs=PAIRS, read=lambda made: parts_of(made, "mean, low, high"))
def wrong_intervals(first, second, t):
    d = np.subtract(first, second)
    n, mean, spread = len(d), d.mean(), d.std(ddof=1)
    root = math.sqrt(n)

    def around(mean, reach):
        return mean, mean - reach, mean + reach

    right = around(mean, t * spread / root)
    unpaired = math.hypot(np.std(first, ddof=1), np.std(second, ddof=1))
    yield "you subtract the first from the second: it is first minus second", around(-mean, t * spread / root)
    yield "the two ends are exchanged: the lower one comes first", (mean, *right[:0:-1])
    yield "that is the reach; the ends are the mean minus and plus the reach", (mean, right[1] - mean, right[2] - mean)
    yield "that is the spread of one pair; a mean of n varies less, by the root of n", around(mean, t * spread)
    yield "divide by the root of n, not by n", around(mean, t * spread / n)
    yield "divide by the root of n, not by the root of n - 1", around(mean, t * spread / math.sqrt(n - 1))
    yield "your s divides by n; an estimate from a sample divides by n - 1", around(mean, t * d.std() / root)
    yield "t is missing: one standard error is too narrow for 95 %", around(mean, spread / root)
    yield "1.96 is for a spread that is known; few pairs only estimate it: take t", around(mean, 1.96 * spread / root)
    yield "that is the variance; the standard deviation is its root", around(mean, t * spread**2 / root)
    yield "you take the spread of each list; in pairs, only that of d counts", around(mean, t * unpaired / root)
