"""Files called ``.conll``: of one shared task or of another."""

from __future__ import annotations

from collections.abc import Iterator

from probing.core.sentences import Sentence
from probing.data.formats.conll2012 import read_conll2012
from probing.data.formats.conllx import read_conllx
from probing.data.formats.lines import numbered
from probing.data.formats.penn import Undo, unescape


def read_conll(path: str, undo: Undo = unescape) -> Iterator[Sentence]:
    """Sentences of a file in the format of CoNLL-2012, if it begins a document, else of CoNLL-X.

    Raises:
        ProbingError: as the readers of both do.
    """
    first = next((line for _, line in numbered(path) if line.strip()), "")
    reader = read_conll2012 if first.startswith("#begin document") else read_conllx
    yield from reader(path, undo)
