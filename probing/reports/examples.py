"""Examples of what heads pick: the anchors that were noted, with their sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from probing.core.windows import Window
from probing.counting.examples import NO_PICK, UNSEEN, Array, Noted
from probing.counting.subtypes import parts_of
from probing.data.store import EdgeWindows


@dataclass(frozen=True)
class Example:
    """What a head picks of an anchor.

    ``words`` are those of the window; ``anchor``, ``pick`` and the ``gold`` words are indices in
    it, counted from zero; ``pick`` is ``None`` where the head picks nothing. ``special`` is how
    much attention goes to the special tokens, or comes from them, as the direction says. ``file``,
    ``document``, ``line`` (of the first word of the sentence) and ``id`` (the anchor's number in
    it, counted from one) say where it stands.
    """

    words: Sequence[str]
    anchor: int
    gold: tuple[int, ...]
    pick: int | None
    special: float
    file: str
    document: str
    line: int
    id: int

    @property
    def is_right(self) -> bool:
        """Whether the pick is gold."""
        return self.pick in self.gold


class Examples:
    """The anchors of a split that were noted, and what every head picks of each.

    Args:
        corpus: the split.
        noted: of its anchors.
    """

    def __init__(self, corpus: EdgeWindows, noted: Noted) -> None:
        self.corpus = corpus
        self.noted = noted

    @cached_property
    def windows(self) -> dict[int, Window]:
        """Those that hold an anchor, by their numbers."""
        numbers = sorted(set(self.noted.sample.windows.tolist()))
        return dict(zip(numbers, self.corpus.windows(numbers), strict=True))

    @cached_property
    def gold(self) -> list[tuple[int, ...]]:
        """The gold words of each anchor of the sample, counted from zero."""
        sample = self.noted.sample
        own = zip(sample.windows.tolist(), sample.anchors.tolist(), strict=True)
        return [
            tuple(sorted({column - 1 for column in self.windows[w].gold[a] if column}))
            for w, a in own
        ]

    @cached_property
    def hits(self) -> Array:
        """Which heads are right about each anchor of the sample, ``[P, 3, L, H]``."""
        words = self.noted.words
        found = np.zeros(words.shape, dtype=bool)
        for own, picks, gold in zip(found, words, self.gold, strict=True):
            for word in gold:
                own |= picks == word
        return found

    def of_row(self, row: str) -> Array:
        """The places in the sample of a row's anchors, in its order; a row may add up others."""
        sample, rows = self.noted.sample, list(self.corpus.census.rows)
        names = [rows[part] for part in parts_of(rows, row, self.corpus.terms.subtypes)]
        own = np.concatenate([sample.of_row[name] for name in names])
        return own[np.argsort(sample.order[own])]

    def of_head(self, row: str, index: Sequence[int], *, right: int, wrong: int) -> list[Example]:
        """The first ``right`` and the first ``wrong`` ones of a head in the order of a row.

        Args:
            row: of the report.
            index: of the head in ``[3, L, H]``.
            right: the most that are right.
            wrong: the most that are wrong.
        """
        return [self._example(place, index) for place in self.places(row, index, right, wrong)]

    def places(self, row: str, index: Sequence[int], right: int, wrong: int) -> list[int]:
        """The places in the sample of the examples of a head: right ones, then wrong ones."""
        own = self.of_row(row)
        own = own[self.noted.words[own, *index] != UNSEEN]
        hits = self.hits[own, *index]
        return [*own[hits][:right].tolist(), *own[~hits][:wrong].tolist()]

    def _example(self, place: int, index: Sequence[int]) -> Example:
        sample = self.noted.sample
        number = int(sample.windows[place])
        window = self.windows[number]
        anchor = window.anchors[int(sample.anchors[place])]
        pick = int(self.noted.words[place, *index])
        line, word = window.origin.of_word(anchor)
        return Example(
            words=window.words,
            anchor=anchor,
            gold=self.gold[place],
            pick=None if pick == NO_PICK else pick,
            special=float(self.noted.special[place, *index]),
            file=self.corpus.file_of(number),
            document=window.origin.document,
            line=line,
            id=word,
        )
