"""What several treebanks say beside each other: best heads, and how far those of one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from probing.core.head_names import Cell
from probing.core.schemes import is_roll_up
from probing.counting.best import BestHead, best_heads
from probing.counting.counts import HeadCounts
from probing.data.builtin.reader import is_builtin
from probing.data.sources.folders import listed
from probing.reports.best_heads import DEMONSTRATION, PARTIAL, what_is_chosen
from probing.reports.described import unread
from probing.reports.wording import wording_of

MOST_PICTURED = 16
"""Relations for which a picture has room."""


@dataclass(frozen=True)
class Treebank:
    """A treebank: its counts, those that its heads are chosen by, and what it holds.

    ``chosen_on`` names what ``chosen`` was counted on; ``unknown`` counts the words that have a
    part which the tokenizer does not know.
    """

    name: str
    counts: HeadCounts
    chosen: HeadCounts
    chosen_on: str
    files: int
    sentences: int
    used: int
    words: int
    unknown: int = 0


@dataclass(frozen=True)
class Line:
    """The best head of a relation in a treebank, and what the first treebank's gets right there.

    ``first`` is ``None`` where the first treebank has no choice to offer; ``is_shown`` says
    whether there were anchors enough for a table.
    """

    treebank: str
    best: BestHead
    first: Cell | None
    first_correct: int
    is_shown: bool
    first_is_shown: bool

    @property
    def first_accuracy(self) -> float:
        """Of the first treebank's best head, a fraction."""
        return self.first_correct / self.best.total


@dataclass(frozen=True)
class TreebankFindings:
    """All that is said about several treebanks.

    ``kind`` is what they are (language, treebank or file); the first of ``treebanks`` is the one
    whose heads are tried on the others. Tables show choices from, and scores on, at least
    ``min_anchors`` anchors; ``lines`` holds all. ``with_pdf`` asks for the figure as PDF, too.
    """

    kind: str
    split: str
    source: str
    model: str
    treebanks: Sequence[Treebank]
    min_anchors: int
    is_partial: bool = False
    with_pdf: bool = False

    @property
    def first(self) -> Treebank:
        """The treebank whose best heads are tried on the others."""
        return self.treebanks[0]

    @property
    def title(self) -> str:
        """What the tables are about."""
        row = wording_of(self.first.counts.terms).row
        place = f"{self.split}: {Path(self.source).name}"
        return f"Best head of each {row} by {self.kind} ({place})"

    @cached_property
    def lines(self) -> list[Line]:
        """Every treebank's relations that have an anchor, treebank by treebank."""
        found = []
        for treebank in self.treebanks:
            for best in best_heads(treebank.counts, treebank.chosen, at_least=1):
                row = treebank.counts.row(best.relation)
                choice = self.first.chosen.row(best.relation)
                assert row is not None
                head = None if choice is None else self.first.chosen.best_head(choice)
                known = 0 if choice is None else int(self.first.chosen.total[choice])
                right = 0 if head is None else int(treebank.counts.of_head(head)[row])
                enough = best.total >= self.min_anchors
                found.append(
                    Line(
                        treebank=treebank.name,
                        best=best,
                        first=head,
                        first_correct=right,
                        is_shown=enough,
                        first_is_shown=enough and known >= self.min_anchors,
                    )
                )
        return found

    @cached_property
    def shown(self) -> dict[tuple[str, str], Line]:
        """The lines with enough anchors, by relation and treebank."""
        return {(line.best.relation, line.treebank): line for line in self.lines if line.is_shown}

    @cached_property
    def relations(self) -> list[str]:
        """Those with a line that is shown, in the order of a report on all treebanks."""
        one = self.first.counts
        total = sum((t.counts.total for t in self.treebanks[1:]), start=one.total)
        known = {relation for relation, _ in self.shown}
        ordered = replace(one, total=total).order()
        return [one.rows[r] for r in ordered if one.rows[r] in known]

    @property
    def pictured(self) -> list[str]:
        """The first of the relations, those that add up others left out."""
        sums = self.first.counts.terms.with_roots
        shown = [name for name in self.relations if not is_roll_up(name) and name not in sums]
        return shown[:MOST_PICTURED]

    def share(self, shown: Sequence[str]) -> str:
        """How many of the relations are shown, in a few words; empty, if all are."""
        if len(shown) == len(self.relations):
            return ""
        row = wording_of(self.first.counts.terms).row
        return f"{len(shown)} of {len(self.relations):,} {row}s"

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables must know."""
        choices: dict[str, list[str]] = {}
        for treebank in self.treebanks:
            choices.setdefault(treebank.chosen_on, []).append(treebank.name)
        chosen = "; ".join(
            f"{on}{'' if len(choices) == 1 else f' ({listed(names)})'}"
            for on, names in choices.items()
        )
        return [
            *([DEMONSTRATION] if is_builtin(self.source) else []),
            *([PARTIAL] if self.is_partial else []),
            *(
                f"{treebank.name}: {warning}"
                for treebank in self.treebanks
                if (warning := unread(treebank.unknown, treebank.words))
            ),
            f"{what_is_chosen(self.first.counts.terms)} chosen on {chosen}.",
            f"The first {self.kind} is {self.first.name}: its best heads are tried on the others.",
            f"At least {self.min_anchors} anchors. Model {self.model}.",
        ]
