"""A measured figure, and what it is measured on."""

from __future__ import annotations

from dataclasses import dataclass

BUILTIN = "builtin:documents=400,seed=9"
"""The corpus that is measured on where none is named."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a row.

    ``value`` is in ``unit``: ``times`` for a ratio, which is the median over rounds, or a unit of
    size. ``least`` and ``most`` are what single rounds gave.
    """

    row: str
    what: str
    value: float
    unit: str = "times"
    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        within = "" if self.least is None else f" ({self.least:.2f} to {self.most:.2f})"
        return f"{self.value:9.2f} {self.unit:5} {self.row}: {self.what}{within}"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is measured on.

    ``trees`` and ``coreference`` are sources of data, the latter ``None`` for documents made of
    the built-in ones; ``rounds`` is how often both sides of a ratio run, after a warm-up, and
    ``most`` how many sentences there are at most where their number grows. ``peer`` is a Python of
    an environment that has TransformerLens.
    """

    trees: str = BUILTIN
    coreference: str | None = None
    rounds: int = 5
    most: int = 100_000
    peer: str | None = None
