"""Writing text: the distribution of the next character, and `generate`, which draws from it again and again.

Shapes: B rows side by side, T steps, E input features, H units, V characters in the vocabulary, L steps in a stream.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .base.checks import Float, checked
from .networks.registry import CELLS
from .text.encoding import Vocabulary
from .training.device import device_of, read_ids
from .training.evaluation import eval_mode

NOT_NUMBERS = "the network's scores are not numbers, perhaps because its learning rate was too high; train it again"


@checked
def next_distribution(
    logits: Float[Tensor, "*texts vocab"],
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Float[Tensor, "*texts vocab"]:
    """Compute probabilities (..., V) from logits (..., V): first the temperature, then top-k, then top-p.

    Temperature divides the logits. Top-k keeps the k most probable characters. Top-p sorts the characters by
    probability and keeps the fewest from the top whose probabilities add up to at least `top_p` (Holtzman et al. 2020,
    section 3.1); at 1 it keeps all. What is kept is scaled to sum to one. If equal probabilities make the cut
    ambiguous, characters earlier in the vocabulary are kept. The result is float64, on the CPU, without gradients.

    Raises `ValueError` for a temperature, `top_k` or `top_p` out of range, and `FloatingPointError` for logits that
    are not numbers.
    """
    _check_options(logits.shape[-1], temperature, top_k, top_p)
    # A tiny temperature makes the division overflow to -inf, whose exp is 0, as it should be. NaN is refused below.
    with np.errstate(over="ignore", invalid="ignore"):
        relative = _relative_probabilities(logits.cpu().double().numpy(force=True), temperature, top_k, top_p)
    totals = relative.sum(axis=-1, keepdims=True)
    if not (totals > 0).all():  # NaN > 0 is False, and a row with a NaN has the total NaN
        raise FloatingPointError(NOT_NUMBERS)
    return torch.from_numpy(relative / totals)


def _relative_probabilities(
    logits: np.ndarray, temperature: float, top_k: int | None, top_p: float | None
) -> np.ndarray:
    """Compute what `next_distribution` returns, without the final division: rows need not sum to 1."""
    relative = logits.astype(np.float64)  # a copy, because the lines below work in place
    # The largest logit becomes 0, so exp cannot overflow. For one row, `argmax` is faster than `max`.
    relative -= relative[relative.argmax()] if relative.ndim == 1 else relative.max(axis=-1, keepdims=True)
    if temperature != 1:
        relative /= temperature
    np.exp(relative, out=relative)
    if top_p == 1:
        top_p = None  # nothing to cut; rounding of the sums below would drop the least probable characters
    if top_k is None and top_p is None:
        return relative
    ranking = np.argsort(-relative, axis=-1, kind="stable")  # the most probable first
    ranked = np.take_along_axis(relative, ranking, axis=-1)
    if top_k is not None:
        ranked[..., top_k:] = 0
    if top_p is not None:
        ranked /= ranked.sum(axis=-1, keepdims=True)
        total_before = ranked.cumsum(axis=-1) - ranked  # total probability of the characters ranked before this one
        ranked[total_before >= top_p] = 0
    np.put_along_axis(relative, ranking, ranked, axis=-1)
    return relative


@checked
@torch.inference_mode()
def logits_after(model: nn.Module, vocab: Vocabulary, text: str) -> Float[Tensor, "characters vocab"]:
    """Compute the logits (n, V) after each of the n characters of `text`, from a zero state, without dropout.

    Raises `ValueError` for an empty text or a character that the vocabulary does not hold.
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
    """Compute the distribution (V,) of the character after `prompt`, from a zero state.

    Raises the errors of `logits_after` and of `next_distribution`.
    """
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
    """Write a text: return the prompt and exactly `length` characters after it.

    The hidden state is kept between characters, so earlier text is not read again. `temperature`, `top_k` and `top_p`
    are those of `next_distribution`; `top_k=1` is greedy.

    Random numbers come from a new generator, so PyTorch's own are neither used nor changed. The same `seed` gives the
    same text; with `seed=None` each call writes another one. The course's LSTM and GRU are computed in float64, so
    another machine, or a browser (`panels/network.js`), writes the same text too. Very rarely the texts differ, when a
    random number lands within rounding error (about 1e-13) of the boundary between two characters.

    Raises `ValueError` for an empty prompt, a character that the vocabulary does not hold, a negative length, or a
    temperature, `top_k` or `top_p` out of range, and `FloatingPointError` for a network whose logits are not numbers.
    """
    return _write(model, vocab, prompt, _uniforms(length, seed), temperature, top_k, top_p)[0]


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
    """Write a text for each of the `seeds`, all side by side, which is much faster than one after the other.

    Each text equals what `generate` writes with that seed. Very rarely they differ, when a random number lands within
    rounding error (about 1e-13) of the boundary between two characters. Raises the errors of `generate`, and
    `ValueError` if `seeds` is empty.
    """
    if len(seeds) == 0:
        raise ValueError("seeds is empty; give one seed for each text that is wanted")
    uniforms = np.stack([_uniforms(length, seed) for seed in seeds], axis=1)  # (length, B)
    return _write(model, vocab, prompt, uniforms, temperature, top_k, top_p)


