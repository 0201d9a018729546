"""The ladder that every network must climb: uniform, unigram, bigram, and an n-gram with the best known smoothing.

Everything is measured as the networks are: mean nats per character over the whole text, each character predicted from
those before it.
"""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from ..base.checks import Int, checked

MAX_ORDER = 40


class NGram:
    """Interpolated Kneser-Ney over characters (Kneser and Ney 1995; Chen and Goodman 1999, section 2.7).

    An order-n model sees n - 1 characters of context. Each order takes a discount from its counts and gives what it
    took to the order below: n1 / (n1 + 2 n2), from how many grams came once and twice. A lower order matters where the
    higher one has seen little. So below the highest order a gram counts once for each different character seen before
    it: what came often, but always after the same character, is not likely in a new context. Every distribution sums
    to one and gives every character of the vocabulary more than zero.
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
        # In these lists entry n - 1 is about grams of n characters. A gram is a code, the rank of its first n - 1
        # characters among their like * vocab_size + its last character, and its own rank is its position in `grams`.
        self.grams: list[np.ndarray] = []  # sorted codes
        self.counts: list[np.ndarray] = []  # how often each stands in the text
        self.left_neighbours: list[np.ndarray] = []  # how many characters were seen before it; not of the longest
        ranks = np.zeros(len(chars) + 1, dtype=np.int64)  # of the gram that begins at each character
        for length in range(1, order + 1):
            codes, shorter = ranks[:-1] * vocab_size + chars[length - 1 :], ranks
            grams, first, ranks, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
            if length > 1:
                self.left_neighbours.append(np.bincount(shorter[first + 1], minlength=len(self.grams[-1])))
            self.grams.append(grams)
            self.counts.append(counts)
        self.discounts = [_discount(counts) for counts in self.counts]
        self.lower_discounts = [_discount(counts) for counts in self.left_neighbours]

    @checked
    def losses(self, ids: Int[Tensor | np.ndarray, "characters"], order: int | None = None) -> np.ndarray:
        """Compute nats for each character of `ids` (n,) given those before it, (n,), at this order or a lower one."""
        order = self._order(order)
        chars = self._indices(ids)
        p = np.full(len(chars), 1 / self.vocab_size)
        ranks = np.zeros(len(chars) + 1, dtype=np.int64)  # of the context that ends before each character; -1: unseen
        for length in range(1, order + 1):
            counts, discount = self._weights(length, order)
            contexts, targets = ranks[:-1], chars[length - 1 :]
            prefixes = self.grams[length - 1] // self.vocab_size
            totals = np.bincount(prefixes, weights=counts)
            followers = np.bincount(prefixes, weights=counts > 0)  # how many different characters follow a context
            ranks = self._find(length, np.where(contexts >= 0, contexts * self.vocab_size + targets, -1))
            known = (contexts >= 0) & (contexts < len(totals))
            known[known] = totals[contexts[known]] > 0
            context = contexts[known]
            count = np.where(ranks >= 0, counts[ranks], 0)[known]
            lower = p[length - 1 :]  # a view: the first characters have too little context for this order
            kept = np.maximum(count - discount, 0)
            lower[known] = (kept + discount * followers[context] * lower[known]) / totals[context]
        return -np.log(p)

    @checked
    def loss(self, ids: Int[Tensor | np.ndarray, "characters"], order: int | None = None) -> float:
        """Average nats per character over `ids` (n,)."""
        if len(ids) < 1:
            raise ValueError("a loss is measured on at least one character, and the text is empty")
        return float(self.losses(ids, order).mean())

    @checked
    def probabilities(self, context: Int[Tensor | np.ndarray, "characters"], order: int | None = None) -> np.ndarray:
        """Compute p(next character | context) for every character, (V,), from the last order - 1 of `context` (n,)."""
        order = self._order(order)
        chars = self._indices(context)
        p = np.full(self.vocab_size, 1 / self.vocab_size)
        for length in range(1, min(order, len(chars) + 1) + 1):
            rank = 0
            for position in range(1, length):
                code = rank * self.vocab_size + chars[len(chars) - length + position]
                rank = int(self._find(position, code))
                if rank < 0:
                    return p
            all_counts, discount = self._weights(length, order)
            first_code = rank * self.vocab_size
            start, end = np.searchsorted(self.grams[length - 1], [first_code, first_code + self.vocab_size])
            counts = all_counts[start:end]
            if counts.sum() == 0:
                return p
            kept = np.zeros(self.vocab_size)
            kept[self.grams[length - 1][start:end] - first_code] = np.maximum(counts - discount, 0)
            p = (kept + discount * np.count_nonzero(counts) * p) / counts.sum()
        return p

    def _weights(self, length: int, order: int) -> tuple[np.ndarray, float]:
        """Return counts of the grams of `length` in a model of `order`, and the discount that belongs to them."""
        if length == order:
            return self.counts[length - 1], self.discounts[length - 1]
        return self.left_neighbours[length - 1], self.lower_discounts[length - 1]

    def _find(self, length: int, codes: np.ndarray | int) -> np.ndarray:
        """Return the ranks of `codes` among the grams of `length`, -1 where the text does not have the gram."""
        grams = self.grams[length - 1]
        ranks = np.minimum(np.searchsorted(grams, codes), len(grams) - 1)
        return np.where(grams[ranks] == codes, ranks, -1)

    def _indices(self, ids: Int[Tensor | np.ndarray, "characters"]) -> np.ndarray:
        chars = np.asarray(ids, dtype=np.int64)
        outside = chars[(chars < 0) | (chars >= self.vocab_size)]
        if len(outside):
            raise ValueError(f"index {outside[0]} is not one of 0 to {self.vocab_size - 1}; use the model's vocabulary")
        return chars

    def _order(self, order: int | None) -> int:
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
    """Count the n-gram of `train_ids` whose order has the lowest loss on `val_ids`.

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
    """Measure nats per character on `val_ids`, for "uniform", "unigram", "bigram", and the best "n-gram (n = …)"."""
    best = best_ngram(train_ids, val_ids, vocab_size)
    unigram, bigram = (NGram(train_ids, vocab_size, order).loss(val_ids) for order in (1, 2))
    rungs = {"uniform": math.log(vocab_size), "unigram": unigram, "bigram": bigram}
    return {**rungs, f"n-gram (n = {best.order})": best.loss(val_ids)}
