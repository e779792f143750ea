"""The lines of a text file, plain or compressed, read as a stream.

Compression is told by a file's first bytes, not by its name. Nothing is unpacked to disk.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, cast

from probing.core.errors import ProbingError

Watch = Callable[[IO[bytes], str, int], AbstractContextManager[IO[bytes]]]
"""Puts something between an open file, its name and its size in bytes, and what reads it."""

_PACKED: Mapping[bytes, Callable[[IO[bytes]], object]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
_BUFFER = 1 << 17
LONGEST = 1 << 20
"""The most bytes that a line may have."""


def unwatched(file: IO[bytes], name: str, size: int) -> AbstractContextManager[IO[bytes]]:
    """Read the file itself."""
    return nullcontext(file)


def numbered(name: str, watch: Watch = unwatched) -> Generator[tuple[int, bytes]]:
    """The lines of a file, counted from one, with their ends.

    Args:
        name: a file, plain or compressed with gzip, bzip2 or xz; a zip archive with one file in
            it; or ``ARCHIVE.zip/MEMBER``.
        watch: see :data:`Watch`.

    Raises:
        ProbingError: for a file that is not there, is no text or is damaged.
    """
    path, member = _located(name)
    number = 0
    try:
        with ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            file = stack.enter_context(watch(raw, name, os.path.getsize(path)))
            stream = stack.enter_context(_decompressed(file, name, member, stack))
            _refuse_binary(name, stream.peek(_BUFFER)[:_BUFFER])
            for number, line in enumerate(iter(partial(stream.readline, LONGEST), b""), start=1):
                if len(line) == LONGEST:
                    raise ProbingError(
                        f"{name}:{number}: expected a line of less than {LONGEST:,} bytes"
                    )
                yield number, line
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        raise ProbingError(f"{name}:{number + 1}: the file cannot be read: {reason}") from error


def _located(name: str) -> tuple[Path, str | None]:
    """The file, and the member that is named of it."""
    path = Path(name)
    if path.is_dir():
        raise ProbingError(f"{name}: expected a file, found a folder")
    if path.exists():
        return path, None
    for parent in path.parents:
        if parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    raise ProbingError(f"{name}: no such file of word vectors; --model.vectors FILE names one")


def _decompressed(
    file: IO[bytes], name: str, member: str | None, stack: ExitStack
) -> io.BufferedReader:
    start = file.read(6)
    file.seek(0)
    is_zip = start.startswith(b"PK\x03\x04")
    if member is not None and not is_zip:
        raise ProbingError(f"{name}: no such file, and no archive that could hold it")
    stream: object = file
    if is_zip:
        archive = stack.enter_context(zipfile.ZipFile(file))
        stream = _member(archive, name, member)
    for magic, unpack in _PACKED.items():
        if start.startswith(magic):
            stream = unpack(file)
    return io.BufferedReader(cast(io.RawIOBase, stream), buffer_size=_BUFFER)


def _member(archive: zipfile.ZipFile, name: str, member: str | None) -> IO[bytes]:
    # What a Mac adds to an archive are no files of the user's.
    files = [f for f in archive.namelist() if not f.endswith("/") and not f.startswith("__MACOSX")]
    if member is None and len(files) != 1:
        raise ProbingError(
            f"{name}: expected an archive with one file, found {', '.join(files) or 'none'}"
            + (f"; name one of them: {name}/{files[0]}" if files else "")
        )
    chosen = files[0] if member is None else member
    if chosen not in files:
        raise ProbingError(f"{name}: the archive has no such file, but {', '.join(files)}")
    try:
        return archive.open(chosen)
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in an odd way
        raise ProbingError(f"{name}: {error}") from error


def _refuse_binary(name: str, start: bytes) -> None:
    """Refuse word2vec's binary format, pickles, arrays: text holds no zero byte."""
    if b"\0" in start or re.search(r"\.bin(\.\w+)?$", name.lower()):
        raise ProbingError(
            f"{name}: expected text, found binary data. Write word2vec's binary vectors as text "
            "first, with gensim: KeyedVectors.load_word2vec_format(FILE, binary=True)"
            ".save_word2vec_format('vectors.txt')"
        )
