"""Files are written whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from probing.core.errors import ProbingError


def write_whole(path: Path, content: str | bytes) -> None:
    """Write aside, then rename, so that no reader ever sees half a file."""
    with written_aside(path) as aside:
        aside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Where to write a file that is too large for :func:`write_whole`.

    It becomes ``path`` at the end; if anything goes wrong before, it is removed. Several processes
    may write the same file, each aside by itself.
    """
    aside = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    with writing(path, aside):
        path.parent.mkdir(parents=True, exist_ok=True)
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


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A comma-separated table with a header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_whole(path, text.getvalue())


def markdown_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, words: Collection[int]
) -> Iterator[str]:
    """The lines of a table in Markdown; ``words`` are the columns that stand to the left."""
    yield f"| {' | '.join(columns)} |"
    yield f"|{'|'.join('---' if k in words else '---:' for k in range(len(columns)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
