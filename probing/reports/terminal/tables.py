"""What the terminal shows: tables a person reads."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, Any, BinaryIO, cast

from rich.console import Console, JustifyMethod
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from probing.core.inert import visible
from probing.core.terms import ALL
from probing.reports.best_heads import (
    absence,
    columns_of,
    folded,
    in_fewer_words,
    indented,
    notes_of,
    title_of,
)
from probing.reports.columns import ALWAYS, STRONGEST, ends, percent
from probing.reports.findings import Findings
from probing.reports.terminal.widths import fits, room, widths
from probing.reports.wording import wording_of


class _Inert(Console):
    """A terminal to which no text is markup or a control sequence."""

    def render_str(self, text: str, **style: Any) -> Text:
        """What any text becomes, wherever it stands."""
        plain = {"markup": False, "emoji": False, "highlight": False}
        return super().render_str(visible(text, keep="\n"), **{**style, **plain})


console = _Inert(highlight=False, soft_wrap=True)
if not console.is_terminal and "COLUMNS" not in os.environ:
    console.width = 160  # a file or a pipe has no edge at which to fold a table
_LARGE = 50_000_000  # bytes; below that a bar would only flash
_LEFT: dict[str, Any] = {"title_justify": "left", "caption_justify": "left"}


@dataclass(frozen=True)
class Filled:
    """A column of a table: its heading, its cells, and what :class:`Column` says of it."""

    title: str
    cells: Sequence[str]
    words: bool = False
    weight: int = 0

    @property
    def all(self) -> list[str]:
        """The heading and the cells."""
        return [self.title, *self.cells]


def show(text: str) -> None:
    """Print a line."""
    console.print(text)


@contextmanager
def watched(file: IO[bytes], name: str, size: int) -> Iterator[IO[bytes]]:
    """A bar for a file that takes a while to read."""
    if size < _LARGE or not console.is_terminal:
        yield file
        return
    title = TextColumn("{task.description}", markup=False)  # rich's own has names of emoji
    columns = (title, BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        own = bars.wrap_file(cast(BinaryIO, file), size, description=visible(name))
        with own as bar:
            yield bar


def show_table(title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """A table whose first column holds words and whose others hold numbers.

    Lines break at spaces; where even that takes too much room, cells stand closer together.
    """
    every = list(zip(columns, *lines, strict=True))
    is_roomy = fits(every, room(len(every), console.width))
    padding = 2 if is_roomy else 1
    table = Table(title=title, padding=(0, 1, 0, padding - 1), **_LEFT)
    space = room(len(every), console.width, padding=padding)
    found = widths(every, space)
    # Rather a name broken than a number.
    found[0] = max(min(8, found[0]), found[0] - max(0, sum(found) - space))
    for place, (column, width) in enumerate(zip(columns, found, strict=True)):
        side: JustifyMethod = "right" if place else "left"
        table.add_column(column, justify=side, width=width, overflow="fold")
    for cells in lines:
        table.add_row(*cells)
    console.print(table)


def show_findings(findings: Findings) -> None:
    """The paper's Table 1, then the score of every probe and of what takes no training."""
    wording = wording_of(findings.counts.terms)
    if findings.table:
        _show_best_heads(findings)
    else:
        for line in (title_of(findings), absence(findings), *notes_of(findings, ())):
            show(line)

    probes = Table(title=f"{wording.title} ({findings.split})", caption=wording.note, **_LEFT)
    probes.add_column("probe")
    probes.add_column("trained")
    scores = sorted(findings.overall.values(), key=lambda score: -score.correct)
    has_intervals = any(score.interval for score in scores)
    for title in ("correct", "anchors", wording.score, *(["interval"] if has_intervals else [])):
        probes.add_column(title, justify="right")
    for score in scores:
        trained = "yes" if score.name in findings.probes.names else ""
        own = [ends(score.interval)] if has_intervals else []
        share = percent(score.correct, score.total)
        cells = [f"{round(score.correct):,}", f"{score.total:,}", share, *own]
        probes.add_row(score.name, trained, *cells)
    console.print(probes)
    if findings.overall_families:
        console.print(_seeds(findings))
    if findings.differences:
        console.print(_differences(findings))


