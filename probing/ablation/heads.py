"""Which heads are ablated together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

Head = tuple[int, int]
"""Layer and head, counted from one."""


@dataclass(frozen=True, order=True)
class HeadSet:
    """Heads that are ablated together, in the order of layers."""

    heads: tuple[Head, ...]

    @classmethod
    def of(cls, heads: Iterable[Head]) -> HeadSet:
        """Some heads, each once."""
        return cls(tuple(sorted(set(heads))))

    def __str__(self) -> str:
        return ",".join(f"{layer}-{head}" for layer, head in self.heads)

    @property
    def lowest(self) -> int:
        """The number of the first layer that has one of them."""
        return self.heads[0][0]

    @property
    def highest(self) -> int:
        """The number of the last layer that has one of them."""
        return self.heads[-1][0]

    @cached_property
    def by_layer(self) -> dict[int, list[int]]:
        """By the number of a layer, its heads, counted from zero."""
        found: dict[int, list[int]] = {}
        for layer, head in self.heads:
            found.setdefault(layer, []).append(head - 1)
        return found
