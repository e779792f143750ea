"""What one picker gets right, row by row, and in resamples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from probing.counting.intervals import (
    FEW,
    Interval,
    bounds,
    central,
)


@dataclass(frozen=True)
class Resampled:
    """What was counted in each of ``N`` resamples: ``correct [R, N, ...]`` of ``total [R, N]``.

    ``units [R]`` says how many units have an anchor of the row, ``by_name`` the same, also of rows
    that may be added.
    """

    correct: Tensor
    total: Tensor
    units: Tensor
    by_name: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def taken(
        cls, counted: dict[str, Tensor], units: Mapping[str, int], rows: Sequence[str]
    ) -> Resampled | None:
        """Out of what a metric counted in ``rows``, what is of resamples; ``None`` if nothing is.

        ``units`` is by the name of the row.
        """
        if "drawn_correct" not in counted:
            return None
        correct, total = counted.pop("drawn_correct"), counted.pop("drawn_total")
        own = torch.tensor([units.get(row, 0) for row in rows])
        return cls(correct, total, own, units)

    def rolled_up(self, parts: Mapping[str, Sequence[int]]) -> Resampled:
        """With further rows, each the sum of ``parts``; a unit counts once in each."""
        correct = [self.correct[indices].sum(0, keepdim=True) for indices in parts.values()]
        total = [self.total[indices].sum(0, keepdim=True) for indices in parts.values()]
        units = torch.tensor([self.by_name.get(name, 0) for name in parts], dtype=torch.int64)
        return Resampled(
            torch.cat([self.correct, *correct]),
            torch.cat([self.total, *total]),
            torch.cat([self.units, units]),
            self.by_name,
        )

    def of(self, *index: int) -> Resampled:
        """One picker of several: ``correct [R, N]``."""
        chosen = self.correct
        for number in index:
            chosen = chosen[:, :, number]
        return Resampled(chosen, self.total, self.units, self.by_name)

    def of_row(self, row: int) -> Resampled:
        """One row of several."""
        own = slice(row, row + 1)
        return Resampled(self.correct[own], self.total[own], self.units[own], self.by_name)

    def and_also(self, others: Resampled) -> Resampled:
        """These pickers and, after them, others over the same anchors: ``correct [R, N, K]``."""
        both = [self.correct.flatten(2), others.correct.flatten(2)]
        return Resampled(torch.cat(both, 2), self.total, self.units, self.by_name)

    def beside(self, anchors: Resampled) -> Resampled:
        """The same picks out of other anchors, those that ``anchors`` counted."""
        return Resampled(self.correct, anchors.total, anchors.units, anchors.by_name)


@dataclass(frozen=True)
class Weighted:
    """What was counted in ``N`` weighted sums, over the anchors of heads.

    ``heads [R, N, 3, L, H]`` and ``baselines [R, N, K]``, those of ``names``, are right, of
    ``total [R, N]``.
    """

    heads: Tensor
    baselines: Tensor
    total: Tensor
    names: Sequence[str]

    def baseline(self, name: str) -> Tensor:
        """What a baseline gets right, ``[R, N]``."""
        return self.baselines[..., list(self.names).index(name)]


@dataclass(frozen=True)
class Score:
    """How many anchors of a row a head, a baseline or a probe gets right.

    ``correct`` is a whole number but where it is an expectation.
    """

    name: str
    row: str
    correct: float
    total: int
    interval: Interval | None = None

    @property
    def accuracy(self) -> float:
        """A fraction, to the six decimals of the files: what follows from it follows from them."""
        return round(self.correct / self.total, 6)


@dataclass(frozen=True)
class Tally:
    """What a head, a baseline or a probe gets right: ``correct [R]`` of ``total [R]``."""

    correct: Tensor
    total: Tensor
    resampled: Resampled | None = None

    def score(self, name: str, rows: Sequence[str], row: int) -> Score:
        """Of a row, by its place among ``rows``; ``name`` is whose it is."""
        # Rounded, since the order in which expectations are added shows in their last digits.
        correct = round(float(self.correct[row]), 6)
        return Score(name, rows[row], correct, int(self.total[row]), self.interval(row))

    def of(self, row: int) -> Tally:
        """One row of several, ``[1]``: models may have them in another order."""
        drawn = self.resampled
        own = None if drawn is None else drawn.of_row(row)
        return Tally(self.correct[row : row + 1], self.total[row : row + 1], own)

    def interval(self, row: int) -> Interval | None:
        """Of the share of a row; ``None`` where nothing was resampled."""
        drawn = self.resampled
        if drawn is None:
            return None
        units = int(drawn.units[row])
        low, high = bounds(
            self.correct[row], self.total[row], drawn.correct[row], drawn.total[row], units
        ).tolist()
        return Interval(low, high, units)


def paired(first: Tally, second: Tally, row: int) -> Interval | None:
    """Of the difference between two shares of the same anchors, from the same resamples.

    ``None`` where nothing was resampled, for fewer than :data:`FEW` units, and where the
    difference is the same in all resamples, which then say nothing of how far it might be off.
    """
    one, other = first.resampled, second.resampled
    if one is None or other is None or int(one.units[row]) < FEW:
        return None
    totals = one.total[row]
    apart = (one.correct[row] - other.correct[row])[totals > 0] / totals[totals > 0]
    # Expected values are sums of fractions, whose last digits differ.
    if not len(apart) or float(apart.max() - apart.min()) < 1e-9:
        return None
    low, high = central(apart).tolist()
    return Interval(low, high, int(one.units[row]))
