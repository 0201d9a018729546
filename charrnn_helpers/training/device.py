"""Where a network is trained."""

import ctypes
import sys

import torch

from ..text.arguments import explained


def keep_memory() -> bool:
    """Let this process keep the memory that it frees, for the next update; False where the allocator is not glibc's.

    An update needs the same few large blocks as the one before. By default glibc (Linux) gives such blocks back to the
    system each time, and gets them again page by page. The process then stays as large as it once was. Nothing that is
    computed changes. (mallopt(3): M_MMAP_MAX, M_TRIM_THRESHOLD.) Updates of 256 and 512 units took 7 to 23 % less time.
    """
    if not sys.platform.startswith("linux"):
        return False
    mmap_max, trim_threshold = -4, -1  # glibc's numbers for what mallopt sets
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(mmap_max, 0)) and bool(mallopt(trim_threshold, 2**31 - 1))


@explained
def pick_device(name: str | torch.device | None = None) -> torch.device:
    """The GPU if there is one, else the CPU; or the device asked for by name, "cpu" or "cuda".

    Apple's "mps" is none of them: it has no double precision, in which texts are written. Raises `ValueError` for a
    device that is not there.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"there is no device {name!r}: use 'cpu' or 'cuda'") from None
    there = {"cpu": True, "cuda": torch.cuda.is_available()}
    if not there.get(device.type, False):
        raise ValueError(f"this machine has no {device.type!r} that PyTorch can use: use 'cpu'")
    return device
