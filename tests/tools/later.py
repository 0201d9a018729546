"""The runs of notebook 11, "what came next", as charrnn_helpers/experiments/later_protocol.md lays them down.

    python tests/tools/later.py --rows /tmp/later.jsonl                        all that is left, in order
    python tests/tools/later.py --rows /tmp/later.jsonl --parts parity         some parts only
    python tests/tools/later.py --rows /tmp/small.jsonl --scale 0.002          a minute or two: does it work?
    python tests/tools/later.py --save Transformer                             a network that 11 opens, no row
    python tests/tools/later.py --vary 512 256                                 one with other windows, another reach

A row is appended to --rows as soon as its run is complete, and a run that has its row is not made again. The same
command may be started twice: each process takes runs that no other has. A run takes at most some minutes, so one that
was killed begins again. While a file named PAUSE lies beside the rows, everything waits. All rows come from one commit:
the command refuses a checkout with changes, unless rows do not count (--scale).
"""

from __future__ import annotations

import argparse
import fcntl
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from birth import claim, commit, counting, waiter
from torch import Tensor, nn
from torch.nn import functional as F

import charrnn_helpers.later  # noqa: F401  (enters its networks into the registry)
from charrnn_helpers import TrainConfig, Vocabulary, load_corpus, save_checkpoint, train
from charrnn_helpers.base.quantised import dequantise, quantise
from charrnn_helpers.experiments.birth import BIRTH_PROTOCOL
from charrnn_helpers.experiments.later import later_rows
from charrnn_helpers.experiments.results import RESULTS, protocol_hash
from charrnn_helpers.later import transformer
from charrnn_helpers.measures.excess import read_tales
from charrnn_helpers.measures.memory import recall
from charrnn_helpers.networks import CELLS, num_parameters
from charrnn_helpers.text.tales import write_stories
from charrnn_helpers.training import BUNDLED, DivergenceError, History, context_losses, make_optimiser
from charrnn_helpers.training.evaluation import eval_mode

LATER_PROTOCOL = BIRTH_PROTOCOL.with_name("later_protocol.md")


class Network(NamedTuple):
    """A network of the picture and the windows with which it is trained; 2,048 characters in each update."""

    cell: str
    layers: int
    units: int
    streams: int = 32
    window: int = 64

    def build(self, vocab_size: int, **start) -> nn.Module:
        return CELLS[self.cell].fast(vocab_size, self.units, self.layers, EMBEDDING, **start)


NETWORKS = {  # about 101,000 parameters each, with an embedding of 32
    "RNN": Network("RNN", 1, 275),
    "LSTM": Network("LSTM", 1, 136),
    "GRU": Network("GRU", 1, 158),
    "minGRU": Network("minGRU", 3, 143),
    "signed minGRU": Network("signed minGRU", 3, 143),
    "Transformer": Network("Transformer", 2, 60, 8, 256),
    "GRU, windows of 512": Network("GRU", 1, 158, 4, 512),
}
EMBEDDING = 32
CHARACTERS = {"tuning": 1_500_000, "picture": 6_000_000}
RATES = (0.001, 0.003, 0.009, 0.027)
STARTS = ("usual", "chrono 100")  # of the gate that keeps
WARMUPS = ("warm-up 0.1", "warm-up 0.3")  # share of the updates; tried where there is no gate that keeps
TUNING_SEED, SEEDS = 800, (0, 1, 2)
FIRST_STORIES = 3_000_000  # seeds of stories that no other experiment of the course uses
WATCHED, TESTED = 40_000, 330_000  # characters

PARITY = {"LSTM": 28, "GRU": 32, "minGRU": 68, "signed minGRU": 68}  # units: about 10,000 parameters, two layers
PARITY_RATES = (0.001, 0.003, 0.01, 0.03)
PARITY_TUNING_SEED, PARITY_SEEDS = 700, (10, 11, 12, 13, 14)
PARITY_UPDATES, PARITY_ROWS = 3_000, 64
LENGTHS = (3, 40)
ASKED_LENGTHS = (8, 16, 24, 32, 40, 48, 64, 96, 128, 192, 256)

