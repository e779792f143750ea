"""Relations with all their subtypes, as further rows of a report.

The labels of a treebank share no anchor, so such a row is the sum of its labels' rows, on every
number of processes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from probing.core.schemes import ALL_SUBTYPES, is_roll_up, universal
from probing.counting.counts import HeadCounts, ProbeCounts
from probing.counting.tallies import Resampled

Counts = TypeVar("Counts", bound=HeadCounts | ProbeCounts)


def roll_ups(rows: Sequence[str], separators: str) -> list[str]:
    """The further rows that these rows make: one for each relation that has several labels.

    With a single label the row would only say the same again.
    """
    if not separators:
        return []
    labels = Counter(universal(row, separators) for row in rows if not is_roll_up(row))
    return [f"{name}{ALL_SUBTYPES}" for name, count in labels.items() if name and count > 1]


def rolled_up(counts: Counts, names: Sequence[str], separators: str) -> Counts:
    """The counts with those of ``names`` as further rows that add up rows of theirs.

    A row of one label only is made, too: where heads are chosen on one split and counted on
    another, the other may have more labels.
    """
    parts: dict[str, list[int]] = {}
    for name in names if separators else ():
        if not is_roll_up(name) or name in counts.rows:
            continue
        indices = parts_of(counts.rows, name, separators)
        if indices:
            parts[name] = indices
    longer: dict[str, Any] = {}
    for field in fields(counts):
        value = getattr(counts, field.name)
        if isinstance(value, Tensor):  # [R, ...]
            sums = [value[indices].sum(0, keepdim=True) for indices in parts.values()]
            longer[field.name] = torch.cat([value, *sums])
        elif isinstance(value, Resampled):
            longer[field.name] = value.rolled_up(parts)
    return replace(counts, rows=[*counts.rows, *parts], **longer)


def parts_of(rows: Sequence[str], name: str, separators: str) -> list[int]:
    """The places of the rows that the row ``name`` adds up; its own, if it adds up none."""
    if not is_roll_up(name):
        return [list(rows).index(name)]
    return [r for r, row in enumerate(rows) if is_part(row, name, separators)]


def is_part(row: str, name: str, separators: str) -> bool:
    """Whether a row is one of those that the row ``name`` adds up."""
    whole = name.removesuffix(ALL_SUBTYPES)
    return not is_roll_up(row) and universal(row, separators) == whole
