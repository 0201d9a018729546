"""A run: its setting, what it showed, and what a reader can observe in it without a sound run beside it."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

import torch
from torch import Tensor, nn

from ..training.files import read_table


@dataclass(frozen=True)
class Setting:
    """The small run in which a fault is planted; about three seconds on one core."""

    updates: int = 300  # the text is read once
    read: int = 307_521  # characters of the training text: 9,610 windows, which 32 streams cannot share evenly
    streams: int = 32  # B
    window: int = 32  # T
    units: int = 96
    embedding: int = 32
    dropout: float = 0.2
    learning_rate: float = 0.01
    clip: float = 1.0
    validate_every: int = 50
    validated: int = 10_000  # characters


def lstm_layer(inputs: int, units: int, directions: int = 1) -> nn.LSTM:
    """`nn.LSTM` from (B, T, inputs) to (B, T, units). With two directions half the units read from right to left."""
    return nn.LSTM(inputs, units // directions, batch_first=True, bidirectional=directions == 2)


class SeededDropout(nn.Module):
    """`nn.Dropout` with random numbers of its own, from the seed of the weights: a panel leaves the reader's alone."""

    def __init__(self, share: float):
        super().__init__()
        self.share, self.generator = share, torch.Generator().manual_seed(torch.initial_seed())

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (torch.rand(x.shape, generator=self.generator) >= self.share) / (1 - self.share)


@dataclass
class Run:
    """What one run showed. Losses are nats per character."""

    losses: list[float] = field(default_factory=list)  # training loss of each update
    norms: list[float] = field(default_factory=list)  # gradient norm of each update, before clipping
    val_updates: list[int] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    positions: list[Tensor] = field(default_factory=list, repr=False)  # (T,) loss by position in each update's window
    second_look: float = math.nan  # the last validation, made again at once
    reloaded: float = math.nan  # the same, of the network after it was saved and loaded
    sample: str = ""
    own_text: float = math.nan  # what the network pays when it reads its own sample
    foresight: float = math.nan  # by how much a score changes, at most, when a later character is changed
    fed: list[tuple[str, str]] = field(default_factory=list)  # first stream, first windows: (inputs, targets)
    shifted: bool = True  # is each target the input one further on, in all streams of the first window?
    in_order: bool = True  # does the second window go on where the first ends, in all streams?
    error: str = ""  # what it stopped with

    def note(self, loss: float, norm: float, by_position: Tensor) -> None:
        """Keep what one update showed. Raises `ValueError` if the loss is no longer a number."""
        self.losses.append(loss)
        self.norms.append(norm)
        self.positions.append(by_position)
        if not math.isfinite(loss):
            raise ValueError("the loss is not a number")

    @property
    def final_loss(self) -> float:
        """Training loss, mean of the last 50 updates."""
        return mean(self.losses[-50:])

    @property
    def by_position(self) -> list[float]:
        """(T,) Training loss by position in the window, mean of the last 50 updates; empty before the first."""
        return torch.stack(self.positions[-50:]).mean(0).tolist() if self.positions else []


TABLES = read_table(Path(__file__).with_name("faults.toml"))
OBSERVATIONS: dict[str, dict[str, str]] = TABLES["observations"]  # {value: what one would see}, the sound one first
NO_SIGNS = {observation: next(iter(values)) for observation, values in OBSERVATIONS.items()}

STOPS = {"backward through the graph": "graph", "Expected hidden": "batch", "not a number": "no number"}
PERFECT = 0.153  # nats, the floor: no program can do better on text of `tales` that it reads for the first time
UNIFORM = math.log(51)  # nats: a guess that takes all characters of `tales` for equally likely
KNOWING_ONE = 2.14  # nats: what a table of pairs (the bigram of 01) pays on it


def observe(run: Run) -> dict[str, str]:
    """Read the same from what was measured. A run that stopped shows nothing but that."""
    seen = dict(NO_SIGNS)
    if run.error:
        seen["stop"] = next((word for text, word in STOPS.items() if text in run.error), "otherwise")
        return seen
    validated = run.val_losses[-1]
    if run.final_loss < PERFECT:
        seen["training"] = "impossible"
    elif mean(run.losses[:10]) - run.final_loss < 0.5:
        seen["training"] = "stuck"
    if validated < PERFECT:
        seen["validation"] = "impossible"
    elif validated > 2 * UNIFORM:
        seen["validation"] = "absurd"
    norm = median(run.norms[-100:])
    if norm < 0.02:
        seen["norm"] = "vanishing"
    elif norm > Setting.clip:
        seen["norm"] = "clipped"
    first, last = run.by_position[0], run.by_position[-1]
    rest = mean(run.by_position[len(run.by_position) // 4 : -1])
    if first > rest + 0.5:
        seen["position"] = "costly" if first < KNOWING_ONE + 0.6 else "misled"
    elif last > rest + 0.5 and rest < PERFECT:
        seen["position"] = "blind"
    if abs(run.second_look - validated) > 1e-4:
        seen["second look"] = "another"
    if run.reloaded > validated + 1:
        seen["loaded"] = "lost"
    if not run.shifted:
        seen["text"] = "copied"
    elif not run.in_order:
        seen["text"] = "jumping"
    if run.foresight > 1e-4:
        seen["foresight"] = "some"
    if run.own_text > KNOWING_ONE:
        seen["writing"] = "strange"
    return seen


def signs(run: Run) -> list[str]:
    """In words, what `observe` sees in a run and not in a sound one."""
    return [OBSERVATIONS[one][value] for one, value in observe(run).items() if value != NO_SIGNS[one]]


def evidence(run: Run) -> str:
    """What one would print of a run to find its fault: losses, a second look, loading, a sample, what it was fed."""
    lines = [f"error          {run.error or 'none'}"]
    if not run.error:
        lines += [
            f"training loss  {run.final_loss:.3f}, the last 50 updates",
            f"validation     {run.val_losses[-1]:.3f}",
            f"a second look  {run.second_look:.3f}",
            f"loaded again   {run.reloaded:.3f}",
            f"gradient norm  {median(run.norms[-100:]):.4f}, the limit {Setting.clip:.0f}",
            f"looking ahead  {run.foresight:.3f}, change of earlier scores when the last character is changed",
            f"sample         {run.sample!r}",
            f"its own text   {run.own_text:.3f}, when the network reads that sample",
        ]
    for number, (x, y) in enumerate(run.fed, start=1):
        lines += [f"window {number} fed   {x!r}", f"         wanted {y!r}"]
    return "\n".join(lines)