IDENTITY = ("part", "network", "setting", "rate", "seed")
PARTS = ("parity tuning", "parity", "tuning", "picture")


class Machine(NamedTuple):
    """How a run waits, and by how much runs are shortened to see that all of it works."""

    wait: Callable[[], None]
    scale: float = 1.0

    def shortened(self, number: int) -> int:
        return max(4, int(number * self.scale))


# ------------------------------------------------------------------------------------------------------------ the plan


def plan(rows: list[dict], parts: tuple[str, ...] = PARTS) -> Iterator[dict]:
    """Yield the runs of `parts`, in order. What follows from rows that are not there yet is left out."""
    if "parity tuning" in parts:
        for cell, rate in product(PARITY, PARITY_RATES):
            yield run_of("parity tuning", cell, "", rate, PARITY_TUNING_SEED)
    if "parity" in parts:
        for cell in PARITY:
            if best := chosen(rows, "parity tuning", cell, len(PARITY_RATES)):
                yield from (run_of("parity", cell, "", best["rate"], seed) for seed in PARITY_SEEDS)
    if "tuning" in parts:
        for name, rate in product(NETWORKS, RATES):
            yield from (run_of("tuning", name, setting, rate, TUNING_SEED) for setting in settings(name))
    if "picture" in parts:
        for name in NETWORKS:
            if best := chosen(rows, "tuning", name, len(RATES) * len(settings(name))):
                yield from (run_of("picture", name, best["setting"], best["rate"], seed) for seed in SEEDS)


def run_of(part: str, network: str, setting: str, rate: float, seed: int) -> dict:
    return dict(zip(IDENTITY, (part, network, setting, rate, seed), strict=True))


def settings(name: str) -> tuple[str, ...]:
    """The two settings that are tried at each rate."""
    return STARTS if CELLS[NETWORKS[name].cell].keep_gate else WARMUPS


def chosen(rows: list[dict], part: str, network: str, trials: int) -> dict | None:
    """The best of all trials of a network, or None if some are not there yet; of equals, the first in the plan."""
    tried = [row for row in rows if (row["part"], row["network"]) == (part, network)]
    if len(tried) < trials:
        return None
    order = [key_of(run) for run in plan([], (part,))]
    return min(tried, key=lambda row: (row["badness"], order.index(key_of(row))))


def key_of(run: dict) -> str:
    """What tells one run from every other."""
    return json.dumps([run[name] for name in IDENTITY])


# --------------------------------------------------------------------------------------------------------- the picture


def tell_stories(run: dict, machine: Machine) -> dict:
    """Train a network on stories and ask what it remembers: what its row says beside the run itself."""
    model, vocab, history, status = train_on_stories(run, machine)
    first = first_of(run)
    seconds = {"training_seconds": round(history.seconds, 1)}
    row = {"status": status, "parameters": num_parameters(model), "watched": history.val_losses, **seconds}
    if run["part"] == "tuning":
        best = history.best_loss
        return {**row, "badness": best if np.isfinite(best) else float(np.log(len(vocab)))}
    text = write_stories(first + 90_001, machine.shortened(TESTED))
    losses, oracle = context_losses(model, vocab.encode(text)), read_tales(text).oracle
    means = {"loss": float(losses.mean()), "floor": float(oracle[1:].mean())}  # the first character has no loss
    return {**row, **means, "recall": recall_by_distance(model, vocab, text)}


