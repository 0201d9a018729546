"""One trial of a recipe: a network and a schedule, trained once on Tiny Shakespeare, and its losses.

    CHARRNN_DATA=... python tests/benchmarks/tuning.py --row 9                     row 9 of results/trials.json again
    CHARRNN_DATA=... python tests/benchmarks/tuning.py --row 9 --layers 2 --units 192 --json FILE      with a change

Split 90/10; losses are nats per character on the validation text, with the state carried and in blocks of 256, for the
best weights of four looks. (Rows 0 to 33, by which the recipes were chosen, were made before this command: bfloat16,
the last weights.) With --json the row is added to FILE, which may be results/trials.json itself. Rows with weight
dropout were made by code that was not kept, and are refused; those that were stopped early run to their end.
"""

from __future__ import annotations

import time

import common

from charrnn_helpers import TrainConfig, Vocabulary, evaluate, load_corpus, pick_device
from charrnn_helpers.experiments.recipes import Recipe, measured

CHANGES = {
    "units": ("hidden_size", int),
    "layers": ("num_layers", int),
    "dropout": ("dropout", float),
    "rate": ("learning_rate", float),
    "warmup": ("warmup", int),
    "decay": ("weight_decay", float),
    "streams": ("streams", int),
    "window": ("window", int),
    "updates": ("updates", int),
}
COLUMNS = {
    "recipe": "",
    "cell": "",
    "hidden_size": "d",
    "num_layers": "d",
    "dropout": ".2f",
    "learning_rate": ".4f",
    "warmup": "d",
    "weight_decay": ".2f",
    "weight_dropout": ".1f",
    "streams": "d",
    "window": "d",
    "updates": "d",
    "stopped_after": "d",
    "carried": ".4f",
    "blocks of 256": ".4f",
    "seed": "d",
    "seconds": ".1f",
}


def trial(row: dict, seed: int, corpus, device) -> dict:
    """The same row with what a run of it gave."""
    names = ("updates", "streams", "window", "learning_rate", "warmup", "weight_decay")
    config = TrainConfig(**{name: row[name] for name in names}, validate_every=-(-row["updates"] // 4))
    recipe = Recipe(row["cell"], row["hidden_size"], row["dropout"], config, row["num_layers"])
    vocab = Vocabulary.from_text(corpus.text)
    train_ids, val_ids = vocab.encode(corpus.train), vocab.encode(corpus.val)
    start = time.perf_counter()
    model, _ = recipe.run(len(vocab), train_ids, val_ids, seed, device=device, progress=False)
    seconds = time.perf_counter() - start
    losses = {"carried": evaluate(model, val_ids), "blocks of 256": evaluate(model, val_ids, 256)}
    return {**row, **losses, "stopped_after": None, "seed": seed, "seconds": seconds}


def main(arguments: list[str] | None = None) -> dict:
    made = common.parser(__doc__, rounds=False)
    made.add_argument("--row", type=int, required=True, help="of results/trials.json, from 0")
    made.add_argument("--recipe", help="call it a trial of another recipe")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--text", default="shakespeare", help="a name that load_corpus knows, or a path")
    for name, (_, kind) in CHANGES.items():
        made.add_argument(f"--{name}", type=kind)
    options = made.parse_args(arguments)

    known = measured("trials")["rows"]
    if not 0 <= options.row < len(known):
        made.error(f"there are {len(known)} rows, from 0 to {len(known) - 1}")
    row = dict(known[options.row])
    changes = {key: getattr(options, name) for name, (key, _) in CHANGES.items()}
    row |= {key: value for key, value in changes.items() if value is not None}
    row["recipe"] = options.recipe or row["recipe"]
    if row["weight_dropout"]:
        made.error("weight dropout is not in the package: this row cannot be made again")
    device = pick_device(options.device)
    new = trial(row, options.seed, load_corpus(options.text, split=(0.9, 0.1)), device)
    result = {"machine": common.machine(device), "rows": [new]}
    common.report(result, COLUMNS, None)
    if earlier := common.kept(options.json):
        result = {**earlier, "rows": [*earlier["rows"], new]}
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
