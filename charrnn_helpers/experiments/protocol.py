"""The trial that `protocol.md` lays down: what is tuned, which runs there are, and how one is made.

A run is a dictionary: part ("tuning" or "confirmation"), text, size, budget, cell, trial (which settings) and, in a
confirmation, seed. A row is a run and what came out of it; `results/trial.jsonl` holds one a line.
"""

import hashlib
import json
import math
import time
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import qmc
from torch import Tensor, nn

from ..measures.excess import excess_by_distance, excess_by_kind, read_tales
from ..measures.memory import recall
from ..networks.models import num_parameters
from ..networks.registry import CELLS, width_for
from ..text.corpus import load_corpus
from ..text.encoding import Vocabulary
from ..text.tales import split_stories, write_stories
from ..training.config import TrainConfig
from ..training.device import keep_memory
from ..training.evaluation import context_losses, evaluate
from ..training.loop import train
from .recipes import RESULTS

PROTOCOL = Path(__file__).with_name("protocol.md")
RUN = ("part", "text", "size", "budget", "cell", "trial", "seed")  # what a run is, beside the scale
TRIAL_TEXTS = ("tales", "shakespeare")
TRIAL_SIZES = {"350 K": 350_000, "50 K": 50_000}
SEEDS = range(10)
JUDGES = (2, 7)  # tenths of Shakespeare on which settings are chosen


class Budget(NamedTuple):
    characters: int
    streams: int
    trials: int  # so many are made, or come from the budget before
    cells: tuple[str, ...]


