"""What networks learn to remember, and whether they learn to count: the longer runs that 08 shows.

    python tests/benchmarks/memory.py --json charrnn_helpers/results/memory.json

Recall: LSTM, GRU and plain RNN of 128 units on `tales`, as 04 trains them, the gated ones also from a chrono start;
three seeds; twenty times on the way, and at the end: which of the remembered words are right? Counting: LSTM, GRU and
plain RNN of 10 units on a^n b^n and a^n b^n c^n, n up to 20, twenty seeds; up to which n do they count? Holding: the
three with 24 units on a key that comes back after up to 20 dots; over how many do they hold it? All in float32, one
thread each; of --updates and --seeds, the first number is for recall. About an hour on two cores. Runs that are in
the JSON file already are not made again.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product

import common
import torch

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus, train
from charrnn_helpers.experiments.trial import COMPARED
from charrnn_helpers.measures.counting import counts, holds, learn_to_count, learn_to_hold, reach
from charrnn_helpers.measures.memory import recall
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.text.tales import split_stories
from charrnn_helpers.training.device import keep_memory

LOOKS = 20  # at the validation text and at what is remembered, while a network trains
RATES = {"LSTM": 0.006, "GRU": 0.006, "RNN": 0.003}  # highest learning rate
STARTS = {"usual": {}, "chrono": {"chrono": 100}}
KINDS = ("name", "pronoun", "friend", "place")


def remember(cell: str, start: str, seed: int, updates: int) -> dict:
    """Train on `tales`, and ask for the words that must be remembered: while it learns, and at its end."""
    keep_memory()
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    torch.manual_seed(seed)
    model = CELLS[cell].fast(len(vocab), 128, num_layers=1, **STARTS[start])
    config = TrainConfig(
        updates,
        learning_rate=RATES[cell],
        warmup=updates // 8,
        validate_every=max(1, updates // LOOKS),
        seed=seed,
    )
    some = "".join(split_stories(corpus.val)[:30])
    held: list[float] = []

    def look(history) -> None:
        held.append(recall(model, vocab, some).between("name", 64, 256).share)
        model.train()

    val = vocab.encode(corpus.val)
    history = train(model, vocab.encode(corpus.train), val, config, on_validation=look, progress=False)
    found = recall(model, vocab, corpus.val)
    return {
        "val": history.best_loss,
        "looks": history.val_updates,
        "losses": history.val_losses,
        "held": held,
        "shares": {kind: found.by_distance(kind) for kind in KINDS},
    }


def count(cell: str, letters: str, seed: int, updates: int) -> dict:
    """Train on lines of at most 20 of each letter; up to which n are all of them counted?"""
    model, vocab = learn_to_count(cell, letters, seed, updates=updates)
    return {"reach": reach(lambda n: counts(model, vocab, letters, n))}


def hold(cell: str, units: int, seed: int, updates: int) -> dict:
    """Train on lines with at most 20 dots between a key and its return; over how many is it held?"""
    model, vocab = learn_to_hold(cell, seed, units=units, updates=updates)
    return {"reach": reach(lambda n: holds(model, vocab, n))}


PARTS = {  # what is done, its column and the values of it, and the cells
    "counting": (count, "letters", ("ab", "abc"), COMPARED),
    "holding": (hold, "units", (24,), COMPARED),
    "recall": (remember, "start", tuple(STARTS), tuple(RATES)),
}


def measure(run: dict) -> dict:
    """The row of a run."""
    torch.set_num_threads(1)
    given = dict(run)
    work, *_ = PARTS[given.pop("part")]
    return {**run, **work(**given)}


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, parts=PARTS, updates=[5000, 3000], seeds=[3, 20])
    result = common.kept(options.json) or {"machine": common.machine("cpu") + common.SIDE_BY_SIDE, "rows": []}
    runs = []
    for part in options.parts:
        _, column, values, cells = PARTS[part]
        updates, seeds = (pair[part != "recall"] for pair in (options.updates, options.seeds))
        for seed, value, cell in product(range(seeds), values, cells):
            run = {"part": part, "cell": cell, column: value, "seed": seed, "updates": updates}
            if (cell, value) == ("RNN", "chrono"):
                continue  # it has no gate that keeps
            if not any(run.items() <= row.items() for row in result["rows"]):
                runs.append(run)
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(measure, run) for run in runs]):
            common.add(future.result(), result, options.json)
    result["rows"].sort(key=lambda row: list(map(str, row.values())))
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
