"""Planted faults: the mistakes that programs with recurrent networks are known for, each on a small run of its own.

They live here and nowhere else; `training.train` knows none of them. `run("state_reset")` trains with the fault, and
`run("sound")`, or `run("sound_sgd")` for the one fault that needs another optimiser, without any.
"""

from __future__ import annotations

import json
import math
import os
import random
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.models import LSTMModel, RNNModel
from ..networks.state import detach
from ..text.corpus import load_corpus
from ..text.encoding import Vocabulary, as_streams, batches
from ..training.checkpoints import load_checkpoint, save_checkpoint


@dataclass(frozen=True)
class Fault:
    """One mistake: what the program says, what it should say, and how one finds out."""

    title: str
    wrong: str  # the line of the program
    right: str
    symptom: str  # what one sees
    cause: str  # why
    test: str  # how to be sure
    signs: dict[str, str]  # what a reader can observe, where it differs from a sound run: see `OBSERVATIONS`
    twin: str = "sound"  # the run without the fault, alike in all else


FAULTS = {
    "one_prediction": Fault(
        "one prediction against a window of targets",
        "F.cross_entropy(logits[:, -1], y.flatten())",
        "F.cross_entropy(logits.flatten(0, 1), y.flatten())",
        "it stops at the first update: Expected input batch_size (32) to match target batch_size (1024)",
        "the network's last step alone is scored, (B, V), against the targets of all steps, (B · T,)",
        "print the shapes of both arguments of the loss",
        {"stop": "shapes"},
    ),
    "last_step_only": Fault(
        "only the last step is scored",
        "F.cross_entropy(logits[:, -1], y[:, -1])",
        "F.cross_entropy(logits.flatten(0, 1), y.flatten())",
        "it runs, learns slowly, and the training loss is ragged: each update looks at 32 predictions, not 1,024",
        "of every T predictions T - 1 are thrown away: less to learn from, at the same price",
        "count the predictions behind each loss",
        {"training": "slow", "raggedness": "ragged", "norm": "large"},
    ),
    "no_detach": Fault(
        "the state is carried with its history",
        "state = state",
        "state = detach(state)",
        "it stops at the second update: Trying to backward through the graph a second time",
        "the new window's gradient runs on into the last window, whose intermediate results are gone",
        "ask state[0].requires_grad: it must be False where a window begins",
        {"stop": "graph"},
    ),
    "state_reset": Fault(
        "the state is thrown away between windows",
        "logits, state = model(x, None)",
        "logits, state = model(x, state)",
        "the first characters of every window cost much more than the others, while the mean loss hardly shows it",
        "at a window's first character the network knows that one character and nothing before it",
        "plot the loss by position in the window: it must be flat",
        {"position": "costly"},
    ),
    "unshifted_targets": Fault(
        "the targets are the inputs",
        "x, y = window, window",
        "x, y = window[:, :-1], window[:, 1:]",
        "training loss falls to zero, far below the floor, while samples repeat one character",
        "the network learns to copy what it reads",
        "decode one window and its targets, and read them; no loss may be below the floor",
        {"training": "zero", "validation": "absurd", "norm": "vanishing", "text": "copied"},
    ),
    "no_clipping": Fault(
        "the gradient is not clipped",
        "(nothing)",
        "clip_grad_norm_(model.parameters(), clip)",
        "the loss jumps up and recovers slowly, or not at all; single gradient norms are many times the usual one",
        "one large gradient throws the weights far away, and it takes long to come back from there",
        "plot the norm before clipping: how often is it above the limit, and how far?",
        {"training": "slow", "norm": "spikes"},
        twin="sound_sgd",
    ),
    "shuffled_streams": Fault(
        "the windows come in random order, and the state is carried",
        "random.shuffle(windows)",
        "windows in the order of the text",
        "the first characters of every window cost more than with no memory at all",
        "the state speaks of another place in the text: it is worse than an empty one",
        "decode two windows that follow each other in one stream: the second must go on where the first ends",
        {"position": "misled", "text": "jumping"},
    ),
    "eval_forgotten": Fault(
        "dropout stays on while we validate and write",
        "loss = score(model, val)",
        "model.eval(); loss = score(model, val); model.train()",
        "validation loss is too high, and not the same when one looks twice",
        "at every character dropout silences other outputs, and other ones at the next look",
        "validate twice without training in between: the numbers must be equal",
        {"second look": "another"},
    ),
    "unordered_vocabulary": Fault(
        "the vocabulary has another order in every process",
        "characters = list(set(text))",
        "characters = sorted(set(text))",
        "all is well until the network is loaded again: then its loss is far above a uniform guess, its text is noise",
        "a set of strings has another order in each process: index 7 is another character",
        "save, load in a new process, and validate: the loss must be the same",
        {"loaded": "lost"},
    ),
    "softmax_twice": Fault(
        "probabilities are handed to a loss that takes a softmax itself",
        "F.cross_entropy(softmax(logits), y)",
        "F.cross_entropy(logits, y)",
        "training loss hardly moves and gradients are close to zero; validated without it, the loss is absurd",
        "probabilities lie between 0 and 1: as scores they are all nearly alike, and their gradients vanish",
        "at most how good can the loss be if every score is between 0 and 1? ln(1 + (V - 1) / e)",
        {"training": "stuck", "validation": "absurd", "norm": "vanishing"},
    ),
    "no_zero_grad": Fault(
        "gradients are added to those of all updates before",
        "loss.backward()",
        "optimiser.zero_grad(); loss.backward()",
        "gradient norms are several times the usual ones from the start, and it learns slowly",
        "backward() adds to .grad: without zero_grad each update follows a sum over the updates before it",
        "call backward() twice on the same window: the norm must not double",
        {"training": "slow", "norm": "large"},
    ),
}
SOUND_RUNS = ("sound", "sound_sgd")


