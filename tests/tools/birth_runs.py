"""One run of the experiment on births: its text, its network, its training with looks, its row."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import birth_law
import closers
import numpy as np
import torch
from birth_cells import CoupledLSTMModel, ForgetOnlyLSTMModel, NoResetGRUModel, live_parameters
from birth_exam import BANDS, KINDS, Exam, exam_on_one_memory, exam_on_stories
from birth_tales import variant
from torch import Tensor, nn

from charrnn_helpers.experiments.birth import birth_of
from charrnn_helpers.experiments.birth_text import FILLERS, NAMES
from charrnn_helpers.measures.excess import by_distance
from charrnn_helpers.networks.cells import detach
from charrnn_helpers.networks.registry import CELLS
from charrnn_helpers.text.corpus import load_corpus
from charrnn_helpers.text.encoding import Vocabulary, as_streams
from charrnn_helpers.text.tales import write_stories
from charrnn_helpers.text.tales_grammar import CHANCE
from charrnn_helpers.training.config import TrainConfig
from charrnn_helpers.training.evaluation import evaluate
from charrnn_helpers.training.loop import make_optimiser, one_update

NETWORKS = {
    "LSTM": CELLS["LSTM"].fast,
    "GRU": CELLS["GRU"].fast,
    "LSTM, i = 1 - f": CoupledLSTMModel,
    "LSTM, chrono on f only": ForgetOnlyLSTMModel,
    "GRU without reset": NoResetGRUModel,
}
FIRST_LOOK = 50_000  # characters
KEEP_EVERY = 180  # seconds between two checkpoints of a run in work
FIRST_CORPUS = 2_000_000  # seeds of stories: no other experiment of the course uses them
EXAM_CHARACTERS = 330_000
ENOUGH = 6  # looks in a row at which every memory is there end a run of the law
IDENTITY = ("part", "design", "cell", "start", "rate", "seed")


class Machine(NamedTuple):
    """Where a run keeps what it would be a pity to lose, and how it waits while something else is timed."""

    scratch: Path
    wait: Callable[[], None]
    scale: float = 1.0  # below 1: shorter runs, to see that all of it works


def key_of(run: dict) -> str:
    """What tells one run from every other."""
    return json.dumps([run[name] for name in IDENTITY], sort_keys=True)


def make(run: dict, machine: Machine) -> dict:
    """Make one run, or go on with it where a checkpoint was kept: what its row says beside the run itself."""
    began = time.process_time()
    text = {"law": _one_memory, "tales": _stories, "manual": _manual}[run["text"]](run, machine)
    torch.manual_seed(run["seed"])
    model = NETWORKS[run["cell"]](len(text.vocab), run["units"], num_layers=1, **run["gate"])
    config = _config(run, machine)
    measured = _trained(run, model, text, config, machine, began)
    sizes = {"parameters": live_parameters(model), "updates": config.updates, "torch": torch.__version__.split("+")[0]}
    return {**sizes, **measured}


class Text(NamedTuple):
    """What a run reads, and what it is asked."""

    vocab: Vocabulary
    ids: Tensor  # (n,) uint8
    looked: Callable[[nn.Module], dict]  # loss and right answers at one look
    constants: dict  # of the looks: how many questions there are, chance, floor
    tested: Callable[[nn.Module], dict]  # at the end


# --------------------------------------------------------------------------------------------------------------- texts


def _one_memory(run: dict, machine: Machine) -> Text:
    source = birth_law.source_of(run["source"])
    letters = "".join(sorted({*"".join(NAMES), *"".join(FILLERS), *"new says. "}))
    vocab = Vocabulary(letters)  # the same for two names and for six
    ids = vocab.encode("".join(source.episodes(1_000_000 + run["corpus"], _length(run, machine)))).to(torch.uint8)
    exam = exam_on_one_memory(source, 2_000_000 + run["corpus"], birth_law.ASKED, vocab)
    distances = np.array([question.distance for question in exam.questions])
    bands = {f"gap {gap}": distances == int(gap) for gap in run["source"]["asked"]}
    return _with_exam(
        vocab, ids, exam, bands, dict.fromkeys(bands, 1 / source.names), machine, {"best": birth_law.best_loss(source)}
    )


def _with_exam(vocab, ids, exam: Exam, bands: dict, chances: dict, machine: Machine, more: dict, tested=None) -> Text:
    def looked(model: nn.Module) -> dict:
        loss, right, _ = exam.ask(model, machine.wait)
        return {"losses": loss, "right": {name: int(right[mask].sum()) for name, mask in bands.items()}}

    asked = {name: {"asked": int(mask.sum()), "chance": round(chances[name], 6)} for name, mask in bands.items()}
    return Text(vocab, ids, looked, {"floor": exam.floor, "bands": asked, **more}, tested or (lambda model: {}))


def _stories(run: dict, machine: Machine) -> Text:
    vocab = Vocabulary.from_text(load_corpus("tales").text)
    first = FIRST_CORPUS + 10_000 * run["corpus"]
    count = _length(run, machine)
    with variant(run.get("variant")):
        name = hashlib.sha256(f"{first} {run.get('variant')} {count}".encode()).hexdigest()[:16]
        kept = machine.scratch / f"text-{name}.npy"
        if kept.is_file():
            ids = torch.from_numpy(np.load(kept))
        else:
            pieces = []
            for piece in range(-(-count // 250_000)):
                machine.wait()
                pieces.append(vocab.encode(write_stories(first + piece, 250_000)).to(torch.uint8))
            ids = torch.cat(pieces)[:count]
            part = kept.with_suffix(f".{os.getpid()}.part.npy")
            np.save(part, ids.numpy())
            part.replace(kept)
    watch, test = _exams(first, run.get("variant"), vocab, machine)
    kinds = np.array([question.kind for question in watch.questions])
    distances = np.array([question.distance for question in watch.questions])
    bands = {kind: (kinds == kind) & (distances >= low) & (distances < high) for kind, (low, high) in BANDS.items()}
    if machine.scale == 1 and min(mask.sum() for mask in bands.values()) < 100:
        raise ValueError("a band holds fewer than 100 questions")
    tested = lambda model: {"test": _tested(model, test, machine)}
    return _with_exam(vocab, ids, watch, bands, CHANCE, machine, {}, tested)


@lru_cache(maxsize=1)  # a grid reads one corpus many times
def _exams(first: int, name: str | None, vocab: Vocabulary, machine: Machine) -> tuple[Exam, Exam]:
    """The exams on the text that is looked at and on the test text of a corpus."""
    characters = EXAM_CHARACTERS if machine.scale == 1 else 12_000
    with variant(name):
        watch, test = (
            exam_on_stories(write_stories(first + number, characters), vocab, wait=machine.wait)
            for number in (9_000, 9_001)
        )
    return watch, test


def _tested(model: nn.Module, exam: Exam, machine: Machine) -> dict:
    """Test loss, floor, and for each kind and group of distances: questions, right answers, mean nats of the first."""
    loss, right, paid = exam.ask(model, machine.wait)
    kinds = np.array([question.kind for question in exam.questions])
    distances = np.array([question.distance for question in exam.questions])
    answers: dict[str, dict] = {}
    for kind in KINDS:
        low, high = BANDS[kind]
        groups = {"band": (distances >= low) & (distances < high), "all": distances >= 0, **by_distance(distances)}
        masks = {name: (kinds == kind) & mask for name, mask in groups.items()}
        answers[kind] = {
            name: [int(mask.sum()), int(right[mask].sum()), round(float(paid[mask].mean()), 4)]
            for name, mask in masks.items()
            if mask.any()
        }
    return {"loss": round(loss, 6), "floor": round(exam.floor, 6), "answers": answers}


def _manual(run: dict, machine: Machine) -> Text:
    corpus = load_corpus("python_docs")
    vocab = Vocabulary.from_text(corpus.text)
    ids, val, test = vocab.encode(corpus.train).to(torch.uint8), vocab.encode(corpus.val), vocab.encode(corpus.test)
    questions = closers.what_is_open(corpus.val + corpus.test)
    controls = closers.what_is_open(corpus.val + corpus.test, closed=True)

    def asked(model: nn.Module, questions: list) -> dict[str, list[int]]:
        machine.wait()
        groups = closers.answer(model, vocab, questions).by_distance((2, 8, 16, 32))
        return {name: [share.asked, share.right] for name, share in groups.items()}

    def looked(model: nn.Module) -> dict:
        right = {name: share[1] for name, share in asked(model, questions).items()}
        return {"losses": evaluate(model, val, window=2000), "right": right}

    def tested(model: nn.Module) -> dict:
        closed = asked(model, controls)
        return {"test": {"loss": round(evaluate(model, test, window=2000), 6), "closed again": closed}}

    torch.manual_seed(0)
    blind = NETWORKS["GRU"](len(vocab), 4, num_layers=1)
    constants = {
        name: {"asked": share[0], "chance": round(1 / 3, 6)} for name, share in asked(blind, questions).items()
    }
    digest = hashlib.sha256(corpus.text.encode("utf-8")).hexdigest()
    readings = round(run["characters"] / len(ids), 2)
    more = {"bands": constants, "text_sha256": digest, "readings": readings}
    return Text(vocab, ids, looked, more, tested)


# ------------------------------------------------------------------------------------------------------------ training


def _updates(run: dict, machine: Machine) -> int:
    return max(4, int(machine.scale * run["characters"]) // (run["streams"] * run["window"]))


def _length(run: dict, machine: Machine) -> int:
    """How many characters a run reads, and the one that the last of them is to predict."""
    return _updates(run, machine) * run["streams"] * run["window"] + 1


def _config(run: dict, machine: Machine) -> TrainConfig:
    updates = _updates(run, machine)
    law = run["text"] == "law"
    return TrainConfig(
        updates,
        run["streams"],
        run["window"],
        learning_rate=run["rate"],
        warmup=birth_law.WARMUP if law else max(1, updates // 10),
        final_share=1.0 if law else 0.02,
        clip=1.0,
        weight_decay=0.0 if law else 0.01,
        seed=run["seed"],
    )


def look_schedule(characters: int, per_update: int, per_doubling: int) -> list[int]:
    """After which updates a run of so many characters is looked at: `FIRST_LOOK`, then so many looks a doubling."""
    last = characters // per_update
    looks, number = [], 0
    while True:
        read = FIRST_LOOK * 2 ** (number / per_doubling)
        update = -int(-read // per_update)
        if update >= last:
            return [*looks, last]
        if not looks or update > looks[-1]:
            looks.append(update)
        number += 1


def _trained(run: dict, model: nn.Module, text: Text, config: TrainConfig, machine: Machine, began: float) -> dict:
    per_update = config.streams * config.window
    per_doubling = 4 if run["text"] == "law" else 3
    schedule = set(look_schedule(per_update * config.updates, per_update, per_doubling))
    x, y = as_streams(text.ids, config.streams)  # (B, L) uint8
    windows = x.shape[1] // config.window
    optimiser = make_optimiser(model, config)
    kept = machine.scratch / f"run-{hashlib.sha256((key_of(run) + str(machine.scale)).encode()).hexdigest()[:24]}.pt"
    looks, losses, train_losses, status, state, done, spent = [], [], [], "finished", None, 0, 0.0
    right: dict[str, list[int]] = {name: [] for name in text.constants["bands"]}
    if kept.is_file():
        old = torch.load(kept, weights_only=True)
        model.load_state_dict(old["model"])
        optimiser.load_state_dict(old["optimiser"])
        looks, losses, train_losses, right, state, done, spent = (
            old[name] for name in ("looks", "losses", "train_losses", "right", "state", "done", "spent")
        )
    model.train()
    last_kept, summed = time.monotonic(), []
    for update in range(done, config.updates):
        machine.wait()
        at = update % windows * config.window
        if at == 0:
            state = None  # a new walk along the streams
        for group in optimiser.param_groups:
            group["lr"] = config.rate(update)
        window = slice(at, at + config.window)
        loss, _, state = one_update(model, x[:, window].long(), y[:, window].long(), state, optimiser, config.clip)
        state = detach(state)
        summed.append(loss)
        if not math.isfinite(loss):
            status = "diverged"
            break
        if update + 1 in schedule:
            found = text.looked(model)
            model.train()
            looks.append((update + 1) * per_update)
            losses.append(round(found["losses"], 5))
            train_losses.append(round(sum(summed) / len(summed), 5))
            summed = []
            for name, count in found["right"].items():
                right[name].append(count)
            if run["text"] == "law" and _is_settled(looks, right, text.constants["bands"]):
                status = "settled"
                break
            if time.monotonic() - last_kept > KEEP_EVERY:
                parts = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "state": state}
                parts |= {"looks": looks, "losses": losses, "train_losses": train_losses, "right": right}
                parts |= {"done": update + 1, "spent": spent + time.process_time() - began}
                torch.save(parts, kept.with_suffix(".part"))
                kept.with_suffix(".part").replace(kept)
                last_kept = time.monotonic()
    row = {"status": status, "looks": looks, "losses": losses, "train_losses": train_losses}
    row["bands"] = {name: {**about, "right": right[name]} for name, about in text.constants["bands"].items()}
    row |= {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in text.constants.items()
        if name != "bands"
    }
    if status != "diverged":
        row |= text.tested(model)
    row["cpu_seconds"] = round(spent + time.process_time() - began, 1)
    kept.unlink(missing_ok=True)
    return row


def _is_settled(looks: list[int], right: dict[str, list[int]], bands: dict) -> bool:
    """Whether every memory of the text is born, and stayed for `ENOUGH` looks."""
    for name, about in bands.items():
        born = birth_of(looks, right[name], about["asked"], about["chance"])
        if born is None or sum(look >= born.by for look in looks) < ENOUGH:
            return False
    return True