BUDGETS = {
    "1.5 M": Budget(1_500_000, 16, 32, ("LSTM", "GRU", "RNN")),
    "6 M": Budget(6_000_000, 32, 8, ("LSTM", "GRU", "RNN")),
    "24 M": Budget(24_000_000, 64, 3, ("LSTM", "GRU")),
}
WINDOW, LOOKS, WATCHED = 64, 12, 40_000


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
    """The settings of a trial: a point of Sobol's sequence. Trials 32 to 39 try higher rates, 40 to 47 lower ones."""
    points = qmc.Sobol(6, scramble=False).random_base2(6) + 1 / 64  # each in the middle of its cell
    rate, warmup, start, clip, dropout, decay = points[trial].tolist()
    low, high = {4: (0.03, 0.09), 5: (0.0005 / 3, 0.0005)}.get(trial // 8, (0.0005, 0.03))
    bias = {"keep_bias": round(10 * start - 1, 2)}  # the lower half of its range
    chrono = {"chrono": round(_between(10, 400, 2 * start - 1))}  # the upper half
    drawn = Settings(
        rate=_between(low, high, rate),
        warmup=_between(0.01, 0.4, warmup),
        start={} if cell == "RNN" else bias if start < 0.5 else chrono,
        clip=_between(0.25, 4, clip),
        dropout=round(0.5 * dropout, 3),
        weight_decay=_between(0.003, 0.3, decay),
    )
    return drawn if text == "shakespeare" else drawn._replace(dropout=0.0)  # nothing of tales is read twice


def at_edge(rate: float) -> int:
    """1 if a rate lies in the upper tenth of its range, -1 in the lower, else 0."""
    place = math.log(rate / 0.0005) / math.log(0.03 / 0.0005)
    return (place > 0.9) - (place < 0.1)


def _between(low: float, high: float, u: float) -> float:
    return float(f"{low * (high / low) ** u:.3g}")


def ranking(rows: Sequence[dict], judge: str, **where) -> list[int]:
    """The trials of the tuning rows for which `where` holds, the best on `judge` first."""
    chosen = [row for row in rows if row["part"] == "tuning" and all(row[name] == where[name] for name in where)]
    return [row["trial"] for row in sorted(chosen, key=lambda row: row["val"][judge])]


def judges(text: str) -> tuple[str, ...]:
    """On what the trials of a text are judged: names of the columns of `val` in a row."""
    return tuple(f"tenth {judge}" for judge in JUDGES) if text == "shakespeare" else ("stories",)


def judge_of(text: str, seed: int) -> str:
    """On what the settings of a seed were chosen: never on the tenth that it is tested on."""
    return judges(text)[(seed < 5) if text == "shakespeare" else 0]


# ------------------------------------------------------------------------------------------------- which runs there are


def tuning_runs(rows: Sequence[dict], text: str, size: str, budget: str) -> list[dict]:
    """The trials of a budget: all at the first one, then those that did best at the one before, by each judge."""
    names = list(BUDGETS)
    where = {"text": text, "size": size}
    runs = []
    for cell in BUDGETS[budget].cells:
        trials = dict.fromkeys(range(BUDGETS[budget].trials))
        if budget != names[0]:
            before = names[names.index(budget) - 1]
            orders = [ranking(rows, judge, **where, budget=before, cell=cell) for judge in judges(text)]
            trials = dict.fromkeys(trial for order in orders for trial in order[: BUDGETS[budget].trials])
        runs += [{"part": "tuning", **where, "budget": budget, "cell": cell, "trial": trial} for trial in trials]
    return runs


def more_runs(rows: Sequence[dict], text: str, size: str, budget: str) -> list[dict]:
    """Eight more trials beyond an edge at which the best of any cell stands, for all cells of this budget."""
    where = {"text": text, "size": size, "budget": budget}
    edges = {
        at_edge(settings(ranking(rows, judge, **where, cell=cell)[0], text, cell).rate)
        for cell in BUDGETS[budget].cells
        for judge in judges(text)
    }
    beyond = [trial for edge, first in ((1, 32), (-1, 40)) if edge in edges for trial in range(first, first + 8)]
    return [{"part": "tuning", **where, "cell": c, "trial": trial} for c in BUDGETS[budget].cells for trial in beyond]


def confirming_runs(rows: Sequence[dict], text: str, size: str, budget: str) -> list[dict]:
    """Ten seeds for each cell, each with the settings chosen for it."""
    where = {"text": text, "size": size, "budget": budget}
    runs = []
    for seed in SEEDS:
        for cell in BUDGETS[budget].cells:
            order = ranking(rows, judge_of(text, seed), **where, cell=cell)
            own = [trial for trial in order if trial in promoted(rows, text, size, budget, cell, seed)]
            runs.append({"part": "confirmation", **where, "cell": cell, "trial": own[0], "seed": seed})
    return runs


def promoted(rows: Sequence[dict], text: str, size: str, budget: str, cell: str, seed: int) -> set[int]:
    """The trials of a budget that the judge of this seed has let through, and those beyond an edge."""
    names = list(BUDGETS)
    beyond = set(range(32, 48))
    if budget == names[0]:
        return beyond | set(range(BUDGETS[budget].trials))
    before = names[names.index(budget) - 1]
    order = ranking(rows, judge_of(text, seed), text=text, size=size, budget=before, cell=cell)
    return beyond | set(order[: BUDGETS[budget].trials])


# --------------------------------------------------------------------------------------------------------------- a run


class Parts(NamedTuple):
    train: Tensor
    val: dict[str, Tensor]  # by judge, or "next" in a confirmation; the first chooses the weights
    test: str


TESTED = 100_000


def parts_of(run: dict, scale: float = 1.0) -> tuple[Vocabulary, Parts]:
    """The vocabulary of a text, and what a run reads, is judged on, and is tested on."""
    return (_tales if run["text"] == "tales" else _shakespeare)(run, scale)


def _tales(run: dict, scale: float) -> tuple[Vocabulary, Parts]:
    vocab, pool = _pool(int(scale * max(budget.characters for budget in BUDGETS.values())))
    seed = run.get("seed")
    start = 0 if seed is None else seed * len(pool) // 10
    train_ids = torch.cat([pool[start:], pool[:start]])[: int(scale * BUDGETS[run["budget"]].characters) + 1].long()
    watched, test = (max(5_000, int(scale * length)) for length in (WATCHED, TESTED))
    if seed is None:
        return vocab, Parts(train_ids, {"stories": vocab.encode(write_stories(1001, watched))}, "")
    val = {"next": vocab.encode(write_stories(1002, watched))}
    return vocab, Parts(train_ids, val, write_stories(2000 + seed, test))


@cache
def _pool(characters: int) -> tuple[Vocabulary, Tensor]:
    keep_memory()
    vocab = Vocabulary.from_text(load_corpus("tales").text)
    pieces = [vocab.encode(write_stories(3000 + k, 1_000_000)).to(torch.uint8) for k in range(-(-characters // 10**6))]
    return vocab, torch.cat(pieces)[:characters]


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
    units = width_for(TRIAL_SIZES[run["size"]], run["cell"], len(vocab))
    torch.manual_seed(run.get("seed", 100 + run["trial"]))
    return CELLS[run["cell"]].fast(len(vocab), units, num_layers=1, dropout=drawn.dropout, **drawn.start)


def make(run: dict, scale: float = 1.0) -> dict:
    """Make one run: its row. `scale` shortens it, for a trial of the trial."""
    vocab, parts = parts_of(run, scale)
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
        train(model, parts.train, parts.val[first], config, on_validation=look, progress=False)
    except FloatingPointError:
        status = "diverged"
        if kept:
            model.load_state_dict(kept[0].best_weights)
    row = {**run, "protocol": version(scale), "status": status}
    row |= {"units": model.rnn.hidden_size, "parameters": num_parameters(model), "settings": drawn._asdict()}
    row |= {"cpu_seconds": round(time.process_time() - began, 1), "torch": torch.__version__.split("+")[0]}
    row["val"] = {judge: round(min(loss, math.log(len(vocab))), 5) for judge, loss in best.items()}
    if kept:
        row |= {"looks": kept[0].val_updates, "val_losses": [round(loss, 4) for loss in kept[0].val_losses]}
    return row | (
        tested(run["text"], model.eval(), vocab, parts.test, bool(kept)) | {"held": held} if parts.test else {}
    )


def tested(text: str, model: nn.Module, vocab: Vocabulary, test: str, trained: bool) -> dict:
    """The test loss, and on *tales* where it lies above the oracle's."""
    losses = context_losses(model, vocab.encode(test)).numpy()
    row = {"test": round(float(losses.mean()) if trained else math.log(len(vocab)), 5)}
    if text == "tales":
        reading = read_tales(test)
        losses = np.append(np.nan, losses)  # the first character is given
        row["floor"] = round(float(np.mean(reading.oracle[1:])), 5)
        for name, groups in (("by kind", excess_by_kind), ("by distance", excess_by_distance)):
            row[name] = {
                group: [found.characters, round(found.mean, 4)] for group, found in groups(losses, reading).items()
            }
    return row


def trial_rows(path: Path = RESULTS / "trial.jsonl", scale: float = 1.0) -> list[dict]:
    """All rows that count: those of this version of the protocol, and of runs that were not shortened."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return [row for row in map(json.loads, lines) if row["protocol"] == version(scale)]


def version(scale: float = 1.0) -> str:
    """What a row carries: the first digits of the hash of `protocol.md`; with the scale, if runs are shortened."""
    digits = hashlib.sha256(PROTOCOL.read_bytes()).hexdigest()[:12]
    return digits if scale == 1 else f"{digits}, {scale}"
