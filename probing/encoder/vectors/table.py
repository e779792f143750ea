"""A table of vectors, and which words it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from probing.core.errors import ProbingError
from probing.encoder.vectors.lines import Watch, numbered, unwatched
from probing.encoder.vectors.text import read_text_vectors


@dataclass(frozen=True)
class Coverage:
    """How many of a text's words have a vector; ``forms`` counts each different word once.

    ``lowered`` are those that were found in lower case only; they are among those found.
    """

    words: int
    words_found: int
    words_lowered: int
    forms: int
    forms_found: int
    forms_lowered: int

    def __str__(self) -> str:
        """In one line."""
        return (
            f"{_share(self.words_found, self.words)} words "
            f"({self.words_lowered:,} of them in lower case only) and "
            f"{_share(self.forms_found, self.forms)} different words have a vector; "
            f"{self.words - self.words_found:,} words without one get zeros"
        )


class WordVectors:
    """Vectors of words from a text file, of those words only that are asked for.

    A word has the vector of its exact form; if the file has none, that of its lower-cased form;
    if it has neither, zeros. (The paper's released code lower-cases every word, and gives
    unknown ones row 0 of its table; with GloVe's lower-cased vectors only these can differ.)

    The file is read when words are first asked for, and again for words that had not been
    announced by :meth:`read`. No more than their vectors is held in memory.

    Args:
        name: the file: GloVe's or word2vec's text format, plain or compressed; see
            :func:`~probing.encoder.vectors.text.read_text_vectors`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._known: set[str] = set()
        self._row: dict[str, int] = {}
        self._table = torch.zeros(1, 0)  # row 0: words without a vector
        self._sha256 = ""

    def check(self) -> None:
        """See that the file is there and can be opened, which takes no time.

        Raises:
            ProbingError: if not.
        """
        with closing(numbered(self.name)) as lines:
            next(lines, None)

    def read(self, words: Iterable[str], *, watch: Watch = unwatched) -> None:
        """Read the vectors of ``words``, if that has not been done.

        Args:
            words: all that will be looked up, so that the file need be read only once.
            watch: sees the file while it is read.

        Raises:
            ProbingError: for a file that is not there, is faulty, or was changed since.
        """
        new = set(words) - self._known
        if self._sha256 and not new:
            return
        known = self._known | new
        found = read_text_vectors(self.name, known | {word.lower() for word in known}, watch=watch)
        if self._sha256 not in ("", found.sha256):
            raise ProbingError(f"{self.name}: the file was changed while it was in use")
        self._sha256, self._known = found.sha256, known
        self._row = {word: row for row, word in enumerate(found.vectors, start=1)}
        zeros = np.zeros(found.dimensions, dtype=np.float32)
        self._table = torch.from_numpy(np.stack([zeros, *found.vectors.values()]))

    @property
    def dimensions(self) -> int:
        """``V``: numbers of each vector."""
        self.read(())
        return self._table.shape[1]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file's text."""
        self.read(())
        return self._sha256

    def __call__(self, words: Sequence[Sequence[str]], width: int) -> Tensor:
        """The vectors of each window's words, ``[B, W, V]``; zeros where ``W`` is padding."""
        self.read({word for window in words for word in window})
        rows = torch.zeros(len(words), width, dtype=torch.long)
        for b, window in enumerate(words):
            rows[b, : len(window)] = torch.tensor([self._row_of(word) for word in window])
        return self._table[rows]

    def coverage(self, counts: Mapping[str, int]) -> Coverage:
        """How many words have a vector; ``counts`` says how often each is there."""
        self.read(counts)
        found = {word: count for word, count in counts.items() if self._row_of(word)}
        lowered = {word: count for word, count in found.items() if word not in self._row}
        return Coverage(
            words=sum(counts.values()),
            words_found=sum(found.values()),
            words_lowered=sum(lowered.values()),
            forms=len(counts),
            forms_found=len(found),
            forms_lowered=len(lowered),
        )

    def summary(self, counts: Mapping[str, int]) -> dict[str, object]:
        """What a report says of them: file, size, content, coverage."""
        return {
            "source": self.name,
            "sha256": self.fingerprint,
            "dimensions": self.dimensions,
            **asdict(self.coverage(counts)),
        }

    def _row_of(self, word: str) -> int:
        """The row of a word; 0 if it has no vector."""
        return self._row.get(word) or self._row.get(word.lower(), 0)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f}% of {whole:,}"
