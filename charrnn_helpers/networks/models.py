"""The models that the course trains, on `nn.LSTM`, `nn.GRU` and `nn.RNN`."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .cells import CellLayers, State


def orthogonal_start(rnn: nn.RNNBase) -> None:
    """Draw each gate's weights afresh: recurrent ones orthogonal (Saxe et al. 2014), input ones by Glorot (2010).

    An orthogonal matrix turns a vector and keeps its length; the gates and the tanh still shrink a state.
    """
    for name, weight in rnn.named_parameters():
        for gate in weight.data.split(rnn.hidden_size):  # (H, H) or (H, E); biases stay as PyTorch draws them
            if name.startswith("weight_hh"):
                nn.init.orthogonal_(gate)
            elif name.startswith("weight_ih"):
                nn.init.xavier_uniform_(gate)


class CharModel(nn.Module):
    """Characters in, a score for every possible next character out: embedding, recurrent layers, one linear layer.

    A subclass names its `cell`, and the class of its `recurrent` layers. `ids` is a LongTensor (B, T); returns logits
    (B, T, V) and the state after the last step: (layers, B, H) for a GRU, a pair of them for an LSTM. Dropout acts
    between the layers and on what the last layer gives; `embedding_size=None` feeds one-hot rows. `hyperparameters`
    rebuilds the model: `CELLS[model.cell].model(**model.hyperparameters)`. Raises `ValueError` for a size below 1.
    """

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        num_layers: int = 2,
        embedding_size: int | None = 64,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.hyperparameters = {
            "vocab_size": vocab_size,
            "hidden_size": hidden_size,
            "num_layers": num_layers,
            "embedding_size": embedding_size,
            "dropout": dropout,
        }
        check_sizes(**self.hyperparameters)
        self.vocab_size = vocab_size
        self.embedding = None if embedding_size is None else nn.Embedding(vocab_size, embedding_size)
        self.rnn = self.recurrent(
            vocab_size if embedding_size is None else embedding_size,  # E
            hidden_size,
            num_layers,
            batch_first=True,
            dropout=dropout if num_layers > 1 else 0.0,  # PyTorch drops between layers, and warns if there is one
        )
        orthogonal_start(self.rnn)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, vocab_size)

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        if self.embedding is None:
            x = F.one_hot(ids, self.vocab_size).to(self.head.weight.dtype)  # (B, T, V)
        else:
            x = self.embedding(ids)  # (B, T, E)
        h, state = self.rnn(x, state)  # (B, T, H)
        return self.head(self.dropout(h)), state  # (B, T, V)


class LSTMModel(CharModel):
    """A character model on `nn.LSTM`.

    `forget_bias` is where each forget gate's bias starts: at 1 (Jozefowicz et al. 2015) a fresh forget gate
    scatters around σ(1) = 0.73. PyTorch has two bias vectors and adds them, so a 1 written into both would be a 2;
    here `b_ih` holds `forget_bias` and `b_hh` holds 0. `None` leaves PyTorch's own random start.
    """

    cell = "LSTM"
    recurrent = nn.LSTM

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int = 128,
        num_layers: int = 2,
        embedding_size: int | None = 64,
        dropout: float = 0.0,
        forget_bias: float | None = 1.0,
    ):
        super().__init__(vocab_size, hidden_size, num_layers, embedding_size, dropout)
        self.hyperparameters["forget_bias"] = forget_bias
        if forget_bias is not None:
            for layer in range(num_layers):
                forget = slice(hidden_size, 2 * hidden_size)  # rows of f, the second of i, f, g, o
                with torch.no_grad():
                    getattr(self.rnn, f"bias_ih_l{layer}")[forget] = forget_bias
                    getattr(self.rnn, f"bias_hh_l{layer}")[forget] = 0.0


class GRUModel(CharModel):
    """A character model on `nn.GRU`."""

    cell = "GRU"
    recurrent = nn.GRU


class RNNModel(CharModel):
    """A character model on `nn.RNN`, without gates: h_t = tanh(W_i x_t + b_i + W_h h_{t-1} + b_h) (Elman 1990).

    It is what gates were invented to improve, and stands beside LSTM and GRU in a comparison.
    """

    cell = "RNN"
    recurrent = nn.RNN


def model_on(equations: type[nn.Module], name: str) -> type[CharModel]:
    """The class of character models on a hand-written cell that PyTorch does not have."""

    def layers(inputs: int, units: int, depth: int, *, batch_first: bool, dropout: float) -> CellLayers:
        return CellLayers([equations(units if layer else inputs, units) for layer in range(depth)], dropout)

    return type(f"{name}Model", (CharModel,), {"cell": name, "recurrent": staticmethod(layers)})


def check_sizes(dropout: float, embedding_size: int | None, **sizes: int) -> None:
    """Raise `ValueError` unless every size is a whole number of at least 1 and `dropout` is in [0, 1)."""
    if embedding_size is not None:
        sizes["embedding_size"] = embedding_size
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"{name} is {size!r}; it must be a whole number of at least 1")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}; it must be at least 0 and below 1")


def num_parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
