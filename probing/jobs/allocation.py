"""Memory that a batch frees is kept for the next one."""

from __future__ import annotations

import ctypes
import os
import sys

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # of malloc.h
_LARGEST, _KEPT = 2**25, 2**26  # bytes
_SAID = ("GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")


def keep_memory() -> None:
    """Let glibc keep up to 64 MiB that is free, and take blocks of up to 32 MiB from there.

    By default it hands back what lies free at the end of its heap, from twice the size of the
    largest block so far on. Each batch then pays for its pages anew, with some 5% of the processor
    time of scoring short sentences. Nothing changes where the environment sets this, and where the
    C library is another.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _SAID):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST)  # setting one of them ends that both adapt
        mallopt(_TRIM_THRESHOLD, _KEPT)
