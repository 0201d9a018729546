"""One trial of a recipe: a network and a schedule, trained once on Tiny Shakespeare, and its losses.

    CHARRNN_DATA=... python tests/tools/tuning.py --row 9                     row 9 of results/trials.json again
    CHARRNN_DATA=... python tests/tools/tuning.py --row 9 --layers 2 --units 192 --json FILE      with a change

Split 90/10; losses are nats per character on the validation text, with the state carried and in blocks of 256, for the
best weights of four looks. (Rows 0 to 33, by which the recipes were chosen, were made before this command: bfloat16,
the last weights.) With --json the row is added to FILE, which may be results/trials.json itself. Rows with weight
dropout were made by code that was not kept, and are refused; those that were stopped early run to their end.
--text is a name that load_corpus knows, or a path; --recipe calls it a trial of another recipe.
"""

from __future__ import annotations

import json

import common
import quality
from recipes import Recipe

from charrnn_helpers import TrainConfig, load_corpus, pick_device
from charrnn_helpers.experiments import measured

CHANGES = {"units": "hidden_size", "layers": "num_layers", "rate": "learning_rate", "decay": "weight_decay"}
CHANGES |= {name: name for name in ("dropout", "warmup", "streams", "window", "updates")}  # options, and their columns


def trial(row: dict, seed: int, corpus, device) -> dict:
    """The same row with what a run of it gave."""
    names = ("updates", "streams", "window", "learning_rate", "warmup", "weight_decay")
    config = TrainConfig(**{name: row[name] for name in names}, validate_every=-(-row["updates"] // 4))
    recipe = Recipe(row["cell"], row["hidden_size"], row["dropout"], config, row["num_layers"])
    found = quality.measure(recipe, seed, corpus, device, target=None)
    losses = {name: found[name] for name in ("carried", "blocks of 256")}
    return {**row, **losses, "stopped_after": None, "seed": seed, "seconds": found["seconds"]}


def main(arguments: list[str] | None = None) -> dict:
    changed = {"recipe": None, **dict.fromkeys(CHANGES)}
    options = common.options(__doc__, arguments, device=None, row=-1, seed=0, text="shakespeare", **changed)
    given, known = vars(options), measured("trials")["rows"]
    if not 0 <= options.row < len(known):
        raise SystemExit(f"name a --row from 0 to {len(known) - 1}")
    row = dict(known[options.row])
    row |= {column: json.loads(given[name]) for name, column in CHANGES.items() if given[name]}
    row["recipe"] = options.recipe or row["recipe"]
    if row["weight_dropout"]:
        raise SystemExit("weight dropout is not in the package: this row cannot be made again")
    device = pick_device(options.device)
    new = trial(row, options.seed, load_corpus(options.text, split=(0.9, 0.1)), device)
    result = common.report({"machine": common.machine(device), "rows": [new]}, None)
    if earlier := common.kept(options.json):
        result = {**earlier, "rows": [*earlier["rows"], new]}
    return common.keep(result, options.json)


if __name__ == "__main__":
    main()
