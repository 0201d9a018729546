"""How good in how long: the recipes on Tiny Shakespeare, or on another text, over several seeds.

    CHARRNN_DATA=... python tests/tools/quality.py                     all recipes, both cells, three seeds
    CHARRNN_DATA=... python tests/tools/quality.py --recipes quick --cells LSTM --seeds 0
    CHARRNN_DATA=... python tests/tools/quality.py --json FILE         goes on where FILE stops

Split 90/10 as nanoGPT does. `seconds` is the whole run, set-up, choice of precision and validation included. Losses are
nats per character on the validation text in three protocols that are never compared with each other: the state
carried over the whole text, and blocks of 256 and of 64 from a zero state, as nanoGPT measures on a GPU and on a CPU.
`to target`, for the quick ones, is the training time after which the loss in blocks of 64 was first seen at --target or
below, with a look every 25 updates that is not counted; nanoGPT's own CPU command ends near 1.88. A row is one seed,
or the median. --text is a name that load_corpus knows, or a path; --updates cuts every run to so many.
"""

from __future__ import annotations

import math
import statistics
import threading
import time
from dataclasses import asdict, replace

import common
from precision import pick_precision
from recipes import RECIPES, Recipe

from charrnn_helpers import Vocabulary, evaluate, load_corpus, pick_device
from charrnn_helpers.networks.models import num_parameters


def measure(recipe: Recipe, seed: int, corpus, device, target: float | None) -> dict:
    """One run of one recipe: the figures of a row. A second run gives the time to a target, if it is reached."""
    vocab = Vocabulary.from_text(corpus.text)
    train_ids, val_ids = vocab.encode(corpus.train), vocab.encode(corpus.val)
    start = time.perf_counter()
    model, config = recipe.model(len(vocab), seed), recipe.config
    precision = pick_precision(device, model, config.streams, config.window)
    recipe.train(model, train_ids, val_ids, seed, precision, device=device, progress=False)
    row = {"parameters": num_parameters(model), "precision": precision, "seconds": time.perf_counter() - start}
    for column, window in (("carried", None), ("blocks of 256", 256), ("blocks of 64", 64)):
        row[column] = evaluate(model, val_ids, window)
    row["to target"] = None
    if target is not None and row["blocks of 64"] <= target:
        often = replace(recipe, config=replace(recipe.config, validate_every=25))
        model, stop, reached = often.model(len(vocab), seed), threading.Event(), []

        def look(history):
            if evaluate(model, val_ids, 64) <= target:
                reached.append(history.seconds)
                stop.set()

        options = {"device": device, "progress": False, "stop": stop, "on_validation": look}
        often.train(model, train_ids, val_ids[:1000], seed, precision, **options)
        row["to target"] = reached[0] if reached else None
    return row


def median_row(rows: list[dict]) -> dict:
    """The median of each figure over the seeds."""
    middle = {**rows[0], "seed": f"median of {len(rows)}"}
    for name in ("seconds", "carried", "blocks of 256", "blocks of 64", "to target"):
        value = statistics.median(math.inf if row[name] is None else row[name] for row in rows)
        middle[name] = value if value < math.inf else None  # the target was not reached
    return middle


def main(arguments: list[str] | None = None) -> dict:
    runs = {"recipes": RECIPES, "cells": ["LSTM", "GRU"], "seeds": [0, 1, 2], "text": "shakespeare"}
    options = common.options(__doc__, arguments, device=None, target=1.8857, updates=0, **runs)
    device = pick_device(options.device)
    corpus = load_corpus(options.text, split=(0.9, 0.1))
    name = f"{common.machine(device)}; {corpus.name}, split 90/10"
    result = {"machine": name, "target": options.target, "recipes": {}, "rows": []}
    if earlier := common.kept(options.json):
        if any(earlier[key] != result[key] for key in ("machine", "target")):
            raise SystemExit(f"{options.json} is of another machine, text or target; name another file")
        result = earlier
    for recipe_name in options.recipes:
        for cell in options.cells:
            recipe = RECIPES[recipe_name][cell]
            if options.updates:
                recipe = replace(recipe, config=replace(recipe.config, updates=options.updates))
            known = result["recipes"].setdefault(recipe_name, {}).setdefault(cell, asdict(recipe))
            if known != asdict(recipe):
                raise SystemExit(f"{options.json} holds another {recipe_name} of the {cell}; name another file")
            for seed in options.seeds:
                which = {"recipe": recipe_name, "cell": cell, "seed": str(seed)}
                if any(which.items() <= row.items() for row in result["rows"]):
                    continue  # an earlier, interrupted call has measured it
                target = options.target if recipe_name == "quick" else None
                common.add({**which, **measure(recipe, seed, corpus, device, target)}, result, options.json)
    single = [row for row in result["rows"] if row["seed"].isdigit()]
    groups = dict.fromkeys((row["recipe"], row["cell"]) for row in single)
    medians = [median_row([row for row in single if (row["recipe"], row["cell"]) == group]) for group in groups]
    return common.report({**result, "rows": single + medians}, options.json)


if __name__ == "__main__":
    main()
