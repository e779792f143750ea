"""What an encoder says of each window of a corpus, kept in float16 in a memory-mapped file.

How many values a window has is known before, so the file has its size from the start, and any
process may write any window at any time: first its values, then their checksum. A window is read
only if its checksum is that of what is there, so that whatever was cut short, is being written or
has decayed counts as not written.
"""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from probing.core.files import writing

_IS_THERE = 1 << 32
"""Told from a window that was never written, whose place holds a zero."""
Values = np.ndarray[tuple[int, ...], np.dtype[np.float16]]


class FeatureFile:
    """A file of float16, some for each window of a corpus.

    It holds a checksum a window (uint64), then the values of one window after the other.

    Args:
        path: of the file.
        counts: how many values each window has.
    """

    def __init__(
        self, path: Path, counts: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> None:
        self.path = path
        ends = np.cumsum(np.asarray(counts, dtype=np.int64))
        self.bounds = np.concatenate([np.zeros(1, dtype=np.int64), ends])
        self.start = 8 * len(counts)
        self.is_damaged = False
        """Whether a window was not what had been written."""

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self.start + 2 * int(self.bounds[-1])

    @property
    def missing(self) -> int:
        """Bytes of the disk that are still to be had for it."""
        return 0 if self._is_whole() else self.size

    def make(self) -> None:
        """Make the file, empty and of its size, if it is not there.

        Raises:
            ProbingError: where it cannot be written, or the disk has no room for it.
        """
        if self._is_whole():
            return
        if self.path.exists() and self.path.stat().st_size:  # one without is just being made
            print(f"{self.path}: damaged: not of its size; it is made anew", file=sys.stderr)
            self.path.unlink(missing_ok=True)
        with writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # In place: what is not written yet is zero, and another run may be writing there.
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            try:
                os.ftruncate(file, self.size)
                if hasattr(os, "posix_fallocate") and self.size:  # so that a full disk is found now
                    os.posix_fallocate(file, 0, self.size)
            except OSError:
                self.path.unlink(missing_ok=True)
                raise
            finally:
                os.close(file)

    def read(self, window: int) -> Values | None:
        """The values of a window, or ``None`` where they are not there, whole."""
        expected = int(self._sums[window])
        if not expected & _IS_THERE:
            return None
        values = np.array(self._values[self.bounds[window] : self.bounds[window + 1]])
        # Compared with what was copied: another process may be writing it.
        if _sum(values) == expected:
            return values
        if not self.is_damaged:
            print(
                f"{self.path}: a window is not whole (being written, or damaged); it is made again",
                file=sys.stderr,
            )
        self.is_damaged = True
        return None

    def write(self, window: int, values: Values) -> None:
        """Keep the values of a window.

        Raises:
            ProbingError: where it cannot be written.
        """
        own = np.ascontiguousarray(values, dtype=np.float16).reshape(-1)
        first, last = self.bounds[window : window + 2]
        if len(own) != last - first:
            raise ValueError(f"{self.path}: expected {last - first} values, found {len(own)}")
        with writing(self.path):
            # Not by way of the map: where the disk is full, that would end the process.
            file = os.open(self.path, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                _put(file, own.tobytes(), self.start + 2 * int(first))
                _put(file, np.uint64(_sum(own)).tobytes(), 8 * window)
            finally:
                os.close(file)

    @property
    def held(self) -> int:
        """How many windows have been written."""
        return int((self._sums >= _IS_THERE).sum()) if self._is_whole() else 0

    def _is_whole(self) -> bool:
        try:
            return self.path.stat().st_size == self.size
        except OSError:
            return False

    @cached_property
    def _sums(self) -> np.memmap[tuple[int, ...], np.dtype[np.uint64]]:
        shape = len(self.bounds) - 1
        return np.memmap(self.path, dtype=np.uint64, mode="r", shape=shape)

    @cached_property
    def _values(self) -> Values:
        count = int(self.bounds[-1])
        if not count:
            return np.zeros(0, dtype=np.float16)
        return np.memmap(self.path, dtype=np.float16, mode="r", offset=self.start, shape=count)


def _put(file: int, content: bytes, place: int) -> None:
    while content:
        written = os.pwrite(file, content, place)
        content, place = content[written:], place + written


def _sum(values: Values) -> int:
    return zlib.crc32(values.data) | _IS_THERE
