"""What the networks of the recipes write: each recipe is run once on Tiny Shakespeare, and its network writes on.

    CHARRNN_DATA=... python tests/tools/recipe_texts.py --json charrnn_helpers/results/recipe_texts.json

Both cells, seed 0, split 90/10, in the precisions of results/quality.json. Each network writes 200 characters after
`PROMPT`, a line that is not in the text, at temperature 0.8 with seed 0. No time is measured, so this may run beside
other work. A file that exists is completed. --text is a name that load_corpus knows, or a path; --updates cuts every
run to so many.
"""

from __future__ import annotations

from dataclasses import replace

import common
from recipes import RECIPES

from charrnn_helpers import Vocabulary, evaluate, generate, load_corpus
from charrnn_helpers.experiments import measured

PROMPT = "JULIET:\nShall I compare thee to a summer's day?\n"


def main(arguments: list[str] | None = None) -> dict:
    options = common.options(__doc__, arguments, recipes=RECIPES, text="shakespeare", updates=0, prompt=PROMPT)
    corpus = load_corpus(options.text, split=(0.9, 0.1))
    vocab = Vocabulary.from_text(corpus.text)
    train_ids, val_ids = vocab.encode(corpus.train), vocab.encode(corpus.val)
    precisions = {(row["recipe"], row["cell"]): row["precision"] for row in measured("quality")["rows"]}
    result = common.kept(options.json) or {"machine": common.machine("cpu"), "prompt": options.prompt, "rows": []}
    for name in options.recipes:
        for cell, recipe in RECIPES[name].items():
            if any((row["recipe"], row["cell"]) == (name, cell) for row in result["rows"]):
                continue
            if options.updates:
                recipe = replace(recipe, config=replace(recipe.config, updates=options.updates))
            precision = precisions[name, cell]
            model, _ = recipe.run(len(vocab), train_ids, val_ids, precision=precision, device="cpu", progress=False)
            row = {"recipe": name, "cell": cell, "precision": precision, "blocks of 256": evaluate(model, val_ids, 256)}
            row["text"] = generate(model, vocab, options.prompt, 200, temperature=0.8, seed=0)
            common.add(row, result, options.json)
    return result


if __name__ == "__main__":
    main()
