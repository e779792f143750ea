"""Examples of what heads pick: the anchors that were noted, with their sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from rich.cells import cell_len

from probing.core.head_names import Cell
from probing.core.inert import visible
from probing.counting.noted import NO_PICK, UNSEEN, Array, Noted

if TYPE_CHECKING:  # what reads a file needs no PyTorch
    from probing.counting.counts import HeadCounts
    from probing.data.store import EdgeWindows


WIDTH = 96


@dataclass(frozen=True)
class Anchor:
    """A word that asks: it, and the ``gold`` words, are indices in ``words``, counted from zero.

    ``words`` are those of the window, whose number in the corpus is ``window``. ``file``,
    ``document``, ``line`` (of the first word of the sentence) and ``id`` (the anchor's number in
    it, counted from one) say where it stands.
    """

    words: Sequence[str]
    anchor: int
    gold: tuple[int, ...]
    window: int
    file: str
    document: str
    line: int
    id: int


SPECIAL = (
    "attention to special tokens",
    "attention from special tokens, added up",
    "sum of attention to special tokens and from them",
)
"""What :attr:`Example.special` is in each direction; only the first is at most one."""


@dataclass(frozen=True)
class Example(Anchor):
    """What a head picks of an anchor.

    ``pick`` is the index of a word, ``None`` where the head picks nothing. ``special`` is how much
    attention goes to the special tokens, or comes from them, as the direction says; for ``both``
    it is the sum. ``special_is`` says which, see :data:`SPECIAL`.
    """

    pick: int | None
    special: float
    special_is: str

    @property
    def is_right(self) -> bool:
        """Whether the pick is gold."""
        return self.pick in self.gold

    def __str__(self) -> str:
        return drawn(self)


@dataclass(frozen=True)
class Examples:
    """A sample of anchors, ``P`` of them, and what every head picks of each.

    - ``anchors``: the sample.
    - ``of_row``: by the name of a row of the report, which of them stand for its anchors: their
      places, in an order that is as good as chance.
    - ``picks [P, 3, L, H]``: indices of words, or :data:`~probing.counting.noted.NO_PICK`.
    - ``special [P, 3, L, H]``: attention on special tokens.
    - ``directions``, ``layers``: what the directions and the layers are called.
    - ``chosen``: the head that was chosen for each row.
    """

    anchors: Sequence[Anchor]
    of_row: Mapping[str, Array]
    picks: Array
    special: Array
    directions: Sequence[str]
    layers: Sequence[int]
    chosen: Mapping[str, Cell]

    @classmethod
    def of(cls, corpus: EdgeWindows, noted: Noted, counts: HeadCounts, chosen: HeadCounts) -> Self:
        """Those of a split.

        Args:
            corpus: the split.
            noted: of its anchors.
            counts: of its heads.
            chosen: what heads are chosen by.
        """
        sample = noted.sample
        is_seen = (noted.words != UNSEEN).reshape(len(noted.words), -1).all(1)
        numbers = np.unique(sample.windows[is_seen])
        windows = dict(zip(numbers.tolist(), corpus.windows(numbers.tolist()), strict=True))
        anchors = []
        for place in np.flatnonzero(is_seen).tolist():
            number = int(sample.windows[place])
            window, asking = windows[number], int(sample.anchors[place])
            word = window.anchors[asking]
            line, of_sentence = window.origin.of_word(word)
            anchors.append(
                Anchor(
                    words=window.words,
                    anchor=word,
                    gold=tuple(sorted({column - 1 for column in window.gold[asking] if column})),
                    window=number,
                    file=corpus.file_of(number),
                    document=window.origin.document,
                    line=line,
                    id=of_sentence,
                )
            )
        rows = [counts.rows[r] for r in counts.order()]
        choices = {row: chosen.row(row) for row in rows}
        now = np.cumsum(is_seen) - 1  # without those that were not scored
        return cls(
            anchors=anchors,
            of_row={row: now[own[is_seen[own]]] for row in rows for own in [sample.of_row[row]]},
            picks=noted.words[is_seen],
            special=noted.special[is_seen],
            directions=counts.terms.directions,
            layers=counts.layers,
            chosen={row: chosen.best_head(r) for row, r in choices.items() if r is not None},
        )

    @cached_property
    def hits(self) -> Array:
        """Which heads are right about each anchor, ``[P, 3, L, H]``."""
        found = np.zeros(self.picks.shape, dtype=bool)
        for own, picks, anchor in zip(found, self.picks, self.anchors, strict=True):
            for word in anchor.gold:
                own |= picks == word
        return found

    def index_of(self, cell: Cell) -> tuple[int, int, int]:
        """Where a head stands in ``[3, L, H]``."""
        place = list(self.directions).index(cell.direction), list(self.layers).index(cell.layer)
        return *place, cell.head - 1

    def example(self, place: int, cell: Cell) -> Example:
        """What a head picks of the anchor at a place."""
        index = self.index_of(cell)
        pick = int(self.picks[place, *index])
        return Example(
            **vars(self.anchors[place]),
            pick=None if pick == NO_PICK else pick,
            special=float(self.special[place, *index]),
            special_is=SPECIAL[index[0]],
        )


def drawn(example: Example) -> str:
    """An example as lines of text: each word, below it what it is."""
    anchor = _quoted(example, example.anchor)
    picked = "picks nothing" if example.pick is None else f"picks {_quoted(example, example.pick)}"
    gold = ", ".join(_quoted(example, word) for word in example.gold)
    where = [visible(each) for each in (example.file, example.document) if each]
    return "\n".join(
        [
            f"✓ {anchor} {picked}" if example.is_right else f"✗ {anchor} {picked}; gold is {gold}",
            f"  {', '.join([*where, f'line {example.line}, word {example.id}'])}; "
            f"{example.special_is}: {100 * example.special:.0f}%",
            *_lines(example),
        ]
    )


def _quoted(example: Example, word: int) -> str:
    return f"“{visible(example.words[word])}”"


def _lines(example: Example) -> list[str]:
    """The words, as many on a line as there is room for, and a line of labels where there are."""
    found, words, labels, width = [], "  ", "  ", 2
    for place, form in enumerate(map(visible, example.words)):
        what = {
            "anchor": place == example.anchor,
            "gold": place in example.gold,
            "pick": place == example.pick,
        }
        label = "=".join(name for name, is_it in what.items() if is_it)
        shown = f"[{form}]" if label else form
        room = max(cell_len(shown), len(label))
        if width + room > WIDTH and words.strip():
            found += [words, labels]
            words, labels, width = "  ", "  ", 2
        words += shown + " " * (room - cell_len(shown) + 1)
        labels += label.ljust(room) + " "
        width += room + 1
    return [line.rstrip() for line in [*found, words, labels] if line.strip()]
