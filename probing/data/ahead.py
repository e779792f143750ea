"""Reading ahead: a large file is read by a process of its own, while this one cuts words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import torch
from torch.utils.data import DataLoader, IterableDataset

from probing.core.errors import ProbingError

Thing = TypeVar("Thing")
LARGE = 2**20
"""Bytes of a file from which a process is worth its start."""
_CHUNK, _WAITING = 256, 8


def ahead(read: Callable[[str], Iterable[Thing]], path: str) -> Iterator[Thing]:
    """What ``read`` makes of a file, in order; what it raises comes where it was raised.

    Elsewhere than on Linux, where processes are not forked, nothing is read ahead.

    Args:
        read: a function of ours, whose errors a process can hand to another.
        path: the file.

    Raises:
        ProbingError: naming the file, where the process that reads it ends before its time.
    """
    if sys.platform != "linux" or _size(path) < LARGE:
        yield from read(path)
        return
    chunks = DataLoader(
        _Chunks(partial(read, path)),
        batch_size=None,
        num_workers=1,
        prefetch_factor=_WAITING,
        multiprocessing_context="fork",
        generator=torch.Generator(),  # or a seed would be drawn from everybody's
    )
    stream = iter(chunks)
    while True:
        try:
            chunk, error = next(stream)
        except StopIteration:
            return
        except RuntimeError as lost:  # a process that was killed
            raise ProbingError(f"{path}: the process that read it is gone: {lost}") from lost
        yield from chunk
        if error is not None:
            raise error


class _Chunks(IterableDataset[tuple[list[Thing], Exception | None]]):
    """Some things at once, and what ended them, if it was no end."""

    def __init__(self, read: Callable[[], Iterable[Thing]]) -> None:
        self.read = read

    def __iter__(self) -> Iterator[tuple[list[Thing], Exception | None]]:
        things = iter(self.read())
        error = None
        while error is None:
            chunk: list[Thing] = []
            try:
                chunk.extend(islice(things, _CHUNK))
            except Exception as raised:  # to be raised by whoever asked
                error = raised
            if not chunk and error is None:
                return
            yield chunk, error


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:  # whoever reads it says so
        return 0
