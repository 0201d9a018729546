"""The ladder every network must climb: uniform, unigram, bigram, and an n-gram smoothed as well as is known how.

Everything is measured as the networks are: mean nats per character over the whole text, each character predicted from
those before it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from .checks import checked

if TYPE_CHECKING:
    from jaxtyping import Int

MAX_ORDER = 40


class NGram:
    """Interpolated Kneser-Ney over characters (Kneser and Ney 1995; Chen and Goodman 1999, section 2.7).

    An order-n model sees n - 1 characters of context. The discount of each order is n1 / (n1 + 2 n2), from the counts
    of counts. Below the highest order a gram counts once for each different character seen before it. Every
    distribution sums to one and gives every character of the vocabulary more than zero.
    """

    @checked
    def __init__(self, ids: Int[Tensor | np.ndarray, "characters"], vocab_size: int, order: int = 6):
        """Count `ids` (n,), integers below `vocab_size`. Raises `ValueError` if the text is too short for `order`."""
        if not 1 <= order <= MAX_ORDER:
            raise ValueError(f"order must be between 1 and {MAX_ORDER}, and is {order}")
        if len(ids) <= order:
            raise ValueError(
                f"an n-gram of order {order} needs more than {order} characters, and the text has {len(ids)}"
            )
        self.vocab_size = vocab_size
        self.order = order
        chars = self._indices(ids)
        self.grams: list[np.ndarray] = []  # by length: sorted codes, rank of the prefix * vocab_size + last character
        self.counts = []  # how often each stands in the text
        self.left_neighbours = []  # how many different grams, longer by one, end in it: one list less
        ranks = np.zeros(len(chars) + 1, dtype=np.int64)  # of the gram that begins at each character
        for length in range(1, order + 1):
            codes, before = ranks[:-1] * vocab_size + chars[length - 1 :], ranks
            grams, first, ranks, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
            if length > 1:
                self.left_neighbours.append(np.bincount(before[first + 1], minlength=len(self.grams[-1])))
            self.grams.append(grams)
            self.counts.append(counts)
        self.discounts = [_discount(counts) for counts in self.counts]
        self.lower_discounts = [_discount(counts) for counts in self.left_neighbours]

    def _weights(self, length: int, order: int) -> tuple[np.ndarray, float]:
        """Counts of the grams of `length` in a model of `order`, and the discount that belongs to them."""
        if length == order:
            return self.counts[length - 1], self.discounts[length - 1]
        return self.left_neighbours[length - 1], self.lower_discounts[length - 1]

    @checked
    def losses(self, ids: Int[Tensor | np.ndarray, "characters"], order: int | None = None) -> np.ndarray:
        """Nats for each character of `ids` (n,) given those before it, (n,); `order` may be lower than the model's."""
        order = self._lower(order)
        chars = self._indices(ids)
        size = self.vocab_size
        p = np.full(len(chars), 1 / size)
        ranks = np.zeros(len(chars) + 1, dtype=np.int64)  # rank of the context that ends before each character
        for length in range(1, order + 1):
            grams = self.grams[length - 1]
            counts, discount = self._weights(length, order)
            prefixes = grams // size
            total = np.bincount(prefixes, weights=counts)
            kinds = np.bincount(prefixes, weights=counts > 0)
            context = ranks[:-1]
            target = chars[length - 1 :]
            code = np.where(context >= 0, context * size + target, -1)
            at = np.minimum(np.searchsorted(grams, code), len(grams) - 1)
            seen = grams[at] == code
            known = (context >= 0) & (context < len(total))
            known[known] = total[context[known]] > 0
            ctx = context[known]
            count = np.where(seen, counts[at], 0)[known]
            tail = p[length - 1 :]  # a view: the first characters have too little context for this order
            tail[known] = (np.maximum(count - discount, 0) + discount * kinds[ctx] * tail[known]) / total[ctx]
            ranks = np.where(seen, at, -1)
        return -np.log(p)

    @checked
    def loss(self, ids: Int[Tensor | np.ndarray, "characters"], order: int | None = None) -> float:
        """Mean nats per character over `ids` (n,)."""
        if len(ids) < 1:
            raise ValueError("a loss is measured on at least one character, and the text is empty")
        return float(self.losses(ids, order).mean())

    @checked
    def probabilities(self, context: Int[Tensor | np.ndarray, "characters"], order: int | None = None) -> np.ndarray:
        """p(next character | context) for every character, (V,); `context` (n,), of which the last order - 1 count."""
        order = self._lower(order)
        context = self._indices(context)
        size = self.vocab_size
        p = np.full(size, 1 / size)
        for length in range(1, min(order, len(context) + 1) + 1):
            rank = self._rank(context[len(context) - length + 1 :])
            if rank < 0:
                break
            counts, discount = self._weights(length, order)
            first, last = np.searchsorted(self.grams[length - 1], [rank * size, (rank + 1) * size])
            here = counts[first:last]
            if here.sum() == 0:
                break
            row = np.zeros(size)
            row[self.grams[length - 1][first:last] - rank * size] = np.maximum(here - discount, 0)
            p = (row + discount * np.count_nonzero(here) * p) / here.sum()
        return p

    def _rank(self, chars: np.ndarray) -> int:
        rank = 0
        for length, char in enumerate(chars, start=1):
            code = rank * self.vocab_size + char
            rank = int(np.searchsorted(self.grams[length - 1], code))
            if rank == len(self.grams[length - 1]) or self.grams[length - 1][rank] != code:
                return -1
        return rank

    def _indices(self, ids: Int[Tensor | np.ndarray, "characters"]) -> np.ndarray:
        chars = np.asarray(ids, dtype=np.int64)
        if len(chars) and not 0 <= chars.min() <= chars.max() < self.vocab_size:
            wrong = chars[(chars < 0) | (chars >= self.vocab_size)][0]
            raise ValueError(
                f"index {wrong} is not one of 0 to {self.vocab_size - 1}; encode with the model's vocabulary"
            )
        return chars

    def _lower(self, order: int | None) -> int:
        if order is None:
            return self.order
        if not 1 <= order <= self.order:
            raise ValueError(f"this model knows orders 1 to {self.order}, not {order}")
        return order


def _discount(counts: np.ndarray) -> float:
    once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
    return once / (once + 2 * twice) if once else 0.5


@checked
def best_ngram(
    train_ids: Int[Tensor, "train_characters"], val_ids: Int[Tensor, "val_characters"], vocab_size: int
) -> NGram:
    """The n-gram counted on `train_ids` whose order has the lowest loss on `val_ids`.

    Orders up to 20 are tried, and if the last of them is the best, up to `MAX_ORDER`.
    """
    for most in (20, MAX_ORDER):
        tried = min(most, max(1, len(train_ids) - 1))
        model = NGram(train_ids, vocab_size, tried)
        model.order = min(range(1, tried + 1), key=lambda n: model.loss(val_ids, n))
        if model.order < tried or tried < most:
            break
    return model


@checked
def ladder(
    train_ids: Int[Tensor, "train_characters"], val_ids: Int[Tensor, "val_characters"], vocab_size: int
) -> dict[str, float]:
    """Nats per character on `val_ids`: "uniform", "unigram", "bigram", and "n-gram (n = …)" with the best order."""
    best = best_ngram(train_ids, val_ids, vocab_size)
    rungs = {"uniform": math.log(vocab_size)}
    for name, order in (("unigram", 1), ("bigram", 2)):
        rungs[name] = NGram(train_ids, vocab_size, order).loss(val_ids)
    rungs[f"n-gram (n = {best.order})"] = best.loss(val_ids)
    return rungs
