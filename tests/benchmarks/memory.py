"""What networks learn to remember, and whether they learn to count: the longer runs that 08 shows.

    python tests/benchmarks/memory.py --json charrnn_helpers/results/memory.json

Recall: LSTM and GRU of 192 units on `tales`, each with windows of 8, 32 and 128 characters at equal characters for each
update, three seeds; afterwards, which of the words that must be remembered does the network know? Counting: LSTM, GRU
and plain RNN of 10 units on a^n b^n and a^n b^n c^n, n up to 20, twenty seeds; up to which n do they count? Holding:
the three with 24 units on a key that comes back after up to 20 dots; over how many do they hold it?
Recall is trained in bfloat16, the rest in float32.
About an hour on two cores. Runs that are in the JSON file already are not made again.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed

import common
import torch

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus, train
from charrnn_helpers.experiments.trial import COMPARED
from charrnn_helpers.measures.counting import counts, holds, learn_to_count, learn_to_hold, reach
from charrnn_helpers.measures.memory import recall
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.training.device import keep_memory

PARTS = ("counting", "holding", "recall")
WINDOWS = (128, 32, 8)
CHARACTERS = 1024  # of each update, whatever the window
RATES = {"LSTM": (0.01, 1000), "GRU": (0.006, 200)}  # highest learning rate, updates of warm-up: about those of 04


def remember(cell: str, window: int, seed: int, updates: int) -> dict:
    """Train on `tales` and ask for every word of the validation text that must be remembered."""
    torch.set_num_threads(1)
    keep_memory()
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    torch.manual_seed(seed)
    model = CELLS[cell].fast(len(vocab), 192, num_layers=1)
    rate, warmup = RATES[cell]
    config = TrainConfig(
        updates, CHARACTERS // window, window, rate, min(warmup, updates // 4), validate_every=updates, seed=seed
    )
    val = vocab.encode(corpus.val)
    history = train(model, vocab.encode(corpus.train), val, config, precision="bfloat16", progress=False)
    row = {"part": "recall", "cell": cell, "window": window, "seed": seed, "updates": updates, "val": history.best_loss}
    found = recall(model, vocab, corpus.val)
    for name, shares in (("by_kind", found.by_kind()), ("by_distance", found.by_distance())):
        row[name] = {group: share[:3] for group, share in shares.items()}  # asked, right, share guessed
    return row


def count(cell: str, letters: str, seed: int, updates: int) -> dict:
    """Train on lines of at most 20 of each letter; up to which n are all of them counted?"""
    torch.set_num_threads(1)
    model, vocab = learn_to_count(cell, letters, seed, updates=updates)
    row = {"part": "counting", "cell": cell, "letters": letters, "seed": seed, "updates": updates}
    return {**row, "reach": reach(lambda n: counts(model, vocab, letters, n))}


def hold(cell: str, units: int, seed: int, updates: int) -> dict:
    """Train on lines with at most 20 dots between a key and its return; over how many is it held?"""
    torch.set_num_threads(1)
    model, vocab = learn_to_hold(cell, seed, units=units, updates=updates)
    row = {"part": "holding", "cell": cell, "units": units, "seed": seed, "updates": updates}
    return {**row, "reach": reach(lambda n: holds(model, vocab, n))}


def main(arguments: list[str] | None = None) -> dict:
    parser = common.parser(__doc__, device=False, rounds=False)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--updates", nargs=2, type=int, default=(6000, 3000), metavar=("RECALL", "COUNTING"))
    parser.add_argument("--seeds", nargs=2, type=int, default=(3, 20), metavar=("RECALL", "COUNTING"))
    options = parser.parse_args(arguments)

    many, few = options.updates
    recalled, counted = map(range, options.seeds)
    runs = {
        "counting": [(count, c, letters, seed, few) for letters in ("ab", "abc") for c in COMPARED for seed in counted],
        "holding": [(hold, cell, 24, seed, few) for cell in COMPARED for seed in counted],
        "recall": [(remember, c, window, seed, many) for seed in recalled for window in WINDOWS for c in RATES],
    }
    workers = os.cpu_count()
    machine = f"{common.machine(torch.device('cpu'))}; {workers} runs side by side with 1 thread each"
    result = common.kept(options.json) or {"machine": machine, "rows": []}
    done = {name(row) for row in result["rows"]}
    tasks = [run for part in options.parts for run in runs[part] if (part, *run[1:]) not in done]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for future in as_completed([pool.submit(*task) for task in tasks]):
            result["rows"].append(future.result())
            print(line(result["rows"][-1]), flush=True)
            result["rows"].sort(key=lambda row: tuple(map(str, name(row))))
            common.keep(result, options.json)
    return result


def name(row: dict) -> tuple:
    """Which run a row is of."""
    what = {"recall": "window", "counting": "letters", "holding": "units"}[row["part"]]
    return row["part"], row["cell"], row[what], row["seed"], row["updates"]


def line(row: dict) -> str:
    """A row in words."""
    if row["part"] != "recall":
        return f"{row['part']} {row['cell']:4} {row.get('letters', ''):3} seed {row['seed']:2}: to {row['reach']}"
    right = "  ".join(f"{kind} {known / asked:.2f}" for kind, (asked, known, _) in row["by_kind"].items())
    return f"{row['cell']:4} window {row['window']:3} seed {row['seed']}: {row['val']:.4f}  {right}"


if __name__ == "__main__":
    main()
