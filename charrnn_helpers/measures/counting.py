"""Small networks that count, or hold a key that other letters try to overwrite; and units with random weights."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import torch
from torch import Tensor, nn

from ..base.checks import Float, checked
from ..base.threads import one_thread
from ..networks.cells import state_of
from ..networks.registry import CELLS
from ..text.encoding import Vocabulary
from ..training.device import read_ids
from ..training.evaluation import eval_mode
from ..training.loop import one_update
from .gradients import gradient_by_lag
from .memory import Share

LONGEST = 20  # what networks are trained on; they are asked for more


@checked
def counted(letters: str, n: int) -> str:
    """Return "aaabbb" between line ends, for "ab" and 3. The first line end is what a reader starts from."""
    return "\n" + "".join(letter * n for letter in letters) + "\n"


KEYS = "abcdef"


def latched(n: int, draw: random.Random, before: int = 3) -> str:
    """Write letters, "!" and a key, n more letters, "?" and the key again: "bda!ccfae?c" between line ends, for 4.

    All letters could be keys: only the mark "!" tells which one to keep. (Hochreiter and Schmidhuber 1997 ask networks
    to hold a key among noise.)
    """
    key = draw.choice(KEYS)
    noise = ["".join(draw.choices(KEYS, k=length)) for length in (before, n)]
    return f"\n{noise[0]}!{key}{noise[1]}?{key}\n"


def learn_to_count(cell: str, letters: str = "ab", seed: int = 0, **options):
    """Train a network on a^n b^n (or a^n b^n c^n, ...) of n up to 20. Options and result as in `learn_lines`.

    (Weiss, Goldberg and Yahav 2018 ask this question; their sizes and their training differ.)
    """
    line = cache(lambda n: counted(letters, n))  # the same few lines come again and again
    return learn_lines(cell, letters, lambda n, draw: line(n), seed, **options)


def learn_to_latch(cell: str | Callable[[int], nn.Module], seed: int = 0, **options):
    """Train a network on `latched` lines, of 64 units if not told. Options and result as in `learn_lines`."""

    def line(n: int, draw: random.Random) -> str:
        return latched(n, draw, before=draw.randint(0, 3))

    options = {"units": 64, "updates": 800, "rate": 0.006, **options}
    return learn_lines(cell, KEYS + "!?", line, seed, asked="?", **options)


@checked
@one_thread()  # so the numbers are added up in the same order, however many cores there are
def learn_lines(
    cell: str | Callable[[int], nn.Module],
    letters: str,
    line: Callable[[int, random.Random], str],
    seed: int,
    *,
    units: int = 10,
    updates: int = 3000,
    rate: float = 0.02,
    lengths: Sequence[int] = range(1, LONGEST + 1),
    asked: str | None = None,
    look: Callable[[int, nn.Module, Vocabulary], None] | None = None,
    **start: float,
) -> tuple[nn.Module, Vocabulary]:
    """Train a small network on lines of `letters`; return the model and its vocabulary.

    Each update reads 32 lines from a zero state, which `line(n, draw)` writes for an n of `lengths`. Short lines are
    drawn more often than long ones (0.89 to the power of n), so that the network does not learn where the longest ends.
    With `asked` the loss counts only the characters that follow it, because noise cannot be learnt. The input is
    one-hot, and Adam has one cycle of the learning rate up to `rate`. `start` goes to the model: `keep_bias`, `chrono`.
    In place of a cell's name you may give a function that makes a model of your own from the number of characters.
    `look(made, model, vocab)` is called before each update, with the number of updates made so far, and at the end.
    """
    if updates < 1:
        raise ValueError(f"updates is {updates}; it must be at least 1")
    vocab = Vocabulary.from_text("\n" + letters)
    encode = lru_cache(256)(vocab.encode)  # lines without noise come again and again
    weights = [0.89**n for n in lengths]
    draw_length, draw = random.Random(seed), random.Random(f"{seed} of the lines of one length")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if isinstance(cell, str):
            model = CELLS[cell].fast(len(vocab), units, num_layers=1, embedding_size=None, **start)
        else:
            model = cell(len(vocab), **start)
    optimiser = torch.optim.Adam(model.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=updates, pct_start=0.1)
    for made in range(updates):
        if look is not None:
            look(made, model, vocab)
        lines = [encode(line(n, draw)) for n in draw_length.choices(lengths, weights, k=32)]
        x = nn.utils.rnn.pad_sequence([ids[:-1] for ids in lines], batch_first=True)  # (32, T)
        y = nn.utils.rnn.pad_sequence([ids[1:] for ids in lines], batch_first=True, padding_value=-100)
        if asked is not None:
            y = torch.where(x == vocab.encode(asked), y, -100)
        one_update(model, x, y, None, optimiser, clip=1.0)  # the loss leaves out targets of -100
        rates.step()
    if look is not None:
        look(updates, model, vocab)
    return model.eval(), vocab


@checked
def latched_lines(vocab: Vocabulary, n: int) -> Tensor:
    """Write 100 `latched` lines with n letters after the key, always the same ones, up to the answer: (100, n + 8)."""
    draw = random.Random(int(n))
    return torch.stack([vocab.encode(latched(n, draw)[:-1]) for _ in range(100)])


@checked
@one_thread()
def gradient_at_key(model: nn.Module, vocab: Vocabulary, gap: int = 40) -> float:
    """Measure the way back to a key: which share of the gradient at lag 1 comes back to the state right after the key.

    It is the mean over 100 `latched_lines` with `gap` letters after the key, as `gradient_by_lag` measures it: of c in
    an LSTM, of h in other cells. Near 1 nothing is lost on the way; it may also grow beyond.
    """
    norms = gradient_by_lag(model, latched_lines(vocab, gap))
    by_lag = norms.get("c", norms["h"]).mean(dim=0)  # (lags,), from lag 1
    return (by_lag[gap] / by_lag[0]).item()


@checked
@one_thread()
def key_recall(model: nn.Module, vocab: Vocabulary, gaps: Sequence[int] = (20, 40, 60, 80, 100)) -> dict[str, Share]:
    """Measure how often a network names the key: the share right of 100 `latched_lines` for each of `gaps`.

    A gap is the number of letters between the key and the question. The answer is right if after "?" the network gives
    the key a higher score than every other character. A blind guess among the keys is right one time in six.
    """
    shares = {}
    for gap in gaps:
        ids = latched_lines(vocab, gap)  # (100, T + 1)
        with eval_mode(model):
            answers = read_ids(model, ids[:, :-1])[0][:, -1].argmax(-1)
        right, asked = int((answers == ids[:, -1]).sum()), len(ids)
        error = math.sqrt(right * (asked - right) / asked**3)  # of independent answers
        shares[str(gap)] = Share(asked, right, 1 / len(KEYS), error)
    return shares


@checked
def random_units(cell: str, seed: int = 0) -> Float[Tensor, "units letters"]:
    """Let 200 units with random weights read one letter 100 times; return the memory of each after each letter.

    The memory is c of an LSTM and h of a GRU, and begins at 0. Each unit sees the letter, which is always the number 1,
    and itself, but no other unit. All weights and biases are normal with a standard deviation of 3.
    """
    units, row, random = 200, CELLS[cell], torch.Generator().manual_seed(seed)
    with torch.device("meta"):  # no random numbers of the reader's are drawn
        layer = row.cell_class(1, units).requires_grad_(False)
    layer.to_empty(device="cpu")
    for weight in layer.parameters():
        weight.normal_(0, 3, generator=random)
    layer.h2h.weight *= torch.eye(units).repeat(len(row.blocks), 1)  # (blocks * units, units): each from itself alone
    letter, zeros, seen = torch.ones(1, 1), torch.zeros(1, units), []
    state = state_of(layer.carries, dict.fromkeys(layer.carries, zeros))
    for _ in range(100):
        step = layer.gates(letter, state)
        state = state_of(layer.carries, step)
        seen.append(step[row.memory][0])
    return torch.stack(seen, dim=1)
