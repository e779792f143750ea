"""The files about several treebanks, each of which is a writer."""

from __future__ import annotations

from pathlib import Path

from probing.core.files import write_csv, write_whole
from probing.reports.figures.styles import write_figure
from probing.reports.treebanks.figure import treebank_heatmap
from probing.reports.treebanks.findings import TreebankFindings
from probing.reports.treebanks.tables import csv_columns, csv_rows, markdown
from probing.reports.writers import Writer


def table(findings: TreebankFindings, folder: Path) -> None:
    """``treebanks.csv``."""
    write_csv(folder / "treebanks.csv", csv_columns(findings), csv_rows(findings))


def text(findings: TreebankFindings, folder: Path) -> None:
    """``treebanks.md``."""
    write_whole(folder / "treebanks.md", markdown(findings))


def figure(findings: TreebankFindings, folder: Path) -> None:
    """``treebanks.png``, if a relation can be pictured."""
    if findings.pictured:
        drawn = treebank_heatmap(findings)
        write_figure(drawn, folder / "treebanks.png", with_pdf=findings.with_pdf)


OF_TREEBANKS: tuple[Writer[TreebankFindings], ...] = (table, text, figure)
