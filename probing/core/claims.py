"""Folders that one process writes to: a lock that ends with the process, whatever ends it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from probing.core.errors import ProbingError

LOCK = ".lock"
"""The file in a folder that is locked."""


@dataclass(frozen=True)
class _Claim:
    """What is held: the file, open, and which folders were made for it, inner ones first."""

    lock: int
    made: tuple[Path, ...]


# A lock belongs to the process, and closing its file anywhere ends it: each is opened once.
_held: dict[Path, _Claim] = {}


def claim(folder: Path) -> bool:
    """Hold a folder until :func:`release`, or the end of the process; it is made if need be.

    Returns:
        Whether it can be held: not every file system has locks.

    Raises:
        ProbingError: if another process holds it, or it cannot be written to.
    """
    place = folder.resolve()
    if place in _held:
        return True
    made = tuple(path for path in (place, *place.parents) if not path.exists())
    try:
        place.mkdir(parents=True, exist_ok=True)
        lock = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        raise ProbingError(f"{folder / LOCK}: cannot be written: {error.strerror}") from error
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        os.close(lock)
        raise ProbingError(
            f"{folder}: another run is writing there; wait for its end, or choose another --output"
        ) from error
    except OSError:
        os.close(lock)
        (place / LOCK).unlink(missing_ok=True)
        return False
    if not _is(lock, place / LOCK):  # whoever held it has removed it meanwhile
        os.close(lock)
        return claim(folder)
    _held[place] = _Claim(lock, made)
    return True


def release() -> None:
    """Let go of every folder that this process holds; empty ones that it made are removed."""
    while _held:
        place, held = _held.popitem()
        (place / LOCK).unlink(missing_ok=True)
        os.close(held.lock)
        with suppress(OSError):  # not empty, or gone
            for folder in held.made:
                folder.rmdir()


def _is(lock: int, path: Path) -> bool:
    """Whether an open file is the one of that name."""
    try:
        return os.path.samestat(os.fstat(lock), path.lstat())
    except FileNotFoundError:
        return False
