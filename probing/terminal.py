"""What the terminal shows: tables a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from .batch import ALL
from .data.store import EdgeWindows
from .findings import Findings

console = Console(highlight=False, soft_wrap=True)
_LEFT: dict[str, Any] = {"title_justify": "left", "caption_justify": "left"}


def describe(split: str, corpus: EdgeWindows) -> str:
    """What a split holds and what was left out, in one line."""
    census = corpus.census
    left = [
        f"{n:,} with {why}" if why[0] == "a" else f"{n:,} {why}"
        for why, n in _most(census.left_out)
    ]
    line = (
        f"{split}: {corpus.source}: {census.windows:,} sentences, {census.words:,} words, "
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
    return line


def show(text: str) -> None:
    """Print a line."""
    console.print(text, markup=False)


def show_findings(findings: Findings) -> None:
    """The paper's Table 1, then the score of every probe and of what takes no training."""
    heads = Table(title=findings.title, caption="\n".join(findings.notes), **_LEFT)
    heads.add_column("relation")
    _numbers(heads, "anchors", "head")
    heads.add_column("direction")
    _numbers(heads, "accuracy", "offset", "its accuracy")
    for best in findings.table:
        heads.add_row(
            best.relation,
            f"{best.total:,}",
            str(best.head),
            best.head.direction,
            f"{100 * best.accuracy:.1f}",
            f"{best.offset:+d}",
            f"{100 * best.offset_accuracy:.1f}",
            style="bold" if best.relation == ALL else None,
        )
    if findings.table:
        console.print(heads)
    else:
        show(
            f"No relation has {findings.min_anchors} anchors; "
            "--report.min_anchors N shows those with fewer."
        )

    probes = Table(
        title=f"Unlabelled attachment without punctuation ({findings.split})",
        caption="best-offset and best-head: the best over all words. Root words count as wrong\n"
        "for what takes no training.",
        **_LEFT,
    )
    probes.add_column("probe")
    probes.add_column("trained")
    _numbers(probes, "correct", "anchors", "UAS")
    scores = [(name, *score[:2]) for name, score in findings.overall.items()]
    for name, correct, total in sorted(scores, key=lambda score: -score[1]):
        trained = "yes" if name in findings.probes.names else ""
        share = f"{100 * correct / total:.1f}"
        probes.add_row(name, trained, f"{correct:,}", f"{total:,}", share)
    console.print(probes)


def show_epoch(epoch: int, split: str, findings: Findings) -> None:
    """One line an epoch: the score of each probe."""
    scores = findings.overall
    listed = ", ".join(f"{name} {100 * scores[name][2]:.1f}" for name in findings.probes.names)
    show(f"after epoch {epoch}: UAS on {split}: {listed}")


def _numbers(table: Table, *names: str) -> None:
    for name in names:
        table.add_column(name, justify="right")


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
