"""The files of a comparison, each of which is a writer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from probing.core.files import write_csv, write_whole
from probing.core.inert import visible
from probing.reports.comparison.figure import comparison_figure
from probing.reports.comparison.findings import ComparisonFindings
from probing.reports.comparison.tables import (
    columns,
    csv_columns,
    csv_rows,
    lines,
    markdown,
    words_of,
)
from probing.reports.figures.styles import write_figure
from probing.reports.page import html
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
        path = folder / "comparison.png"
        write_figure(drawn, path, with_pdf=findings.with_pdf, dots_per_inch=300)


def page(findings: ComparisonFindings, folder: Path) -> None:
    """``comparison.html``: the table, and where the page of each model is."""
    names = columns(findings)
    cells = lines(findings, repeated=True)
    own = html.table("Best heads", names, cells, findings.notes, words=words_of(names))
    pages = [
        [visible(model.label), f"{quote(model.label)}/reports/{findings.split}/report.html"]
        for model in findings.models
    ]
    data = {"links": pages, "tables": [own]}
    write_whole(folder / "comparison.html", html.page(title=visible(findings.title), data=data))


OF_COMPARISON: tuple[Writer[ComparisonFindings], ...] = (table, text, figure, page)
