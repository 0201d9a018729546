"""A network is trained where it was asked for, or on the GPU if there is one."""

import subprocess
import sys

import pytest
import torch

from charrnn_helpers import pick_device
from charrnn_helpers.training.device import keep_memory


def test_pick_device_takes_the_gpu_only_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device() == torch.device("cuda")
    assert pick_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device() == torch.device("cpu")
    for name in ("cuda", "toaster", "meta", "mps"):
        with pytest.raises(ValueError, match=rf"no.* '{name}'.*use 'cpu'"):
            pick_device(name)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the C library of Linux is asked to keep memory")
def test_what_a_tensor_has_freed_stays_with_the_process():
    """In a process of its own: there a large tensor comes and goes, and its pages are not asked for again."""
    script = """
import resource, torch
from charrnn_helpers.training.device import keep_memory
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(10_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults(); without = faults(); kept = keep_memory(); faults(); print(int(kept), without, faults())
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    kept, without, with_it = map(int, said.split())
    if kept:  # another C library than glibc refuses
        assert with_it < without / 10


def test_where_there_is_no_glibc_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_memory() is False
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("charrnn_helpers.training.device.ctypes.CDLL", lambda name: object())
    assert keep_memory() is False
