"""A trained network over plain NumPy arrays: the recurrence of a `CharModel` written out, for one step after another.

Calling a module for a single character takes longer than the arithmetic in it. Here a step is a few operations
on arrays that exist already, and three things are prepared:

- the embedding is folded into the first layer: `W_i x + b_i` is computed once for each character of the vocabulary;
- a layer's h goes two ways, back into its own gates and on to what stands above it (the next layer, or the scores);
  both matrices are stacked, so that a step is one product for each layer;
- a sigmoid is a shifted tanh, σ(a) = ½ + ½ tanh(a/2): with its rows of the weights halved, one tanh serves all gates.
"""

import numpy as np
from torch import Tensor, nn

from ..networks.models import CharModel
from ..networks.registry import CELLS
from ..text.arguments import explained
from .fused_gru import FusedGRU
from .numpy_cells import NumpyGRU, NumpyLSTM

FORMS = {"LSTM": NumpyLSTM, "GRU": NumpyGRU}


def numpy_steps(model: nn.Module, texts: int | None = None) -> "NumpyNetwork | None":
    """Give what writes text with `model` faster than the module does; None where it has no such form."""
    return NumpyNetwork(model, texts) if has_numpy_form(model) else None


def has_numpy_form(model: nn.Module) -> bool:
    """Is it one of the course's models with nothing changed, so that `NumpyNetwork` computes what it computes?"""
    row = CELLS.get(getattr(model, "cell", ""))
    return (
        row is not None
        and row.name in FORMS
        and type(model) in (row.model, row.fast)
        and type(model.rnn) in (nn.LSTM, nn.GRU, FusedGRU)
        and type(model.head) is nn.Linear
        and type(model.embedding) in (nn.Embedding, type(None))
        and all(not (part._forward_hooks or part._forward_pre_hooks) for part in model.modules())
    )


class NumpyNetwork:
    """A copy of a `CharModel`'s weights that reads one character at a time, from a zero state, and remembers.

    With `texts=B` it reads B texts side by side. Dropout is off. It computes in float64, whatever the weights are: the
    logits are the module's to the module's precision, for both cells and any number of layers.
    """

    @explained
    def __init__(self, model: CharModel, texts: int | None = None):
        if texts is not None and texts < 1:
            raise ValueError(f"texts is {texts}; it must be at least 1, or None for one text without a row of its own")
        if (kind := FORMS.get(model.cell)) is None:
            raise ValueError(f"model is an {model.cell}, which has no form on plain arrays; give an LSTM or a GRU")
        weights = {name: _array(value) for name, value in model.state_dict().items()}
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
            if kind is NumpyGRU:
                bias[candidate] -= rows("bias_hh", layer)[candidate]
            return bias

        ups = [(rows("weight_ih", layer), input_bias(layer)) for layer in range(1, depth)]
        ups.append((head, weights["head.bias"].copy()))
        self.layers = []
        for layer, up in enumerate(ups):
            inside = [rows("bias_hh", layer)[candidate]] if kind is NumpyGRU else []
            self.layers.append(kind(rows("weight_hh", layer), *up, shape, *inside))
        embedding = weights.get("embedding.weight", np.eye(model.vocab_size, dtype=head.dtype))
        self.table = embedding @ rows("weight_ih", 0).T + input_bias(0)  # (V, 4H) or (V, 3H)

    def step(self, ids: int | np.ndarray) -> np.ndarray:
        """Read one character in all texts, or one in each (B,): the logits of the next, (V,) or (B, V)."""
        x = self.table[ids]
        for layer in self.layers:
            x = layer.step(x)
        return x


def _array(weight: Tensor) -> np.ndarray:
    return weight.double().numpy(force=True)
