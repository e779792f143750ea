"""The findings of a comparison as text: ``comparison.csv``, ``comparison.md``, and the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from probing.counting.intervals import BOUNDS
from probing.reports.columns import (
    ALWAYS,
    INTERVAL,
    RATHER,
    STRONGEST,
    Column,
    beside,
    csv_cells,
    csv_titles,
    ends,
    percent,
)
from probing.reports.comparison.findings import ComparisonFindings, Line
from probing.reports.markdown import heading, paragraphs, table
from probing.reports.terminal.tables import Filled, as_table, console, show, that_fit
from probing.reports.wording import wording_of

_WORDS = {"direction", "model", STRONGEST}  # columns of words, which stand to the left
_APART = ("difference", "difference_low", "difference_high")  # to the first model
_WEIGHTS = {
    "model": ALWAYS,
    "head": ALWAYS,
    "accuracy": ALWAYS,
    "strongest %": RATHER,
    "less the first": RATHER,
}


def columns(findings: ComparisonFindings) -> list[str]:
    """As the terminal and ``comparison.md`` show them."""
    rivals = _rivals(findings)
    row = wording_of(findings.models[0].counts.terms).row
    own = [row, "anchors", "model", "heads", "head", "direction", "accuracy"]
    drawn = [f"best of {findings.drawn}"] if findings.has_draws else []
    between = [INTERVAL, "less the first"] if findings.has_intervals else []
    return [*own, *between, *drawn, *(column.title for column in rivals)]


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
                *([ends(best.interval), _apart(findings, line)] if findings.has_intervals else []),
                *([percent(line.expected, best.total)] if findings.has_draws else []),
                *(column.in_brief(best) if is_first else "" for column in rivals),
            ]
        )
    return found


def _apart(findings: ComparisonFindings, line: Line) -> str:
    """By how many points it is above the first model, and the interval of that, if it has one."""
    if line.model is findings.models[0]:
        return ""
    between = f" ({ends(line.between, sign='+')})" if line.between else ""
    return f"{100 * line.apart:+.1f}{between}"


def words_of(names: list[str]) -> list[int]:
    """Which of the columns are of words."""
    return [k for k, name in enumerate(names) if name in _WORDS or not k]


def csv_columns(findings: ComparisonFindings) -> list[str]:
    """Those of ``comparison.csv``."""
    own = "relation,model,heads,direction,layer,head,correct,total,accuracy,drawn,expected_best"
    between = [*BOUNDS, *_APART] if findings.has_intervals else []
    return [*own.split(","), *between, *csv_titles(findings.models[0].counts.terms)]


def csv_rows(findings: ComparisonFindings) -> Iterator[list[object]]:
    """Lines of ``comparison.csv``."""
    for line in findings.lines:
        best, head = line.best, line.best.head
        row: list[object] = [best.relation, line.model.label, line.model.heads]
        row += [head.direction, head.layer, head.head, best.correct, best.total]
        row += [f"{best.accuracy:.6f}", findings.drawn, f"{line.expected / best.total:.6f}"]
        if findings.has_intervals:
            row += best.interval.cells if best.interval else [""] * len(BOUNDS)
            row += [f"{line.apart:.6f}", *(line.between.cells[:2] if line.between else ("", ""))]
        yield [*row, *csv_cells(best)]


def markdown(findings: ComparisonFindings) -> str:
    """``comparison.md``."""
    names = columns(findings)
    cells = table(names, lines(findings), words=words_of(names))
    return "\n".join([heading(findings.title), "", *paragraphs(findings.notes), *cells]) + "\n"


def show_comparison(findings: ComparisonFindings) -> None:
    """A line a relation and model."""
    if not findings.lines:
        row = wording_of(findings.models[0].counts.terms).row
        show(f"No {row} has {findings.min_anchors} anchors; --report.min_anchors N asks for fewer.")
        return
    names = columns(findings)
    every = [
        Filled(name, cells, name in _WORDS or not k, _WEIGHTS.get(name, ALWAYS if not k else 0))
        for k, (name, *cells) in enumerate(zip(names, *lines(findings), strict=True))
    ]
    shown = that_fit(every)
    said = [*findings.notes]
    if len(shown) < len(every):
        said.append(f"{len(every) - len(shown)} more columns in comparison.md.")
    console.print(as_table(findings.title, shown, said, lines=len(findings.models)))
