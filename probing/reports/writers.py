"""The files of a report, each of which is a writer; a further file is one more in a list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from probing.core.files import write_csv, write_whole
from probing.core.terms import MAIN
from probing.counting.best import baseline_scores
from probing.reports.best_head_files import csv_columns, csv_rows, tex
from probing.reports.best_heads import markdown
from probing.reports.example_file import FILE, write_examples
from probing.reports.figures.heads import head_overview, seed_overview
from probing.reports.figures.styles import COLUMN, pdf, png, write_figure
from probing.reports.findings import Findings
from probing.reports.summary import summary
from probing.reports.tables import (
    BASELINES,
    DIFFERENCES,
    ERRORS,
    HARD,
    PROBES,
    SEEDS,
    TESTS,
    difference_rows,
    error_rows,
    hard_rows,
    head_columns,
    head_rows,
    score_rows,
    seed_rows,
    test_rows,
    with_bounds,
)

Found = TypeVar("Found", contravariant=True)


class Writer(Protocol[Found]):
    """Writes a table or a figure of what was found into a folder; nothing, if there is none.

    What was found is :class:`~probing.reports.findings.Findings` in a report on a split.
    """

    def __call__(self, findings: Found, folder: Path, /) -> None:
        """Write."""
        ...


def write(writers: Iterable[Writer[Found]], findings: Found, folder: Path) -> None:
    """Call the writers in their order."""
    for writer in writers:
        writer(findings, folder)


def heads(findings: Findings, folder: Path) -> None:
    """``heads.csv``, and one for each further encoder."""
    for name, counts in findings.of_encoder.items():
        path = folder / f"heads{_suffix(name)}.csv"
        write_csv(path, head_columns(counts), head_rows(counts))


def errors(findings: Findings, folder: Path) -> None:
    """``errors.csv``, and one for each further encoder, where the task tells kinds of errors."""
    for name, counts in findings.of_encoder.items():
        if counts.terms.errors:
            write_csv(folder / f"errors{_suffix(name)}.csv", ERRORS, error_rows(counts))


def baselines(findings: Findings, folder: Path) -> None:
    """``baselines.csv``, without the heads of further encoders."""
    counts = findings.of_encoder[MAIN]
    columns = with_bounds(BASELINES, counts)
    write_csv(folder / "baselines.csv", columns, score_rows(baseline_scores(counts)))


def hard(findings: Findings, folder: Path) -> None:
    """``hard.csv``, if heads were chosen on other data."""
    if findings.hard:
        write_csv(folder / "hard.csv", HARD, hard_rows(findings.hard))


def best_heads(findings: Findings, folder: Path) -> None:
    """``best_heads.md``."""
    write_whole(folder / "best_heads.md", markdown(findings))


def examples(findings: Findings, folder: Path) -> None:
    """``examples.parquet``, if any were noted."""
    if findings.examples is not None:
        write_examples(findings.examples, folder / FILE)


def best_heads_csv(findings: Findings, folder: Path) -> None:
    """``best_heads.csv``."""
    write_csv(folder / "best_heads.csv", csv_columns(findings), csv_rows(findings))


def best_heads_latex(findings: Findings, folder: Path) -> None:
    """``best_heads.tex``."""
    write_whole(folder / "best_heads.tex", tex(findings))


def heads_figure(findings: Findings, folder: Path) -> None:
    """``heads.png``; its PDF is as wide as a column, and so another."""
    write_whole(folder / "heads.png", png(head_overview(findings)))
    if findings.with_pdf:
        write_whole(folder / "heads.pdf", pdf(head_overview(findings, width=COLUMN)))


def probes(findings: Findings, folder: Path) -> None:
    """``probes.csv``."""
    columns = with_bounds(PROBES, findings.probes)
    write_csv(folder / "probes.csv", columns, score_rows(findings.scores))


def seeds(findings: Findings, folder: Path) -> None:
    """``seeds.csv``, if a probe has several."""
    if findings.families:
        write_csv(folder / "seeds.csv", SEEDS, seed_rows(findings.families))


def seeds_figure(findings: Findings, folder: Path) -> None:
    """``seeds.png``, if a probe has several."""
    if findings.overall_families:
        path = folder / "seeds.png"
        write_figure(seed_overview(findings), path, with_pdf=findings.with_pdf)


def differences(findings: Findings, folder: Path) -> None:
    """``differences.csv``, if the user named pairs."""
    if findings.pairs:
        write_csv(folder / "differences.csv", DIFFERENCES, difference_rows(findings.differences))


def tests(findings: Findings, folder: Path) -> None:
    """``tests.csv``, if tests were asked for."""
    if findings.tests is not None:
        write_csv(folder / "tests.csv", TESTS, test_rows(findings.tests))


def summary_file(findings: Findings, folder: Path) -> None:
    """``summary.json``."""
    content = {**findings.circumstances, **summary(findings)}
    write_whole(folder / "summary.json", json.dumps(content, indent=2) + "\n")


OF_HEADS: tuple[Writer[Findings], ...] = (
    heads,
    errors,
    baselines,
    tests,
    hard,
    best_heads,
    best_heads_csv,
    best_heads_latex,
    heads_figure,
    examples,
)
"""Written once a split, since heads do not change while a probe trains."""

OF_PROBES: tuple[Writer[Findings], ...] = (probes, seeds, seeds_figure, differences, summary_file)
"""Written whenever probes were counted."""


def _suffix(encoder: str) -> str:
    return "" if encoder == MAIN else f"_{encoder}"
