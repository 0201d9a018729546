"""A run: its setting, what it showed, what a reader can observe in it, and how that differs from a sound run."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

import torch
from torch import Tensor

from ..training.files import read_table


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
    def by_position(self) -> list[float]:
        """(T,) Training loss by position in the window, mean of the last 50 updates; empty of a run that stopped."""
        return [] if self.error else torch.stack(self.positions[-50:]).mean(0).tolist()


TABLES = read_table(Path(__file__).with_name("faults.toml"))
OBSERVATIONS: dict[str, dict[str, str]] = TABLES["observations"]  # {value: what one would see}, the sound one first
NO_SIGNS = {observation: next(iter(values)) for observation, values in OBSERVATIONS.items()}

STOPS = {"batch_size": "shapes", "backward through the graph": "graph", "not a number": "no number"}
UNIFORM = math.log(51)  # nats: a guess that takes all characters of `tales` for equally likely
KNOWING_ONE = 2.14  # nats: what a table of pairs (the bigram of 01) pays on it


def observe(run: Run, twin: Run) -> dict[str, str]:
    """Read the same from what was measured, `twin` being the sound run of the same seed.

    A run that stopped shows nothing but that.
    """
    seen = dict(NO_SIGNS)
    if run.error:
        seen["stop"] = next((word for text, word in STOPS.items() if text in run.error), "otherwise")
        return seen
    end, twin_end = (mean(one.losses[-50:]) for one in (run, twin))
    if end < 0.1:
        seen["training"] = "zero"
    elif mean(run.losses[:10]) - end < 0.5:
        seen["training"] = "stuck"
    elif end > twin_end + 0.45:
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


def signs(run: Run, twin: Run) -> list[str]:
    """In words, what `observe` sees in a run and not in a sound one."""
    return [OBSERVATIONS[one][value] for one, value in observe(run, twin).items() if value != NO_SIGNS[one]]


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
