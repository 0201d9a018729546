"""What networks remember of texts that nobody made for it: the runs that 08 shows.

    python tests/tools/closers.py --json charrnn_helpers/results/closers.json

LSTM, GRU and plain RNN of 192 units on `python_docs` (which sign stands open?) and on `shakespeare` (who speaks next,
does the line end?), with windows of 64, three seeds, in bfloat16; asked on the texts' validation and test parts. Beside
them the best n-gram. About half an hour on one core. Runs that are in the JSON file already are not made again.

A question is one place of a real text in versions that differ in nothing but the thing to be remembered: the sign that
stands open is a round bracket, a square one, a quotation mark. Each version has another right answer. Whoever has
not kept that thing answers all versions alike and is right in exactly one: chance is exact, whatever is usual.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import partial
from itertools import pairwise, product
from typing import NamedTuple

import common
import numpy as np
import torch
from precision import in_bfloat16
from torch import Tensor, nn

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus, train
from charrnn_helpers.measures.memory import Share
from charrnn_helpers.networks.registry import CELLS, COMPARED
from charrnn_helpers.text.baselines import NGram, best_ngram
from charrnn_helpers.training.evaluation import eval_mode

CONTEXT = 600  # characters that are read before each question, from a zero state
STRETCH = 2000  # questions within so many characters are taken together: they are alike
OPENING, CLOSING = '(["', ')]"'
INSIDE = r"""(?:(?!\n\n)[^()\[\]"]){2,}"""
ENCLOSED = re.compile(rf'\({INSIDE}\)|\[{INSIDE}\]|"{INSIDE}"')
HEADING = re.compile(r"(?<=\n\n)([^\n:]+):\n")
LINE = re.compile(r"(?<=[^:]\n)([A-Z][^\n:]{29,59})(?=\n[A-Z])")


class Twins(NamedTuple):
    """One place of a text, in versions that end just before it: `answers[i]` is right in `versions[i]`."""

    place: int
    distance: int  # characters back to where the versions differ
    versions: tuple[str, ...]  # CONTEXT characters each
    answers: str


class Answers(NamedTuple):
    """Which questions were answered rightly."""

    places: np.ndarray  # (n,)
    distances: np.ndarray  # (n,)
    right: np.ndarray  # (n, versions) bool

    def by_distance(self, edges: Sequence[int]) -> dict[str, Share]:
        """Shares of right answers: a group from each of `edges` to below the next, and the last one open."""
        groups = {}
        for low, high in pairwise([*edges, math.inf]):
            chosen = (self.distances >= low) & (self.distances < high)
            if chosen.any():
                groups[f"{low} on" if high == math.inf else f"{low} to {high - 1}"] = self.share(chosen)
        return groups

    def share(self, chosen: np.ndarray) -> Share:
        """The share of the questions `chosen` (n,), a mask."""
        right, stretches = self.right[chosen], self.places[chosen] // STRETCH
        sums = np.bincount(stretches, (right - right.mean()).sum(axis=1))  # deviations, in each stretch together
        return Share(right.size, int(right.sum()), 1 / right.shape[1], float(np.sqrt((sums**2).sum()) / right.size))


def what_is_open(text: str, closed: bool = False) -> list[Twins]:
    """Where `text` closes a bracket or a quotation: which sign is expected, after each of the three openings?

    Only one thing stands open there, nothing was opened or closed since, and no paragraph ends in it. With `closed`, a
    control: the sign was closed again, in each version by its own, and as many characters went by as it stood open. A
    network that knows what is open has nothing to say there; one that repeats the sign it saw last, has.
    """
    found = []
    for match in ENCLOSED.finditer(text):
        start, end = match.start(), match.end() - 1
        before = text[text.rfind("\n\n", 0, start) + 1 : start]
        others = before.count("(") != before.count(")") or before.count("[") != before.count("]")
        if others or before.count('"') % 2 or end < CONTEXT:
            continue
        distance, after = end - start, ""
        if closed:
            after = text[end + 1 : end + 1 + distance]
            if set(after) & set(OPENING + CLOSING) or "\n\n" in after:
                continue
        inside = text[start + 1 : end]
        endings = [opening + inside + (closed * closing) + after for opening, closing in zip(OPENING, CLOSING)]
        versions = tuple((text[:start] + ending)[-CONTEXT:] for ending in endings)
        found.append(Twins(end, distance, versions, CLOSING))
    return found


def who_is_next(text: str) -> list[Twins]:
    """Where A speaks again after B: is it A, or C, when C's name stands above what A has said so far?

    C is the last speaker in `text` before those of the context; the answer is the first letter of the name.
    """
    found, headings = [], [(match.start(), match[1]) for match in HEADING.finditer(text)]
    for number in range(2, len(headings)):
        (start, first), (_, second), (place, name) = headings[number - 2 : number + 1]
        here = {one for at, one in headings[:number] if at >= place - 2 * CONTEXT}
        others = [one for _, one in headings[:number] if one not in here and one[0] not in first[0] + second[0]]
        if first != name or first[0] == second[0] or not 0 < place - start < CONTEXT - 50 or not others:
            continue
        before = text[max(0, place - 2 * CONTEXT) : place]
        swapped = before.replace(f"\n\n{name}:\n", f"\n\n{others[-1]}:\n")
        versions = before[-CONTEXT:], swapped[-CONTEXT:]
        if min(map(len, versions)) == CONTEXT:
            found.append(Twins(place, place - start, versions, name[0] + others[-1][0]))
    return found


def where_lines_end(text: str, step: int = 2) -> list[Twins]:
    """Where a line of verse ends, every `step`-th: does it end there, and if it had begun at a later word?"""
    found, random = [], np.random.default_rng(0)
    for match in list(LINE.finditer(text))[::step]:
        end, spaces = match.end(), [place for place in range(match.start() + 8, match.end() - 3) if text[place] == " "]
        if end < CONTEXT or not spaces:
            continue
        cut = int(random.choice(spaces))
        later = f"{text[:cut]}\n{text[cut + 1].upper()}{text[cut + 2 : end]}"
        found.append(Twins(end, end - cut, (text[end - CONTEXT : end], later[-CONTEXT:]), "\n "))
    return found


def answer(model: nn.Module | NGram, vocab: Vocabulary, questions: Sequence[Twins]) -> Answers:
    """Put `questions` to a network or an n-gram: right where the right answer is the most probable of the answers.

    Raises `ValueError` if there are none.
    """
    if not questions:
        raise ValueError("there is nothing to ask in this text; give a longer one")
    ids = torch.stack([vocab.encode(version) for question in questions for version in question.versions])
    rivals = torch.stack([vocab.encode(question.answers) for question in questions])  # (n, versions)
    versions = rivals.shape[1]
    scores = _scores(model, ids).unflatten(0, (-1, versions))  # (n, versions, V)
    expected = scores.gather(2, rivals[:, None].expand(-1, versions, -1)).argmax(dim=2)  # (n, versions)
    places, distances = (np.array([question[field] for question in questions]) for field in (0, 1))
    return Answers(places, distances, (expected == torch.arange(versions)).numpy())


def _scores(model: nn.Module | NGram, ids: Tensor) -> Tensor:
    """What is expected after each of `ids` (B, T), (B, V): a network's logits, or an n-gram's probabilities."""
    if isinstance(model, NGram):
        return torch.stack([torch.from_numpy(model.probabilities(row)) for row in ids])
    with eval_mode(model):
        return torch.cat([model(part)[0][:, -1] for part in ids.split(100)])


WINDOW, UNITS = 64, 192
RATES = {"LSTM": 0.008, "GRU": 0.006, "RNN": 0.003}  # highest learning rate
QUESTIONS = {  # of each text: how questions are found, and where the groups of distances begin
    "python_docs": {
        "what is open": (what_is_open, (2, 8, 16, 32)),
        "closed again": (partial(what_is_open, closed=True), (2, 8, 16, 32)),
    },
    "shakespeare": {"who is next": (who_is_next, (32, 64, 128, 256)), "line ends": (where_lines_end, (4, 8, 16, 32))},
}


def trained(cell: str, corpus, vocab: Vocabulary, seed: int, updates: int) -> tuple[torch.nn.Module, float]:
    """A network and its validation loss."""
    ids, val = vocab.encode(corpus.train), vocab.encode(corpus.val)
    if cell == "n-gram":
        ngram = best_ngram(ids, val, len(vocab))
        return ngram, ngram.loss(val)
    torch.manual_seed(seed)
    start = {"chrono": 100} if cell == "GRU" else {}
    model = CELLS[cell].fast(len(vocab), UNITS, num_layers=1, **start)
    config = TrainConfig(updates, 32, WINDOW, RATES[cell], min(200, updates // 4), validate_every=updates, seed=seed)
    return model, train(in_bfloat16(model), ids, val, config, progress=False).best_loss


def measure(text: str, cell: str, seed: int, updates: int) -> dict:
    """Train, and ask every question of the text: asked, right, chance and standard error in each group of distances."""
    corpus = load_corpus(text)
    vocab = Vocabulary.from_text(corpus.text)
    model, loss = trained(cell, corpus, vocab, seed, updates)
    row = {"text": text, "cell": cell, "seed": seed, "updates": updates, "val": loss, "questions": {}}
    for name, (questions, edges) in QUESTIONS[text].items():
        row["questions"][name] = answer(model, vocab, questions(corpus.val + corpus.test)).by_distance(edges)
    return row


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, texts=QUESTIONS, updates=3000, seeds=3)
    torch.set_num_threads(1)
    result = common.kept(options.json) or {"machine": common.machine("cpu"), "rows": []}
    for seed, text, cell in product(range(options.seeds), options.texts, (*COMPARED, "n-gram")):
        run = {"text": text, "cell": cell, "seed": seed, "updates": options.updates}
        if not any(run.items() <= row.items() for row in result["rows"]) and (cell != "n-gram" or seed == 0):
            common.add(measure(**run), result, options.json)
    result["rows"].sort(key=lambda row: list(map(str, row.values())))
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
