"""A small causal Transformer with the interface of the recurrent layers. Its state is its window.

Each layer keeps a key and a value for each of the last `REACH` characters (the key-value cache) and nothing of those
before. A character asks with its query: the better a key fits, the more of its value is taken. A layer looks `REACH`
characters back, so L layers look at most L * REACH characters back: what lies before that cannot change the output.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.models import CharModel

REACH = 256  # characters before the present one that a layer sees
HEADS = 4  # in each layer
SLOPES = (1, 1 / 4, 1 / 16, 1 / 64)  # how fast each head's attention falls with distance before it has learnt anything


class AttentionLayer(nn.Module):
    """Causal self-attention over the window, then two linear layers, each added to what comes in (pre-norm).

    `x` is (B, T, D). The state (B, 2 * REACH * D) holds the keys and the values of the last characters, the oldest
    first. Zeros are characters that are not there: their keys fit nothing in particular and their values add nothing.

    Each head adds to every score a number for the distance, which it learns. The number starts at -slope * distance, so
    that at first one head looks at the last few characters and another one far back. (The start is known as ALiBi. When
    all numbers started at zero, they grew too slowly, because Adam moves a number by about the rate in an update.)
    """

    carries = ("window",)  # the state: what the next step reads

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        if hidden_size % HEADS:
            raise ValueError(f"hidden_size is {hidden_size}; it must be a multiple of {HEADS}, the number of heads")
        self.enter = nn.Linear(input_size, hidden_size) if input_size != hidden_size else nn.Identity()
        self.norm1, self.norm2 = nn.LayerNorm(hidden_size), nn.LayerNorm(hidden_size)
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.distance = nn.Parameter(-torch.tensor(SLOPES)[:, None] * torch.arange(REACH + 1))  # (HEADS, REACH + 1)
        self.leave = nn.Linear(hidden_size, hidden_size)
        width = 64 * math.ceil(4 * hidden_size / 64)  # four times as wide, up to a multiple that processors like
        self.wide, self.narrow = nn.Linear(hidden_size, width), nn.Linear(width, hidden_size)

    def forward(self, x: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
        x = self.enter(x)
        seen, window = self.attend(self.norm1(x), window)
        x = x + seen
        return x + self.narrow(F.gelu(self.wide(self.norm2(x)))), window

    def attend(self, x: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
        """Let each of the T characters look back: return what it sees (B, T, D), and the next window."""
        B, T, D = x.shape
        query, key_value = self.query_key_value(x).split([D, 2 * D], dim=-1)  # (B, T, D) and (B, T, 2D)
        key_value = torch.cat([window.view(B, REACH, 2 * D), key_value], dim=1)  # (B, REACH + T, 2D)
        by_head = [part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (query, *key_value.chunk(2, dim=-1))]
        seen = F.scaled_dot_product_attention(*by_head, attn_mask=self.distance_scores(T))  # (B, heads, T, D / heads)
        return self.leave(seen.transpose(1, 2).flatten(2)), key_value[:, -REACH:].flatten(1)

    def distance_scores(self, T: int) -> Tensor:
        """Give what is added to the score of each pair (heads, T, REACH + T): -inf for the future and the far past."""
        now, then = torch.arange(T)[:, None], torch.arange(-REACH, T)
        back = (now - then).to(self.distance.device)  # characters back, (T, REACH + T)
        hidden = (back < 0) | (back > REACH)
        return self.distance[:, back.clamp(0, REACH)].masked_fill(hidden, -torch.inf)


class AttentionLayers(nn.Module):
    """A stack of `AttentionLayer` with the interface of `nn.GRU(batch_first=True)`.

    A call takes `x` (B, T, E) and a state (layers, B, 2 * REACH * D), and returns (B, T, D) and the last state.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int, *, batch_first=True, dropout=0.0):
        super().__init__()
        sizes = [input_size] + [hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(AttentionLayer(size, hidden_size) for size in sizes)
        self.norm = nn.LayerNorm(hidden_size)
        self.num_layers, self.hidden_size, self.dropout = num_layers, hidden_size, dropout

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if state is None:
            state = x.new_zeros(self.num_layers, len(x), 2 * REACH * self.hidden_size)
        windows = []
        for layer, cell in enumerate(self.cells):
            if layer > 0:
                x = F.dropout(x, self.dropout, self.training)
            x, window = cell(x, state[layer])
            windows.append(window)
        return self.norm(x), torch.stack(windows)


class TransformerModel(CharModel):
    """A character model on a causal Transformer; `hidden_size` is its width D, a multiple of the number of heads."""

    cell = "Transformer"
    recurrent = AttentionLayers
