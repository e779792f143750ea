"""Examples of one head as text: for Python and for the terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from rich.cells import cell_len

from probing.core.errors import ProbingError
from probing.core.inert import visible
from probing.core.terms import MAIN
from probing.counting.counts import Cell, HeadCounts
from probing.reports.examples import Example
from probing.reports.findings import Findings

WIDTH = 96


class ExampleList(list[Example]):
    """Right examples, then wrong ones; shown, it draws them.

    Args:
        found: the examples.
        title: what they are about.
        note: what a reader must know, if anything.
    """

    def __init__(self, found: Sequence[Example], *, title: str, note: str = "") -> None:
        super().__init__(found)
        self.title, self.note = title, note

    def __repr__(self) -> str:
        blocks = [self.title, *map(drawn, self), *([self.note] if self.note else [])]
        return "\n\n".join(blocks)


def examples_of(
    findings: Findings,
    row: str,
    head: str | None,
    direction: str | None,
    *,
    right: int,
    wrong: int,
) -> ExampleList:
    """What a head picks in a row, as :class:`ExampleList`.

    Args:
        findings: of a split.
        row: of the report.
        head: ``"3-9"``; the one that was chosen for the row, if not given.
        direction: as it is best in this row, if not given.
        right: the most that are right.
        wrong: the most that are wrong.

    Raises:
        ProbingError: if there is no such row, head or direction, or nothing was noted.
    """
    counts, examples = findings.of_encoder[MAIN], findings.examples
    if examples is None:
        raise ProbingError("no examples were noted: examples=100 notes what heads pick")
    place = counts.row(row)
    if place is None:
        near = get_close_matches(row, [counts.rows[r] for r in counts.order()], n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ProbingError(f"no row {row!r} with anchors of heads{meant}")
    cell = _cell(findings, place, head, direction)
    index = counts.index_of(cell)
    found = examples.of_head(row, index, right=right, wrong=wrong)
    correct, total = int(counts.correct[place, *index]), int(counts.total[place])
    title = (
        f"{visible(row)}, {cell} {cell.direction}: {correct:,} of {total:,} right "
        f"({100 * correct / total:.1f}%)"
    )
    hits = sum(own.is_right for own in found)
    is_few = hits < min(right, correct) or len(found) - hits < min(wrong, total - correct)
    looked = len(examples.of_row(row))
    note = f"There are more: {looked:,} of {total:,} anchors were looked at." if is_few else ""
    return ExampleList(found, title=title, note=note)


def _cell(findings: Findings, row: int, head: str | None, direction: str | None) -> Cell:
    """The head that is asked for.

    Raises:
        ProbingError: if there is none.
    """
    counts = findings.of_encoder[MAIN]
    directions, heads = counts.terms.directions, counts.correct.shape[3]
    if direction is not None and direction not in directions:
        raise ProbingError(f"expected one of {', '.join(directions)}, found {direction!r}")
    if head is None:
        choice = findings.chosen.row(counts.rows[row])
        best = (counts if choice is None else findings.chosen).best_head(
            row if choice is None else choice
        )
        return best if direction is None else Cell(direction, best.layer, best.head)
    numbers = re.fullmatch(r"(\d+)-(\d+)", head)
    layer, number = map(int, numbers.groups()) if numbers else (0, 0)
    if layer not in counts.layers or not 1 <= number <= heads:
        raise ProbingError(
            f"expected 'LAYER-HEAD' with a layer of {', '.join(map(str, counts.layers))} and a "
            f"head from 1 to {heads}, found {head!r}"
        )
    own = [Cell(each, layer, number) for each in directions if direction in (None, each)]
    return max(own, key=lambda cell: _correct(counts, row, cell))


def _correct(counts: HeadCounts, row: int, cell: Cell) -> int:
    return int(counts.of_head(cell)[row])


def drawn(example: Example) -> str:
    """An example as lines of text: each word, below it what it is."""
    anchor = f"“{visible(example.words[example.anchor])}”"
    picked = "picks nothing"
    if example.pick is not None:
        picked = f"picks “{visible(example.words[example.pick])}”"
    gold = ", ".join(f"“{visible(example.words[word])}”" for word in example.gold)
    mark = "✓" if example.is_right else "✗"
    where = [visible(each) for each in (example.file, example.document) if each]
    head = [
        f"{mark} {anchor} {picked}" + ("" if example.is_right else f"; gold is {gold}"),
        f"  {', '.join([*where, f'line {example.line}, word {example.id}'])}; special tokens "
        f"{100 * example.special:.0f}%",
    ]
    return "\n".join([*head, *_lines(example)])


def _lines(example: Example) -> list[str]:
    """The words, as many on a line as there is room for, and a line of labels where there are."""
    found, words, labels, width = [], "  ", "  ", 2
    for place, form in enumerate(map(visible, example.words)):
        is_what = {
            "anchor": place == example.anchor,
            "gold": place in example.gold,
            "pick": place == example.pick,
        }
        label = "=".join(name for name, is_it in is_what.items() if is_it)
        form = f"[{form}]" if label else form
        room = max(cell_len(form), len(label))
        if width + room > WIDTH and words.strip():
            found += [words, labels]
            words, labels, width = "  ", "  ", 2
        words += form + " " * (room - cell_len(form) + 1)
        labels += label.ljust(room) + " "
        width += room + 1
    return [line.rstrip() for line in [*found, words, labels] if line.strip()]
