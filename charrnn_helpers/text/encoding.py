"""From characters to numbers, and from one long text to batches of parallel streams."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..base.checks import Int, checked


@checked
@dataclass(frozen=True)
class Vocabulary:
    """The characters a model knows, in sorted order; a character's index is its position in `characters`."""

    characters: str
    _index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        if not self.characters:
            raise ValueError("a vocabulary needs at least one character; build it from a text that is not empty")
        object.__setattr__(self, "_index", {char: index for index, char in enumerate(self.characters)})

    @classmethod
    @checked
    def from_text(cls, text: str) -> Vocabulary:
        """Collect the characters of `text`. Raises `ValueError` if it is empty."""
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    @checked
    def encode(self, text: str) -> Int[Tensor, "characters"]:
        """Turn characters into indices, LongTensor (n,). Raises `ValueError` for a character that it does not hold."""
        try:
            return torch.tensor([self._index[char] for char in text], dtype=torch.long)
        except KeyError:
            raise ValueError(self._explain_unknown(text)) from None

    @checked
    def decode(self, ids: Int[Tensor | np.ndarray, "characters"] | Sequence[int]) -> str:
        """Turn indices (n,) into a text. Raises `ValueError` for another shape, or an index outside the vocabulary."""
        indices = torch.as_tensor(ids).tolist()
        for position, index in enumerate(indices):
            if not 0 <= index < len(self):
                raise ValueError(f"index {index} at position {position} is not one of 0 to {len(self) - 1}")
        return "".join(self.characters[index] for index in indices)

    def _explain_unknown(self, text: str) -> str:
        position, char = next((i, c) for i, c in enumerate(text) if c not in self._index)
        around = text[max(0, position - 8) : position + 9]
        without_accent = unicodedata.normalize("NFKD", char)[0]
        near = [c for c in dict.fromkeys((without_accent, char.lower(), char.upper())) if c in self._index]
        advice = f"near it there is {' and '.join(map(repr, near))}" if near else f"it holds {self.characters!r}"
        return f"the vocabulary does not hold {char!r}, at position {position} in {around!r}; {advice}"


@checked
def as_streams(ids: Int[Tensor, "characters"], streams: int) -> tuple[Tensor, Tensor]:
    """Cut `ids` (n,) into contiguous streams: inputs (B, L) and targets (B, L), the targets one character ahead.

    Row b is the b-th piece of the text; L = (n - 1) // B, and the few characters left over at the end are not used.
    Raises `ValueError` if `streams` is below 1 or the text is too short to give each stream one step.
    """
    if streams < 1:
        raise ValueError(f"streams is {streams}; at least 1 is needed")
    length = (len(ids) - 1) // streams
    if length < 1:
        raise ValueError(
            f"the text has {len(ids)} characters; {streams} streams need at least {streams + 1}: "
            "use fewer streams or more text"
        )
    inputs = ids[: streams * length].view(streams, length)
    targets = ids[1 : streams * length + 1].view(streams, length)
    return inputs, targets


@checked
def batches(
    inputs: Int[Tensor, "batch time"], targets: Int[Tensor, "batch time"], window: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk once along the streams (B, L): pairs (x, y) of (B, window), each where the one before it ended.

    The state at the end of a batch is the right state for the next one. Nothing is shuffled or wrapped round; a last
    piece shorter than `window` is left out. Raises `ValueError` if not even one window fits.
    """
    length = inputs.shape[1]
    if not 1 <= window <= length:
        raise ValueError(
            f"window is {window} and a stream has {length} steps; choose a window from 1 to {length}, or fewer streams"
        )
    for start in range(0, length - window + 1, window):
        yield inputs[:, start : start + window], targets[:, start : start + window]
