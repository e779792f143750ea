"""The files of a comparison, each of which is a writer."""

from __future__ import annotations

from pathlib import Path

from probing.core.files import write_csv, write_whole
from probing.reports.comparison.figure import comparison_figure
from probing.reports.comparison.findings import ComparisonFindings
from probing.reports.comparison.tables import csv_columns, csv_rows, markdown
from probing.reports.figures.styles import write_figure
from probing.reports.writers import Writer


def table(findings: ComparisonFindings, folder: Path) -> None:
    """``comparison.csv``."""
    write_csv(folder / "comparison.csv", csv_columns(findings), csv_rows(findings))


def text(findings: ComparisonFindings, folder: Path) -> None:
    """``comparison.md``."""
    write_whole(folder / "comparison.md", markdown(findings))


def figure(findings: ComparisonFindings, folder: Path) -> None:
    """``comparison.png``, if a relation can be pictured."""
    if findings.pictured:
        drawn = comparison_figure(findings)
        write_figure(drawn, folder / "comparison.png", with_pdf=findings.with_pdf)


OF_COMPARISON: tuple[Writer[ComparisonFindings], ...] = (table, text, figure)