@dataclass(frozen=True)
class Setting:
    """The small run in which a fault is planted; about three seconds on one core."""

    updates: int = 300
    streams: int = 32  # B
    window: int = 32  # T
    units: int = 96
    embedding: int = 32
    dropout: float = 0.2
    learning_rate: float = 0.01
    clip: float = 1.0
    sgd: bool = False  # plain gradient descent on a plain RNN, where clipping matters most; else AdamW on an LSTM
    validate_every: int = 50
    validated: int = 10_000  # characters


USUAL = Setting()
SGD = replace(USUAL, sgd=True, learning_rate=3.0, clip=0.5)


@dataclass
class Run:
    """What one run showed. Losses are nats per character."""

    fault: str = field(repr=False)  # so that a mystery does not give itself away
    seed: int
    setting: Setting = field(repr=False)
    losses: list[float] = field(default_factory=list)  # training loss of each update
    norms: list[float] = field(default_factory=list)  # gradient norm of each update, before clipping
    val_updates: list[int] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    by_position: list[float] = field(default_factory=list)  # (T,) training loss by position in the window, at the end
    second_look: float = math.nan  # the last validation, made again at once
    reloaded: float = math.nan  # the same, of the network after it was saved and loaded
    sample: str = ""
    fed: list[tuple[str, str]] = field(default_factory=list)  # first stream, first windows: (inputs, targets)
    shifted: bool = True  # is each target the input one further on, in all streams of the first window?
    in_order: bool = True  # does the second window go on where the first ends, in all streams?
    error: str = ""  # what it stopped with


def run(fault: str = "sound", seed: int = 0, setting: Setting | None = None) -> Run:
    """Train a small network on `tales` with `fault`, a name of `FAULTS` or "sound"; what it showed is in the `Run`.

    The same seed gives the same initial weights and windows to every fault. Raises `ValueError` for an unknown name.
    """
    if fault not in FAULTS and fault not in SOUND_RUNS:
        raise ValueError(f"there is no fault {fault!r}; there are {', '.join(FAULTS)}, and 'sound'")
    if setting is None:
        setting = SGD if "sound_sgd" in (fault, FAULTS[fault].twin if fault in FAULTS else "") else USUAL
    record = Run(fault, seed, setting)
    vocab, train_ids, val_ids = _text(setting.validated)
    windows = _windows(fault, train_ids, seed, setting)
    record.fed = [(vocab.decode(x[0]), vocab.decode(y[0])) for x, y in windows[:2]]
    (x, y), (following, _) = windows[:2]
    record.shifted = torch.equal(x[:, 1:], y[:, :-1])
    record.in_order = torch.equal(following[:, 0], y[:, -1])
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        kind = RNNModel if setting.sgd else LSTMModel
        model = kind(len(vocab), setting.units, 1, setting.embedding, setting.dropout)
    model.dropout = SeededDropout(setting.dropout, torch.Generator().manual_seed(seed))
    try:
        _train(model, windows, val_ids, record)
    except (RuntimeError, ValueError) as problem:
        said = re.split(r" \(or|\.", str(problem))[0]
        record.error = f"{type(problem).__name__}: {said}"
    if not record.error:
        _look_back(model, vocab, val_ids, record)
    return record


