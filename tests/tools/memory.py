"""What networks learn to remember: the longer runs that 04, 05 and 08 show.

    python tests/tools/memory.py --json charrnn_helpers/results/memory.json

Rates: LSTM, GRU and plain RNN of 160 units on `tales` at four rates. Recall: the same as 04 trains them, the gated
ones also from the other one's start; three seeds; twenty times on the way, and at the end: which of the remembered
words are right? Then each writes, and its state is operated on. Windows: LSTM and GRU as 04 trains them, but with
shorter windows, and with as many more streams, so that each update reads as much. All in float32, one thread each; of
--updates and --seeds, the first number is for rates, the other for the rest. 45 minutes on two cores. Runs that are in
the JSON file already are not made again. --rnn FILE keeps the first plain RNN, as it ships.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import common
import numpy as np
import torch

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus, save_checkpoint, train
from charrnn_helpers.base.allocation import keep_memory
from charrnn_helpers.measures.memory import Recall, recall
from charrnn_helpers.measures.patching import (
    hero_patches,
    recall_of_goal,
    repeated_names,
    states_before,
)
from charrnn_helpers.measures.samples import one_hero, tales_validity
from charrnn_helpers.networks.registry import CELLS, COMPARED
from charrnn_helpers.sampling import generate_many
from charrnn_helpers.text.tales import split_stories

LOOKS = 20  # at the validation text and at what is remembered, while a network trains
RATE = 0.006  # the highest, as in 04: of the four, the plain RNN's best
STARTS = {"LSTM": ("usual", "chrono"), "GRU": ("chrono", "usual"), "RNN": ("usual",)}  # the first is that of 04
KINDS = ("name", "pronoun", "friend", "place", "count")


def learn(cell: str, start: str, seed: int, updates: int, rate: float, on_validation=None, window: int = 64):
    """Train as 04 does: the network, its vocabulary, what was read, and its history."""
    keep_memory()
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    torch.manual_seed(seed)
    model = CELLS[cell].fast(len(vocab), 160, num_layers=1, **({"chrono": 100} if start == "chrono" else {}))
    config = TrainConfig(
        updates,
        streams=2048 // window,
        window=window,
        learning_rate=rate,
        warmup=updates // 8,
        weight_decay=0.05,
        validate_every=max(1, updates // LOOKS),
        seed=seed,
    )
    look = None if on_validation is None else lambda _: on_validation(model.eval()) or model.train()
    parts = (vocab.encode(part) for part in (corpus.train, corpus.val))
    history = train(model, *parts, config, on_validation=look, progress=False)
    return model.eval(), vocab, corpus, history


def try_rate(cell: str, rate: float, seed: int, updates: int) -> dict:
    """Train at this rate; how good is the validation loss, and what is known of the hero beyond the window?"""
    model, vocab, corpus, history = learn(cell, STARTS[cell][0], seed, updates, rate)
    return {"val": history.best_loss, "held": recall(model, vocab, corpus.val).between("name", 64, 256).share}


def with_window(cell: str, window: int, seed: int, updates: int) -> dict:
    """Train with gradients that reach back `window` characters; which heroes are known, and from how far?"""
    model, vocab, corpus, history = learn(cell, STARTS[cell][0], seed, updates, RATE, window=window)
    found = recall(model, vocab, corpus.val)
    return {"val": history.best_loss, "name": found.by_distance("name"), "beyond": found.between("name", 64, 256)}


def remember(cell: str, start: str, seed: int, updates: int, rnn: str | None = None) -> dict:
    """Ask a network what it remembers while it learns and at its end, let it write, and exchange its hero."""
    corpus = load_corpus("tales")
    stories = split_stories(corpus.val)
    vocab, some, held = Vocabulary.from_text(corpus.text), "".join(stories[:30]), []

    def look(model) -> None:
        held.append(recall(model, vocab, some).between("name", 64, 256).share)

    model, vocab, corpus, history = learn(cell, start, seed, updates, RATE, look)
    found = recall(model, vocab, corpus.val)
    samples = [text.lstrip("\n") for text in generate_many(model, vocab, "\n\n", 6000, 0.8, seeds=range(10))]
    kept, complete = (sum(counts) for counts in zip(*map(one_hero, samples), strict=True))
    names = repeated_names(stories)
    states = states_before(model, vocab, stories, names.positions)
    cases = hero_patches(states, names, names.stories < len(stories) // 2, (1, 2, 3, 5, 10, 20))
    told = {what: recall_of_goal(model, vocab, states, names, cases, patch) for what, patch in cases.patches.items()}
    if rnn and (cell, seed) == ("RNN", 0):
        save_checkpoint(rnn, model, vocab, text=corpus.name, history=history)
    return {
        "val": history.best_loss,
        "looks": history.val_updates,
        "losses": history.val_losses,
        "held": held,
        "shares": {kind: found.by_distance(kind) for kind in KINDS},
        "beyond": {kind: found.between(kind, 64, 256) for kind in KINDS if kind != "count"},
        "one hero": [kept, complete],
        "grammatical": tales_validity("\n\n".join(samples)).grammatical,
        "told": {what: answer.by_kind()["name"].share for what, answer in told.items()},
        "stories told of another": stories_changed(told["all"]),
    }


def stories_changed(answers: Recall) -> float:
    """Return the share of stories in which more than half of the cases of `recall_of_goal` are right."""
    asked, right = np.bincount(answers.stories), np.bincount(answers.stories, answers.right)
    return float((right > asked / 2).sum() / (asked > 0).sum())


PARTS = {  # what is done, its column, and the pairs of a cell and a value of it
    "rates": (try_rate, "rate", [*product(COMPARED, (0.0015, 0.003, 0.006, 0.012))]),
    "recall": (remember, "start", [(cell, start) for cell, starts in STARTS.items() for start in starts]),
    "windows": (with_window, "window", [*product(("LSTM", "GRU"), (8, 16, 32))]),
}


def measure(run: dict, rnn: str | None) -> dict:
    """The row of a run."""
    given = dict(run)
    work, *_ = PARTS[given.pop("part")]
    return {**run, **work(**given, **({"rnn": rnn} if work is remember else {}))}


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, parts=PARTS, updates=[4000, 4000], seeds=[1, 3], rnn=None)
    result = common.kept(options.json) or {"machine": common.machine("cpu") + common.SIDE_BY_SIDE, "rows": []}
    runs = []
    for part in options.parts:
        _, column, pairs = PARTS[part]
        number = int(part != "rates")
        for seed, (cell, value) in product(range(options.seeds[number]), pairs):
            seed += 100 * (part == "rates")  # no network of the others is one by which a rate was chosen
            run = {"part": part, "cell": cell, column: value, "seed": seed, "updates": options.updates[number]}
            if not any(run.items() <= row.items() for row in result["rows"]):
                runs.append(run)
    for row in common.side_by_side(partial(measure, rnn=options.rnn), runs):
        common.add(row, result, options.json)
    result["rows"].sort(key=lambda row: list(map(str, row.values())))
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
