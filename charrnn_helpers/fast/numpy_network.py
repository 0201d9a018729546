"""A trained network over plain NumPy arrays: the recurrence of a `CharModel` written out, for one step after another.

Calling a module for a single character takes longer than the arithmetic in it. Here a step is a few operations
on arrays that exist already, and three things are prepared:

- the embedding is folded into the first layer: `W_x x + b_x` is computed once for each character of the vocabulary;
- a layer's h goes two ways, back into its own gates and on to what stands above it (the next layer, or the scores);
  both matrices are stacked, so that a step is one product for each layer;
- a sigmoid is a shifted tanh, σ(a) = ½ + ½ tanh(a/2): with its rows of the weights halved, one tanh serves all gates.

The product for several texts is PyTorch's, with the number of threads that PyTorch has. NumPy would split it between
threads of its own, whose number it does not let us choose; beside a busy program such a product took 25 times as long.

Notebook 12 measures what it gains.
"""

from functools import partial

import numpy as np
import torch
from torch import nn

from ..networks.models import CharModel
from ..networks.registry import CELLS
from .fused_gru import FusedGRU


class NumpyLayer:
    """One layer: its state, `h` of `shape` (H,) or (B, H), and the product of it with `W_h` and `W_above`, stacked.

    The blocks of `W_h` are the gates, then the candidate. `step(x)` takes what the input brings to them, and returns
    what the new h brings to the layer above, or to the scores.
    """

    def __init__(self, W_h: np.ndarray, W_above: np.ndarray, b_above: np.ndarray, b_hn: np.ndarray, shape: tuple):
        units, rows = shape[-1], len(W_h)
        W, self.b_above, self.b_hn = stacked(W_h, W_above).T, b_above, b_hn
        self.h = np.zeros(shape)
        self.products = np.zeros((*shape[:-1], rows + len(W_above)))
        if len(shape) == 1:
            self.multiply = partial(np.matmul, self.h, W, out=self.products)
        else:
            h, W, products = map(torch.from_numpy, (self.h, W, self.products))  # the same memory
            self.multiply = partial(torch.mm, h, W, out=products)
        self.gates_and_candidate, self.above = self.products[..., :rows], self.products[..., rows:]  # views
        self.gates, self.candidate = self.products[..., : rows - units], self.products[..., rows - units : rows]


class NumpyLSTM(NumpyLayer):
    """The equations of `cells.LSTMCell`; `x` is W_x x + b_x + b_h, (…, 4H)."""

    def __init__(self, *weights):
        super().__init__(*weights)
        self.c = np.zeros_like(self.h)
        self.i, self.f, self.o = np.split(self.gates, 3, axis=-1)

    def step(self, x: np.ndarray) -> np.ndarray:
        self.gates_and_candidate += x  # they hold W_h h of the step before
        np.tanh(self.gates_and_candidate, out=self.gates_and_candidate)
        self.gates *= 0.5
        self.gates += 0.5
        self.c *= self.f
        self.i *= self.candidate
        self.c += self.i  # c = f ⊙ c + i ⊙ g
        np.tanh(self.c, out=self.h)
        self.h *= self.o  # h = o ⊙ tanh(c)
        self.multiply()
        return self.above + self.b_above


class NumpyGRU(NumpyLayer):
    """The equations of `cells.GRUCell`; `x` is W_x x + b_x + b_h, (…, 3H), but for the candidate's b_hn."""

    def __init__(self, *weights):
        super().__init__(*weights)
        self.r, self.z = np.split(self.gates, 2, axis=-1)
        self.before_candidate = self.gates.shape[-1]

    def step(self, x: np.ndarray) -> np.ndarray:
        self.gates += x[..., : self.before_candidate]  # they hold W_h h of the step before
        np.tanh(self.gates, out=self.gates)
        self.gates *= 0.5
        self.gates += 0.5
        self.candidate += self.b_hn
        self.candidate *= self.r  # r ⊙ (W_hn h + b_hn)
        self.candidate += x[..., self.before_candidate :]
        np.tanh(self.candidate, out=self.candidate)
        self.h -= self.candidate
        self.h *= self.z
        self.h += self.candidate  # h = n + z ⊙ (h - n)
        self.multiply()
        return self.above + self.b_above


