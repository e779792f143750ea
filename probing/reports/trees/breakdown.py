"""Accuracy broken down: by relation, by distance to the head, by sentence length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from probing.counting.best import untrained
from probing.counting.counting import Counted
from probing.counting.counts import ProbeCounts
from probing.counting.tallies import Score
from probing.counting.trees.metrics import DISTANCE_ROWS, LENGTH_ROWS
from probing.counting.trees.parses import ParseCounts
from probing.reports.findings import Findings
from probing.reports.tables import share_cells

BREAKDOWN = "probe,by,value,correct,total,accuracy".split(",")
RELATION, DISTANCE, LENGTH = "relation", "distance", "length"


@dataclass(frozen=True)
class Part:
    """A line of ``breakdown.csv``: anchors of one kind, and how many are right."""

    probe: str
    by: str
    value: str
    correct: float
    total: int


def breakdown(findings: Findings, heads: Counted, counted: ParseCounts) -> list[Part]:
    """Every probe and what takes no training, each by relation, distance and length.

    Args:
        findings: what the split's report says; by relation, this says the same.
        heads: the heads of each encoder, in rows of relations.
        counted: the same in rows of distance and length.
    """
    of_relation = [
        Part(score.name, RELATION, score.row, score.correct, score.total)
        for score in findings.scores
    ]
    probes = counted.probes
    of_encoder = {
        name: replace(
            counts,
            rows=probes.rows,
            total=probes.total,
            correct=counted.heads[name],
            baselines=counted.baselines,
            resampled=None,
            resampled_baselines=None,
        )
        for name, counts in heads.of_encoder.items()
    }
    counts = Counted(of_encoder).heads
    columns = {name: probes.correct[:, k] for k, name in enumerate(probes.names)}
    columns |= {n: found.correct for n, found in untrained(counts, findings.chosen).items()}
    return of_relation + [
        Part(name, by, row, round(float(column[r]), 6), int(probes.total[r]))
        for name, column in columns.items()
        for by, rows in ((DISTANCE, DISTANCE_ROWS), (LENGTH, LENGTH_ROWS))
        for row in rows
        for r in [list(probes.rows).index(row)]
        if probes.total[r] > 0
    ]


def breakdown_rows(parts: Iterable[Part]) -> Iterator[tuple[object, ...]]:
    """Lines of ``breakdown.csv``."""
    for part in parts:
        yield (part.probe, part.by, part.value, *share_cells(part.correct, part.total))


def tree_scores(trees: ProbeCounts, findings: Findings) -> Iterator[Score]:
    """Anchors that decoded trees get right; the rows as in the report."""
    for name in trees.names:
        tally = trees.probe(name)
        for row in dict.fromkeys(score.row for score in findings.scores):
            yield tally.score(name, trees.rows, list(trees.rows).index(row))
