"""Units of resampling: documents where there are several, else windows; words by their hash."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import chain, islice
from typing import Protocol

import numpy as np
import torch

from probing.core.batches import EdgeBatch
from probing.core.schemes import ALL_SUBTYPES, SUD_SEPARATORS, universal
from probing.core.sentences import Sentence
from probing.core.terms import ALL, UAS, UAS_WITH_PUNCTUATION
from probing.core.windows import Window
from probing.data.genres import genres_of

Digests = np.ndarray[tuple[int], np.dtype[np.int64]]


COUNTED_OUT = 10
"""So many units have so few patterns of signs that all can be counted out."""
_IN_SUD = "@*"
"""How names of rows end that add up what SUD's separators join, until the scheme is known."""


@dataclass
class Units:
    """How many units have an anchor in each row, by its name.

    ``documents`` says whether units are documents; else each window is one. ``of_anchors`` counts
    those with an anchor that probes are asked about, ``of_heads`` those with an anchor that a
    head can be right about, one whose gold is not only ROOT. ``corpus`` tells the corpus from
    others. ``known`` is false where the task does not say of what document its windows are.
    ``few`` are the numbers of all units that have an anchor of heads, in any row, if there are no
    more than :data:`COUNTED_OUT`; ``genres`` those of documents by their genre, where names say it.
    """

    known: bool = False
    documents: bool = False
    of_anchors: dict[str, int] = field(default_factory=dict)
    of_heads: dict[str, int] = field(default_factory=dict)
    corpus: str = ""
    few: list[int] = field(default_factory=list)
    genres: dict[str, list[int]] = field(default_factory=dict)

    @property
    def few_identities(self) -> tuple[int, ...]:
        """What tells the ``few`` units from each other."""
        return tuple(self.identity(number, number) for number in self.few)

    @property
    def genre_of(self) -> dict[int, int]:
        """The place of its genre among the ``genres``, by the identity of a document."""
        return {
            self.identity(document, document): place
            for place, documents in enumerate(self.genres.values())
            for document in documents
        }

    def told(self, batch: EdgeBatch, windows: Sequence[Window]) -> EdgeBatch:
        """The batch of these windows with its units."""
        identities = [self.identity(window.document, window.place) for window in windows]
        return replace(batch, units=torch.tensor(identities, dtype=torch.int64))

    def in_sud(self) -> Units:
        """The same where the scheme is SUD, and more rows are added up than elsewhere."""
        return replace(self, of_anchors=_in_sud(self.of_anchors), of_heads=_in_sud(self.of_heads))

    def identity(self, document: int, place: int) -> int:
        """64 bits (signed) that tell a unit from all others, wherever the corpus lies.

        They hang on the words of the corpus and on the unit's place in it alone, so that a run with
        another model resamples the same units.
        """
        unit = f"document {document}" if self.documents else f"place {place}"
        return _digest(f"{self.corpus} {unit}")


