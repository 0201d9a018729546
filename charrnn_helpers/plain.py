"""A trained network over plain NumPy arrays: the recurrence of a `CharModel` written out, for one step after another.

Calling a module for a single character takes longer than the arithmetic in it. Here a step is a few operations
on arrays that exist already, and three things are prepared:

- the embedding is folded into the first layer: `W_i x + b_i` is computed once for each character of the vocabulary;
- a layer's h goes two ways, back into its own gates and on to what stands above it (the next layer, or the scores);
  both matrices are stacked, so that a step is one product for each layer;
- a sigmoid is a shifted tanh, σ(a) = ½ + ½ tanh(a/2): with its rows of the weights halved, one tanh serves all gates.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .fused import FASTEST, FusedGRU
from .models import MODELS, CharModel


def is_plain(model: nn.Module) -> bool:
    """Is it one of the course's models with nothing changed, so that `PlainNetwork` computes what it computes?"""
    return (
        type(model) in {*MODELS.values(), *FASTEST.values()}
        and type(model.rnn) in (nn.LSTM, nn.GRU, FusedGRU)
        and type(model.head) is nn.Linear
        and type(model.embedding) in (nn.Embedding, type(None))
        and all(not (part._forward_hooks or part._forward_pre_hooks) for part in model.modules())
    )


class PlainLSTM:
    """One layer and its state, `h` and `c` of `shape` (H,) or (B, H). The equations are those of `models.LSTMCell`."""

    ORDER = (0, 1, 3, 2)  # of the blocks i, f, g, o: sigmoids first, the candidate last

    def __init__(self, W_h: np.ndarray, W_up: np.ndarray, b_up: np.ndarray, shape: tuple[int, ...]):
        units, dtype = shape[-1], W_h.dtype
        self.W, self.b_up = _stacked(W_h, W_up).T, b_up
        self.h, self.c = np.zeros(shape, dtype), np.zeros(shape, dtype)
        self.products = np.zeros((*shape[:-1], len(W_h) + len(W_up)), dtype)
        self.gates, self.up = self.products[..., : 4 * units], self.products[..., 4 * units :]  # views
        self.sigmoids = self.gates[..., : 3 * units]
        self.i, self.f, self.o, self.g = (self.gates[..., k * units : (k + 1) * units] for k in range(4))

    def step(self, x: np.ndarray) -> np.ndarray:
        """Read `x` = W_i x + b_i + b_h (…, 4H); returns W_up h + b_up for the new h."""
        self.gates += x  # they hold W_h h of the step before
        np.tanh(self.gates, out=self.gates)
        self.sigmoids *= 0.5
        self.sigmoids += 0.5
        self.c *= self.f
        self.i *= self.g
        self.c += self.i  # c = f ⊙ c + i ⊙ g
        np.tanh(self.c, out=self.h)
        self.h *= self.o  # h = o ⊙ tanh(c)
        np.matmul(self.h, self.W, out=self.products)
        return self.up + self.b_up


class PlainGRU:
    """One layer and its state, `h` of `shape` (H,) or (B, H). The equations are those of `models.GRUCell`."""

    ORDER = (0, 1, 2)  # of the blocks r, z, n: sigmoids first, the candidate last

    def __init__(self, W_h: np.ndarray, W_up: np.ndarray, b_up: np.ndarray, shape: tuple[int, ...], b_hn: np.ndarray):
        units, dtype = shape[-1], W_h.dtype
        self.W, self.b_up, self.b_hn = _stacked(W_h, W_up).T, b_up, b_hn
        self.h, self.two = np.zeros(shape, dtype), 2 * units
        self.products = np.zeros((*shape[:-1], len(W_h) + len(W_up)), dtype)
        self.gates, self.n = self.products[..., : 2 * units], self.products[..., 2 * units : 3 * units]  # views
        self.up = self.products[..., 3 * units :]
        self.r, self.z = self.gates[..., :units], self.gates[..., units:]

    def step(self, x: np.ndarray) -> np.ndarray:
        """Read `x` = W_i x + b_i, and b_h but for its b_hn (…, 3H); returns W_up h + b_up for the new h."""
        self.gates += x[..., : self.two]  # they hold W_h h of the step before
        np.tanh(self.gates, out=self.gates)
        self.gates *= 0.5
        self.gates += 0.5
        self.n += self.b_hn
        self.n *= self.r  # r ⊙ (W_hn h + b_hn)
        self.n += x[..., self.two :]
        np.tanh(self.n, out=self.n)
        self.h -= self.n
        self.h *= self.z
        self.h += self.n  # h = n + z ⊙ (h - n)
        np.matmul(self.h, self.W, out=self.products)
        return self.up + self.b_up


class PlainNetwork:
    """A copy of a `CharModel`'s weights that reads one character at a time, from a zero state, and remembers.

    With `texts=B` it reads B texts side by side. Dropout is off. The logits are the module's to float precision, for
    both cells and any number of layers.
    """

    def __init__(self, model: CharModel, texts: int | None = None):
        weights = {name: _array(value) for name, value in model.state_dict().items()}
        kind = {"LSTM": PlainLSTM, "GRU": PlainGRU}[model.cell]
        units, depth = model.rnn.hidden_size, model.rnn.num_layers
        shape = (units,) if texts is None else (texts, units)
        head = weights["head.weight"]
        blocks = len(kind.ORDER)
        candidate = slice((blocks - 1) * units, blocks * units)

        def rows(name: str, layer: int) -> np.ndarray:
            """A weight or a bias, its blocks in ORDER, those of the sigmoids halved."""
            found = weights[f"rnn.{name}_l{layer}"]
            found = found.reshape(blocks, units, -1)[list(kind.ORDER)].reshape(found.shape)
            found[: candidate.start] *= 0.5
            return found

        def input_bias(layer: int) -> np.ndarray:
            """b_i + b_h; a GRU's b_hn is left out: it belongs inside the product with r."""
            bias = rows("bias_ih", layer) + rows("bias_hh", layer)
            if kind is PlainGRU:
                bias[candidate] -= rows("bias_hh", layer)[candidate]
            return bias

        ups = [(rows("weight_ih", layer), input_bias(layer)) for layer in range(1, depth)]
        ups.append((head, weights["head.bias"].copy()))
        self.layers = []
        for layer, up in enumerate(ups):
            inside = [rows("bias_hh", layer)[candidate]] if kind is PlainGRU else []
            self.layers.append(kind(rows("weight_hh", layer), *up, shape, *inside))
        embedding = weights.get("embedding.weight", np.eye(model.vocab_size, dtype=head.dtype))
        self.table = embedding @ rows("weight_ih", 0).T + input_bias(0)  # (V, 4H) or (V, 3H)

    def step(self, ids: int | np.ndarray) -> np.ndarray:
        """Read one character in all texts, or one in each (B,): the logits of the next, (V,) or (B, V)."""
        x = self.table[ids]
        for layer in self.layers:
            x = layer.step(x)
        return x


def _stacked(W_h: np.ndarray, W_up: np.ndarray) -> np.ndarray:
    """One above the other, in memory of PyTorch's: that begins at a multiple of 64 bytes, where products are faster."""
    room = torch.from_numpy(W_h).new_empty(len(W_h) + len(W_up), W_h.shape[1])
    return np.concatenate([W_h, W_up], out=room.numpy())


def _array(weight: Tensor) -> np.ndarray:
    """A weight as an array; NumPy has no bfloat16, and is slow in float16."""
    return (weight if weight.dtype in (torch.float32, torch.float64) else weight.float()).numpy(force=True)
