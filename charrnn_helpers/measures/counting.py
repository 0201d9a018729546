"""Can a network count, and can it hold a key?"""

import random
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.registry import CELLS
from ..text.encoding import Vocabulary
from ..training.evaluation import eval_mode

LONGEST = 20  # what networks are trained on; they are asked for more


def counted(letters: str, n: int) -> str:
    """ "aaabbb" and a line end, for "ab" and 3; with a line end before it as well, from which a reader starts."""
    return "\n" + "".join(letter * n for letter in letters) + "\n"


def held(key: str, n: int) -> str:
    """A key, n dots, a question mark, and the key again: "c.....?c" between line ends, for "c" and 5."""
    return f"\n{key}{'.' * n}?{key}\n"


KEYS = "abcdef"


def learn_to_count(cell: str, letters: str = "ab", seed: int = 0, **options):
    """Train on a^n b^n (or a^n b^n c^n, ...) of n up to 20: the model and its vocabulary; `options` as `learn_lines`.

    (Weiss, Goldberg and Yahav 2018 ask this question; their sizes and their training differ.)
    """
    return learn_lines(cell, {n: [counted(letters, n)] for n in range(1, LONGEST + 1)}, seed, **options)


def learn_to_hold(cell: str, seed: int = 0, **options):
    """Train on a key, up to 20 dots, and the key again: the model and its vocabulary; `options` as `learn_lines`."""
    return learn_lines(cell, {n: [held(key, n) for key in KEYS] for n in range(1, LONGEST + 1)}, seed, **options)


def learn_lines(
    cell: str, lines: dict[int, list[str]], seed: int, *, units: int = 10, updates: int = 3000
) -> tuple[nn.Module, Vocabulary]:
    """Train a small network on `lines` of each length n, 32 drawn for each update, each read from a zero state.

    Short lines are drawn more often than long ones (0.89 to the power of n), so that the longest is no wall to be
    learnt. One-hot input; Adam, one cycle of the learning rate up to 0.02.
    """
    if cell not in CELLS:
        raise ValueError(f"there is no cell {cell!r}; choose from {', '.join(CELLS)}")
    vocab = Vocabulary.from_text("".join(line for some in lines.values() for line in some))
    encoded = {n: [vocab.encode(line) for line in some] for n, some in lines.items()}
    weights = [0.89**n for n in encoded]
    lengths, choice = random.Random(seed), random.Random(f"{seed} of the lines of one length")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = CELLS[cell].fast(len(vocab), units, num_layers=1, embedding_size=None)
    optimiser = torch.optim.Adam(model.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 0.02, total_steps=updates, pct_start=0.1)
    for _ in range(updates):
        drawn = [choice.choice(encoded[n]) for n in lengths.choices(list(encoded), weights, k=32)]
        x = nn.utils.rnn.pad_sequence([ids[:-1] for ids in drawn], batch_first=True)  # (32, T)
        y = nn.utils.rnn.pad_sequence([ids[1:] for ids in drawn], batch_first=True, padding_value=-100)
        logits, _ = model(x)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-100)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rates.step()
    return model.eval(), vocab


def counts(model: nn.Module, vocab: Vocabulary, letters: str, n: int) -> bool:
    """Does the network expect the right character everywhere after the first letter has ended?

    That is where the line can be known: as many of every other letter, and then its end.
    """
    return _expects(model, vocab.encode(counted(letters, n)), n + 1)


def holds(model: nn.Module, vocab: Vocabulary, n: int) -> bool:
    """Does the network expect the right key, and the line's end, after n dots and "?", for each of the six keys?"""
    return all(_expects(model, vocab.encode(held(key, n)), n + 2) for key in KEYS)


def _expects(model: nn.Module, ids: Tensor, known: int) -> bool:
    """Is every character after number `known` the one that the network finds most probable?"""
    with eval_mode(model):
        expected = model(ids[None, :-1])[0][0].argmax(-1)  # (T,)
    return torch.equal(expected[known:], ids[known + 1 :])


def reach(works: Callable[[int], bool], highest: int = 100) -> int:
    """The n up to which `works(n)` is true, from 1 on without a gap; at most `highest`."""
    return next((n - 1 for n in range(1, highest + 1) if not works(n)), highest)
