"""What Clark et al. (2019) print in Tables 1 to 3, and what their notebooks print."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NUMBERS = frozenset({"accuracy", "baseline", "all", "pronoun", "proper", "nominal", "UAS", "UUAS"})
"""The columns that are percentages; the others are names and counts."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A number of the paper, as it is printed there; empty where it is not.

    ``paper`` stands in the paper and ``notebook`` in the output of the authors' released notebook,
    whose heads, counted from zero there, are counted from one here. ``source`` says where, cells by
    the numbers of their execution. A relation that the notebook cuts off after eight characters has
    its whole name. ``row`` is the paper's, and ``all words`` the notebook's row ``all``, in which
    other words count than in the paper's ``All``.
    """

    table: int
    row: str
    column: str
    paper: str
    notebook: str
    source: str

    @property
    def is_percentage(self) -> bool:
        """Whether it is a share in percent."""
        return self.column in NUMBERS

    @property
    def printed(self) -> str:
        """What the paper prints, else the notebook."""
        return self.paper or self.notebook


@cache
def constants() -> tuple[Constant, ...]:
    """All of them, by table and row."""
    return tuple(_read())


def _read() -> Iterator[Constant]:
    text = (files(__package__) / "published.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        yield Constant(int(line.pop("table")), **line)


def published(table: int, row: str, column: str) -> str:
    """What the paper prints in a cell.

    Raises:
        KeyError: if it has no such cell.
    """
    cells = {(own.table, own.row, own.column): own.paper for own in constants()}
    return cells[table, row, column]
