"""Documents: the sentences of a file that have the same name, wherever they stand in it.

Documents are numbered by their first sentences. In most files a document ends before the next one
begins, so that one at a time need be in memory; where documents take turns, all of the file is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import attrgetter

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence

Parts = Iterable[tuple[str, Iterable[Sentence]]]
"""The files of a source, each with its name, to be read in order."""


class TakesTurns(ProbingError):
    """A document goes on after another has begun."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(
            f"{sentence.document}:{sentence.line}: expected the sentences of a document one after "
            "the other, found one behind those of another document"
        )


def documents(sentences: Iterable[Sentence]) -> Iterator[list[Sentence]]:
    """The documents of a file, one in memory at a time.

    Raises:
        TakesTurns: if one goes on after another has begun.
    """
    begun = set()
    for name, own in groupby(sentences, key=attrgetter("document")):
        document = list(own)
        if name in begun:
            raise TakesTurns(document[0])
        begun.add(name)
        yield document


def gathered(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """The sentences of a file, those of a document one after the other."""
    found: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        found.setdefault(sentence.document, []).append(sentence)
    return chain.from_iterable(found.values())


def taking_turns(parts: Parts) -> set[int]:
    """The files whose documents take turns, counted from zero."""
    return {number for number, (_, sentences) in enumerate(parts) if _take_turns(sentences)}


def _take_turns(sentences: Iterable[Sentence]) -> bool:
    begun: set[str] = set()
    turns = False
    # To the end in any case: files are read in order.
    for name, _ in groupby(sentences, key=attrgetter("document")):
        turns |= name in begun
        begun.add(name)
    return turns


def in_order(parts: Parts, apart: set[int]) -> Iterator[tuple[str, Iterable[Sentence]]]:
    """The same files, those among ``apart`` with their documents gathered."""
    for number, (name, sentences) in enumerate(parts):
        yield name, gathered(sentences) if number in apart else sentences
