"""Train two LSTMs of the experiment on births once more, for 10.7: one is lost after some beginnings.

    python tests/tools/lost.py --seed 121 --share 0.01 --updates 1969     half an hour of one core
    python tests/tools/lost.py --seed 121 --share 0 --updates 5859 --save    the network that ships, two hours

In the part "pairs again" the state of a network is empty at the first update and never again. Here everything is the
same, except that before each window the state of each stream is emptied with the probability `--share`. A row says how
well the network reads the text that is looked at, and in how many of its stories it is lost if it begins with them.
"""

import argparse
import json
from pathlib import Path

import birth_runs
import torch
from torch import nn
from torch.nn import functional as F

from charrnn_helpers import Vocabulary, save_checkpoint
from charrnn_helpers.base.quantised import dequantise, quantise
from charrnn_helpers.experiments import birth_rows
from charrnn_helpers.networks import detach
from charrnn_helpers.text.tales import split_stories, write_stories
from charrnn_helpers.training import BUNDLED, one_update
from charrnn_helpers.training.evaluation import eval_mode

ROWS = BUNDLED.parent / "results" / "lost.jsonl"
LOST = 1.0  # nats per character, at the characters 200 to 399 of a story


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, choices=(120, 121), required=True)
    parser.add_argument("--share", type=float, required=True, help="of the streams are emptied before each window")
    parser.add_argument("--updates", type=int, required=True)
    parser.add_argument("--save", action="store_true", help="put the network into the package")
    parser.add_argument("--rows", type=Path, default=ROWS)
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/birth-scratch"), help="for texts")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    again = [row for row in birth_rows() if row["part"] == "pairs again" and row["cell"] == "LSTM"]
    (run,) = (row for row in again if row["seed"] == options.seed)
    machine = birth_runs.Machine(options.scratch, lambda: None)
    text, config = birth_runs._stories(run, machine), birth_runs._config(run, machine)
    torch.manual_seed(run["seed"])
    model = birth_runs.NETWORKS["LSTM"](len(text.vocab), run["units"], num_layers=1, **run["gate"])
    x, y = birth_runs.as_streams(text.ids, config.streams)  # (B, L) uint8
    optimiser, random, state = birth_runs.make_optimiser(model, config), torch.Generator().manual_seed(0), None
    losses = []
    model.train()
    for update in range(options.updates):
        window = slice(update * config.window, (update + 1) * config.window)
        for group in optimiser.param_groups:
            group["lr"] = config.rate(update)
        if state is not None:
            keep = (torch.rand(config.streams, 1, generator=random) >= options.share).float()  # (B, 1)
            state = tuple(part * keep for part in state)  # (1, B, H) each
        loss, _, state = one_update(model, x[:, window].long(), y[:, window].long(), state, optimiser, config.clip)
        state = detach(state)
        losses.append(loss)
    stories = split_stories(write_stories(birth_runs.FIRST_CORPUS + 10_000 * run["corpus"] + 9_000, 330_000))
    row = {"seed": run["seed"], "share": options.share, "characters": len(losses) * config.streams * config.window}
    row |= {"train_loss": round(sum(losses[-400:]) / 400, 5), "loss": round(text.looked(model)["losses"], 5)}
    row["lost"] = lost_by_first_word(model, text.vocab, stories)
    with options.rows.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    if options.save:
        model.load_state_dict(dequantise(quantise(model.state_dict())))
        save_checkpoint(BUNDLED / "tales-lost.pt", model, text.vocab, text="tales", eight_bits=True)


def lost_by_first_word(model: nn.Module, vocab: Vocabulary, stories: list[str]) -> dict[str, list[int]]:
    """Count by first word the stories in which a network is lost if it begins with them, and all of them."""
    stories = [story for story in stories if len(story) >= 400]
    ids = torch.stack([vocab.encode(story[:400]) for story in stories])  # (stories, 400)
    with eval_mode(model):
        logits, _ = model(ids[:, :-1])
        nats = F.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")[:, 200:].mean(dim=1)
    counts: dict[str, list[int]] = {}
    for story, loss in zip(stories, nats.tolist(), strict=True):
        lost, read = counts.get(story.split()[0], [0, 0])
        counts[story.split()[0]] = [lost + (loss > LOST), read + 1]
    return counts


if __name__ == "__main__":
    main()