class SeededDropout(nn.Module):
    """`nn.Dropout` with random numbers of its own: a run in a panel then leaves the reader's alone."""

    def __init__(self, share: float, generator: torch.Generator):
        super().__init__()
        self.share, self.generator = share, generator

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (torch.rand(x.shape, generator=self.generator) >= self.share) / (1 - self.share)


def _train(model: nn.Module, windows: list[tuple[Tensor, Tensor]], val_ids: Tensor, record: Run) -> None:
    """The loop of 04 with a switch for each fault."""
    fault, setting = record.fault, record.setting
    optimiser = (torch.optim.SGD if setting.sgd else torch.optim.AdamW)(model.parameters(), setting.learning_rate)
    state, positions = None, []
    for update in range(setting.updates):
        x, y = windows[update % len(windows)]  # (B, T) each
        if fault == "state_reset" or update % len(windows) == 0:
            state = None
        logits, state = model(x, state)  # (B, T, V)
        scores = logits.softmax(-1) if fault == "softmax_twice" else logits
        loss = _loss(fault, scores, y)
        if fault != "no_zero_grad":
            optimiser.zero_grad()
        loss.backward()
        limit = math.inf if fault == "no_clipping" else setting.clip
        norm = nn.utils.clip_grad_norm_(model.parameters(), limit)
        optimiser.step()
        if fault != "no_detach":
            state = detach(state)
        record.losses.append(loss.item())
        record.norms.append(norm.item())
        if not math.isfinite(record.losses[-1]):
            raise ValueError("the loss is not a number")
        if update >= setting.updates - 50:
            positions.append(F.cross_entropy(scores.detach().transpose(1, 2), y, reduction="none").mean(0))  # (T,)
        if (update + 1) % setting.validate_every == 0 or update + 1 == setting.updates:
            record.val_updates.append(update + 1)
            record.val_losses.append(_score(model, val_ids, fault))
    record.by_position = torch.stack(positions).mean(0).tolist()


def _loss(fault: str, scores: Tensor, y: Tensor) -> Tensor:
    if fault == "one_prediction":
        return F.cross_entropy(scores[:, -1], y.flatten())
    if fault == "last_step_only":
        return F.cross_entropy(scores[:, -1], y[:, -1])
    return F.cross_entropy(scores.flatten(0, 1), y.flatten())


def _windows(fault: str, ids: Tensor, seed: int, setting: Setting) -> list[tuple[Tensor, Tensor]]:
    windows = list(batches(*as_streams(ids, setting.streams), setting.window))
    if fault == "unshifted_targets":
        windows = [(x, x) for x, _ in windows]
    if fault == "shuffled_streams":
        random.Random(seed).shuffle(windows)
    return windows


@torch.no_grad()
def _score(model: nn.Module, ids: Tensor, fault: str) -> float:
    """Mean loss over `ids` with carried state; with dropout where `eval()` is forgotten."""
    model.train(fault == "eval_forgotten")
    logits, _ = model(ids[None, :-1])
    model.train()
    return F.cross_entropy(logits[0], ids[1:]).item()


def _look_back(model: nn.Module, vocab: Vocabulary, val_ids: Tensor, record: Run) -> None:
    """What one would do after training: validate again, save the network and load it, let it write."""
    fault = record.fault
    record.second_look = _score(model, val_ids, fault)
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_checkpoint(save_checkpoint(Path(folder) / "network.pt", model, vocab))
    loaded.model.dropout = model.dropout
    characters = _set_in_another_process(vocab, record.seed) if fault == "unordered_vocabulary" else loaded.vocab
    record.reloaded = _score(loaded.model, characters.encode(vocab.decode(val_ids)), fault)
    record.sample = _write(loaded.model, characters, "Once ", 120, fault)


def _set_in_another_process(vocab: Vocabulary, seed: int) -> Vocabulary:
    """The same characters in the order in which another Python process finds them in a set."""
    code = "import sys, json; print(json.dumps(list(set(json.loads(sys.argv[1])))))"
    command = [sys.executable, "-c", code, json.dumps(vocab.characters)]
    environment = {**os.environ, "PYTHONHASHSEED": str(seed + 1)}
    return Vocabulary("".join(json.loads(subprocess.check_output(command, env=environment, text=True))))