def _show_best_heads(findings: Findings) -> None:
    """Table 1."""
    columns, lines = columns_of(findings), folded(findings)
    brief = [
        Filled(c.title, list(map(c.in_brief, lines)), c.words, c.weight) for c in columns if c.brief
    ]
    names = [indented(findings, best.relation) for best in lines]
    shown = that_fit([replace(brief[0], cells=names), *brief[1:]])
    titles = [column.title for column in shown]
    said = notes_of(findings, titles)
    if len(shown) < len(brief):
        said.append(f"{len(columns) - len(shown)} more columns in best_heads.md.")
    if STRONGEST in titles:
        said += in_fewer_words(findings.table)
    bold = {k for k, best in enumerate(lines) if best.relation == ALL}
    console.print(as_table(title_of(findings), shown, said, bold=bold))


def that_fit(columns: Sequence[Filled]) -> list[Filled]:
    """Without the last ones of the least weight, until no word has to be broken."""
    kept = list(columns)
    while not fits([own.all for own in kept], room(len(kept), console.width)):
        places = [k for k, column in enumerate(kept) if column.weight < ALWAYS]
        if not places:
            break
        del kept[min(places, key=lambda k: (kept[k].weight, -k))]
    return kept


def as_table(
    title: str,
    columns: Sequence[Filled],
    notes: Sequence[str],
    *,
    bold: Collection[int] = (),
    lines: int = 0,
) -> Table:
    """The columns beside each other.

    Args:
        title: what the table is about.
        columns: what stands in it.
        notes: what its reader must know.
        bold: which lines stand out.
        lines: how many of them belong together, if any do.
    """
    table = Table(title=title, caption="\n".join(map(folded_text, notes)), **_LEFT)
    every = [column.all for column in columns]
    space = room(len(every), console.width)
    for column, width in zip(columns, widths(every, space), strict=True):
        side: JustifyMethod = "left" if column.words else "right"
        table.add_column(column.title, justify=side, width=width, overflow="fold")
    for k, cells in enumerate(zip(*(column.cells for column in columns), strict=True), start=1):
        is_end = bool(lines) and k % lines == 0
        table.add_row(*cells, style="bold" if k - 1 in bold else None, end_section=is_end)
    return table


def folded_text(text: str) -> str:
    """A line as lines that the terminal has room for, whose edge breaks words."""
    if not console.is_terminal:
        return text
    return "\n".join(textwrap.wrap(text, console.width, break_on_hyphens=False)) or text


def _seeds(findings: Findings) -> Table:
    """Mean and spread of each probe over its seeds."""
    score = wording_of(findings.counts.terms).score
    table = Table(title=f"{score} over seeds ({findings.split})", **_LEFT)
    table.add_column("probe")
    for column in ("seeds", "mean", "sd", "min", "max"):
        table.add_column(column, justify="right")
    for family in sorted(findings.overall_families, key=lambda family: -family.mean):
        shares = (family.mean, family.sd, family.low, family.high)
        cells = (f"{100 * share:.1f}" for share in shares)
        table.add_row(family.name, str(len(family.accuracies)), *cells)
    return table


def _differences(findings: Findings) -> Table:
    """Of the pairs that the user named, over all anchors."""
    table = Table(
        title=f"Differences over {ALL} ({findings.split})",
        caption="differences.csv has those of every row.",
        **_LEFT,
    )
    table.add_column("first")
    table.add_column("less second")
    for column in ("anchors", "difference", "interval", "units"):
        table.add_column(column, justify="right")
    for found in findings.differences:
        if found.row == ALL:
            units = "" if found.units is None else f"{found.units:,}"
            between = ends(found.interval, sign="+") or found.absence
            cells = (f"{found.total:,}", f"{100 * found.apart:+.1f}", between, units)
            table.add_row(found.pair.first, found.pair.second, *cells)
    return table


def show_epoch(epoch: int, split: str, score: str, scores: Mapping[str, float]) -> None:
    """One line an epoch: the score of each probe, a fraction."""
    if scores:
        listed = ", ".join(f"{name} {100 * share:.1f}" for name, share in scores.items())
        show(f"after epoch {epoch}: {score} on {split}: {listed}")
