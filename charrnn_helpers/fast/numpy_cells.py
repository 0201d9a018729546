"""One step of an LSTM and of a GRU on arrays that exist already: a few operations in place."""

import numpy as np
import torch


class NumpyLSTM:
    """One layer and its state, `h` and `c` of `shape` (H,) or (B, H). The equations are those of `cells.LSTMCell`."""

    ORDER = (0, 1, 3, 2)  # of the blocks i, f, g, o: sigmoids first, the candidate last

    def __init__(self, W_h: np.ndarray, W_up: np.ndarray, b_up: np.ndarray, shape: tuple[int, ...]):
        units, dtype = shape[-1], W_h.dtype
        self.W, self.b_up = stacked(W_h, W_up).T, b_up
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


class NumpyGRU:
    """One layer and its state, `h` of `shape` (H,) or (B, H). The equations are those of `cells.GRUCell`."""

    ORDER = (0, 1, 2)  # of the blocks r, z, n: sigmoids first, the candidate last

    def __init__(self, W_h: np.ndarray, W_up: np.ndarray, b_up: np.ndarray, shape: tuple[int, ...], b_hn: np.ndarray):
        units, dtype = shape[-1], W_h.dtype
        self.W, self.b_up, self.b_hn = stacked(W_h, W_up).T, b_up, b_hn
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


def stacked(W_h: np.ndarray, W_up: np.ndarray) -> np.ndarray:
    """One above the other, in memory of PyTorch's: that begins at a multiple of 64 bytes, where products are faster."""
    room = torch.from_numpy(W_h).new_empty(len(W_h) + len(W_up), W_h.shape[1])
    return np.concatenate([W_h, W_up], out=room.numpy())
