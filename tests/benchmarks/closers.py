"""What networks remember of texts that nobody made for it: the runs that 08 shows.

    python tests/benchmarks/closers.py --json charrnn_helpers/results/closers.json

LSTM, GRU and plain RNN of 192 units on `python_docs` (which sign stands open?) and on `shakespeare` (who speaks next,
does the line end?), with windows of 64, three seeds, in bfloat16; asked on the texts' validation and test parts. Beside
them the best n-gram. About half an hour on one core. Runs that are in the JSON file already are not made again.
"""

from __future__ import annotations

from functools import partial
from itertools import product

import common
import torch

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus, train
from charrnn_helpers.measures.closers import answer, what_is_open, where_lines_end, who_is_next
from charrnn_helpers.networks.registry import CELLS, COMPARED
from charrnn_helpers.text.baselines import best_ngram

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
    model = CELLS[cell].fast(len(vocab), UNITS, num_layers=1)
    if cell == "GRU":  # its update gates start at log U(1, 99): units that keep from 2 to 100 characters
        with torch.no_grad():
            model.rnn.bias_ih_l0[UNITS : 2 * UNITS] = torch.empty(UNITS).uniform_(1, 99).log()
            model.rnn.bias_hh_l0[UNITS : 2 * UNITS] = 0
    config = TrainConfig(updates, 32, WINDOW, RATES[cell], min(200, updates // 4), validate_every=updates, seed=seed)
    return model, train(model, ids, val, config, precision="bfloat16", progress=False).best_loss


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