def train_on_stories(
    run: dict, machine: Machine, network: Network | None = None
) -> tuple[nn.Module, Vocabulary, History, str]:
    """Train a network, that of a run unless another is given, on its stories; say if it "finished" or "diverged"."""
    network, vocab = network or NETWORKS[run["network"]], Vocabulary.from_text(load_corpus("tales").text)
    per_update = network.streams * network.window
    updates = machine.shortened(CHARACTERS[run["part"]] // per_update)
    first = first_of(run)
    ids = stories(first, updates * per_update + 1, vocab)
    watched = vocab.encode(write_stories(first + 90_000, WATCHED)[:WATCHED])
    start, warmup = {}, 0.1
    if run["setting"] == "chrono 100":
        start["chrono"] = 100
    elif run["setting"].startswith("warm-up"):
        warmup = float(run["setting"].split()[1])
    torch.manual_seed(run["seed"])
    model = network.build(len(vocab), **start)
    model.register_forward_pre_hook(lambda *_: machine.wait())
    config = TrainConfig(
        updates,
        network.streams,
        network.window,
        learning_rate=run["rate"],
        warmup=max(1, round(warmup * updates)),
        weight_decay=0.01,
        validate_every=-(-updates // 12),
        seed=run["seed"],
    )
    status = "finished"
    try:
        history = train(model, ids, watched, config, device="cpu", threads=1, progress=False)
    except DivergenceError as error:  # the network has its best weights again, and is asked all the same
        status, history = "diverged", error.history
    return model, vocab, history, status


def vary_transformer(window: int, reach: int, machine: Machine, folder: Path = RESULTS) -> Path:
    """Train the Transformer of the first seed with another window and another reach of a layer, and ask what it knows.

    The row goes to `transformer_windows.json`, beside those that are there.
    """
    transformer.REACH = reach
    run = {**of_the_picture("Transformer"), "window": window, "reach": reach}
    network = NETWORKS["Transformer"]._replace(streams=2048 // window, window=window)
    model, vocab, history, status = train_on_stories(run, machine, network)
    text = write_stories(first_of(run) + 90_001, machine.shortened(TESTED))
    recall_of_kinds = recall_by_distance(model, vocab, text)
    row = {name: run[name] for name in ("network", "setting", "rate", "seed", "window", "reach")}
    row |= {"status": status, "watched": history.val_losses, "recall": recall_of_kinds}
    path = folder / "transformer_windows.json"
    with Path(tempfile.gettempdir(), f"{path.stem}.lock").open("w") as lock:  # both may end at the same moment
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
        path.write_text(json.dumps({"rows": [*rows, row]}, indent=1) + "\n", encoding="utf-8")
    return path


def of_the_picture(network: str) -> dict:
    """Return the row of a network with the first seed."""
    return next(row for row in later_rows()["picture"] if (row["network"], row["seed"]) == (network, SEEDS[0]))


def first_of(run: dict) -> int:
    """Return the first seed of the stories of a run."""
    return FIRST_STORIES + 100_000 * SEED_ORDER.index(run["seed"])


def save(network: str, machine: Machine) -> Path:
    """Train a network of the picture with its first seed once more, and put it into the package."""
    model, vocab, history, _ = train_on_stories(of_the_picture(network), machine)
    model.load_state_dict(dequantise(quantise(model.state_dict())))
    return save_checkpoint(
        BUNDLED / f"tales-{network.lower()}.pt", model, vocab, text="tales", history=history, eight_bits=True
    )


SEED_ORDER = (TUNING_SEED, *SEEDS, 900)  # 900 is that of pilots, which do not count


@lru_cache(maxsize=1)
def stories(first: int, characters: int, vocab: Vocabulary) -> Tensor:
    """Write so many characters of stories, as indices."""
    pieces = range(-(-characters // 250_000))
    return torch.cat([vocab.encode(write_stories(first + piece, 250_000)) for piece in pieces])[:characters]


def recall_by_distance(model: nn.Module, vocab: Vocabulary, text: str) -> dict[str, dict[str, list[float]]]:
    """For each kind of memory and group of distances: questions, right answers, and the standard error of the share."""
    answers = recall(model, vocab, text)
    shares = {str(kind): answers.by_distance(str(kind)) for kind in np.unique(answers.kinds)}
    return {
        kind: {group: [share.asked, share.right, share.error] for group, share in groups.items()}
        for kind, groups in shares.items()
    }


# -------------------------------------------------------------------------------------------------------------- parity


def strings(rows: int, length: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random strings of 0 and 1, and after each character whether the number of ones so far is odd: (rows, length)."""
    bits = torch.randint(2, (rows, length), generator=random)
    return bits, bits.cumsum(dim=1) % 2


def learn_parity(run: dict, machine: Machine) -> dict:
    """Train a network on parity, and ask for the parity of longer strings."""
    torch.manual_seed(run["seed"])
    model = CELLS[run["network"]].fast(2, PARITY[run["network"]], 2, embedding_size=None)
    random = torch.Generator().manual_seed(1_000 + run["seed"])
    updates = machine.shortened(PARITY_UPDATES)
    config = TrainConfig(updates, learning_rate=run["rate"], warmup=max(1, updates // 20))
    optimiser, losses, status = make_optimiser(model, config), [], "finished"
    for update in range(updates):
        machine.wait()
        length = int(torch.randint(LENGTHS[0], LENGTHS[1] + 1, (), generator=random))
        bits, odd = strings(PARITY_ROWS, length, random)
        for group in optimiser.param_groups:
            group["lr"] = config.rate(update)
        loss = F.cross_entropy(model(bits)[0].flatten(0, 1), odd.flatten())
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimiser.step()
        losses.append(loss.item())
        if not np.isfinite(losses[-1]):
            status = "diverged"
            break
    shares = dict.fromkeys(map(str, ASKED_LENGTHS), 0.5) if status == "diverged" else parity_shares(model, run["seed"])
    longer = [share for length, share in shares.items() if int(length) > LENGTHS[1]]
    row = {"status": status, "parameters": num_parameters(model), "shares": shares, "badness": -float(np.mean(longer))}
    every = -(-updates // 20)
    return {**row, "losses": [float(np.mean(losses[at : at + every])) for at in range(0, len(losses), every)]}


def parity_shares(model: nn.Module, seed: int) -> dict[str, float]:
    """How many of 1,000 new strings of each length have their parity named right after the last character."""
    random, shares = torch.Generator().manual_seed(5_000 + seed), {}
    for length in ASKED_LENGTHS:
        bits, odd = strings(1_000, length, random)
        with eval_mode(model):
            answers = model(bits)[0][:, -1].argmax(dim=-1)
        shares[str(length)] = float((answers == odd[:, -1]).double().mean())
    return shares


# ------------------------------------------------------------------------------------------------------------ the rows


def main(arguments: list[str] | None = None) -> list[dict]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=Path("/tmp/later.jsonl"), help="the file of rows")
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/later-scratch"), help="for locks")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--save", choices=NETWORKS, help="train a network of the picture once more, and save it")
    parser.add_argument("--vary", nargs=2, type=int, metavar=("WINDOW", "REACH"), help="train another one for 11.7")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    for folder in (options.scratch, options.rows.parent):
        folder.mkdir(parents=True, exist_ok=True)
    machine = Machine(waiter(options.rows.with_name("PAUSE")), options.scale)
    if options.save:
        print(save(options.save, machine))
        return []
    if options.vary:
        print(vary_transformer(*options.vary, machine))
        return []
    made_by = {"protocol": protocol_hash(LATER_PROTOCOL), "code": commit(options.scale)}
    if options.scale != 1:
        made_by["scale"] = options.scale
    while run := claim(options, made_by, plan, key_of):
        run, lock = run
        with lock:
            began = time.process_time()
            make = learn_parity if run["part"].startswith("parity") else tell_stories
            row = {**run, **made_by, "torch": torch.__version__.split("+")[0], **make(run, machine)}
            row["cpu_seconds"] = round(time.process_time() - began, 1)
            with options.rows.open("a", encoding="utf-8") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(json.dumps(row) + "\n")
        print(time.strftime("%H:%M"), *(row[name] for name in (*IDENTITY, "status", "cpu_seconds")), flush=True)
    return counting(options.rows, made_by)


if __name__ == "__main__":
    main()
