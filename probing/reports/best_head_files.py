"""The table of best heads for programs and for papers: ``best_heads.csv`` and ``.tex``."""

from __future__ import annotations

from collections.abc import Iterator

from probing.counting.intervals import BOUNDS, Interval
from probing.reports.best_heads import (
    caveats,
    columns_of,
    folded,
    in_fewer_words,
    indented,
    meanings,
    notes_of,
    title_of,
)
from probing.reports.columns import STRONGEST, csv_cells, csv_titles
from probing.reports.findings import Findings
from probing.reports.latex import latex

_HEAD = "relation,direction,layer,head,correct,total,accuracy".split(",")
_OWN = "own_direction,own_layer,own_head,own_correct,own_accuracy".split(",")
_TEST = "effect,p,q".split(",")


def csv_columns(findings: Findings) -> list[str]:
    """Those of ``best_heads.csv``: heads as in ``heads.csv``, then what stands beside them."""
    return [
        *_HEAD,
        *(BOUNDS if findings.counts.resampled else ()),
        *csv_titles(findings.counts.terms),
        *(["hard_accuracy"] if findings.hard else []),
        *(_OWN if findings.is_held_out else []),
        *(_TEST if findings.tests else []),
    ]


def csv_rows(findings: Findings) -> Iterator[list[object]]:
    """A line a row of the table, in the order of the report; shares are fractions."""
    for best in findings.table:
        head, own, test = best.head, best.own, best.test
        row: list[object] = [best.relation, head.direction, head.layer, head.head]
        row += [best.correct, best.total, f"{best.accuracy:.6f}"]
        row += _ends(best.interval) if findings.counts.resampled else []
        row += csv_cells(best)
        if findings.hard:
            share = best.hard.on_hard if best.hard else None
            row.append("" if share is None else f"{share:.6f}")
        if findings.is_held_out:
            row += [
                own.direction,
                own.layer,
                own.head,
                best.own_correct,
                f"{best.own_accuracy:.6f}",
            ]
        if findings.tests:
            known = (test.effect, test.p, test.q) if test else ()
            row += [f"{value:.6f}" for value in known] or [""] * len(_TEST)
        yield row


def _ends(interval: Interval | None) -> list[object]:
    return [""] * len(BOUNDS) if interval is None else [*interval.cells]


def tex(findings: Findings) -> str:
    """``best_heads.tex``; notes that are the author's own are comments."""
    columns, lines = [column for column in columns_of(findings) if column.brief], folded(findings)
    titles = [column.title for column in columns]
    cells = [
        [indented(findings, best.relation), *(own.in_brief(best) for own in columns[1:])]
        for best in lines
    ]
    caption = [f"{title_of(findings)}, accuracies in percent.", *caveats(findings)]
    caption += meanings(findings, titles)
    caption += in_fewer_words(findings.table) if STRONGEST in titles else []
    notes = [*notes_of(findings, titles), *findings.holds.splitlines()]
    words = {k for k, column in enumerate(columns) if column.words}
    return latex(titles, cells, label="tab:heads", caption=caption, notes=notes, words=words)
