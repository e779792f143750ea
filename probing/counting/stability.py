"""Whether another sample would have the same best head, and whether it is best in all genres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from probing.core.head_names import Cell
from probing.counting.counts import HeadCounts
from probing.counting.resampling import UnitWeights, exact
from probing.counting.rows import Rows
from probing.counting.subtypes import parts_of

BY_GENRE = "by_genre"
"""What sums by genre are called in :attr:`HeadCounts.weighted`."""


@dataclass(frozen=True)
class Genres(UnitWeights):
    """A sum for each of ``count`` genres; ``place_of`` tells that of a document by its identity."""

    place_of: Mapping[int, int] = field(default_factory=dict)

    def weights(self, units: Tensor) -> Tensor:
        """One in the sum of its own genre, for each of ``units [B]``: ``[B, N]``."""
        places = [self.place_of.get(unit, -1) for unit in units.tolist()]
        own = torch.tensor(places, dtype=torch.long, device=units.device)[:, None]
        return (own == torch.arange(self.count, device=units.device)).long()

    def add(
        self, correct: Tensor, total: Tensor, hits: Tensor, member: Tensor, units: Tensor
    ) -> None:
        """As :meth:`UnitWeights.add`, but quicker: no unit is in two of the sums."""
        hits, is_of = exact(hits), self.weights(units).bool()
        for place in is_of.any(0).nonzero()[:, 0].tolist():
            own = is_of[:, place]
            correct[:, place] += Rows(member[own]).sums(hits[own])
            total[:, place] += member[own].sum((0, 1))


def chosen_again(chosen: HeadCounts, row: int) -> float | None:
    """In which share of the resamples the best head of a row is the best again.

    ``None`` where nothing was resampled, or no resample has an anchor.
    """
    drawn = chosen.resampled
    if drawn is None:
        return None
    best = drawn.correct[row][drawn.total[row] > 0].flatten(1)  # [N, 3*L*H]
    if not len(best):
        return None
    return float((best.argmax(1) == chosen.correct[row].argmax()).double().mean())


def genres_above(
    counts: HeadCounts, chosen: HeadCounts, name: str, cell: Cell
) -> tuple[int, int] | None:
    """In how many genres a head beats the strongest baseline of a row, and how many have anchors.

    ``None`` where genres are not known, or there is no baseline.

    Args:
        counts: with sums by genre.
        chosen: by which the baseline is chosen; it has anchors in the row.
        name: of the row.
        cell: the head.
    """
    found, choice = counts.weighted.get(BY_GENRE), chosen.row(name)
    if found is None or choice is None or not counts.terms.beside_heads:
        return None
    parts = parts_of(counts.rows, name, counts.terms.subtypes)
    heads = found.heads[parts].sum(0)[:, *counts.index_of(cell)]  # [N]
    baseline = found.baseline(chosen.strongest(choice))[parts].sum(0)
    return int((heads > baseline).sum()), int((found.total[parts].sum(0) > 0).sum())
