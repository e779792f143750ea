"""The findings about several treebanks as text: ``treebanks.csv`` and ``.md``, the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probing.core.head_names import Cell
from probing.reports.columns import ALWAYS, Column, beside, csv_cells, csv_titles, percent
from probing.reports.markdown import heading, paragraphs, table
from probing.reports.terminal.tables import Filled, as_table, console, that_fit
from probing.reports.treebanks.findings import Line, TreebankFindings

# What a terminal has room for; the files hold all.
_COLUMNS = 5
_LINES = 60


def csv_columns(findings: TreebankFindings) -> list[str]:
    """Those of ``treebanks.csv``."""
    return [
        *"treebank,relation,direction,layer,head,correct,total,accuracy".split(","),
        *csv_titles(findings.first.counts.terms),
        *"first_direction,first_layer,first_head,first_correct,first_accuracy".split(","),
    ]


def csv_rows(findings: TreebankFindings) -> Iterator[list[object]]:
    """Lines of ``treebanks.csv``."""
    for line in findings.lines:
        best, first = line.best, line.first
        row: list[object] = [line.treebank, best.relation, *_place(best.head)]
        row += [best.correct, best.total, f"{best.accuracy:.6f}", *csv_cells(best)]
        if first is None:
            row += [""] * 5
        else:
            row += [*_place(first), line.first_correct, f"{line.first_accuracy:.6f}"]
        yield row


def _place(head: Cell) -> tuple[str, int, int]:
    return head.direction, head.layer, head.head


def markdown(findings: TreebankFindings) -> str:
    """``treebanks.md``: what each treebank holds, then a table a relation."""
    share = findings.share(findings.pictured)
    said = [*findings.notes, *([f"treebanks.png shows {share}."] if share else [])]
    lines = [heading(findings.title), "", *paragraphs(said)]
    held = ["files", "sentences", "used", "words", "unknown words"]
    lines += table(
        [findings.kind, *held],
        [
            [t.name, *(f"{n:,}" for n in (t.files, t.sentences, t.used, t.words, t.unknown))]
            for t in findings.treebanks
        ],
        words=[0],
    )
    for relation in findings.relations:
        lines += ["", heading(relation, 2), "", *_relation(findings, relation)]
    return "\n".join(lines) + "\n"


def _relation(findings: TreebankFindings, relation: str) -> Iterator[str]:
    terms = findings.first.counts.terms
    rivals = [c for c in beside(terms, has_intervals=False) if c.brief]
    of_first = f"best head of {findings.first.name}"
    columns = ["anchors", "head", "accuracy", *(c.title for c in rivals), of_first, f"{of_first} %"]
    yield from table(
        [findings.kind, "direction", *columns],
        [
            _cells(line, rivals)
            for treebank in findings.treebanks
            if (line := findings.shown.get((relation, treebank.name)))
        ],
        words=[0, 1],
    )


def _cells(line: Line, rivals: Sequence[Column]) -> list[str]:
    """Accuracies in percent."""
    best, first = line.best, line.first
    cells = [line.treebank, best.head.direction, f"{best.total:,}", str(best.head)]
    cells += [percent(best.correct, best.total), *(column.cell(best) for column in rivals)]
    if first is None or not line.first_is_shown:
        return [*cells, "", ""]
    return [*cells, f"{first} {first.direction}", percent(line.first_correct, best.total)]


def show_treebanks(findings: TreebankFindings) -> None:
    """A line a treebank, a column a relation: best head, its accuracy, that of the first's."""
    first = findings.first.name
    treebanks = findings.treebanks[:_LINES]
    names = Filled(findings.kind, [t.name for t in treebanks], words=True, weight=ALWAYS)
    of_relations = [
        Filled(
            relation,
            [
                _short(findings.shown.get((relation, t.name)), is_first=t.name == first)
                for t in treebanks
            ],
        )
        for relation in findings.pictured[:_COLUMNS]
    ]
    shown = that_fit([names, *of_relations])
    said = [*findings.notes, f"In brackets: the accuracy of the best head of {first}."]
    if share := findings.share([column.title for column in shown[1:]]):
        said.append(f"{share}; all in treebanks.md.")
    hidden = len(findings.treebanks) - _LINES
    if hidden > 0:
        said.append(f"{hidden:,} more in treebanks.md.")
    if of_relations:
        console.print(as_table(findings.title, shown, said))


def _short(line: Line | None, *, is_first: bool) -> str:
    if line is None:
        return ""
    total = line.best.total
    text = f"{line.best.head} {percent(line.best.correct, total)}"
    if is_first or not line.first_is_shown:
        return text
    return f"{text} ({percent(line.first_correct, total)})"
