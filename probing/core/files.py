"""Files are written whole or not at all; where the cache is."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO
from uuid import uuid4

from probing.core.errors import ProbingError

_TEMPORARY = re.compile(r"\.(.+\.[0-9a-f]{32}|predictions\.\d+)\.tmp")


def cache_folder() -> Path:
    """Where what can be made anew is kept: ``$PROBING_CACHE``, else the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("PROBING_CACHE") or Path(base) / "probing")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write aside, then rename, so that no reader ever sees half a file."""
    # File names and JSON may hold half a character: it is written as Python shows it.
    whole = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    with written_aside(path) as aside:
        aside.write_bytes(whole)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Where to write a file that is too large for :func:`write_whole`.

    It becomes ``path`` at the end; if anything goes wrong before, it is removed. Several processes
    may write the same file, each aside by itself.
    """
    aside = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    with writing(path, aside):
        path.parent.mkdir(parents=True, exist_ok=True)
        open_new(aside).close()
        try:
            yield aside
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def writing(path: Path, *others: Path) -> Iterator[None]:
    """Where a file is written: what the system refuses is said of that file.

    Args:
        path: the file.
        others: files by way of which it is written.

    Raises:
        ProbingError: naming the file, where the disk is full, the folder gone, ...
    """
    try:
        yield
    except OSError as error:
        own = {None, *(str(each) for each in (path, path.parent, *others))}
        if error.filename not in own:  # what is read meanwhile
            raise
        raise ProbingError(f"{path}: cannot be written: {error.strerror or error}") from error


def open_new(path: Path) -> BinaryIO:
    """A file that is made here: what has its name is removed, and no link is followed."""
    path.unlink(missing_ok=True)
    return path.open("xb")


def remove_temporary(paths: Iterable[Path]) -> None:
    """Of ``paths``, remove the files that were written aside and never got their name."""
    for path in paths:
        if _TEMPORARY.fullmatch(path.name) and not path.is_dir():
            path.unlink(missing_ok=True)


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A comma-separated table with a header."""
    lines: list[str] = []
    # It quotes a return where that is part of what ends a line, and readers end a line at one.
    writer = csv.writer(SimpleNamespace(write=lines.append), lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_whole(path, "".join(line.removesuffix("\r\n") + "\n" for line in lines))
