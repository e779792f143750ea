"""Examples of one head as text: for Python and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from rich.cells import cell_len

from probing.core.errors import ProbingError, check_range
from probing.core.head_names import head_of
from probing.core.inert import visible
from probing.counting.counts import Cell
from probing.reports.examples import SPECIAL, Example, Examples

WIDTH = 96


class ExampleList(list[Example]):
    """Right examples, then wrong ones; shown, it draws them.

    Args:
        found: the examples.
        title: what they are about.
        special: what ``special`` of each is, in words.
    """

    def __init__(self, found: Sequence[Example], *, title: str, special: str) -> None:
        super().__init__(found)
        self.title = title
        self.special = special

    def __repr__(self) -> str:
        own = (drawn(example, special=self.special) for example in self)
        return "\n\n".join([visible(self.title), *own])


def of_head(
    examples: Examples, row: str, head: str | None = None, *, right: int, wrong: int
) -> ExampleList:
    """The first anchors of a row of which a head is right, and of which it is wrong.

    Args:
        examples: of a split.
        row: of the report.
        head: ``"3-9"``, which picks by its row, or ``"3-9 both"``; the one that was chosen for the
            row, if not given.
        right: the most that are right.
        wrong: the most that are wrong.

    Raises:
        ProbingError: if there is no such row or head, or fewer than none are wanted; the message
            begins with the name of the argument.
    """
    check_range(0, right=right, wrong=wrong)
    if row not in examples.of_row:
        near = get_close_matches(row, examples.of_row, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        known = ", ".join(map(visible, examples.of_row))
        raise ProbingError(f"row: expected one of {known}, found {row!r}{meant}")
    cell = _cell(examples, row, head)
    own = examples.of_row[row]
    index = examples.index_of(cell)
    hits = examples.hits[own, *index]
    places = [*own[hits][:right].tolist(), *own[~hits][:wrong].tolist()]
    title = (
        f"{row}, {cell} {cell.direction}: right for {int(hits.sum()):,} of the {len(own):,} "
        "anchors that were looked at"
    )
    found = [examples.example(place, cell) for place in places]
    return ExampleList(found, title=title, special=SPECIAL[index[0]])


def _cell(examples: Examples, row: str, head: str | None) -> Cell:
    """The head that is asked for.

    Raises:
        ProbingError: if there is none.
    """
    if head is None:
        if row not in examples.chosen:
            raise ProbingError(f"head: none was chosen for {row!r}; name one, such as 3-9")
        return examples.chosen[row]
    name, _, said = head.partition(" ")
    layer, number = head_of(name, examples.layers, examples.picks.shape[3], where="head")
    direction = said.strip() or examples.directions[0]
    if direction not in examples.directions:
        known = ", ".join(examples.directions)
        raise ProbingError(f"head: expected 'LAYER-HEAD DIRECTION' of {known}, found {head!r}")
    return Cell(direction, layer, number)


def drawn(example: Example, *, special: str) -> str:
    """An example as lines of text: each word, below it what it is."""
    anchor = _quoted(example, example.anchor)
    picked = "picks nothing" if example.pick is None else f"picks {_quoted(example, example.pick)}"
    gold = ", ".join(_quoted(example, word) for word in example.gold)
    where = [visible(each) for each in (example.file, example.document) if each]
    return "\n".join(
        [
            f"✓ {anchor} {picked}" if example.is_right else f"✗ {anchor} {picked}; gold is {gold}",
            f"  {', '.join([*where, f'line {example.line}, word {example.id}'])}; {special}: "
            f"{100 * example.special:.0f}%",
            *_lines(example),
        ]
    )


def _quoted(example: Example, word: int) -> str:
    return f"“{visible(example.words[word])}”"


def _lines(example: Example) -> list[str]:
    """The words, as many on a line as there is room for, and a line of labels where there are."""
    found, words, labels, width = [], "  ", "  ", 2
    for place, form in enumerate(map(visible, example.words)):
        what = {
            "anchor": place == example.anchor,
            "gold": place in example.gold,
            "pick": place == example.pick,
        }
        label = "=".join(name for name, is_it in what.items() if is_it)
        shown = f"[{form}]" if label else form
        room = max(cell_len(shown), len(label))
        if width + room > WIDTH and words.strip():
            found += [words, labels]
            words, labels, width = "  ", "  ", 2
        words += shown + " " * (room - cell_len(shown) + 1)
        labels += label.ljust(room) + " "
        width += room + 1
    return [line.rstrip() for line in [*found, words, labels] if line.strip()]
