"""A process keeps the memory that it frees, where the C library can be told to."""

import subprocess
import sys

import pytest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the C library of Linux is asked to keep memory")
def test_what_a_tensor_has_freed_stays_with_the_process():
    """In a process of its own a large tensor comes and goes, and its pages are not asked for again."""
    script = """
import resource, torch
from charrnn_helpers.base.allocation import keep_memory
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
