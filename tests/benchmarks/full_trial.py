"""The full trial of notebook 09: LSTM, GRU and plain RNN on two texts, at equal parameters and at equal width.

    CHARRNN_DATA=... python tests/benchmarks/full_trial.py --json charrnn_helpers/results/full_trial.json

For every text, size, depth, length and warm-up, and for each cell: a learning rate chosen on validation text, by the
same number of runs, with a seed that is not used again; then --seeds runs with that rate. Equal within a comparison:
updates, streams, window, schedule, clipping, characters read. Runs are kept in --folder, so that the trial goes on
where it was stopped, and a later call makes only what is missing. What ships (`--parts sizes warmup --texts
shakespeare`) took under an hour on two cores; --parts and --texts make more or less of it, --scheduler hands it to
Dask.
"""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import common
import numpy as np

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus
from charrnn_helpers.experiments.sweeps import RESULTS_VERSION, RunConfig, sweep
from charrnn_helpers.experiments.trial import COMPARED
from charrnn_helpers.measures.excess import excess_by_distance, excess_by_kind, read_tales
from charrnn_helpers.networks.registry import width_for
from charrnn_helpers.text.baselines import best_ngram

SIZES = {"50 K": 50_000, "128 units": None, "200 K": 200_000, "800 K": 800_000}
RATES = (0.003, 0.009, 0.027)  # tried for every cell ...
MOST_RATES = 6  # ... and others up to so many, where the best stands at an end
STREAMS, WINDOW = 32, 32
SHORT, LONG = 1_500_000, 6_000_000  # characters that a run reads
PARTS = {  # (size, layers, characters, share of the updates in which the rate rises)
    "sizes": [(size, 1, SHORT, 0.1) for size in SIZES],
    "warmup": [("50 K", 1, SHORT, 0.25)],
    "longer": [("50 K", 1, LONG, 0.1)],
    "deeper": [("50 K", 2, SHORT, 0.1)],
    "deeper-large": [("200 K", 2, SHORT, 0.1), ("800 K", 2, SHORT, 0.1)],
}
FIRST_SEED = 100  # below it: seeds for choosing the rate
TUNING = ("val", "error")
KEPT = ("parameters", "val", "test", "val_updates", "val_losses", "val_seconds", "seconds", "cpu_seconds")
KEPT += ("excess", "excess_by_distance", "error")


