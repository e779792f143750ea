"""What the terminal shows: tables a person reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import IO, Any, BinaryIO, cast

from rich.console import Console, JustifyMethod
from rich.progress import wrap_file
from rich.table import Table

from .batch import ALL
from .data.store import EdgeWindows
from .findings import Findings

console = Console(highlight=False, soft_wrap=True)
if not console.is_terminal and "COLUMNS" not in os.environ:
    console.width = 120  # a file or a pipe has no edge at which to fold a table
_LARGE = 50_000_000  # bytes; below that a bar would only flash
_LEFT: dict[str, Any] = {"title_justify": "left", "caption_justify": "left"}


def describe(split: str, corpus: EdgeWindows) -> str:
    """What a split holds and what was left out, in one line."""
    census = corpus.census
    left = [
        f"{n:,} with {why}" if why[:2] == "a " else f"{n:,} {why}"
        for why, n in _most(census.left_out)
    ]
    packed = f" in {census.windows:,} windows" if census.windows != census.used else ""
    line = (
        f"{split}: {corpus.source}: {census.used:,} sentences{packed}, {census.words:,} words, "
        f"{census.wordpieces:,} wordpieces, special tokens included; "
        f"left out: {', '.join(left) or 'none'}"
    )
    if census.faults:
        odd = ", ".join(f"{n:,} with {why}" for why, n in _most(census.faults))
        line += f"; kept, though not trees: {odd}"
    if census.oddities:
        odd = ", ".join(f"{why} ({n:,})" for why, n in _most(census.oddities))
        line += f"; kept, though odd: {odd}"
    if census.shared:
        line += f"; {census.shared:,} wordpieces belong to several words, in equal shares"
    if corpus.scheme is not None:
        line += f"; scheme: {corpus.scheme}"
    return "\n  ".join([line, *(f"{n:,} {what}" for what, n in census.counts.items() if n)])


def show(text: str) -> None:
    """Print a line."""
    console.print(text, markup=False)


def watched(file: IO[bytes], name: str, size: int) -> AbstractContextManager[IO[bytes]]:
    """A bar for a file that takes a while to read."""
    if size < _LARGE or not console.is_terminal:
        return nullcontext(file)
    bar = wrap_file(cast(BinaryIO, file), size, description=name, console=console, transient=True)
    return cast(AbstractContextManager[IO[bytes]], bar)


def show_findings(findings: Findings) -> None:
    """The paper's Table 1, then the score of every probe and of what takes no training."""
    heads = Table(title=findings.title, caption="\n".join(findings.notes), **_LEFT)
    terms = findings.counts.terms
    for column in findings.columns:
        side: JustifyMethod = "left" if findings.holds_words(column) else "right"
        heads.add_column(column, justify=side, overflow="fold")
    for best, cells in zip(findings.table, findings.lines, strict=True):
        heads.add_row(*cells, style="bold" if best.relation == ALL else None)
    if findings.table:
        console.print(heads)
    else:
        for line in (findings.title, findings.absence, *findings.notes):
            show(line)

    probes = Table(title=f"{terms.title} ({findings.split})", caption=terms.note, **_LEFT)
    probes.add_column("probe")
    probes.add_column("trained")
    for column in ("correct", "anchors", terms.score):
        probes.add_column(column, justify="right")
    scores = [(name, *score[:2]) for name, score in findings.overall.items()]
    for name, correct, total in sorted(scores, key=lambda score: -score[1]):
        trained = "yes" if name in findings.probes.names else ""
        share = f"{100 * correct / total:.1f}"
        probes.add_row(name, trained, f"{round(correct):,}", f"{total:,}", share)
    console.print(probes)


def show_epoch(epoch: int, split: str, findings: Findings) -> None:
    """One line an epoch: the score of each probe."""
    scores = findings.overall
    listed = ", ".join(f"{name} {100 * scores[name][2]:.1f}" for name in findings.probes.names)
    show(f"after epoch {epoch}: {findings.counts.terms.score} on {split}: {listed}")


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
