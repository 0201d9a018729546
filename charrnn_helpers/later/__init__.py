"""What came after LSTM and GRU: minGRU, minGRU with signs, a small Transformer. Importing it enters them.

The rest of the course compares LSTM, GRU and plain RNN; only notebook 11 imports this room.
"""

from ..networks.models import register
from ..networks.registry import Cell
from .min_gru import MinGRUCell, MinGRULayers, MinGRUModel, SignedMinGRUCell, SignedMinGRUModel, scan
from .transformer import AttentionLayer, AttentionLayers, TransformerModel

__all__ = ["MinGRUCell", "MinGRULayers", "MinGRUModel", "SignedMinGRUCell", "SignedMinGRUModel", "scan"]
__all__ += ["AttentionLayer", "AttentionLayers", "TransformerModel"]

_MIN_GRU = {"blocks": "zn", "memory": "h", "keep_gate": "z", "candidate": "n"}
_LOOK = {"colour": "#CC79A7", "line": ":", "marker": "D", "hatch": "xx"}
_SIGNED_LOOK = {"colour": "#56B4E9", "line": (0, (5, 1, 1, 1, 1, 1)), "marker": "v", "hatch": ".."}
_TRANSFORMER_LOOK = {"colour": "#000000", "line": (0, (1, 1)), "marker": "P", "hatch": "++"}
register(Cell("minGRU", MinGRUCell, **_MIN_GRU, model=MinGRUModel, **_LOOK))
register(Cell("signed minGRU", SignedMinGRUCell, **_MIN_GRU, model=SignedMinGRUModel, **_SIGNED_LOOK))
register(Cell("Transformer", AttentionLayer, "", memory="window", model=TransformerModel, **_TRANSFORMER_LOOK))
