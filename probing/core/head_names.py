"""How a head is called: ``3-9``, layer and head, both counted from one as in the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from probing.core.digits import whole_number
from probing.core.errors import ProbingError


@dataclass(frozen=True)
class Cell:
    """A head in a direction; ``layer`` and ``head`` count from one, as in the paper."""

    direction: str
    layer: int
    head: int

    def __str__(self) -> str:
        return f"{self.layer}-{self.head}"


def read_head(text: object) -> tuple[int, int] | None:
    """Layer and head of ``3-9``; ``None`` for whatever else."""
    layer, _, head = text.partition("-") if isinstance(text, str) else ("", "", "")
    numbers = whole_number(layer), whole_number(head)
    return None if numbers[0] is None or numbers[1] is None else (numbers[0], numbers[1])


def head_of(text: object, layers: Sequence[int], heads: int, *, where: str) -> tuple[int, int]:
    """Layer and head of ``3-9``, if they are there.

    Args:
        text: the name.
        layers: the numbers of those that are looked at.
        heads: how many a layer has.
        where: the option, or whatever else the name belongs to, for the complaint.

    Raises:
        ProbingError: if the text is no such name, or there is no such head.
    """
    found = read_head(text)
    if found is None or found[0] not in layers or not 1 <= found[1] <= heads:
        raise ProbingError(
            f"{where}: expected LAYER-HEAD with a layer of {', '.join(map(str, layers))} and a "
            f"head from 1 to {heads}, found {text!r}"
        )
    return found
