"""What decides a training run, and what a run records."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from ..base.checks import checked, checked_on_failure


@checked
@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a training run, apart from the model and the text."""

    updates: int = 2000  # optimiser steps in the whole run
    streams: int = 32  # B: pieces of the text that are read side by side
    window: int = 64  # T: steps through which gradients flow
    learning_rate: float = 4e-3  # the highest, reached after the warm-up
    warmup: int = 100  # updates over which the rate rises from zero
    final_share: float = 0.02  # of the highest rate, where the cosine ends
    clip: float = 1.0  # largest norm of the whole gradient
    weight_decay: float = 0.0  # AdamW's: each update subtracts this share of every matrix, times the rate
    validate_every: int = 200  # updates between two measurements of the validation loss
    seed: int = 0  # of dropout; the model's own initial weights are drawn before

    def __post_init__(self):
        for name in ("updates", "streams", "window", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not self.learning_rate > 0 or not self.clip > 0:
            raise ValueError(f"learning_rate ({self.learning_rate}) and clip ({self.clip}) must be above zero")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay is {self.weight_decay}; it must not be negative")
        if self.warmup < 0 or not 0 <= self.final_share <= 1:
            raise ValueError(
                f"warmup ({self.warmup}) must not be negative, final_share ({self.final_share}) is from 0 to 1"
            )

    @checked_on_failure
    def rate(self, update: int) -> float:
        """Return the rate of an update: a linear rise, then half a cosine (Loshchilov and Hutter 2017, eq. 5)."""
        if update < self.warmup:
            return self.learning_rate * (update + 1) / self.warmup
        progress = (update - self.warmup) / max(1, self.updates - self.warmup)
        cosine = (1 + math.cos(math.pi * progress)) / 2
        return self.learning_rate * (self.final_share + (1 - self.final_share) * cosine)


class Validation(NamedTuple):
    """A measurement of the validation loss while a network is trained."""

    updates: int  # done before it
    characters: int  # read before it
    seconds: float  # spent in updates before it; validation and pauses are not included
    loss: float  # nats per character


@dataclass
class History:
    """What a run records while it trains, and what it needs to continue. All losses are in nats per character."""

    cell: str  # the name of the cell in the registry, for example "LSTM"
    config: TrainConfig
    losses: list[float] = field(default_factory=list)  # training loss of each update
    norms: list[float] = field(default_factory=list)  # norm of the gradient at each update, before clipping
    val_updates: list[int] = field(default_factory=list)  # number of updates done before each validation
    val_losses: list[float] = field(default_factory=list)  # validation loss at each validation
    val_seconds: list[float] = field(default_factory=list)  # what `seconds` was at each validation
    seconds: float = 0.0  # spent in updates so far; validation and pauses are not included
    device: str = "cpu"
    threads: dict[int, float] = field(default_factory=dict)  # seconds spent with each number of PyTorch's threads
    best_loss: float = math.inf  # the lowest of `val_losses`; infinite before the first validation
    # The weights at `best_loss`, by name; before the first validation, the initial weights.
    best_weights: dict[str, Tensor] = field(default_factory=dict, repr=False)
    # What `train` needs, besides the weights, to continue: hidden state, optimiser state, random numbers.
    resume: dict = field(default_factory=dict, repr=False)

    @property
    def updates(self) -> int:
        """The number of updates done so far. It grows because `train` appends to `losses`."""
        return len(self.losses)

    @property
    def finished(self) -> bool:
        """Whether all updates of the configuration are done."""
        return self.updates == self.config.updates

    def validations(self) -> list[Validation]:
        """Return each validation as a row. This is safe while a run in another thread records the next one."""
        characters = self.config.streams * self.config.window  # read in one update
        # Without `strict`: another thread may have appended to the first of the three lists and not yet to the others.
        columns = zip(self.val_updates, self.val_seconds, self.val_losses, strict=False)
        return [Validation(updates, updates * characters, seconds, loss) for updates, seconds, loss in columns]