@torch.no_grad()
def _write(model: nn.Module, vocab: Vocabulary, prompt: str, length: int, fault: str) -> str:
    """Text at temperature 0.5, drawn character by character through the module, as most programs do."""
    model.train(fault == "eval_forgotten")
    ids, state, written = vocab.encode(prompt)[None], None, []
    for _ in range(length):
        logits, state = model(ids, state)
        ids = torch.multinomial((logits[:, -1] / 0.5).softmax(-1), 1, generator=model.dropout.generator)  # (1, 1)
        written.append(ids.item())
    return prompt + vocab.decode(torch.tensor(written))


def _text(validated: int):
    corpus = load_corpus("tales")
    vocab = Vocabulary.from_text(corpus.text)
    return vocab, vocab.encode(corpus.train[:400_000]), vocab.encode(corpus.val[:validated])


# ------------------------------------------------------------------------------------------ what a reader can observe

# Observation: {value: what one would see}. The first value of each is that of a sound run.
OBSERVATIONS: dict[str, dict[str, str]] = {
    "stop": {
        "none": "the run goes to its end",
        "shapes": "it stops before the first update, over two shapes that do not fit",
        "graph": "it stops at the second update, because a graph is gone",
        "no number": "it stops because the loss is no longer a number",
        "otherwise": "it stops with a message of another kind",
    },
    "training": {
        "falls": "the training loss falls as in the sound run",
        "zero": "the training loss falls to nearly zero, below the floor",
        "stuck": "the training loss hardly moves",
        "slow": "the training loss stays well above that of the sound run",
    },
    "validation": {
        "sensible": "the validation loss is one that a network may have",
        "absurd": "the validation loss is more than twice that of a uniform guess",
    },
    "norm": {
        "usual": "the gradient norms are those of the sound run",
        "large": "the gradient norms are several times those of the sound run, all of them",
        "spikes": "single gradient norms stand far above the others",
        "vanishing": "the gradient norms go to almost nothing",
    },
    "raggedness": {
        "smooth": "the training loss goes down smoothly",
        "ragged": "the training loss leaps up and down from update to update",
    },
    "position": {
        "flat": "the loss is alike at all positions in the window",
        "costly": "the first characters of each window cost more: about what one pays knowing one character only",
        "misled": "the first character of each window costs far more than one pays knowing one character only",
    },
    "second look": {
        "the same": "a second look at the validation text gives the same number",
        "another": "a second look at the validation text gives another number",
    },
    "loaded": {
        "the same": "the network is as good when it is loaded again",
        "lost": "the network is useless when it is loaded again",
    },
    "text": {
        "in order": "the windows go on where the last one ended, with each target one further on",
        "copied": "each target is its own input",
        "jumping": "each window begins somewhere else in the text",
    },
}


def signs_of(name: str) -> dict[str, str]:
    """What the run of a fault, or a sound one, is expected to show: a value for each of `OBSERVATIONS`."""
    usual = {observation: next(iter(values)) for observation, values in OBSERVATIONS.items()}
    return {**usual, **FAULTS[name].signs} if name in FAULTS else usual


STOPS = {"batch_size": "shapes", "backward through the graph": "graph", "not a number": "no number"}
KNOWING_ONE = 2.2  # nats: what a table of pairs (the bigram of 01) pays on these texts