def group_config(
    text: str, size: str, layers: int, updates: int, warmup: float, cell: str, rate: float, seed: int
) -> RunConfig:
    """One run: its width follows from the size and the cell."""
    vocab_size = len(Vocabulary.from_text(load_corpus(text).text))
    units = 128 if SIZES[size] is None else width_for(SIZES[size], cell, vocab_size, layers)
    training = TrainConfig(
        updates=updates,
        streams=STREAMS,
        window=WINDOW,
        learning_rate=rate,
        warmup=max(1, int(warmup * updates)),
        validate_every=-(-updates // 8),
    )
    return RunConfig(cell, units, layers, text=text, seed=seed, train=training)


def tune(place: dict, executor, folder: Path) -> tuple[list[dict], dict[str, float]]:
    """Every run made to choose a rate, and the rate of each cell: the one with the lowest validation loss.

    Where the best of any cell stands at an end of the grid, the grid grows there, for all cells alike.
    """
    rates = list(RATES)
    while True:
        runs = [group_config(**place, cell=cell, rate=rate, seed=0) for cell in COMPARED for rate in rates]
        tuned = sweep(runs, executor, folder=folder)
        chosen = {}
        for cell in COMPARED:
            own = [row for row in tuned if row["config"]["cell"] == cell]
            lost = [row["error"] for row in own if row["status"] == "failed"]  # diverged is a result, this is none
            ended = [row for row in own if row["status"] == "finished"]
            if lost or not ended:
                raise SystemExit(f"the {cell} cannot be tuned on {place}: {(lost or ['every rate diverges'])[0]}")
            chosen[cell] = min(ended, key=lambda row: row["val"])["config"]["train"]["learning_rate"]
        if len(rates) == MOST_RATES or not {rates[0], rates[-1]} & set(chosen.values()):
            return tuned, chosen
        if rates[-1] in chosen.values():
            rates.append(round(2 * rates[-1], 6))
        else:
            rates.insert(0, round(rates[0] / 3, 6))


def short(row: dict, names: tuple[str, ...], **place) -> dict:
    """What is kept of a row: where it belongs, how it ended, and those of `names` that it has."""
    run = row["config"]
    which = {"cell": run["cell"], "units": run["hidden_size"], "rate": run["train"]["learning_rate"]}
    kept = {name: row[name] for name in names if name in row}
    for name in ("val_losses", "val_seconds"):
        if name in kept:
            kept[name] = [round(value, 4) for value in kept[name]]
    return {**place, **which, "seed": run["seed"], "status": row["status"], **kept}


def baselines(text: str) -> dict:
    """What counting reaches on the same test text, and the floor where it is known."""
    corpus = load_corpus(text)
    vocab = Vocabulary.from_text(corpus.text)
    train_ids, val_ids, test_ids = (vocab.encode(part) for part in (corpus.train, corpus.val, corpus.test))
    ngram = best_ngram(train_ids, val_ids, len(vocab))
    losses = np.array(ngram.losses(test_ids))
    found = {"order": ngram.order, "test": float(losses.mean())}
    if text == "tales":
        reading = read_tales(corpus.test)
        losses[0] = math.nan  # the networks do not predict the first one either
        found |= {"floor": float(reading.oracle.mean()), "excess": excess_by_kind(losses, reading)}
        found |= {"excess_by_distance": excess_by_distance(losses, reading)}
    return found


def main(arguments: list[str] | None = None) -> dict:
    what = {"texts": ["tales", "shakespeare"], "parts": ["sizes", "warmup", "deeper"], "seeds": 5}
    options = common.options(__doc__, arguments, **what, folder=Path("runs/full_trial"), scheduler=None)
    groups = [group for part in options.parts for group in PARTS[part]]
    executor = None
    if options.scheduler:
        from distributed import Client

        executor = Client(options.scheduler).get_executor()
    result = {
        "machine": common.machine("cpu") + common.SIDE_BY_SIDE,
        "command": f"python tests/benchmarks/full_trial.py --parts {' '.join(options.parts)} "
        f"--texts {' '.join(options.texts)} --seeds {options.seeds}",
        "results_version": RESULTS_VERSION,
        "streams": STREAMS,
        "window": WINDOW,
        "baselines": {text: baselines(text) for text in options.texts},
        "tuning": [],
        "rows": [],
    }
    table = []
    for size, layers, characters, warmup in groups:
        updates = max(8, characters // (STREAMS * WINDOW))
        for text in options.texts:
            place = {"text": text, "size": size, "layers": layers, "updates": updates, "warmup": warmup}
            tuned, chosen = tune(place, executor, options.folder)
            seeds = range(FIRST_SEED, FIRST_SEED + options.seeds)
            runs = [group_config(**place, cell=c, rate=chosen[c], seed=seed) for seed in seeds for c in COMPARED]
            rows = sweep(runs, executor, folder=options.folder)
            result["tuning"] += [short(row, TUNING, **place) for row in tuned]
            result["rows"] += [short(row, KEPT, **place) for row in rows]
            for cell in COMPARED:
                own = [row for row in result["rows"][-len(rows) :] if row["cell"] == cell]
                tests = [row["test"] for row in own if "test" in row]
                found = {"seeds": len(tests), "test": statistics.mean(tests) if tests else None}
                table.append({**place, "cell": cell, "units": own[0]["units"], "rate": chosen[cell], **found})
                print(table[-1], flush=True)
            common.keep(result, options.json, indent=None)  # after every group, so that a part can be looked at
    common.report({"machine": result["machine"], "rows": table}, None)
    return result


if __name__ == "__main__":
    main()
