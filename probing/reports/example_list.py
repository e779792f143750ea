"""Examples of one head as text: for Python and for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from probing.core.errors import ProbingError, check_range
from probing.core.head_names import Cell, head_of
from probing.core.inert import visible
from probing.core.near import expected_one
from probing.reports.examples import Example, Examples


class ExampleList(list[Example]):
    """Right examples, then wrong ones; shown, it draws them.

    Args:
        found: the examples.
        title: what they are about.
    """

    def __init__(self, found: Sequence[Example], *, title: str) -> None:
        super().__init__(found)
        self.title = title

    def __repr__(self) -> str:
        return "\n\n".join([visible(self.title), *map(str, self)])


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
        raise ProbingError(f"row: {expected_one(examples.of_row, row)}")
    cell = _cell(examples, row, head)
    own = examples.of_row[row]
    hits = examples.hits[own, *examples.index_of(cell)]
    places = [*own[hits][:right].tolist(), *own[~hits][:wrong].tolist()]
    title = (
        f"{row}, {cell} {cell.direction}: right for {int(hits.sum()):,} of the {len(own):,} "
        "anchors that were looked at"
    )
    return ExampleList([examples.example(place, cell) for place in places], title=title)


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
