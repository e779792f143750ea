"""The lines of ``seeds.csv``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from probing.counting.spread import families

SEEDS = "probe,relation,seeds,mean,sd,min,max".split(",")
"""The columns of ``seeds.csv``."""


def seed_rows(
    lines: Iterable[Sequence[object]], probes: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    """Lines of ``seeds.csv`` from those of ``probes.csv``, of the trained ``probes``."""
    by_row: dict[str, list[tuple[str, float]]] = {}
    for name, row, _, _, accuracy, *_ in lines:
        if name in probes:
            by_row.setdefault(str(row), []).append((str(name), float(str(accuracy))))
    for row, accuracies in by_row.items():
        for family in families(accuracies):
            yield (family.name, row, *family.cells)
