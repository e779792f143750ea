"""The findings of a comparison as text: ``comparison.csv``, ``comparison.md``, and the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from probing.reports.columns import Column, beside, csv_cells, csv_titles, percent
from probing.reports.comparison.findings import ComparisonFindings
from probing.reports.markdown import heading, paragraphs, table
from probing.reports.terminal.tables import console, show
from probing.reports.wording import wording_of

_WORDS = {"direction", "model"}  # columns of words, which stand to the left


def columns(findings: ComparisonFindings) -> list[str]:
    """As the terminal and ``comparison.md`` show them."""
    rivals = _rivals(findings)
    row = wording_of(findings.models[0].counts.terms).row
    own = [row, "anchors", "model", "heads", "head", "direction", "accuracy"]
    drawn = [f"best of {findings.drawn}"] if findings.has_draws else []
    return [*own, *drawn, *(column.title for column in rivals)]


def _rivals(findings: ComparisonFindings) -> list[Column]:
    """The strongest baseline; the others are in the files."""
    terms = findings.models[0].counts.terms
    return [column for column in beside(terms, has_intervals=False) if column.brief]


def lines(findings: ComparisonFindings, *, repeated: bool = False) -> list[list[str]]:
    """Cells under the columns; accuracies in percent. What all models share is said once.

    Or with each, if ``repeated``, as where lines can be sorted.
    """
    rivals = _rivals(findings)
    found = []
    for line in findings.lines:
        best = line.best
        is_first = repeated or line.model is findings.models[0]
        found.append(
            [
                *([best.relation, f"{best.total:,}"] if is_first else ["", ""]),
                line.model.label,
                f"{line.model.heads:,}",
                str(best.head),
                best.head.direction,
                percent(best.correct, best.total),
                *([percent(line.expected, best.total)] if findings.has_draws else []),
                *(column.cell(best) if is_first else "" for column in rivals),
            ]
        )
    return found


def csv_columns(findings: ComparisonFindings) -> list[str]:
    """Those of ``comparison.csv``."""
    own = "relation,model,heads,direction,layer,head,correct,total,accuracy,drawn,expected_best"
    return [*own.split(","), *csv_titles(findings.models[0].counts.terms)]


def csv_rows(findings: ComparisonFindings) -> Iterator[list[object]]:
    """Lines of ``comparison.csv``."""
    for line in findings.lines:
        best, head = line.best, line.best.head
        row: list[object] = [best.relation, line.model.label, line.model.heads]
        row += [head.direction, head.layer, head.head, best.correct, best.total]
        row += [f"{best.accuracy:.6f}", findings.drawn, f"{line.expected / best.total:.6f}"]
        yield [*row, *csv_cells(best)]


def markdown(findings: ComparisonFindings) -> str:
    """``comparison.md``."""
    names = columns(findings)
    words = [k for k, name in enumerate(names) if name in _WORDS or not k]
    cells = table(names, lines(findings), words=words)
    return "\n".join([heading(findings.title), "", *paragraphs(findings.notes), *cells]) + "\n"


def show_comparison(findings: ComparisonFindings) -> None:
    """A line a relation and model."""
    if not findings.lines:
        row = wording_of(findings.models[0].counts.terms).row
        show(f"No {row} has {findings.min_anchors} anchors; --report.min_anchors N asks for fewer.")
        return
    shown = Table(
        title=findings.title,
        caption="\n".join(findings.notes),
        title_justify="left",
        caption_justify="left",
    )
    names = columns(findings)
    kept = [k for k, name in enumerate(names) if name != "direction"]  # no room; in the files
    for k in kept:
        words = names[k] in _WORDS or not k
        shown.add_column(names[k], justify="left" if words else "right", overflow="fold")
    for number, cells in enumerate(lines(findings), start=1):
        shown.add_row(*(cells[k] for k in kept), end_section=number % len(findings.models) == 0)
    console.print(shown)
