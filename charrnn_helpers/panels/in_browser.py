"""Networks for `network.js`, which computes them in a browser: what they are as plain values, and their weights."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor

from ..fast.numpy_network import has_numpy_form
from ..fast.quantised import from_int8, to_int8
from ..networks.models import CharModel
from ..text.encoding import Vocabulary

ALIGNED = 8  # bytes: every array begins at a multiple


def portable(networks: Iterable[tuple[CharModel, int]], vocab: Vocabulary) -> tuple[dict, bytes]:
    """What `loadNetworks` of `network.js` takes: a dictionary that JSON can hold, and the weights in bytes.

    `networks` are LSTMs and GRUs, each with its number of updates. The dictionary says where a tensor begins. A weight
    takes four bytes, a float32 (little-endian); one byte where it stands in a matrix that `from_int8` made, which goes
    as its int8 and a scale for each row, without loss. Raises `ValueError` for another kind of network.
    """
    content = bytearray()

    def put(array: np.ndarray) -> int:
        content.extend(bytes(-len(content) % ALIGNED))
        begins = len(content)
        content.extend(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return begins

    def described(weight: Tensor) -> dict:
        weight = weight.detach().cpu().float()
        shape = list(weight.shape)
        if weight.dim() == 2:
            q, scales = to_int8(weight)
            if torch.equal(from_int8(q, scales), weight):
                return {"shape": shape, "at": put(q.numpy()), "type": "int8", "scales": put(scales.numpy())}
        return {"shape": shape, "at": put(weight.numpy()), "type": "float32"}

    rows = []
    for model, updates in networks:
        if not has_numpy_form(model):
            raise ValueError(f"{type(model).__name__} cannot go into the page: give an LSTMModel or a GRUModel")
        tensors = {name: described(weight) for name, weight in model.state_dict().items()}
        sizes = {"units": model.rnn.hidden_size, "layers": model.rnn.num_layers}
        rows.append({"cell": model.cell, "updates": updates, **sizes, "tensors": tensors})
    return {"characters": vocab.characters, "networks": rows}, bytes(content)
