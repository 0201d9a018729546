"""Can a network count, and can it hold a key that others try to overwrite?"""

import random
from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.registry import CELLS
from ..text.arguments import explained
from ..text.encoding import Vocabulary
from ..training.device import read_ids
from ..training.evaluation import eval_mode

LONGEST = 20  # what networks are trained on; they are asked for more


@explained
def counted(letters: str, n: int) -> str:
    """ "aaabbb" and a line end, for "ab" and 3; with a line end before it as well, from which a reader starts."""
    return "\n" + "".join(letter * n for letter in letters) + "\n"


KEYS = "abcdef"


def latched(n: int, draw: random.Random, before: int = 3) -> str:
    """Letters, "!" and a key, n more letters, "?" and the key again: "bda!ccfae?c" between line ends, for 4.

    All of them are drawn from the letters that a key is drawn from: only the mark tells which one to keep. (A latch
    with noise: Hochreiter and Schmidhuber 1997.)
    """
    key = draw.choice(KEYS)
    noise = ["".join(draw.choices(KEYS, k=length)) for length in (before, n)]
    return f"\n{noise[0]}!{key}{noise[1]}?{key}\n"


def learn_to_count(cell: str, letters: str = "ab", seed: int = 0, **options):
    """Train on a^n b^n (or a^n b^n c^n, ...) of n up to 20: the model and its vocabulary; `options` as `learn_lines`.

    (Weiss, Goldberg and Yahav 2018 ask this question; their sizes and their training differ.)
    """
    return learn_lines(cell, letters, lambda n, draw: counted(letters, n), seed, **options)


def learn_to_latch(cell: str, seed: int = 0, **options):
    """Train on `latched` lines, up to three letters before the mark; `options` as `learn_lines`, here 64 units."""

    def line(n: int, draw: random.Random) -> str:
        return latched(n, draw, before=draw.randint(0, 3))

    options = {"units": 64, "updates": 800, "rate": 0.006, **options}
    return learn_lines(cell, KEYS + "!?", line, seed, asked="?", **options)


@explained
def learn_lines(
    cell: str,
    letters: str,
    line: Callable[[int, random.Random], str],
    seed: int,
    *,
    units: int = 10,
    updates: int = 3000,
    rate: float = 0.02,
    lengths: Sequence[int] = range(1, LONGEST + 1),
    asked: str | None = None,
    **start: float,
) -> tuple[nn.Module, Vocabulary]:
    """Train a small network on lines of `letters`, 32 drawn by `line(n, draw)` for each update, from a zero state.

    Short lines are drawn more often than long ones (0.89 to the power of n), so that the longest is no wall to be
    learnt. With `asked` only the characters that follow it count in the loss: noise cannot be learnt. One-hot input;
    Adam, one cycle of the learning rate up to `rate`. `start` goes to the model: `keep_bias` or `chrono`.
    """
    if updates < 1:
        raise ValueError(f"updates is {updates}; it must be at least 1")
    vocab = Vocabulary.from_text("\n" + letters)
    encode = lru_cache(256)(vocab.encode)  # lines without noise come again and again
    weights = [0.89**n for n in lengths]
    drawn_length, draw = random.Random(seed), random.Random(f"{seed} of the lines of one length")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        model = CELLS[cell].fast(len(vocab), units, num_layers=1, embedding_size=None, **start)
    optimiser = torch.optim.Adam(model.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=updates, pct_start=0.1)
    for _ in range(updates):
        drawn = [encode(line(n, draw)) for n in drawn_length.choices(lengths, weights, k=32)]
        x = nn.utils.rnn.pad_sequence([ids[:-1] for ids in drawn], batch_first=True)  # (32, T)
        y = nn.utils.rnn.pad_sequence([ids[1:] for ids in drawn], batch_first=True, padding_value=-100)
        if asked is not None:
            y = torch.where(x == vocab.encode(asked), y, -100)
        logits, _ = model(x)
        loss = F.cross_entropy(logits.flatten(0, 1), y.flatten(), ignore_index=-100)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        rates.step()
    return model.eval(), vocab


@explained
def latched_lines(vocab: Vocabulary, n: int) -> Tensor:
    """100 `latched` lines of n letters after the key, always the same ones, up to the answer: ids (100, n + 8)."""
    draw = random.Random(int(n))
    return torch.stack([vocab.encode(latched(n, draw)[:-1]) for _ in range(100)])


@explained
def share_latched(model: nn.Module, vocab: Vocabulary, n: int) -> float:
    """In which share of `latched_lines` the character that the network finds most probable after "?" is the key."""
    ids = latched_lines(vocab, n)
    with eval_mode(model):
        said = read_ids(model, ids[:, :-1])[0][:, -1].argmax(-1)
    return (said == ids[:, -1]).double().mean().item()
