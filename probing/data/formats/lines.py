"""Lines of text files, numbered, and complaints that name them."""

from __future__ import annotations

from collections.abc import Iterator

from probing.core.errors import ProbingError

Line = tuple[int, str]
_LONGEST, _NAME = 200, 1000


def numbered(path: str) -> Iterator[Line]:
    """The lines of a UTF-8 file, counted from one, without their ends.

    Raises:
        ProbingError: for a file that cannot be read, or a line that is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            for number, raw in enumerate(file, start=1):
                # Decoded line by line, so that a fault is found in the line that has it.
                yield number, _decode(path, number, raw)
    except OSError as error:
        raise ProbingError(f"{path}: {error.strerror or error}") from error


def blocks(path: str) -> Iterator[list[Line]]:
    """The numbered lines of a UTF-8 file, in blocks separated by empty lines."""
    block: list[Line] = []
    for number, line in numbered(path):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def quoted(text: str) -> str:
    """Text of a file for a complaint: what is long, and may be complained about often, is cut."""
    return repr(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!r}…"


def named(path: str, line: int, document: str) -> str:
    """The name of a document, which goes with each of its sentences.

    Raises:
        ProbingError: naming file and line, for one that is too long for that.
    """
    if len(document) > _NAME:
        raise fault(path, line, f"a name of at most {_NAME:,} characters", quoted(document))
    return document


def fault(path: str, line: int, expected: str, found: str) -> ProbingError:
    """What every complaint about a line says."""
    return ProbingError(f"{path}:{line}: expected {expected}, found {found}")


def _decode(path: str, line: int, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise fault(path, line, "UTF-8 text", f"byte {raw[error.start]:#x}") from error
    return text.rstrip("\r\n")