LAYERS = {"LSTM": NumpyLSTM, "GRU": NumpyGRU}


class NumpyNetwork:
    """A copy of a `CharModel`'s weights that reads one character at a time, from a zero state, and remembers.

    With `batch_size=B` it reads B texts side by side. Dropout is off. It computes in float64, whatever the weights are:
    the logits are the module's to the module's precision, for both cells and any number of layers.
    """

    def __init__(self, model: CharModel, batch_size: int | None = None):
        cell = CELLS[model.cell]
        weights = {name: weight.cpu().double().numpy(force=True) for name, weight in model.state_dict().items()}
        units, depth = model.rnn.hidden_size, model.rnn.num_layers
        gates = [number for number, block in enumerate(cell.blocks) if block != cell.candidate]
        order = [*gates, cell.blocks.index(cell.candidate)]
        halves = np.repeat([0.5] * len(gates) + [1.0], units)
        candidate = slice(len(gates) * units, None)

        def weight(name: str, layer: int) -> np.ndarray:
            """A weight or a bias of a layer, its blocks in this order, those of the gates halved."""
            rows = weights[f"rnn.{name}_l{layer}"]
            rows = rows.reshape(len(order), units, -1)[order].reshape(rows.shape)
            return (rows.T * halves).T

        def input_bias(layer: int) -> np.ndarray:
            """b_x + b_h; a GRU's b_hn is left out: it belongs inside the product with r."""
            b_h = weight("bias_hh", layer)
            if model.cell == "GRU":
                b_h[candidate] = 0
            return weight("bias_ih", layer) + b_h

        above = [(weight("weight_ih", layer), input_bias(layer)) for layer in range(1, depth)]
        above.append((weights["head.weight"], weights["head.bias"].copy()))
        shape = (units,) if batch_size is None else (batch_size, units)
        self.layers = [
            LAYERS[model.cell](weight("weight_hh", layer), *above[layer], weight("bias_hh", layer)[candidate], shape)
            for layer in range(depth)
        ]
        embedding = weights.get("embedding.weight", np.eye(model.vocab_size))
        self.table = embedding @ weight("weight_ih", 0).T + input_bias(0)  # (V, 4H) or (V, 3H)

    def step(self, ids: int | np.ndarray) -> np.ndarray:
        """Read one character in all texts, or one in each (B,): the logits of the next, (V,) or (B, V)."""
        x = self.table[ids]
        for layer in self.layers:
            x = layer.step(x)
        return x


def stacked(W_h: np.ndarray, W_above: np.ndarray) -> np.ndarray:
    """Lay one above the other in PyTorch's memory: it begins at a multiple of 64 bytes, where products are faster."""
    memory = torch.empty(len(W_h) + len(W_above), W_h.shape[1], dtype=torch.float64).numpy()
    return np.concatenate([W_h, W_above], out=memory)


def has_numpy_form(model: nn.Module) -> bool:
    """Tell whether `NumpyNetwork` computes what `model` computes: an LSTM or GRU of the course, nothing changed."""
    cell = getattr(model, "cell", "")
    return (
        cell in LAYERS
        and type(model) in (CELLS[cell].model, CELLS[cell].fast)
        and type(model.rnn) in (nn.LSTM, nn.GRU, FusedGRU)
        and type(model.head) is nn.Linear
        and type(model.embedding) in (nn.Embedding, type(None))
        and all(not (part._forward_hooks or part._forward_pre_hooks) for part in model.modules())
    )


def numpy_steps(model: nn.Module, batch_size: int | None = None) -> NumpyNetwork | None:
    """Give what writes text with `model` faster than calling it; None where it must be called itself."""
    return NumpyNetwork(model, batch_size) if has_numpy_form(model) else None
