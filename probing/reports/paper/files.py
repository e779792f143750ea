"""``paper.csv``, ``paper.md`` and ``paper.tex``: a run beside the paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from probing.core.files import write_csv, write_whole
from probing.reports.latex import latex
from probing.reports.markdown import heading, paragraphs, table
from probing.reports.paper.lines import Line, is_of_its_kind

FILE = "paper.csv"
COLUMNS = "table,row,column,paper,notebook,here,difference,why".split(",")

PRINTED = (
    "paper: Clark et al. (2019), BERT-base on the Wall Street Journal and on CoNLL-2012. notebook: "
    "the output stored in their released code. Percentages, and the difference in points to the "
    "paper, or to the notebook where the paper has nothing. why: the numbers of docs/paper.md; "
    "empty where the digits that are printed are the same."
)


def write(lines: Sequence[Line], folder: Path, *, title: str, notes: Sequence[str]) -> None:
    """Write the three files.

    Args:
        lines: by table.
        folder: of the report.
        title: what was looked at.
        notes: what a reader must know of the run.
    """
    write_csv(folder / FILE, COLUMNS, ((line.constant.table, *_cells(line)) for line in lines))
    write_whole(folder / "paper.md", _markdown(lines, title, notes))
    write_whole(folder / "paper.tex", "\n".join(_latex(lines, title, notes)))


def _cells(line: Line) -> tuple[str, ...]:
    """The cells behind the number of the table."""
    own, difference = line.constant, line.difference
    apart = "" if difference is None else f"{difference:+.2f}"
    return own.row, own.column, own.paper, own.notebook, line.shown, apart, why(line)


def why(line: Line) -> str:
    """The numbers of the differences, and what is to be said besides."""
    numbers = ", ".join(str(int(each)) for each in line.why)
    return "; ".join(part for part in (numbers, line.note) if part)


def _markdown(lines: Sequence[Line], title: str, notes: Sequence[str]) -> str:
    """``paper.md``: a table of a run's own that is missing as a whole is a sentence."""
    parts = [heading(title), "", *paragraphs([*notes, PRINTED])]
    for number, own in _by_table(lines):
        parts += [heading(f"Table {number}", 2), ""]
        if (said := _absence(own)) is not None:
            parts += [*paragraphs([said])]
        else:
            cells = (_cells(line) for line in own)
            parts += [*table(COLUMNS[1:], cells, words={0, 1, 6}), ""]
    legend = sorted({each for line in lines for each in line.why})
    if legend:
        parts += [heading("Why", 2), ""]
        parts += paragraphs([", ".join(f"{int(each)}: {each.title}" for each in legend) + "."])
    return "\n".join(parts).rstrip() + "\n"


def _latex(lines: Sequence[Line], title: str, notes: Sequence[str]) -> Iterator[str]:
    """``paper.tex``: the numbers that the paper itself prints, and that this run has."""
    for number, own in _by_table(lines):
        if (said := _absence(own)) is not None:
            yield f"% Table {number}. {said}\n"
            continue
        shown = [line for line in own if line.constant.paper and isinstance(line.here, float)]
        if not shown:
            continue
        legend = sorted({each for line in shown for each in line.why})
        said = ", ".join(f"{int(each)}: {each.title.lower()}" for each in legend)
        has_notebook = any(line.constant.notebook for line in shown)
        columns = [name for name in COLUMNS[3:] if has_notebook or name != "notebook"]
        cells = (dict(zip(COLUMNS[1:], _cells(line), strict=True)) for line in shown)
        beside = ", what their notebook prints, and" if has_notebook else " and"
        yield latex(
            ("", *columns),
            [(f"{own['row']}, {own['column']}", *(own[name] for name in columns)) for own in cells],
            label=f"tab:paper{number}",
            caption=[
                f"{title}. Table {number} of Clark et al. (2019){beside} this run, in percent."
                f"{f' What differs: {said}.' if said else ''}"
            ],
            notes=notes,
            words={0, len(columns)},
        )


def _by_table(lines: Sequence[Line]) -> Iterator[tuple[int, list[Line]]]:
    for number, own in groupby(lines, key=lambda line: line.constant.table):
        yield number, list(own)


def _absence(lines: Sequence[Line]) -> str | None:
    """What a table needs of whose kind there is nothing, in one line for all."""
    notes = {line.note for line in lines if line.here is None}
    if len(notes) > 1 or any(map(is_of_its_kind, lines)):
        return None
    here = [f"{own.constant.row}, {own.constant.column}: {own.shown}" for own in lines if own.here]
    return f"Nothing here{f' but {here[0]}' if here else ''}: {notes.pop()}."
