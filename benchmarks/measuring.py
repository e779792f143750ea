"""Processor seconds of two sides in turn, and peaks of memory."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure

MIB = 2**20


def ratio(
    row: str,
    what: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rounds: int,
) -> Figure:
    """How much more processor time ``ours`` takes than ``theirs``.

    Both run in turn, once to warm up and then ``rounds`` times: processor time is not lengthened
    by what else the machine does, and what slows it down slows both. The value is the ratio of the
    medians.
    """
    times = _rounds(ours, theirs, rounds)
    of_ours, of_theirs = _medians(times)
    each = [a / b for a, b in times]
    return Figure(row, what, of_ours / of_theirs, least=min(each), most=max(each))


def in_turn(
    first: Callable[[], object], second: Callable[[], object], *, rounds: int
) -> tuple[float, float]:
    """Median seconds of processor time of each, run in turn after a warm-up."""
    return _medians(_rounds(first, second, rounds))


def _rounds(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> list[tuple[float, float]]:
    """Seconds of each round; one before them warms up."""
    return [(seconds(first), seconds(second)) for _ in range(rounds + 1)][1:]


def _medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    first, second = (statistics.median(column) for column in zip(*times, strict=True))
    return first, second


def seconds(work: Callable[[], object]) -> float:
    """Seconds of processor time, of all threads of this process, that ``work`` takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def peak(work: Callable[[], object]) -> float:
    """MiB of resident memory that ``work`` needs at its most above what was there before it.

    Linux with glibc only.
    """
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # or what is free already would be used unseen
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak
    before = _status("VmRSS")
    work()
    return (_status("VmHWM") - before) / MIB


def _status(name: str) -> int:
    """A size of this process in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)
