"""Writing text: the distribution of the next character, and `generate`, which draws from it again and again."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .encoding import Vocabulary


def next_distribution(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    """Probabilities (..., V) from logits (..., V): first the temperature, then top-k, then top-p.

    Temperature divides the logits. Top-k keeps the k most probable characters. Top-p keeps the smallest set of most
    probable characters that holds at least the share p (Holtzman et al. 2020, section 3.1). What is kept is scaled to
    sum to one. Of characters with equal probability at the border, those that stand first in the vocabulary are kept.
    Raises `ValueError` for values that mean nothing.
    """
    _check(logits.shape[-1], temperature, top_k, top_p)
    logits = logits.double()
    p = torch.softmax((logits - logits.amax(dim=-1, keepdim=True)) / temperature, dim=-1)  # no overflow when it is tiny
    if top_k is None and top_p is None:
        return p
    ordered, order = p.sort(dim=-1, descending=True, stable=True)
    if top_k is not None:
        ordered[..., top_k:] = 0
        ordered /= ordered.sum(dim=-1, keepdim=True)
    if top_p is not None:
        before = ordered.cumsum(dim=-1) - ordered  # share of all that are more probable
        ordered[before >= top_p] = 0
        ordered /= ordered.sum(dim=-1, keepdim=True)
    return torch.zeros_like(p).scatter(-1, order, ordered)


@torch.inference_mode()
def next_probabilities(
    model: nn.Module,
    vocab: Vocabulary,
    prompt: str,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> Tensor:
    """The distribution (V,) of the character after `prompt`, from a zero state. Errors as in `generate`."""
    ids = _encode_prompt(vocab, prompt)
    logits, _ = model(ids[None].to(next(model.parameters()).device))  # (1, n, V)
    return next_distribution(logits[0, -1].cpu(), temperature, top_k, top_p)


@torch.inference_mode()
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
    """The prompt and exactly `length` characters after it.

    The state is carried: each character is read once. `top_k=1` is greedy. Draws come from a generator of its own,
    seeded by `seed`, so that the same call gives the same text and disturbs nothing else. Raises `ValueError` for an
    empty prompt, a character the vocabulary does not hold, a negative length, or a bad temperature, top-k or top-p.
    """
    ids = _encode_prompt(vocab, prompt)
    if length < 0:
        raise ValueError(f"length is {length}; it must be zero or more")
    _check(len(vocab), temperature, top_k, top_p)
    generator = torch.Generator()
    if seed is None:
        generator.seed()
    else:
        generator.manual_seed(seed)

    was_training = model.training
    model.eval()
    try:
        device = next(model.parameters()).device
        logits, state = model(ids[None].to(device))  # (1, n, V)
        written = []
        for _ in range(length):
            if written:
                logits, state = model(written[-1].view(1, 1).to(device), state)  # (1, 1, V)
            p = next_distribution(logits[0, -1].cpu(), temperature, top_k, top_p)
            written.append(p.argmax() if top_k == 1 else torch.multinomial(p, 1, generator=generator)[0])
    finally:
        model.train(was_training)
    return prompt + (vocab.decode(torch.stack(written)) if written else "")


def _encode_prompt(vocab: Vocabulary, prompt: str) -> Tensor:
    if not prompt:
        raise ValueError("the prompt is empty; give at least one character for the network to start from")
    return vocab.encode(prompt)


def _check(vocab_size: int, temperature: float, top_k: int | None, top_p: float | None) -> None:
    if not temperature > 0:
        raise ValueError(
            f"temperature is {temperature}; it must be above zero: use greedy (top_k=1) for the most probable character"
        )
    if top_k is not None and not 1 <= top_k <= vocab_size:
        raise ValueError(f"top_k is {top_k}; choose from 1 (greedy) to {vocab_size}, the size of the vocabulary")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; choose a share above 0 and at most 1")
