"""``report.html``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from probing.core.files import write_whole
from probing.core.inert import visible
from probing.reports.best_heads import title_of
from probing.reports.findings import Findings
from probing.reports.page.heads import heads
from probing.reports.page.html import page, table
from probing.reports.page.probes import Curve, probes
from probing.reports.trees.findings import TreeFindings
from probing.reports.trees.table3 import SHORT, lines_of
from probing.reports.trees.writers import title_of as title_of_trees


@dataclass(frozen=True)
class PageFindings:
    """All that the page on a split shows.

    Args:
        findings: of the split.
        curve: how the probes fared on the validation data while they were trained.
        weights: that each probe gives each head, ``[2, L, H]``, and the layers that it reads.
        trees: what trees tell, if they were decoded.
    """

    findings: Findings
    curve: Curve = ()
    weights: Mapping[str, tuple[Sequence[int], Tensor]] = field(default_factory=dict)
    trees: TreeFindings | None = None


def report_page(found: PageFindings, folder: Path) -> None:
    """``report.html``."""
    findings, trees = found.findings, found.trees
    data: dict[str, object] = {"heads": heads(findings)}
    if findings.probes.names:
        parts = trees.parts if trees else ()
        data["probes"] = probes(findings, curve=found.curve, weights=found.weights, parts=parts)
    if trees is not None:
        lines = lines_of(trees.entries, trees.shares)
        data["tables"] = [table(title_of_trees(trees), SHORT, lines)]
    write_whole(folder / "report.html", page(title=visible(title_of(findings)), data=data))
