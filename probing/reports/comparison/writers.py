"""The files of a comparison, each of which is a writer."""

from __future__ import annotations

from pathlib import Path

from probing.core.files import write_csv, write_whole
from probing.reports.comparison.findings import ComparisonFindings
from probing.reports.comparison.tables import csv_columns, csv_rows, markdown
from probing.reports.writers import Writer


def table(findings: ComparisonFindings, folder: Path) -> None:
    """``comparison.csv``."""
    write_csv(folder / "comparison.csv", csv_columns(findings), csv_rows(findings))


def text(findings: ComparisonFindings, folder: Path) -> None:
    """``comparison.md``."""
    write_whole(folder / "comparison.md", markdown(findings))


OF_COMPARISON: tuple[Writer[ComparisonFindings], ...] = (table, text)
