"""What was read, in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from probing.core.errors import ProbingError
from probing.core.sentences import Sentence
from probing.core.terms import ALL
from probing.core.windows import Wordpieces

MOST = 10_000
"""Rows of a report; a treebank has some dozens, and for each of them all heads are counted."""


class ManyRows(ProbingError):
    """More rows than any report can hold, as where identifiers stand in place of relations."""


@dataclass
class Census:
    """What was read, in numbers, and the names of the rows, in the order of their indices.

    ``left_out``, ``faults`` and ``oddities`` count sentences by reason: those not used, those
    used that are no trees, those used that a reader found odd; ``first`` has the first complaint
    of a reader for those oddities that have a place. ``split`` counts words that have several
    wordpieces, ``shared`` wordpieces that belong to several words, ``unknown`` words that have a
    part which the tokenizer does not know, ``rebuilt`` words that the model's own
    ``tokenizer.json`` would cut otherwise. ``counts`` holds whatever else a task counts. ``unused``
    names rows that turned out to say only what another row says: anchors in them are not asked
    about.
    """

    rows: list[str] = field(default_factory=lambda: [ALL])
    unused: list[str] = field(default_factory=list)
    documents: int = 0
    sentences: int = 0
    used: int = 0
    windows: int = 0
    words: int = 0
    wordpieces: int = 0
    split: int = 0
    shared: int = 0
    unknown: int = 0
    rebuilt: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._numbers = {name: number for number, name in enumerate(self.rows)}

    def row(self, name: str) -> int:
        """The index of the row ``name``, new if need be.

        Raises:
            ManyRows: for more than any report can hold.
        """
        number = self._numbers.setdefault(name, len(self.rows))
        if number == len(self.rows):
            if number >= MOST:
                raise ManyRows(
                    f"expected at most {MOST:,} relations, or other rows of a report, found "
                    f"another, {name!r}"
                )
            self.rows.append(name)
        return number

    @property
    def state(self) -> dict[str, object]:
        """All that it is made of again."""
        return {own.name: getattr(self, own.name) for own in fields(self) if own.init}

    def count_window(self, wordpieces: Wordpieces, sentences: Sequence[Sentence]) -> None:
        """Count a window that is used."""
        self.windows += 1
        self.used += len(sentences)
        self.words += sum(len(sentence.words) for sentence in sentences)
        self.wordpieces += len(wordpieces.ids)
        self.split += wordpieces.split
        self.shared += wordpieces.shared
        self.unknown += wordpieces.unknown
        self.rebuilt += wordpieces.rebuilt
        for sentence in sentences:
            self.oddities.update(sentence.oddities)
            self.oddities.update({complaint.kind for complaint in sentence.complaints})
            for complaint in sentence.complaints:
                self.first.setdefault(complaint.kind, complaint.text)
