"""What goes to the browser: the JavaScript as one text, and networks for `network.js`, which computes them there."""

import base64
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..base.quantised import from_int8, to_int8
from ..fast.numpy_network import has_numpy_form
from ..networks.models import CharModel
from ..networks.registry import CELLS
from ..text.encoding import Vocabulary
from ..training.evaluation import lock_of
from .controls import border

HERE = Path(__file__).parent
ALIGNED = 8  # bytes: every array begins at a multiple
KNOWN_OF_A_CELL = ("blocks", "gates", "memory", "keep_gate", "output_gate")  # of its row of the registry


def javascript(name: str) -> str:
    """Return the module in the file `name` as a text that stands alone: its imports name addresses that hold others.

    A `data:` address holds the module that it names, and two imports of the same address are the same module. So the
    files are native modules as they are, and neither a bundler nor a server is needed: anywidget and the page for a
    browser without a kernel take this one text.
    """
    source = (HERE / name).read_text(encoding="utf-8")
    for file in HERE.glob("*.js"):
        if (imported := f'from "./{file.name}"') in source:
            source = source.replace(imported, f'from "{data_address(file.name)}"')
    return source


def data_address(name: str) -> str:
    """Return the `data:` address that holds the JavaScript module in the file `name`, as `javascript` gives it."""
    coded = base64.b64encode(javascript(name).encode("utf-8")).decode()
    return f"data:text/javascript;charset=utf-8;base64,{coded}"


def portable(
    networks: Iterable[tuple[CharModel, int]],
    vocab: Vocabulary,
    means_of: Callable[[CharModel], dict[str, Tensor]] = lambda model: {},
) -> tuple[dict, bytes]:
    """Return what `loadNetworks` of `network.js` takes: a dictionary that JSON can hold, and the weights in bytes.

    `networks` are LSTMs and GRUs, each with its number of updates; `means_of` gives mean states of one of them by kind
    of word, each (parts, layers, words, H). The dictionary says where a tensor begins. A weight takes four bytes, a
    float32 (little-endian); one byte where it stands in a matrix that `from_int8` made, which goes as its int8 and a
    scale for each row, without loss. Raises `ValueError` for another kind of network.
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

    rows, cells = [], {}
    for model, updates in networks:
        if not has_numpy_form(model):
            raise ValueError(f"{type(model).__name__} cannot go into the page: give an LSTMModel or a GRUModel")
        with lock_of(model):  # a training goes on when all weights are written
            tensors = {name: described(weight) for name, weight in model.state_dict().items()}
        sizes = {"units": model.rnn.hidden_size, "layers": model.rnn.num_layers}
        means = {kind: described(each.movedim(2, 0).flatten(1)) for kind, each in means_of(model).items()}  # (words, S)
        rows.append({"cell": model.cell, "updates": updates, **sizes, "tensors": tensors, "means": means})
        cells[model.cell] = {name: getattr(CELLS[model.cell], name) for name in KNOWN_OF_A_CELL}
        cells[model.cell] |= {"carries": list(CELLS[model.cell].cell_class.carries), "border": border(model.cell)}
    return {"characters": vocab.characters, "cells": cells, "networks": rows}, bytes(content)
