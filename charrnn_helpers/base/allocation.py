"""Memory that a process keeps between two updates, because an update needs the same blocks as the one before."""

import ctypes
import sys


def keep_memory() -> bool:
    """Let this process keep the memory that it frees; return False where the allocator is not glibc's.

    By default glibc (Linux) returns large blocks to the system when they are freed, and gets them again page by page.
    With this setting the process stays as large as it once was, and nothing that is computed changes. An update of
    a network of 256 or 512 units took 7 to 23 % less time (mallopt(3): M_MMAP_MAX, M_TRIM_THRESHOLD).
    """
    if not sys.platform.startswith("linux"):
        return False
    mmap_max, trim_threshold = -4, -1  # glibc's numbers for what mallopt sets
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    return bool(mallopt(mmap_max, 0)) and bool(mallopt(trim_threshold, 2**31 - 1))
