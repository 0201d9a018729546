"""What decides a training run, and what a run records."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor

from ..text.checks import checked, checked_on_failure


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

    updates: int  # done so far
    characters: int  # read so far
    seconds: float  # of training alone, without validation or pauses
    loss: float  # nats per character


@dataclass
class History:
    """What a run recorded. All losses are nats per character."""

    cell: str  # "LSTM" or "GRU"
    config: TrainConfig
    losses: list[float] = field(default_factory=list)  # training loss of each update
    norms: list[float] = field(default_factory=list)  # gradient norm of each update, before clipping
    val_updates: list[int] = field(default_factory=list)  # updates done when validated
    val_losses: list[float] = field(default_factory=list)
    val_seconds: list[float] = field(default_factory=list)  # of training alone, without validation or pauses
    seconds: float = 0.0
    device: str = "cpu"
    precision: str = "float32"  # of the matrix products
    threads: dict[int, float] = field(default_factory=dict)  # the seconds with each number of PyTorch's threads
    best_loss: float = math.inf  # the lowest of `val_losses`
    best_weights: dict[str, Tensor] = field(
        default_factory=dict, repr=False
    )  # those of `best_loss`, at first the initial
    resume: dict = field(default_factory=dict, repr=False)  # what the next update needs: optimiser, state, dropout

    @property
    def updates(self) -> int:
        return len(self.losses)

    @property
    def finished(self) -> bool:
        return self.updates == self.config.updates

    def validations(self) -> list[Validation]:
        """Return what is recorded of each validation, also while the run adds one in another thread."""
        characters = self.config.streams * self.config.window  # of an update
        columns = zip(self.val_updates, self.val_seconds, self.val_losses, strict=False)  # one may be longer by one
        return [Validation(updates, updates * characters, seconds, loss) for updates, seconds, loss in columns]
