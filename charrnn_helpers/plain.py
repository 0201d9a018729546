"""A trained network over plain NumPy arrays: the recurrence of a `CharModel` written out, for one step after another.

Calling a module for a single character takes longer than the arithmetic in it. Here a step is a few operations
on arrays that exist already. The embedding is folded into the first layer: `W_i x + b_i` is computed once for
each character of the vocabulary, and a step looks its row up.

The sigmoid is a shifted tanh, σ(a) = ½ + ½ tanh(a/2): its rows of the weights are halved once, and then one call of
tanh serves all gates.
"""

from __future__ import annotations

import numpy as np

from .models import CharModel


class PlainLSTM:
    """One layer, and its state `h`, `c` of `shape` (H,) or (B, H). The equations are those of `models.LSTMCell`."""

    def __init__(self, W_i, W_h, b_i, b_h, shape):
        units = W_h.shape[1]
        half = np.repeat(np.array([0.5, 0.5, 1, 0.5], W_i.dtype), units)  # of i, f, g, o
        self.W_i, self.b_i = W_i * half[:, None], (b_i + b_h) * half
        self.W_h = (W_h * half[:, None]).T
        self.h, self.c = np.zeros(shape, W_i.dtype), np.zeros(shape, W_i.dtype)
        self.gates = np.empty((*shape[:-1], 4 * units), W_i.dtype)
        self.i, self.f, self.g, self.o = (self.gates[..., k * units : (k + 1) * units] for k in range(4))  # views

    def step(self, x: np.ndarray) -> np.ndarray:
        """Read `x` = W_i x + b_i (…, 4H), and return the new h (…, H)."""
        np.matmul(self.h, self.W_h, out=self.gates)
        self.gates += x
        np.tanh(self.gates, out=self.gates)
        g = self.g.copy()
        self.gates *= 0.5
        self.gates += 0.5
        g *= self.i
        self.c *= self.f
        self.c += g  # c = f ⊙ c + i ⊙ g
        np.tanh(self.c, out=self.h)
        self.h *= self.o  # h = o ⊙ tanh(c)
        return self.h


class PlainGRU:
    """One layer, and its state `h` of `shape` (H,) or (B, H). The equations are those of `models.GRUCell`."""

    def __init__(self, W_i, W_h, b_i, b_h, shape):
        units = W_h.shape[1]
        half = np.repeat(np.array([0.5, 0.5, 1], W_i.dtype), units)  # of r, z, n
        self.W_i, self.b_i = W_i * half[:, None], b_i * half
        self.W_h, self.b_h = (W_h * half[:, None]).T, b_h * half
        self.h, self.two = np.zeros(shape, W_i.dtype), 2 * units
        self.sums = np.empty((*shape[:-1], 3 * units), W_i.dtype)
        self.gates, self.n = self.sums[..., : 2 * units], self.sums[..., 2 * units :]  # views
        self.r, self.z = self.gates[..., :units], self.gates[..., units:]

    def step(self, x: np.ndarray) -> np.ndarray:
        """Read `x` = W_i x + b_i (…, 3H), and return the new h (…, H)."""
        np.matmul(self.h, self.W_h, out=self.sums)
        self.sums += self.b_h
        self.gates += x[..., : self.two]
        np.tanh(self.gates, out=self.gates)
        self.gates *= 0.5
        self.gates += 0.5
        self.n *= self.r  # b_hn stands inside the product with r
        self.n += x[..., self.two :]
        np.tanh(self.n, out=self.n)
        self.h -= self.n
        self.h *= self.z
        self.h += self.n  # h = n + z ⊙ (h - n)
        return self.h


class PlainNetwork:
    """A copy of a `CharModel`'s weights that reads one character at a time, from a zero state, and remembers.

    With `texts=B` it reads B texts side by side. Dropout is off. The logits are the module's to float precision, for
    both cells and any number of layers.
    """

    def __init__(self, model: CharModel, texts: int | None = None):
        weights = {name: value.numpy(force=True) for name, value in model.state_dict().items()}
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        layers = [[weights[f"rnn.{name}_l{layer}"] for name in names] for layer in range(model.rnn.num_layers)]
        shape = (model.rnn.hidden_size,) if texts is None else (texts, model.rnn.hidden_size)
        kind = {"LSTM": PlainLSTM, "GRU": PlainGRU}[model.cell]
        self.layers = [kind(*layer, shape) for layer in layers]
        first = self.layers[0]
        embedding = weights.get("embedding.weight", np.eye(model.vocab_size, dtype=first.W_i.dtype))
        self.table = embedding @ first.W_i.T + first.b_i  # (V, 4H) or (V, 3H)
        self.head, self.bias = weights["head.weight"].copy().T, weights["head.bias"].copy()

    def step(self, ids: int | np.ndarray) -> np.ndarray:
        """Read one character in all texts, or one in each (B,): the logits of the next, (V,) or (B, V)."""
        h = self.layers[0].step(self.table[ids])
        for layer in self.layers[1:]:
            h = layer.step(h @ layer.W_i.T + layer.b_i)
        return h @ self.head + self.bias
