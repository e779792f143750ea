"""``report.html``."""

from __future__ import annotations

from pathlib import Path

from probing.core.files import write_whole
from probing.core.inert import visible
from probing.reports.best_heads import title_of
from probing.reports.findings import Findings
from probing.reports.page.heads import heads
from probing.reports.page.html import page


def report_page(findings: Findings, folder: Path) -> None:
    """``report.html``."""
    content = page(title=visible(title_of(findings)), data={"heads": heads(findings)})
    write_whole(folder / "report.html", content)
