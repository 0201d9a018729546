"""Writing text: the distribution of the next character, and `generate`, which draws from it again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from .networks.registry import CELLS
from .text.checks import checked
from .text.encoding import Vocabulary
from .training.device import device_of, read_ids
from .training.evaluation import eval_mode
from .training.threads import one_thread

if TYPE_CHECKING:
    from jaxtyping import Float


@checked
def next_distribution(
    logits: Float[Tensor, "*texts vocab"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Tensor, "*texts vocab"]:
    """Compute probabilities (..., V) from logits (..., V): first the temperature, then top-k, then top-p.

    Temperature divides the logits. Top-k keeps the k most probable characters. Top-p keeps the smallest set of most
    probable characters that holds at least the share p (Holtzman et al. 2020, section 3.1). What is kept is scaled to
    sum to one. Of characters with equal probability at the border, those that stand first in the vocabulary are kept.
    The result is float64, on the CPU, without gradients. Raises `ValueError` for values that mean nothing.
    """
    _check_options(logits.shape[-1], temperature, top_k, top_p)
    with np.errstate(over="ignore"):  # a tiny temperature: the probability is 0 then
        p = _unnormalised(logits.cpu().double().numpy(force=True), temperature, top_k, top_p)
    return torch.from_numpy(p / p.sum(axis=-1, keepdims=True))


def _unnormalised(logits: np.ndarray, temperature: float, top_k: int | None, top_p: float | None) -> np.ndarray:
    """Compute what `next_distribution` describes, but for a factor: a row does not yet sum to 1."""
    p = logits.astype(np.float64)
    p -= p[p.argmax()] if p.ndim == 1 else p.max(axis=-1, keepdims=True)  # the largest becomes 1: no overflow
    if temperature != 1:
        p /= temperature
    np.exp(p, out=p)
    if top_k is None and top_p is None:
        return p
    order = np.argsort(-p, axis=-1, kind="stable")
    ordered = np.take_along_axis(p, order, axis=-1)
    if top_k is not None:
        ordered[..., top_k:] = 0
    if top_p is not None:
        ordered /= ordered.sum(axis=-1, keepdims=True)
        before = ordered.cumsum(axis=-1) - ordered  # share of all that are more probable
        ordered[before >= top_p] = 0
    np.put_along_axis(p, order, ordered, axis=-1)
    return p


@checked
@torch.inference_mode()
def logits_after(model: nn.Module, vocab: Vocabulary, text: str) -> Float[Tensor, "characters vocab"]:
    """Compute the logits (n, V) after each character of `text`, from a zero state, without dropout.

    Errors as in `generate`.
    """
    ids = _encode_prompt(vocab, text)
    with eval_mode(model):
        logits, _ = read_ids(model, ids[None])  # (1, n, V)
    return logits[0]


@checked
def next_probabilities(
    model: nn.Module,
    vocab: Vocabulary,
    prompt: str,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Tensor, "vocab"]:
    """Compute the distribution (V,) of the character after `prompt`, from a zero state. Errors as in `generate`."""
    return next_distribution(logits_after(model, vocab, prompt)[-1], temperature, top_k, top_p)


@checked
def generate(
    model: nn.Module,
    vocab: Vocabulary,
    prompt: str,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> str:
    """Write: return the prompt and exactly `length` characters after it.

    The state is carried: each character is read once. `top_k=1` is greedy. Random numbers come from a generator of its
    own, seeded by `seed`, so that the same call gives the same text and disturbs nothing else. The course's LSTM and
    GRU are computed in float64, which gives the same text on every machine, and in a browser (`panels/network.js`).

    Raises `ValueError` for an empty prompt, a character the vocabulary does not hold, a negative length, or a bad
    temperature, top-k or top-p, and `FloatingPointError` for a network whose scores are not numbers.
    """
    return _write(model, vocab, prompt, _uniforms(seed, length), temperature, top_k, top_p)[0]


@checked
def generate_many(
    model: nn.Module,
    vocab: Vocabulary,
    prompt: str,
    length: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    *,
    seeds: Sequence[int],
) -> list[str]:
    """Write a text for each of the `seeds`, all side by side: much faster than one after the other.

    Each draws its own random numbers, so that a text is the one `generate` writes with that seed, unless a number
    falls within rounding, some 1e-13, of the border between two characters. Errors as in `generate`, and for an empty
    `seeds`.
    """
    if len(seeds) == 0:
        raise ValueError("seeds is empty; give one seed for each text that is wanted")
    uniforms = np.stack([_uniforms(seed, length) for seed in seeds], axis=1)  # (length, B)
    return _write(model, vocab, prompt, uniforms, temperature, top_k, top_p)


def _uniforms(seed: int | None, length: int) -> np.ndarray:
    """Draw `length` numbers from 0 to 1, without 1, from a generator of their own.

    It is MT19937 (Matsumoto and Nishimura 1998), and a float64 takes 53 bits of two of its words.
    """
    if length < 0:
        raise ValueError(f"length is {length}; it must be zero or more")
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)
    return torch.rand(length, generator=generator, dtype=torch.float64).numpy()


@torch.inference_mode()
def _write(model: nn.Module, vocab: Vocabulary, prompt: str, uniforms: np.ndarray, *options) -> list[str]:
    """Write a text with the numbers of `uniforms` (length,), or B texts, each with its column of (length, B).

    `options` are those of `next_distribution`: temperature, top-k and top-p.
    """
    ids = _encode_prompt(vocab, prompt)
    _check_options(len(vocab), *options)
    drawn = np.empty(uniforms.shape, np.int64)
    with eval_mode(model), one_thread(), np.errstate(over="ignore"):
        network = _steps(model, texts=None if uniforms.ndim == 1 else uniforms.shape[1])
        for i in ids.tolist():
            logits = network.step(i)
        for position, u in enumerate(uniforms):
            if position:
                logits = network.step(drawn[position - 1])
            drawn[position] = draw_characters(_unnormalised(logits, *options), u)
    return [prompt + vocab.decode(text) for text in np.atleast_2d(drawn.T)]


def draw_characters(p: np.ndarray, u: float | np.ndarray) -> np.ndarray:
    """Find the first character at which the running sum of `p`, (V,) or (B, V), passes the share `u` of the total.

    With `u` drawn evenly from 0 to 1, each character comes as often as its share of `p` says.
    """
    sums = np.add.accumulate(p, axis=-1)
    total = sums[-1] if sums.ndim == 1 else sums[:, -1]
    if not (total > 0 if sums.ndim == 1 else (total > 0).all()):
        raise FloatingPointError(
            "the network's scores are not numbers: was it trained at too high a rate? Train it again"
        )
    if sums.ndim == 1:
        return sums.searchsorted(u * total, side="right")
    return (sums <= (u * total)[:, None]).sum(axis=-1)


def _steps(model: nn.Module, texts: int | None):
    """Choose how the network is computed: in the faster way that its row in the registry names, or by calling it."""
    cell = CELLS.get(getattr(model, "cell", ""))
    faster = cell.steps(model, texts) if cell and cell.steps else None
    return faster or ModuleSteps(model, texts)


class ModuleSteps:
    """Any module `logits, state = model(ids, state)`, called for one character at a time, from a zero state.

    With `texts=B` it reads B texts side by side.
    """

    def __init__(self, model: nn.Module, texts: int | None = None):
        self.model, self.texts, self.state = model, texts, None
        self.device = device_of(model)

    def step(self, ids: int | np.ndarray) -> np.ndarray:
        """Read one character in all texts, or one in each (B,): the logits of the next, (V,) or (B, V)."""
        column = torch.as_tensor(ids, device=self.device).view(-1, 1).expand(self.texts or 1, 1)
        logits, self.state = self.model(column, self.state)  # (B, 1, V)
        logits = logits[:, 0].cpu().double().numpy(force=True)  # not every GPU has doubles
        return logits[0] if self.texts is None else logits


def _encode_prompt(vocab: Vocabulary, prompt: str) -> Tensor:
    if not prompt:
        raise ValueError("the prompt is empty; give at least one character for the network to start from")
    return vocab.encode(prompt)


def _check_options(vocab_size: int, temperature: float, top_k: int | None, top_p: float | None) -> None:
    if not temperature > 0:
        raise ValueError(
            f"temperature is {temperature}; it must be above zero: use greedy (top_k=1) for the most probable character"
        )
    if top_k is not None and not 1 <= top_k <= vocab_size:
        raise ValueError(f"top_k is {top_k}; choose from 1 (greedy) to {vocab_size}, the size of the vocabulary")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; choose a share above 0 and at most 1")
