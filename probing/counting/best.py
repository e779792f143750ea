"""The paper's Tables 1 and 2: which head is best, and what stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch

from probing.core.terms import ALL, Rival
from probing.counting.counts import Cell, HeadCounts, ProbeCounts, ordered
from probing.counting.intervals import Interval
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

    ``own`` is the head that is best where it is counted, which gets ``own_correct`` right.
    ``test`` is against the strongest baseline, ``stability`` the share of the resamples of the data
    of the choice in which the same head is chosen, ``genres`` in how many genres the head is above
    the strongest baseline, and of how many.
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
    for name in counts.terms.baselines:
        tally = counts.baseline(name)
        for row in counts.order():
            yield tally.score(name, counts.rows, row)


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
        table.append(
            BestHead(
                relation=counts.rows[r],
                total=int(counts.total[r]),
                head=head,
                correct=int(counted.correct[r]),
                beside=[
                    Beside(rival, name, float(other.correct[r]), other.interval(r))
                    for rival in counts.terms.rivals
                    if rival.beside_heads
                    for name in [chosen.best_of(choice, rival)]
                    for other in [counts.baseline(name)]
                ],
                own=own,
                own_correct=int(counts.of_head(own)[r]),
                interval=counted.interval(r),
                test=None if tests is None else tests.of(counts.rows[r], head),
                stability=chosen_again(chosen, choice),
                genres=genres_above(counts, chosen, counts.rows[r], head),
            )
        )
    return table
