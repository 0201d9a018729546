"""The trial of LSTM and GRU, as charrnn_helpers/experiments/protocol.md lays it down.

    CHARRNN_DATA=... python tests/tools/trial.py                                    all of it, in a night
    CHARRNN_DATA=... python tests/tools/trial.py --scale 0.002 --rows /tmp/small.jsonl   minutes: does it work?

For each budget: the trials, and then ten seeds with what was chosen. Each row is written to --rows as soon as it is
there, and no run of a row is made again, so that the trial can be stopped at any time. It may run beside other work:
what counts are losses, and of time only the processor's is kept.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from functools import partial
from itertools import chain, pairwise, product
from pathlib import Path
from typing import NamedTuple

import common
import numpy as np
import torch
from scipy.stats import qmc
from torch import Tensor, nn

from charrnn_helpers.experiments.protocol import BUDGETS, LARGEST, SEEDS, TRIAL_TEXTS, WINDOW, version
from charrnn_helpers.experiments.results import RESULTS, counted_rows
from charrnn_helpers.experiments.sweeps import width_for
from charrnn_helpers.measures.excess import by_distance, excess_by_kind, mean_excess, read_tales
from charrnn_helpers.measures.memory import recall
from charrnn_helpers.networks.models import num_parameters
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.text.baselines import best_ngram
from charrnn_helpers.text.corpus import load_corpus
from charrnn_helpers.text.encoding import Vocabulary
from charrnn_helpers.text.tales import split_stories, write_stories
from charrnn_helpers.training.config import TrainConfig
from charrnn_helpers.training.evaluation import context_losses, evaluate
from charrnn_helpers.training.loop import train

RANGES = {  # what the trials are spread over, logarithmically
    "rate": (0.0003, 0.06),
    "warmup": (0.01, 0.4),  # share of the updates
    "chrono": (10, 400),
    "clip": (0.25, 4),
    "weight_decay": (0.003, 0.3),
}
EVENLY = {"keep_bias": (-1, 4), "dropout": (0, 0.5)}
RUN = ("part", "text", "size", "budget", "cell", "trial", "seed")  # what a run is, beside the scale
DROPOUTS = (0.2, 0.4)  # also tried at the largest budget on Shakespeare: trials 100 + t and 200 + t
SIZES = {"350 K": 350_000, "50 K": 50_000}
JUDGES = (2, 7)  # tenths of Shakespeare on which settings are chosen
LOOKS, WATCHED, TESTED = 12, 40_000, 100_000


def main(arguments: list[str] | None = None) -> list[dict]:
    rows = str(RESULTS / "trial.jsonl")
    what = {"texts": list(TRIAL_TEXTS), "sizes": ["350 K"]}
    options = common.options(__doc__, arguments, **what, scale=1.0, rows=rows)
    done = counted_rows(Path(options.rows), version_at(options.scale))
    plans = (tuning_runs, confirming_runs, counting_runs)
    for size, budget, plan in product(options.sizes, BUDGETS, plans):
        runs = [run for text in options.texts for run in plan(done, text, size, budget)]
        todo = [run for run in runs if not any(run.items() <= row.items() for row in done)]
        for row in common.side_by_side(partial(make, scale=options.scale), todo):
            done.append(row)
            with Path(options.rows).open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print({name: row.get(name) for name in (*RUN, "val", "test", "cpu_seconds")}, flush=True)
    return done


# ------------------------------------------------------------------------------------------------------ what is tuned


class Settings(NamedTuple):
    """What a trial draws. `start` goes to the network: {"keep_bias": …} or {"chrono": …}."""

    rate: float
    warmup: float  # share of the updates
    start: dict
    clip: float
    dropout: float
    weight_decay: float


def settings(trial: int, text: str, cell: str) -> Settings:
    """The settings of a trial: a point of Sobol's sequence. Trials from 100 on have more dropout: see `DROPOUTS`."""
    points = qmc.Sobol(6, scramble=False).random_base2(5) + 1 / 64  # (32, 6), each in the middle of its cell
    rate, warmup, start, clip, dropout, decay = points[trial % 100].tolist()
    bias = {"keep_bias": round(10 * start - 1, 2)}  # the lower half of its range
    chrono = {"chrono": round(_between("chrono", 2 * start - 1))}  # the upper half
    drawn = Settings(
        rate=_between("rate", rate),
        warmup=_between("warmup", warmup),
        start={} if cell == "RNN" else bias if start < 0.5 else chrono,
        clip=_between("clip", clip),
        dropout=round(0.5 * dropout, 3) if trial < 100 else DROPOUTS[trial // 100 - 1],
        weight_decay=_between("weight_decay", decay),
    )
    return drawn if text == "shakespeare" else drawn._replace(dropout=0.0)  # nothing of tales is read twice


def _between(name: str, u: float) -> float:
    low, high = RANGES[name]
    return float(f"{low * (high / low) ** u:.3g}")


def at_edges(drawn: dict, text: str) -> dict[str, float]:
    """Return the settings of a trial that lie in the outer tenth of the range that was tried, with their values."""
    values = {**drawn, **drawn["start"]}
    if text == "tales":
        values.pop("dropout", None)  # it was not tuned there
    positions = {}  # from 0 at the lower end to 1 at the upper one
    for name, (low, high) in RANGES.items():
        if name in values:
            positions[name] = math.log(values[name] / low) / math.log(high / low)
    for name, (low, high) in EVENLY.items():
        if name in values:
            positions[name] = (values[name] - low) / (high - low)
    return {name: values[name] for name, position in positions.items() if not 0.1 <= position <= 0.9}


def judges(text: str) -> tuple[str, ...]:
    """On what the trials of a text are judged: names of the columns of `val` in a row."""
    return tuple(f"tenth {judge}" for judge in JUDGES) if text == "shakespeare" else ("stories",)


def judge_of(text: str, seed: int) -> str:
    """On what the settings of a seed were chosen: never on the tenth that it is tested on."""
    return judges(text)[(seed < 5) if text == "shakespeare" else 0]


# ------------------------------------------------------------------------------------------------- which runs there are


def candidates(rows: Sequence[dict], text: str, size: str, budget: str, cell: str, judge: str) -> list[int]:
    """The trials of a budget, as far as this judge has let them through: all at the first one, then the best before.

    Raises `ValueError` if the budget before is not complete.
    """
    names = list(BUDGETS)
    if budget == names[0]:
        return list(range(BUDGETS[budget].trials))
    before = ranking(rows, text, size, names[names.index(budget) - 1], cell, judge)
    dropouts = range(1, len(DROPOUTS) + 1) if (text, budget) == ("shakespeare", LARGEST) else ()
    return before[: BUDGETS[budget].trials] + [100 * number + before[0] for number in dropouts]


def ranking(rows: Sequence[dict], text: str, size: str, budget: str, cell: str, judge: str) -> list[int]:
    """The candidates of this judge, the best first; of equals, the lower number. `ValueError` if one is missing."""
    where = {"part": "tuning", "text": text, "size": size, "budget": budget, "cell": cell}
    found = {row["trial"]: row["val"][judge] for row in rows if where.items() <= row.items()}
    trials = candidates(rows, text, size, budget, cell, judge)
    if missing := [trial for trial in trials if trial not in found]:
        raise ValueError(f"{text}, {size}, {budget}, {cell}: the trials {missing} are not made yet")
    return sorted(trials, key=lambda trial: (found[trial], trial))


def tuning_runs(rows: Sequence[dict], text: str, size: str, budget: str) -> list[dict]:
    """The trials of a budget: what any judge has let through."""
    where = {"part": "tuning", "text": text, "size": size, "budget": budget}
    runs = []
    for cell in BUDGETS[budget].cells:
        by_judge = (candidates(rows, text, size, budget, cell, judge) for judge in judges(text))
        runs += [{**where, "cell": cell, "trial": trial} for trial in dict.fromkeys(chain.from_iterable(by_judge))]
    return runs


def confirming_runs(rows: Sequence[dict], text: str, size: str, budget: str) -> list[dict]:
    """Ten seeds for each cell, each with what its judge found best."""
    where = {"part": "confirmation", "text": text, "size": size, "budget": budget}
    return [
        {**where, "cell": cell, "trial": ranking(rows, text, size, budget, cell, judge_of(text, seed))[0], "seed": seed}
        for seed in SEEDS
        for cell in BUDGETS[budget].cells
    ]


def counting_runs(_: Sequence[dict], text: str, size: str, budget: str) -> list[dict]:
    """The n-gram beside them, counted on the same characters for each seed."""
    return [{"part": "n-gram", "text": text, "size": size, "budget": budget, "seed": seed} for seed in SEEDS]


# --------------------------------------------------------------------------------------------------------------- a run


class Parts(NamedTuple):
    train: Tensor
    val: dict[str, Tensor]  # by judge, or "next" in a confirmation; the first chooses the weights
    test: str


def parts_of(run: dict, scale: float = 1.0) -> tuple[Vocabulary, Parts]:
    """The vocabulary of a text, and what a run reads, is judged on, and is tested on."""
    return (_tales if run["text"] == "tales" else _shakespeare)(run, scale)


def _tales(run: dict, scale: float) -> tuple[Vocabulary, Parts]:
    vocab = Vocabulary.from_text(load_corpus("tales").text)
    watched, test = (max(5_000, int(scale * length)) for length in (WATCHED, TESTED))
    first = 10_000 * (1 + run.get("seed", 99))  # no two runs of another seed have a story in common
    characters = int(scale * BUDGETS[run["budget"]].characters) + 1
    pieces = (vocab.encode(write_stories(first + piece, 1_000_000)) for piece in range(-(-characters // 1_000_000)))
    val = vocab.encode(write_stories(first + 9_000, watched))
    train_ids = torch.cat(list(pieces))[:characters]
    if "seed" not in run:
        return vocab, Parts(train_ids, {"stories": val}, "")
    return vocab, Parts(train_ids, {"next": val}, write_stories(first + 9_001, test))


def _shakespeare(run: dict, _: float) -> tuple[Vocabulary, Parts]:
    text, seed = load_corpus("shakespeare").text, run.get("seed")
    vocab = Vocabulary.from_text(text)
    ends = [round(len(text) * k / 10) for k in range(11)]
    tenths = [text[a:b] for a, b in pairwise(ends)]
    away = JUDGES if seed is None else (seed, (seed + 1) % 10)
    train_ids = vocab.encode("".join(tenth for k, tenth in enumerate(tenths) if k not in away))
    if seed is None:
        return vocab, Parts(train_ids, {f"tenth {k}": vocab.encode(tenths[k][:WATCHED]) for k in JUDGES}, "")
    return vocab, Parts(train_ids, {"next": vocab.encode(tenths[away[1]][:WATCHED])}, tenths[seed])


def network(run: dict, vocab: Vocabulary) -> nn.Module:
    """The untrained network of a run; the trial's or the seed's number draws its weights."""
    drawn = settings(run["trial"], run["text"], run["cell"])
    units = width_for(SIZES[run["size"]], run["cell"], len(vocab))
    torch.manual_seed(run.get("seed", 100 + run["trial"]))
    return CELLS[run["cell"]].fast(len(vocab), units, num_layers=1, dropout=drawn.dropout, **drawn.start)


def version_at(scale: float) -> str:
    """What a row carries: the version of the protocol, and the scale of a shortened run."""
    return version() if scale == 1 else f"{version()}, {scale}"


def make(run: dict, scale: float = 1.0) -> dict:
    """Make one run: its row. `scale` shortens it, for a trial of the trial."""
    vocab, parts = parts_of(run, scale)
    if run["part"] == "n-gram":
        ngram = best_ngram(parts.train, parts.val["next"], len(vocab))
        losses = ngram.losses(vocab.encode(parts.test))[1:]  # the first character is given
        orders = {"order": ngram.order, "tried": len(ngram.grams)}
        return {**run, "protocol": version_at(scale), **orders, "test": round(float(losses.mean()), 5)}
    model, drawn = network(run, vocab), settings(run["trial"], run["text"], run["cell"])
    streams = BUDGETS[run["budget"]].streams
    updates = max(2, int(scale * BUDGETS[run["budget"]].characters) // (streams * WINDOW))
    config = TrainConfig(
        updates,
        streams,
        WINDOW,
        learning_rate=drawn.rate,
        warmup=max(1, round(drawn.warmup * updates)),
        clip=drawn.clip,
        weight_decay=drawn.weight_decay,
        validate_every=-(-updates // LOOKS),
        seed=run.get("seed", 100 + run["trial"]),
    )
    first, *others = parts.val
    best, held, kept = dict.fromkeys(parts.val, math.inf), [], []
    stories = split_stories(vocab.decode(parts.val["next"]))[:-1][:15] if run["text"] == "tales" and parts.test else []

    def look(history) -> None:
        kept[:] = [history]
        best[first] = history.best_loss
        for judge in others:
            best[judge] = min(best[judge], evaluate(model, parts.val[judge], window=2000))
        if stories:
            held.append(round(recall(model, vocab, "".join(stories)).between("name", 64, 256).share, 3))
        model.train()

    status, began = "finished", time.process_time()
    try:
        history = train(model, parts.train, parts.val[first], config, device="cpu", on_validation=look, progress=False)
        if not history.finished:
            raise RuntimeError(f"the training was interrupted after {history.updates} updates")
    except FloatingPointError:
        status = "diverged"
        if kept:
            model.load_state_dict(kept[0].best_weights)
    row = {**run, "protocol": version_at(scale), "status": status}
    row |= {"units": model.rnn.hidden_size, "parameters": num_parameters(model), "settings": drawn._asdict()}
    row |= {"cpu_seconds": round(time.process_time() - began, 1), "torch": torch.__version__.split("+")[0]}
    row["val"] = {judge: round(min(loss, math.log(len(vocab))), 5) for judge, loss in best.items()}
    if kept:
        row |= {"looks": kept[0].val_updates, "val_losses": [round(loss, 4) for loss in kept[0].val_losses]}
    return row | (
        tested(run["text"], model.eval(), vocab, parts.test, bool(kept)) | {"held": held} if parts.test else {}
    )


def tested(text: str, model: nn.Module, vocab: Vocabulary, test: str, trained: bool) -> dict:
    """The test loss, and on *tales* where it lies above the oracle's; of a network that was not trained, ln V."""
    losses = context_losses(model, vocab.encode(test)).numpy()
    losses = losses if trained else np.full(len(losses), math.log(len(vocab)))
    row = {"test": round(float(losses.mean()), 5)}
    if text == "tales":
        reading = read_tales(test)
        losses = np.append(np.nan, losses)  # the first character is given
        row["floor"] = round(float(np.mean(reading.oracle[1:])), 5)
        distances = mean_excess(losses, reading, by_distance(reading.distances))
        for name, groups in (("by kind", excess_by_kind(losses, reading)), ("by distance", distances)):
            row[name] = {group: [found.characters, round(found.mean, 4)] for group, found in groups.items()}
    return row


if __name__ == "__main__":
    main()
