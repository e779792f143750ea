"""How wide the columns of a table in the terminal are, so that lines break at spaces only."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from probing.core.inert import visible

Cells = Sequence[str]
"""What stands in one column, its heading included."""


def room(count: int, width: int, *, padding: int = 2) -> int:
    """What a terminal of ``width`` has left for the cells of ``count`` columns with their borders.

    Args:
        count: of columns.
        width: of the terminal, in characters.
        padding: spaces beside each cell, both sides together.
    """
    return width - (count + 1) - padding * count


def fits(columns: Sequence[Cells], space: int) -> bool:
    """Whether no word has to be broken, in ``space`` characters for cells."""
    return sum(map(longest_word, columns)) <= space


def widths(columns: Sequence[Cells], space: int) -> list[int]:
    """As wide as each column's longest cell; where that is too much, the widest are narrowed first.

    None is narrower than its longest word, even if the table then does not fit.
    """
    least = [longest_word(cells) for cells in columns]
    found = [max(map(_length, cells), default=0) for cells in columns]
    while sum(found) > space:
        wide = [k for k in range(len(found)) if found[k] > least[k]]
        if not wide:
            break
        found[max(wide, key=lambda k: found[k])] -= 1
    return found


def longest_word(cells: Cells) -> int:
    """In characters of a terminal."""
    return max((_length(word) for cell in cells for word in cell.split()), default=0)


def _length(text: str) -> int:
    return cell_len(visible(text))
