"""Time and memory grow as the size of a file, whatever is in it."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from shapes import SHAPES, read, write

TIMES, MOST = 4, 9  # with four times the size: work in the square of it would be sixteen times
SMALL = 25_000


def seconds(shape: str, size: int, folder: Path) -> float:
    path, ending = write(shape, size, folder)
    start = time.process_time()
    read(path, ending)
    return time.process_time() - start


def peak(shape: str, size: int, folder: Path) -> int:
    path, ending = write(shape, size, folder)
    tracemalloc.start()
    try:
        read(path, ending)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", SHAPES)
def test_time_and_memory_grow_as_the_file(shape: str, tmp_path: Path) -> None:
    # The machine may be at other work, so that a ratio is as good as the best of a few.
    for _ in range(4):
        more, one = seconds(shape, TIMES * SMALL, tmp_path), 0.0
        if more <= 0.02 or more <= MOST * (one := seconds(shape, SMALL, tmp_path)):
            break
    else:
        pytest.fail(f"{one:.3f} s, then {more:.3f} s")
    most = peak(shape, TIMES * SMALL, tmp_path)
    assert most <= 500_000 or most <= MOST * peak(shape, SMALL, tmp_path)