class UnitCounter:
    """Counts units by row as windows come, those of documents in any order.

    Relations with all their subtypes count, too, since reports may add up their rows; also as if
    the scheme were SUD, which only all labels together tell.

    Args:
        separators: what starts a subtype, if labels have any.
        has_whole: whether there are the rows of :mod:`probing.data.tasks.whole`.
    """

    def __init__(self, separators: str, *, has_whole: bool = False) -> None:
        self.separators = separators
        self.has_whole = has_whole
        # By document and by place, for either kind of anchors: which numbers each row has.
        self.seen: dict[tuple[str, str], defaultdict[int, _Numbers]] = {
            (unit, anchors): defaultdict(_Numbers)
            for unit in ("document", "place")
            for anchors in ("any", "heads")
        }
        self.documents: dict[int, str] = {}
        self.known = True

    def add(self, window: Window) -> None:
        """Count a window."""
        self.known &= window.document > 0 and window.place > 0
        self.documents[window.document] = window.origin.document
        asked = zip(window.rows, window.gold, strict=True)
        of_anchors = set(chain.from_iterable(window.probed.rows))
        of_heads = set(chain.from_iterable(own for own, gold in asked if any(gold)))
        for anchors, rows in (("any", of_anchors), ("heads", of_heads)):
            for unit, number in (("document", window.document), ("place", window.place)):
                seen = self.seen[unit, anchors]
                for row in rows:
                    seen[row].add(number)

    def units(self, rows: Sequence[str], *, documents: int, corpus: str) -> Units:
        """What was counted: documents as units if there are several; ``rows`` are their names."""
        unit = "document" if documents > 1 else "place"
        any_anchor, of_heads = (
            {name: numbers.count for name, numbers in self._named(rows, unit, anchors).items()}
            for anchors in ("any", "heads")
        )
        if self.has_whole:
            every = _Numbers()
            for own in self.seen[unit, "any"].values():
                every.join(own)
            of_heads |= {UAS: any_anchor.get(ALL, 0), UAS_WITH_PUNCTUATION: every.count}
        of_any_row = self.seen[unit, "heads"].values()
        numbers = sorted(set(chain.from_iterable(own.first(COUNTED_OUT + 1) for own in of_any_row)))
        return Units(
            self.known,
            documents > 1,
            any_anchor,
            of_heads,
            corpus,
            few=numbers if len(numbers) <= COUNTED_OUT else [],
            genres=genres_of(self.documents) if documents > 1 else {},
        )

    def _named(self, rows: Sequence[str], unit: str, anchors: str) -> Mapping[str, _Numbers]:
        found: defaultdict[str, _Numbers] = defaultdict(_Numbers)
        for row, numbers in self.seen[unit, anchors].items():
            names = {rows[row]}
            if self.separators:
                names.add(universal(rows[row], self.separators) + ALL_SUBTYPES)
                names.add(universal(rows[row], SUD_SEPARATORS) + _IN_SUD)
            for name in names:
                found[name].join(numbers)
        return found


class _Numbers:
    """How many different numbers there were: a bit for each, in words where there are any."""

    def __init__(self) -> None:
        self.words: dict[int, int] = {}

    def add(self, number: int) -> None:
        """Note a number."""
        place, bit = divmod(number, _BITS)
        self.words[place] = self.words.get(place, 0) | 1 << bit

    def join(self, others: _Numbers) -> None:
        """Note all that others have noted."""
        for place, word in others.words.items():
            self.words[place] = self.words.get(place, 0) | word

    @property
    def count(self) -> int:
        """How many."""
        return sum(word.bit_count() for word in self.words.values())

    def first(self, most: int) -> Iterator[int]:
        """The smallest of them, ascending, at most so many."""
        found = (
            _BITS * place + bit
            for place in sorted(self.words)
            for bit in range(_BITS)
            if self.words[place] >> bit & 1
        )
        return islice(found, most)


_BITS = 1024  # of a word


def _in_sud(counts: Mapping[str, int]) -> dict[str, int]:
    further = {
        name.removesuffix(_IN_SUD) + ALL_SUBTYPES: count
        for name, count in counts.items()
        if name.endswith(_IN_SUD)
    }
    return {**counts, **further}


class Digested:
    """Sentences as they pass, and 64 bits for each that tell its words from others."""

    def __init__(self) -> None:
        self.digests = array("q")

    def passing(self, sentences: Iterable[Sentence]) -> Iterator[Sentence]:
        """The sentences, each noted as it passes."""
        for sentence in sentences:
            # Of a text that is withheld every word is "_", which makes no two sentences the same.
            self.digests.append(
                _NO_TEXT if sentence.is_withheld else _digest("\0".join(sentence.words))
            )
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
    """How many sentences of a split stand word for word elsewhere, if any do, by where they stand.

    That is each other split, and the split itself, at another place. Nothing is said of what is
    trained on, only of what is scored.
    """
    if split == "train":
        return {}
    own = _with_text(corpora[split].sentences)
    found = {}
    for name, other in corpora.items():
        if name == split:
            _, counts = np.unique(own, return_counts=True)
            found[name] = int(counts[counts > 1].sum())
        else:
            found[name] = int(np.isin(own, other.sentences).sum())
    return {name: count for name, count in found.items() if count}


def share_in(other: Digests, own: Digests) -> float:
    """The share of sentences (``own``) that stand in others, too, word for word."""
    known = _with_text(own)
    return float(np.isin(known, other).mean()) if len(known) else 0.0


def _with_text(sentences: Digests) -> Digests:
    return np.asarray(sentences[sentences != _NO_TEXT], dtype=np.int64)


_NO_TEXT = 0
"""In place of the digest of a sentence whose text is withheld."""


def _digest(text: str) -> int:
    found = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(found, "little", signed=True)
