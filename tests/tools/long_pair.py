"""Train the pair of networks that has read 24 million characters of *tales*, and put it into the package.

    python tests/tools/long_pair.py LSTM      about half an hour of one core
    python tests/tools/long_pair.py GRU       the same

Both cells have the same setting, one of those that the search of the experiment on births tries: the gate that keeps
starts with a bias of 2.5, and the highest rate is 0.0065. The stories are of seeds that no experiment of the course
reads. 09 and the page for phones show what these two networks know of the hero's friend.
"""

from __future__ import annotations

import argparse

import birth_plan
import torch

from charrnn_helpers import TrainConfig, Vocabulary, load_corpus, networks, train
from charrnn_helpers.base.quantised import dequantise, quantise
from charrnn_helpers.text.tales import write_stories
from charrnn_helpers.training.checkpoints import BUNDLED, save_checkpoint

FIRST = 4_000_000  # seeds of stories
PIECE = 250_000  # characters that are written with one seed
STREAMS, WINDOW, RATE, START = 64, 64, 0.0065, "bias 2.5"
UPDATES = 24_000_000 // (STREAMS * WINDOW)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cell", choices=networks.BOTH)
    parser.add_argument("--updates", type=int, default=UPDATES, help="fewer, to see that it works")
    options = parser.parse_args(arguments)
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    characters = options.updates * STREAMS * WINDOW + 1
    seeds = range(FIRST, FIRST - (-characters // PIECE))
    ids = torch.cat([vocab.encode(write_stories(seed, PIECE)).to(torch.uint8) for seed in seeds])[:characters].long()
    config = TrainConfig(
        options.updates, STREAMS, WINDOW, RATE, max(1, options.updates // 10), weight_decay=0.01, validate_every=500
    )
    torch.manual_seed(config.seed)
    units = birth_plan.units_of(options.cell, len(vocab))
    model = networks.CELLS[options.cell].fast(len(vocab), units, num_layers=1, **birth_plan.GATES[START])
    history = train(model, ids, vocab.encode(corpus.val), config, threads=1, progress=False, on_validation=report)
    model.load_state_dict(dequantise(quantise(model.state_dict())))
    path = BUNDLED / f"tales-24M-{options.cell.lower()}.pt"
    print(save_checkpoint(path, model, vocab, text="tales", history=history, eight_bits=True))


def report(history) -> None:
    print(history.updates, round(history.val_losses[-1], 4), round(history.seconds), flush=True)


if __name__ == "__main__":
    main()
