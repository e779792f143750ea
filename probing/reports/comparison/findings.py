"""What several models say about the same sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from probing.core.errors import ProbingError
from probing.core.schemes import is_roll_up
from probing.counting.best import BestHead, best_heads
from probing.counting.counts import HeadCounts
from probing.counting.expected import expected_best
from probing.counting.intervals import Interval
from probing.counting.tallies import paired
from probing.data.builtin.reader import is_builtin
from probing.reports.best_heads import (
    DEMONSTRATION,
    PARTIAL,
    WILSON,
    in_fewer_words,
    what_is_chosen,
    where_chosen,
)
from probing.reports.wording import wording_of


@dataclass(frozen=True)
class Compared:
    """A model: its counts on the data of the report, and those that its heads are chosen by.

    ``unread`` warns of a text that the model cannot read.
    """

    label: str
    description: str
    counts: HeadCounts
    chosen: HeadCounts
    unread: str = ""

    @property
    def heads(self) -> int:
        """How many heads were looked at."""
        layers, heads = self.counts.correct.shape[2:]
        return layers * heads


@dataclass(frozen=True)
class Line:
    """A model's best head of a relation, and what the best of some drawn at random gets right.

    ``expected`` is a number of anchors: the mean over all draws. ``apart`` is by how much the
    accuracy is above that of the first model's best head, and ``between`` the interval of that
    difference, from the same resamples; ``None`` for the first, and where there is none.
    """

    model: Compared
    best: BestHead
    expected: float
    apart: float = 0.0
    between: Interval | None = None


@dataclass(frozen=True)
class ComparisonFindings:
    """All that a comparison says.

    ``chosen_on`` is the split that heads and baselines are chosen on, ``shared`` the share of the
    scored sentences that stand there, ``holds`` says which sentences were used. Relations need
    ``min_anchors`` anchors. ``resamples`` says what intervals come from; ``with_pdf`` asks for the
    figure as PDF, too.

    Raises:
        ProbingError: if the models were not asked the same.
    """

    split: str
    source: str
    models: Sequence[Compared]
    chosen_on: str
    min_anchors: int
    shared: float = 0.0
    holds: str = ""
    is_partial: bool = False
    resamples: str = ""
    with_pdf: bool = False

    def __post_init__(self) -> None:
        """Counts over other anchors cannot be compared."""
        first = self.models[0]
        for model in self.models[1:]:
            for own, other in ((first.counts, model.counts), (first.chosen, model.chosen)):
                if _anchors(own) != _anchors(other):
                    raise ProbingError(
                        f"{first.label} and {model.label} were asked about different anchors"
                    )

    @property
    def drawn(self) -> int:
        """How many heads are drawn of each model: as many as the smallest has."""
        return min(model.heads for model in self.models)

    @cached_property
    def lines(self) -> list[Line]:
        """Relation by relation, and for each the models in the order that they were named in."""
        tables = [
            {
                best.relation: best
                for best in best_heads(m.counts, m.chosen, at_least=self.min_anchors)
            }
            for m in self.models
        ]
        return [
            self._line(model, table[relation], tables[0][relation])
            for relation in tables[0]
            for model, table in zip(self.models, tables, strict=True)
        ]

    def _line(self, model: Compared, best: BestHead, of_first: BestHead) -> Line:
        """A model's, beside the best head of the first model."""
        expected, first = self._expected(model, best.relation), self.models[0]
        if model is first:
            return Line(model, best, expected)
        one, other = first.counts.row(best.relation), model.counts.row(best.relation)
        assert one is not None  # it has a best head
        assert other is not None
        between = paired(
            model.counts.head(best.head).of(other), first.counts.head(of_first.head).of(one), 0
        )
        return Line(model, best, expected, best.accuracy - of_first.accuracy, between)

    @property
    def pictured(self) -> list[str]:
        """The first twelve relations that do not add up others."""
        sums = self.models[0].counts.terms.with_roots
        relations = dict.fromkeys(line.best.relation for line in self.lines)
        return [name for name in relations if not is_roll_up(name) and name not in sums][:12]

    @property
    def has_intervals(self) -> bool:
        """Whether every model was resampled."""
        return all(model.counts.resampled is not None for model in self.models)

    def _expected(self, model: Compared, relation: str) -> float:
        choice, row = model.chosen.row(relation), model.counts.row(relation)
        assert choice is not None  # the relation has a best head
        assert row is not None
        return expected_best(model.chosen.correct[choice], model.counts.correct[row], self.drawn)

    @property
    def has_draws(self) -> bool:
        """Whether any model has more heads than are drawn; else all are, and nothing is new."""
        return any(model.heads > self.drawn for model in self.models)

    @property
    def title(self) -> str:
        """What the tables are about."""
        row = wording_of(self.models[0].counts.terms).row
        return f"Best head of each {row} by model ({self.split}: {Path(self.source).name})"

    @property
    def notes(self) -> list[str]:
        """What a reader of the tables must know."""
        chosen_on = where_chosen(self.chosen_on, self.split, shared=self.shared)
        smallest = next(model for model in self.models if model.heads == self.drawn)
        return [
            *([DEMONSTRATION] if is_builtin(self.source) else []),
            *([PARTIAL] if self.is_partial else []),
            *(f"{model.label}: {model.unread}" for model in self.models if model.unread),
            f"{what_is_chosen(self.models[0].counts.terms)} chosen on {chosen_on}.",
            f"best of {self.drawn}: expected accuracy of the best of {self.drawn} heads drawn at "
            f"random, as many as {smallest.label} has."
            if self.has_draws
            else f"Every model has {self.drawn} heads.",
            *([self._of_intervals] if self.has_intervals else []),
            f"At least {self.min_anchors} anchors, the same for every model.",
            *in_fewer_words(line.best for line in self.lines),
            *([self.holds] if self.holds else []),
            *(f"{model.label}: {model.description}." for model in self.models),
        ]

    @property
    def _of_intervals(self) -> str:
        return (
            f"Intervals: 95%, from {self.resamples}. {WILSON} less the first: the accuracy less "
            f"that of {self.models[0].label}, and the interval of this difference, from the same "
            "resamples."
        )


def _anchors(counts: HeadCounts) -> dict[str, int]:
    """How many anchors each row has."""
    return {counts.rows[r]: int(counts.total[r]) for r in counts.order()}
