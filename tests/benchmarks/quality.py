"""How good in how long: the recipes on Tiny Shakespeare, or on another text, over several seeds.

    CHARRNN_DATA=... python tests/benchmarks/quality.py                     all recipes, both cells, three seeds
    CHARRNN_DATA=... python tests/benchmarks/quality.py --recipes quick --cells LSTM --seeds 0
    CHARRNN_DATA=... python tests/benchmarks/quality.py --json FILE         goes on where FILE stops

Split 90/10 as nanoGPT does. `seconds` is the whole run, set-up, choice of precision and validation included. Losses are
nats per character on the validation text in three protocols that are never compared with each other: the state
carried over the whole text, and blocks of 256 and of 64 from a zero state, as nanoGPT measures on a GPU and on a CPU.
`to target` is the training time after which the loss in blocks of 64 was first seen at --target or below, with a look
every 25 updates that is not counted; nanoGPT's own CPU command ends at 1.8857. A row is one seed, or their median.
"""

from __future__ import annotations

import json
import statistics
import threading
import time
from dataclasses import replace

import common

from charrnn_helpers import Vocabulary, evaluate, load_corpus, pick_device
from charrnn_helpers.models import num_parameters
from charrnn_helpers.recipes import RECIPES, Recipe

COLUMNS = {
    "recipe": "",
    "cell": "",
    "seed": "",
    "parameters": ",d",
    "precision": "",
    "seconds": ".1f",
    "carried": ".4f",
    "blocks of 256": ".4f",
    "blocks of 64": ".4f",
    "to target": ".1f",
}


def measure(recipe: Recipe, seed: int, corpus, device, target: float) -> dict:
    """One run of one recipe: the figures of a row. A second run gives the time to the target, if it is reached."""
    vocab = Vocabulary.from_text(corpus.text)
    train_ids, val_ids = vocab.encode(corpus.train), vocab.encode(corpus.val)
    start = time.perf_counter()
    model, history = recipe.run(len(vocab), train_ids, val_ids, seed, device=device, progress=False)
    row = {"parameters": num_parameters(model), "precision": history.precision, "seconds": time.perf_counter() - start}
    for column, window in (("carried", None), ("blocks of 256", 256), ("blocks of 64", 64)):
        row[column] = evaluate(model, val_ids, window)
    row["to target"] = None
    if row["blocks of 64"] <= target:
        often = replace(recipe, config=replace(recipe.config, validate_every=25))
        stop, reached = threading.Event(), []

        def look(history):
            if evaluate(look.model, val_ids, 64) <= target:
                reached.append(history.seconds)
                stop.set()

        look.model = often.model(len(vocab), seed)
        options = {"device": device, "progress": False, "stop": stop, "on_validation": look}
        often.train(look.model, train_ids, val_ids[:1000], seed, precision=history.precision, **options)
        row["to target"] = reached[0] if reached else None
    return row


def median_row(rows: list[dict]) -> dict:
    """The median of each figure over the seeds; what is not a figure, or is missing once, is taken from the first."""
    middle = {**rows[0], "seed": f"median of {len(rows)}"}
    for name in COLUMNS:
        if all(isinstance(row[name], float) for row in rows):
            middle[name] = statistics.median(row[name] for row in rows)
    return middle


def main(arguments: list[str] | None = None) -> dict:
    parser = common.parser(__doc__)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--cells", nargs="+", choices=["LSTM", "GRU"], default=["LSTM", "GRU"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--text", default="shakespeare", help="a name that load_corpus knows, or a path")
    parser.add_argument("--target", type=float, default=1.8857)
    parser.add_argument("--updates", type=int, help="cut every run to so many updates (the smoke test does)")
    options = parser.parse_args(arguments)

    device = pick_device(options.device)
    corpus = load_corpus(options.text, split=(0.9, 0.1))
    name = f"{common.machine(device)}; {corpus.name}, split 90/10"
    result = {"machine": name, "target": options.target, "rows": []}
    if options.json and options.json.is_file():
        result = json.loads(options.json.read_text(encoding="utf-8"))
    for recipe_name in options.recipes:
        for cell in options.cells:
            recipe = RECIPES[recipe_name][cell]
            if options.updates:
                recipe = replace(recipe, config=replace(recipe.config, updates=options.updates))
            for seed in options.seeds:
                which = {"recipe": recipe_name, "cell": cell, "seed": str(seed)}
                if any(which.items() <= row.items() for row in result["rows"]):
                    continue  # an earlier, interrupted call has measured it
                result["rows"].append({**which, **measure(recipe, seed, corpus, device, options.target)})
                print(result["rows"][-1], flush=True)
                if options.json:
                    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    single = [row for row in result["rows"] if row["seed"].isdigit()]
    groups = dict.fromkeys((row["recipe"], row["cell"]) for row in single)
    medians = [median_row([row for row in single if (row["recipe"], row["cell"]) == group]) for group in groups]
    return common.report({**result, "rows": single + medians}, COLUMNS, options.json)


if __name__ == "__main__":
    main()
