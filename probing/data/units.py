"""Units of resampling: documents where there are several, else windows; words by their hash."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from typing import Protocol

import numpy as np

from ..batch import Sentence, Window

Digests = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass
class Units:
    """How many units have an anchor in each row, in the order of the census' rows.

    ``documents`` says whether units are documents; else each window is one. ``of_anchors`` counts
    those with any anchor, ``of_heads`` those with an anchor that a head can be right about, one
    whose gold is not only ROOT. ``corpus`` tells the corpus from others. ``known`` is false where
    the task does not say of what document its windows are.
    """

    known: bool = False
    documents: bool = False
    of_anchors: list[int] = field(default_factory=list)
    of_heads: list[int] = field(default_factory=list)
    corpus: str = ""

    def identity(self, document: int, place: int) -> int:
        """64 bits (signed) that tell a unit from all others, wherever the corpus lies.

        They hang on the words of the corpus and on the unit's place in it alone, so that a run with
        another model resamples the same units.
        """
        unit = f"document {document}" if self.documents else f"place {place}"
        return _digest(f"{self.corpus} {unit}")


class UnitCounter:
    """Counts units by row as windows come: those of a document one after the other."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, str, int], int] = {}
        self.last: dict[tuple[str, str, int], int] = {}
        self.known = True

    def add(self, window: Window) -> None:
        """Count a window."""
        self.known &= window.document > 0 and window.place > 0
        for unit, number in (("document", window.document), ("place", window.place)):
            of_anchors = set(chain.from_iterable(window.rows))
            asked = zip(window.rows, window.gold, strict=True)
            of_heads = set(chain.from_iterable(rows for rows, gold in asked if any(gold)))
            for anchors, rows in (("any", of_anchors), ("heads", of_heads)):
                for row in rows:
                    key = (unit, anchors, row)
                    if self.last.get(key) != number:
                        self.last[key] = number
                        self.counts[key] = self.counts.get(key, 0) + 1

    def units(self, *, documents: int, rows: int, corpus: str) -> Units:
        """What was counted: documents as units if there are several."""
        unit = "document" if documents > 1 else "place"
        counted = {
            anchors: [self.counts.get((unit, anchors, row), 0) for row in range(rows)]
            for anchors in ("any", "heads")
        }
        return Units(self.known, documents > 1, counted["any"], counted["heads"], corpus)


class Digested:
    """Sentences as they pass, and 64 bits for each that tell its words from others."""

    def __init__(self, sentences: Iterable[Sentence]) -> None:
        self.sentences = sentences
        self.digests = array("q")

    def __iter__(self) -> Iterator[Sentence]:
        for sentence in self.sentences:
            self.digests.append(_digest("\0".join(sentence.words)))
            yield sentence

    @property
    def array(self) -> Digests:
        """``[sentences]``, int64."""
        return np.array(self.digests, dtype=np.int64)

    @property
    def corpus(self) -> str:
        """What tells the words of all sentences, in their order, from those of other corpora."""
        return blake2b(self.array.astype("<i8").tobytes(), digest_size=16).hexdigest()


class HasSentences(Protocol):
    """A corpus whose sentences can be told apart."""

    @property
    def sentences(self) -> Digests:
        """A digest of the words of each."""
        ...


def overlaps(split: str, corpora: Mapping[str, HasSentences]) -> dict[str, int]:
    """How many sentences of a split stand word for word in each other one, if any do.

    Nothing is said of what is trained on, only of what is scored.
    """
    if split == "train":
        return {}
    own = corpora[split].sentences
    found = {
        name: int(np.isin(own, other.sentences).sum())
        for name, other in corpora.items()
        if name != split
    }
    return {name: count for name, count in found.items() if count}


def _digest(text: str) -> int:
    found = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(found, "little", signed=True)
