"""A network is trained where it was asked for, or on the GPU if there is one."""

import pytest
import torch

from charrnn_helpers import pick_device


def test_pick_device_takes_a_gpu_only_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device() == torch.device("cuda")
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("mps") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")  # an Apple GPU is used where it is named
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name in ("cuda", "toaster", "meta", "mps"):
        with pytest.raises(ValueError, match=rf"no.* '{name}'.*use 'cpu'"):
            pick_device(name)