def _uniforms(length: int, seed: int | None) -> np.ndarray:
    """Draw `length` random numbers in [0, 1) from a new generator; without a `seed` they differ at each call.

    The generator is MT19937 (Matsumoto and Nishimura 1998), and a float64 takes 53 bits of two of its 32-bit words.
    The JavaScript version (`panels/network.js`) computes the same numbers, so the generator must stay the same.
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
def _write(
    model: nn.Module,
    vocab: Vocabulary,
    prompt: str,
    uniforms: np.ndarray,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
) -> list[str]:
    """Write texts; each character is drawn with one of the random numbers `uniforms`.

    `uniforms` is (length,) for one text, or (length, B) for B texts, one column each. All random numbers are drawn
    before, so those of one text do not depend on how many texts are written beside it.
    """
    ids = _encode_prompt(vocab, prompt)
    _check_options(len(vocab), temperature, top_k, top_p)
    drawn = np.empty(uniforms.shape, np.int64)
    batch_size = None if uniforms.ndim == 1 else uniforms.shape[1]
    registered = CELLS.get(getattr(model, "cell", ""))
    with eval_mode(model), np.errstate(over="ignore", invalid="ignore"):
        faster = registered and registered.steps and registered.steps(model, batch_size)  # None if it refuses the model
        stepper = faster or ModuleSteps(model, batch_size)
        for i in ids.tolist():
            logits = stepper.step(i)
        for position, u in enumerate(uniforms):
            if position > 0:
                logits = stepper.step(drawn[position - 1])
            drawn[position] = draw_characters(_relative_probabilities(logits, temperature, top_k, top_p), u)
    return [prompt + vocab.decode(row) for row in np.atleast_2d(drawn.T)]


def draw_characters(relative: np.ndarray, u: float | np.ndarray) -> np.ndarray:
    """Return the first character whose running sum of `relative` exceeds u times the total.

    `relative`, (V,) or (B, V), are probabilities that need not sum to 1; `u` is in [0, 1), one number, or (B,), one for
    each row. If `u` is drawn evenly, each character comes as often as its probability says. Raises `FloatingPointError`
    if probabilities are not numbers.
    """
    sums = np.add.accumulate(relative, axis=-1)
    total = sums[-1] if sums.ndim == 1 else sums[:, -1]
    if not (total > 0 if sums.ndim == 1 else (total > 0).all()):  # NaN > 0 is False
        raise FloatingPointError(NOT_NUMBERS)
    if sums.ndim == 1:
        return sums.searchsorted(u * total, side="right")
    return (sums <= (u * total)[:, None]).sum(axis=-1)


class ModuleSteps:
    """Steps any module with the interface `logits, state = model(ids, state)` one character at a time.

    The first state is zero. With `batch_size=B` it reads B texts side by side.
    """

    def __init__(self, model: nn.Module, batch_size: int | None = None):
        self.model, self.batch_size, self.state = model, batch_size, None
        self.device = device_of(model)

    def step(self, ids: int | np.ndarray) -> np.ndarray:
        """Read one character, the same in all texts, or one for each text (B,); return logits (V,) or (B, V)."""
        column = torch.as_tensor(ids, device=self.device).view(-1, 1).expand(self.batch_size or 1, 1)
        logits, self.state = self.model(column, self.state)  # (B, 1, V)
        logits = logits[:, 0].cpu().double().numpy(force=True)  # some GPUs have no float64, so convert on the CPU
        return logits[0] if self.batch_size is None else logits


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
        raise ValueError(f"top_p is {top_p}; choose a number above 0 and at most 1")
