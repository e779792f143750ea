"""What trees tell beyond single heads, as numbers; the files and the table are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from probing.core.terms import ALL
from probing.counting.counting import Counted
from probing.counting.counts import ProbeCounts
from probing.counting.subtypes import roll_ups, rolled_up
from probing.counting.trees.parses import ParseCounts
from probing.counting.trees.undirected import Undirected
from probing.reports.findings import Findings
from probing.reports.trees.breakdown import Part, breakdown
from probing.reports.trees.table3 import Entry, Shares


@dataclass(frozen=True)
class TreeFindings:
    """All that is said about trees of the split that a run ends with.

    ``parses`` and ``undirected`` are what was counted on it; ``entries`` are the lines of the
    paper's Table 3, ``encoder`` is what its main encoder is called in a title.
    """

    findings: Findings
    parses: ParseCounts
    undirected: Undirected
    entries: Sequence[Entry]
    encoder: str

    @property
    def place(self) -> str:
        """Split and corpus, in a title."""
        return f"{self.findings.split}: {Path(self.findings.source).name}"

    @cached_property
    def trees(self) -> ProbeCounts:
        """Anchors that decoded trees get right, in the rows of the report."""
        trees, subtypes = self.parses.trees, self.findings.counts.terms.subtypes
        return rolled_up(trees, roll_ups(trees.rows, subtypes), subtypes)

    @cached_property
    def parts(self) -> list[Part]:
        """Accuracy broken down by relation, distance and length."""
        return breakdown(self.findings, Counted(self.findings.of_encoder), self.parses)

    @cached_property
    def shares(self) -> Shares:
        """What stands in Table 3."""
        trees = self.parses.trees
        every = list(trees.rows).index(ALL)
        total = int(trees.total[every])
        return Shares(
            uas={name: score.accuracy for name, score in self.findings.overall.items()},
            tree={
                name: float(trees.correct[every, k]) / total
                for k, name in enumerate(trees.names)
                if total
            },
            undirected=self.undirected,
        )
