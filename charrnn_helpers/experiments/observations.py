"""Say what a small run is, what it records, and what the record shows to a reader who has no sound run beside it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

import torch
from torch import Tensor, nn

from ..base.files import read_table


@dataclass(frozen=True)
class Setting:
    """The settings of the small run in which a fault is planted."""

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
    """Make an `nn.LSTM` from (B, T, inputs) to (B, T, units). With two directions half the units read backwards."""
    return nn.LSTM(inputs, units // directions, batch_first=True, bidirectional=directions == 2)


class SeededDropout(nn.Module):
    """Work as `nn.Dropout`, but with random numbers of its own, so that a panel leaves the reader's alone."""

    def __init__(self, share: float):
        super().__init__()
        self.share, self.generator = share, torch.Generator().manual_seed(torch.initial_seed())

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * (torch.rand(x.shape, generator=self.generator) >= self.share) / (1 - self.share)


@dataclass
class Run:
    """Record what one run showed. Losses are nats per character."""

    losses: list[float] = field(default_factory=list)  # training loss of each update
    norms: list[float] = field(default_factory=list)  # gradient norm of each update, before clipping
    val_updates: list[int] = field(default_factory=list)
    val_losses: list[float] = field(default_factory=list)
    positions: list[Tensor] = field(default_factory=list, repr=False)  # (T,) loss by position in each update's window
    validated_again: float = math.nan  # the last validation, made again at once
    reloaded: float = math.nan  # the same, of the network after it was saved and loaded
    sample: str = ""
    own_text: float = math.nan  # the loss when the network reads its own sample
    foresight: float = math.nan  # by how much a score changes, at most, when a later character is changed
    fed: list[tuple[str, str]] = field(default_factory=list)  # first stream, first windows: (inputs, targets)
    shifted: bool = True  # is each target the input one further on, in all streams of the first window?
    in_order: bool = True  # does the second window go on where the first ends, in all streams?
    error: str = ""  # what it stopped with
    on_update: Callable[[int], None] | None = field(default=None, repr=False)  # gets the number of updates so far

    def note(self, loss: float, norm: float, by_position: Tensor) -> None:
        """Record what one update showed. Raises `ValueError` if the loss is no longer a number."""
        self.losses.append(loss)
        self.norms.append(norm)
        self.positions.append(by_position)
        if self.on_update is not None:
            self.on_update(len(self.losses))
        if not math.isfinite(loss):
            raise ValueError("the loss is not a number")

    @property
    def final_loss(self) -> float:
        """Return the training loss, as a mean over the last 50 updates."""
        return mean(self.losses[-50:])

    @property
    def by_position(self) -> list[float]:
        """Return the training loss by position in the window, (T,), as a mean over the last 50 updates."""
        return torch.stack(self.positions[-50:]).mean(0).tolist() if self.positions else []


TABLES = read_table(Path(__file__).with_name("faults.toml"))
OBSERVATIONS: dict[str, dict[str, str]] = TABLES["observations"]  # {value: what one would see}, the sound one first
NO_SIGNS = {observation: next(iter(values)) for observation, values in OBSERVATIONS.items()}

STOPS = {"backward through the graph": "graph", "Expected hidden": "batch", "not a number": "no number"}
TALES_FLOOR = 0.153  # nats: no program can do better on text of `tales` that it reads for the first time
UNIFORM = math.log(51)  # nats: the loss of a guess that takes all characters of `tales` for equally likely
BIGRAM = 2.14  # nats: the loss of a table of pairs, which knows one character (see 01)


def observe(run: Run) -> dict[str, str]:
    """Return what is observed in a run: a value for each of `OBSERVATIONS`. A run that stopped shows only that."""
    seen = dict(NO_SIGNS)
    if run.error:
        seen["error"] = next((value for message, value in STOPS.items() if message in run.error), "otherwise")
        return seen
    validated = run.val_losses[-1]
    norm = median(run.norms[-100:])
    first, last = run.by_position[0], run.by_position[-1]
    rest = mean(run.by_position[len(run.by_position) // 4 : -1])
    for observation, value, is_so in (
        ("training loss", "stuck", mean(run.losses[:10]) - run.final_loss < 0.5),
        ("training loss", "impossible", run.final_loss < TALES_FLOOR),
        ("validation loss", "impossible", validated < TALES_FLOOR),
        ("validation loss", "absurd", validated > BIGRAM),
        ("gradient norm", "vanishing", norm < 0.02),
        ("gradient norm", "clipped", norm > Setting.clip),
        ("loss by position", "blind", last > rest + 0.5 and rest < TALES_FLOOR),
        ("loss by position", "costly", first > rest + 0.5),
        ("loss by position", "misled", first > max(rest + 0.5, BIGRAM + 0.6)),
        ("validated again", "another", abs(run.validated_again - validated) > 1e-4),
        ("loaded again", "lost", run.reloaded > validated + 1),
        ("inputs and targets", "jumping", not run.in_order),
        ("inputs and targets", "copied", not run.shifted),
        ("looking ahead", "some", run.foresight > 1e-4),
        ("its own text", "strange", run.own_text > BIGRAM),
    ):
        if is_so:
            seen[observation] = value  # of two values of one observation the later one counts
    return seen


def signs(run: Run) -> list[str]:
    """Say in words what is observed in a run and not in a sound one."""
    return in_words(observe(run))


def in_words(seen: dict[str, str]) -> list[str]:
    """Say what differs from a sound run in what was observed, or is expected."""
    return [OBSERVATIONS[name][value] for name, value in seen.items() if value != NO_SIGNS[name]]


def evidence(run: Run) -> str:
    """Return what one would print to find the fault of a run: losses, a sample, inputs and targets, and more."""
    lines = [f"error            {run.error or 'none'}"]
    if not run.error:
        lines += [
            f"training loss    {run.final_loss:.3f}  (mean of the last 50 updates)",
            f"validation loss  {run.val_losses[-1]:.3f}",
            f"validated again  {run.validated_again:.3f}  (the same network and the same text)",
            f"loaded again     {run.reloaded:.3f}  (saved and loaded, with the vocabulary of a new process)",
            f"gradient norm    {median(run.norms[-100:]):.3f}  (median of the last 100; limit {Setting.clip:.0f})",
            f"looking ahead    {run.foresight:.3f}  (the largest change of a score when a later character changes)",
            f"its own text     {run.own_text:.3f}  (the loss when the network reads what it wrote)",
            f"what it wrote    {run.sample!r}",
        ]
    for number, (x, y) in enumerate(run.fed, start=1):
        lines += [f"window {number} inputs  {x!r}", f"        targets  {y!r}"]
    return "\n".join(lines)