def observe(run: Run, twin: Run) -> dict[str, str]:
    """Read the same from what was measured, `twin` being the sound run of the same seed.

    A run that stopped shows nothing but that.
    """
    seen = signs_of("sound")
    if run.error:
        seen["stop"] = next((word for text, word in STOPS.items() if text in run.error), "otherwise")
        return seen
    end, twin_end = (mean(one.losses[-50:]) for one in (run, twin))
    if end < 0.1:
        seen["training"] = "zero"
    elif mean(run.losses[:10]) - end < 0.5:
        seen["training"] = "stuck"
    elif end > twin_end + 0.3:
        seen["training"] = "slow"
    usual, high = median(run.norms), sorted(run.norms)[-3]
    if usual < median(twin.norms) / 10:
        seen["norm"] = "vanishing"
    elif high > 4 * usual:
        seen["norm"] = "spikes"
    elif usual > 2.5 * median(twin.norms):
        seen["norm"] = "large"
    if seen["norm"] != "spikes":  # a run that was thrown about shows anything else by chance
        if run.val_losses[-1] > 2 * UNIFORM:
            seen["validation"] = "absurd"
        if _raggedness(run) > 3 * _raggedness(twin):
            seen["raggedness"] = "ragged"
        first, rest = run.by_position[0], mean(run.by_position[len(run.by_position) // 4 :])
        if first > rest + 0.5:
            seen["position"] = "costly" if first < KNOWING_ONE + 0.6 else "misled"
    if abs(run.second_look - run.val_losses[-1]) > 1e-4:
        seen["second look"] = "another"
    if run.reloaded > run.val_losses[-1] + 1:
        seen["loaded"] = "lost"
    if not run.shifted:
        seen["text"] = "copied"
    elif not run.in_order:
        seen["text"] = "jumping"
    return seen


UNIFORM = math.log(57)  # nats: a guess that takes all characters of `tales` for equally likely


def signs(run: Run, twin: Run) -> list[str]:
    """In words, what `observe` sees in a run and not in a sound one."""
    seen, usual = observe(run, twin), signs_of("sound")
    return [OBSERVATIONS[one][value] for one, value in seen.items() if value != usual[one]]


def evidence(run: Run, twin: Run) -> str:
    """What one would print of a run to find its fault: losses, a second look, loading, a sample, what it was fed."""
    lines = [f"error          {run.error or 'none'}"]
    if not run.error:
        end, twin_end = (mean(one.losses[-50:]) for one in (run, twin))
        lines += [
            f"training loss  {end:.3f} (sound {twin_end:.3f}), the last 50 updates",
            f"validation     {run.val_losses[-1]:.3f} (sound {twin.val_losses[-1]:.3f})",
            f"a second look  {run.second_look:.3f}",
            f"loaded again   {run.reloaded:.3f}",
            f"sample         {run.sample!r}",
        ]
    for number, (x, y) in enumerate(run.fed, start=1):
        lines += [f"window {number} fed   {x!r}", f"         wanted {y!r}"]
    return "\n".join(lines)


def _raggedness(run: Run) -> float:
    """Mean change of the training loss from one update to the next, late in the run."""
    late = run.losses[-150:]
    return mean(abs(b - a) for a, b in pairwise(late))


# ---------------------------------------------------------------------------------------------------- the mystery


class Mystery:
    """A run with a hidden fault, or with none, beside its sound twin: `run`, `twin`, and `accuse(name)`.

    The number decides which fault it is; two numbers may hide the same one.
    """

    def __init__(self, number: int):
        self._hidden = hidden_fault(number)
        self.run = run(self._hidden)
        self.twin = run(FAULTS[self._hidden].twin) if self._hidden in FAULTS else self.run

    def accuse(self, name: str) -> str:
        """Is it this fault? The reason, in one sentence. Raises `ValueError` for a name that is none."""
        return answer_to_accusation(self._hidden, name)


def hidden_fault(number: int) -> str:
    """What the mystery of that number hides. For checks; to look it up spoils the game."""
    return random.Random(number).choice(HIDDEN)


# What a mystery may hide. A fault that a reader adds does not change what the numbers mean.
HIDDEN = (
    "one_prediction",
    "last_step_only",
    "no_detach",
    "state_reset",
    "unshifted_targets",
    "no_clipping",
    "shuffled_streams",
    "eval_forgotten",
    "unordered_vocabulary",
    "softmax_twice",
    "no_zero_grad",
    "sound",
)


def answer_to_accusation(hidden: str, named: str) -> str:
    """What to answer to a reader who names the fault `named` when it is `hidden`; either may be "sound"."""
    for name in (hidden, named):
        if name not in FAULTS and name != "sound":
            raise ValueError(f"there is no fault {name!r}; choose one of {', '.join(FAULTS)}, or 'sound'")
    if hidden == named == "sound":
        return "Yes: nothing is wrong with this run. To find no fault where there is none is a skill as well."
    if hidden == named:
        fault = FAULTS[hidden]
        return f"Yes: {fault.title}. Its sign: {fault.symptom}. The reason: {fault.cause}."
    real, supposed = signs_of(hidden), signs_of(named)
    where = next(one for one in OBSERVATIONS if real[one] != supposed[one])
    would, does = OBSERVATIONS[where][supposed[where]], OBSERVATIONS[where][real[where]]
    suspect = "a sound run" if named == "sound" else f"“{FAULTS[named].title}”"
    return f"No. With {suspect} {would}; but here {does}."
