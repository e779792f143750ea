"""Vectors of words in text: a word and its numbers a line, as GloVe and word2vec write them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from probing.core.digits import whole_number
from probing.core.errors import ProbingError
from probing.encoder.vectors.lines import Watch, numbered, unwatched

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]


@dataclass(frozen=True)
class TextVectors:
    """What was read of a file.

    - ``vectors``: of those words that were wanted and are there.
    - ``dimensions``: numbers of each vector.
    - ``sha256``: over the file's bytes, decompressed, so that packing a file does not change it.
    """

    vectors: dict[str, Vector]
    dimensions: int
    sha256: str


def read_text_vectors(
    name: str, wanted: Collection[str], *, watch: Watch = unwatched
) -> TextVectors:
    """Read the vectors of some words; no more than these is held in memory.

    A line is a word, and after it as many numbers as on the first line, each after one space. A
    first line of two integers is word2vec's header: how many vectors there are, and of how many
    numbers. A word may hold spaces itself, as some of GloVe's do: the last columns are the
    numbers. (But if it ended in a fraction, such as 0.5, that would be a number too many.) Of a
    word that is there twice the first line counts.

    Numbers are looked at only where the word is wanted; columns and encoding on every line.

    Args:
        name: see :func:`~probing.encoder.vectors.lines.numbered`.
        wanted: the words.
        watch: see :data:`~probing.encoder.vectors.lines.Watch`.

    Raises:
        ProbingError: for a file that is not there or faulty, with the line.
    """
    digest = hashlib.sha256()
    vectors: dict[str, Vector] = {}
    declared = dimensions = number = count = 0
    with closing(numbered(name, watch)) as lines:
        for number, raw in lines:
            digest.update(raw)
            # word2vec itself ends each line with a space.
            line = raw.rstrip(b" \r\n")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
                if header := re.fullmatch(rb"(\d+) (\d+)", line):
                    declared, dimensions = (whole_number(s.decode()) or 0 for s in header.groups())
                    if not declared or not dimensions:
                        expected = "one vector or more, of one number or more"
                        raise _fault(name, 1, expected, line.decode())
                    continue
            dimensions = dimensions or _numbers(line)
            extra = line.count(b" ") - dimensions
            # Most words are not wanted: to split their numbers would take most of the time.
            start = line.rsplit(b" ", dimensions)[0] if extra else line.partition(b" ")[0]
            if extra < 0 or not dimensions or _ends_in_number(start):
                expected = f"a word and {dimensions or 'its'} numbers, separated by single spaces"
                raise _fault(name, number, expected, f"{len(line.split())} columns")
            word = _decoded(name, number, start)
            count += 1
            if word in wanted and word not in vectors:
                numbers = line[len(start) + 1 :].split(b" ")
                vectors[word] = _vector(name, number, word, numbers)
    if not count:
        raise ProbingError(f"{name}: expected vectors of words, found an empty file")
    if declared and count != declared:
        raise _fault(name, number, f"{declared:,} vectors, as line 1 says", f"{count:,}")
    return TextVectors(vectors, dimensions, digest.hexdigest())


def _numbers(line: bytes) -> int:
    """How many numbers stand at the end of a line, after a word at least."""
    count = 0
    for field in reversed(line.split(b" ")[1:]):
        try:
            float(field)
        except ValueError:
            break
        count += 1
    return count


def _ends_in_number(word: bytes) -> bool:
    """Whether what should be a word is one with a number too many behind it."""
    last = word.rpartition(b" ")[2]
    return (
        last != word
        and re.fullmatch(rb"[-+]?(\d*\.\d+([eE][-+]?\d+)?|\d+[eE][-+]\d+)", last) is not None
    )


def _decoded(name: str, number: int, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _fault(name, number, "UTF-8 text", f"byte {raw[error.start]:#x}") from error


def _vector(name: str, number: int, word: str, fields: list[bytes]) -> Vector:
    values = []
    for field in fields:
        try:
            values.append(float(field))
        except ValueError:
            found = repr(field.decode("utf-8", "replace"))
            raise _fault(name, number, f"numbers after {word!r}", found) from None
    with np.errstate(over="ignore"):
        vector = np.array(values, dtype=np.float64).astype(np.float32)
    if not np.isfinite(vector).all():
        worst = fields[int(np.isfinite(vector).argmin())].decode()
        raise _fault(name, number, f"finite numbers after {word!r}", repr(worst))
    return vector


def _fault(name: str, line: int, expected: str, found: str) -> ProbingError:
    return ProbingError(f"{name}:{line}: expected {expected}, found {found}")
