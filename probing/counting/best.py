"""The paper's Tables 1 and 2: which head is best, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from probing.core.head_names import Cell
from probing.core.terms import ALL, Rival
from probing.counting.counts import HeadCounts, ProbeCounts, ordered
from probing.counting.hard import Hard
from probing.counting.intervals import Interval, bounds
from probing.counting.significance import HeadTest, TableTests
from probing.counting.stability import chosen_again, genres_above
from probing.counting.tallies import Score, Tally


@dataclass(frozen=True)
class Beside:
    """A rival of a best head, the baseline that was chosen, and how many anchors it gets right."""

    rival: Rival
    baseline: str
    correct: float
    interval: Interval | None = None

    @property
    def label(self) -> str:
        """What was chosen, as the tables show it."""
        return self.rival.label(self.baseline)


@dataclass(frozen=True)
class BestHead:
    """A line of the paper's Table 1 or 2: chosen on one split, counted on another or the same.

    ``own`` is the head that is best where it is counted, which gets ``own_correct`` right;
    ``strongest`` is the strongest of all baselines that need no model, ``None`` if there are none,
    and ``hard`` how the head fares where it is wrong, if that was counted. ``test`` says whether it
    is above, ``genres`` in how many genres it is, and of how many; ``stability`` is the share of
    the resamples of the data of the choice in which the same head is chosen.
    """

    relation: str
    total: int
    head: Cell
    correct: int
    beside: Sequence[Beside]
    own: Cell
    own_correct: int
    interval: Interval | None = None
    test: HeadTest | None = None
    stability: float | None = None
    genres: tuple[int, int] | None = None
    strongest: Beside | None = None
    hard: Hard | None = None

    @property
    def all_beside(self) -> list[Beside]:
        """The strongest baseline, if there is one, and each rival."""
        return [*([self.strongest] if self.strongest else []), *self.beside]

    @property
    def accuracy(self) -> float:
        """Of the head, a fraction."""
        return self.correct / self.total

    @property
    def own_accuracy(self) -> float:
        """Of the head that is best where it is counted."""
        return self.own_correct / self.total

    @property
    def flattery(self) -> float:
        """How much higher the accuracy would be had the head been chosen where it is counted."""
        return (self.own_correct - self.correct) / self.total


def beside_heads(counts: HeadCounts, others: Mapping[str, HeadCounts]) -> HeadCounts:
    """``counts`` with every head of further encoders as a baseline, the best of each as a rival.

    So the best head of a randomly initialised twin stands beside a best head, chosen as it is:
    what the architecture, and the choice among so many, give for nothing.

    Args:
        counts: of the main encoder's heads.
        others: of further ones by name, over the same anchors.
    """
    baselines, rivals, correct = [*counts.terms.baselines], [*counts.terms.rivals], counts.baselines
    drawn = counts.resampled_baselines
    for name, other in others.items():
        assert other.rows == counts.rows, "heads of one run are counted over the same rows"
        cells = [
            f"{name}={Cell(direction, layer, head + 1)} {direction}"
            for direction in other.terms.directions
            for layer in other.layers
            for head in range(other.correct.shape[3])
        ]
        baselines += cells
        rivals.append(Rival(name, tuple(cells), family=f"heads of {name}", is_of_model=True))
        correct = torch.cat([correct, other.correct.flatten(1).to(correct.dtype)], 1)
        drawn = drawn and other.resampled and drawn.and_also(other.resampled)
    terms = replace(counts.terms, baselines=tuple(baselines), rivals=tuple(rivals))
    return replace(counts, terms=terms, baselines=correct, resampled_baselines=drawn)


def untrained(heads: HeadCounts, chosen: HeadCounts) -> Mapping[str, Tally]:
    """What needs no training, over the anchors of heads."""
    every = chosen.row(ALL)
    rows: dict[str, Tally] = {}
    for rival in heads.terms.rivals:
        if not rival.is_choice:
            rows[rival.name] = heads.baseline(rival.of[0])
        elif every is not None:
            rows[f"best-{rival.name}"] = heads.baseline(chosen.best_of(every, rival))
    if every is not None:
        rows["best-head"] = heads.head(chosen.best_head(every))
    return rows


def probe_scores(probes: ProbeCounts, heads: HeadCounts, chosen: HeadCounts) -> Iterator[Score]:
    """Every row of each probe, then of what takes no training, for which root words are wrong.

    ``best-offset`` and ``best-head`` are those that are best over ``all`` in ``chosen``.
    """
    order = ordered(probes.rows, probes.total, heads.terms)
    tallies = {name: probes.probe(name) for name in probes.names}
    tallies |= {name: probes.beside(own) for name, own in untrained(heads, chosen).items()}
    for name, tally in tallies.items():
        for row in order:
            yield tally.score(name, probes.rows, row)


def baseline_scores(counts: HeadCounts) -> Iterator[Score]:
    """Every row of each baseline, over the anchors of heads."""
    order = counts.order()
    ends = {row: _intervals(counts, row) for row in order}
    for k, name in enumerate(counts.terms.baselines):
        for row in order:
            correct, total = round(float(counts.baselines[row, k]), 6), int(counts.total[row])
            yield Score(name, counts.rows[row], correct, total, ends[row][k])


def _intervals(counts: HeadCounts, row: int) -> Sequence[Interval | None]:
    """Of each baseline: one by one they would be sorted as often as there are of them."""
    drawn = counts.resampled_baselines
    if drawn is None:
        return [None] * len(counts.terms.baselines)
    units, total = int(drawn.units[row]), counts.total[row]
    ends = bounds(counts.baselines[row], total, drawn.correct[row], drawn.total[row], units)
    return [Interval(low, high, units) for low, high in ends.T.tolist()]


def best_heads(
    counts: HeadCounts, chosen: HeadCounts, *, at_least: int, tests: TableTests | None = None
) -> list[BestHead]:
    """The paper's Table 1 or 2: rows with ``at_least`` anchors, in the order of the report.

    Heads and baselines are chosen by their counts in ``chosen`` and reported from ``counts``.
    A row without an anchor in ``chosen`` has no choice to report and is left out. ``tests`` are
    those of ``counts``.
    """
    table = []
    for r in counts.order():
        choice = chosen.row(counts.rows[r])
        if counts.total[r] < at_least or choice is None:
            continue
        head, own = chosen.best_head(choice), counts.best_head(r)
        counted = counts.head(head)
        terms = counts.terms
        table.append(
            BestHead(
                relation=counts.rows[r],
                total=int(counts.total[r]),
                head=head,
                correct=int(counted.correct[r]),
                beside=[
                    _beside(rival, chosen, choice, counts, r)
                    for rival in terms.rivals
                    if rival.beside_heads
                ],
                own=own,
                own_correct=int(counts.of_head(own)[r]),
                interval=counted.interval(r),
                test=None if tests is None else tests.of(counts.rows[r], head),
                stability=chosen_again(chosen, choice),
                genres=genres_above(counts, chosen, counts.rows[r], head),
                strongest=_beside(terms.strongest, chosen, choice, counts, r)
                if terms.beside_heads
                else None,
            )
        )
    return table


def _beside(rival: Rival, chosen: HeadCounts, choice: int, counts: HeadCounts, row: int) -> Beside:
    """What is chosen of a rival in the row ``choice`` of ``chosen``, and counted in ``row``."""
    name = chosen.best_of(choice, rival)
    found = counts.baseline(name)
    return Beside(rival, name, float(found.correct[row]), found.interval(row))
