"""The files about trees, each of which is a writer."""

from __future__ import annotations

from pathlib import Path

from probing.core.files import write_csv, write_whole
from probing.reports.best_heads import caveats
from probing.reports.figures.styles import write_figure
from probing.reports.latex import latex
from probing.reports.tables import PROBES, score_rows
from probing.reports.trees.breakdown import BREAKDOWN, breakdown_rows, tree_scores
from probing.reports.trees.figure import breakdown_figure
from probing.reports.trees.findings import TreeFindings
from probing.reports.trees.table3 import (
    CAPTION,
    SHORT,
    TABLE,
    entry_rows,
    lines_of,
    markdown,
    notes,
)
from probing.reports.wording import wording_of
from probing.reports.writers import Writer


def trees(found: TreeFindings, folder: Path) -> None:
    """``trees.csv``."""
    write_csv(folder / "trees.csv", PROBES, score_rows(tree_scores(found.trees, found.findings)))


def breakdown(found: TreeFindings, folder: Path) -> None:
    """``breakdown.csv``."""
    write_csv(folder / "breakdown.csv", BREAKDOWN, breakdown_rows(found.parts))


def figure(found: TreeFindings, folder: Path) -> None:
    """``breakdown.png``."""
    title = f"{found.place}\n{found.encoder}"
    drawn = breakdown_figure(found.parts, found.entries, title=title)
    write_figure(drawn, folder / "breakdown.png", with_pdf=found.findings.with_pdf)


def table3(found: TreeFindings, folder: Path) -> None:
    """``table3.csv``."""
    write_csv(folder / "table3.csv", TABLE, entry_rows(found.entries, found.shares))


def table3_markdown(found: TreeFindings, folder: Path) -> None:
    """``table3.md``."""
    lines = lines_of(found.entries, found.shares)
    write_whole(folder / "table3.md", markdown(title_of(found), lines, _notes(found)))


def table3_latex(found: TreeFindings, folder: Path) -> None:
    """``table3.tex``."""
    caption = [f"{title_of(found)}. {CAPTION}", *caveats(found.findings)]
    caption += [found.undirected.scope] if found.undirected.left_out else []
    lines = lines_of(found.entries, found.shares)
    source = latex(SHORT, lines, label="tab:trees", caption=caption, notes=_notes(found))
    write_whole(folder / "table3.tex", source)


OF_TREES: tuple[Writer[TreeFindings], ...] = (
    trees,
    breakdown,
    figure,
    table3,
    table3_markdown,
    table3_latex,
)


def title_of(found: TreeFindings) -> str:
    """What the table is about."""
    return f"Trees ({found.place})"


def _notes(found: TreeFindings) -> list[str]:
    scope = f"{found.findings.model}. {found.undirected.scope}"
    return [scope, *caveats(found.findings), *notes(wording_of(found.findings.counts.terms))]
