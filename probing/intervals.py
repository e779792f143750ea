"""95% intervals of shares: percentiles of resamples, or Wilson's where these can tell nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import torch
from torch import Tensor

LEVEL = 0.95
FEW = 10
"""With fewer units than this, resamples are no guide to how units differ.

The percentile interval leaves out that the spread of few units is itself uncertain: of ten, it
reaches 1.86 standard errors to each side, where Student's distribution asks for 2.26, so that
about nine in ten such intervals hold the truth.
"""
BOUNDS = ("low", "high", "units")
"""The columns of an interval."""


@dataclass(frozen=True)
class Interval:
    """A 95% interval of a share, or of a difference, and how many units were resampled."""

    low: float
    high: float
    units: int

    @classmethod
    def read(cls, low: object, high: object, units: object) -> Interval:
        """From :attr:`cells`."""
        return cls(float(str(low)), float(str(high)), int(str(units)))

    @property
    def cells(self) -> tuple[str, str, int]:
        """What stands under :data:`BOUNDS`."""
        return f"{self.low:.6f}", f"{self.high:.6f}", self.units


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

    def and_also(self, others: Resampled) -> Resampled:
        """These pickers and, after them, others over the same anchors: ``correct [R, N, K]``."""
        both = [self.correct.flatten(2), others.correct.flatten(2)]
        return Resampled(torch.cat(both, 2), self.total, self.units, self.by_name)

    def beside(self, anchors: Resampled) -> Resampled:
        """The same picks out of other anchors, those that ``anchors`` counted."""
        return Resampled(self.correct, anchors.total, anchors.units, anchors.by_name)


@dataclass(frozen=True)
class Tally:
    """What a head, a baseline or a probe gets right: ``correct [R]`` of ``total [R]``."""

    correct: Tensor
    total: Tensor
    resampled: Resampled | None = None

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


def bounds(correct: Tensor, total: Tensor, drawn: Tensor, totals: Tensor, units: int) -> Tensor:
    """Lower and upper ends of 95% intervals of ``correct / total``, ``[2, ...]``.

    The 2.5th and 97.5th percentile of the resamples' shares; Wilson's interval where everything or
    nothing is right, and for fewer than :data:`FEW` units.

    Args:
        correct: ``[...]``, of several pickers over the same anchors.
        total: a scalar, not zero.
        drawn: ``[N, ...]``, what is right in each resample.
        totals: ``[N]``, out of how many.
        units: how many units have an anchor.
    """
    by_formula = wilson(correct, total)
    shares = drawn[totals > 0] / totals[totals > 0].view(-1, *[1] * (drawn.dim() - 1))
    if units < FEW or not len(shares):
        return by_formula
    # Expected values are sums of fractions, and may miss the whole by their last digits.
    is_mixed = (correct > 1e-6) & (correct < total - 1e-6)
    return torch.where(is_mixed, central(shares), by_formula)


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


def central(values: Tensor) -> Tensor:
    """The middle 95% of ``values [N, ...]``: their 2.5th and 97.5th percentile, ``[2, ...]``."""
    ordered = values.double().sort(0).values
    tail = (1 - LEVEL) / 2
    return torch.stack([quantile(ordered, tail), quantile(ordered, 1 - tail)])


def quantile(ordered: Tensor, share: float) -> Tensor:
    """Of ascending ``ordered [N, ...]``: the value at ``share * (N - 1)``, counted from zero.

    Between two of them it is drawn straight (definition 7 of Hyndman and Fan 1996, the usual one of
    NumPy and R).
    """
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def wilson(correct: Tensor, total: Tensor) -> Tensor:
    """Wilson's (1927) score interval of a binomial share, ``[2, ...]``.

    It takes anchors to be independent. Near zero and one it covers what it says where the usual
    one does not (Brown, Cai and DasGupta 2001).
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    n = total.double()
    share = correct.double() / n
    middle = share + z * z / (2 * n)
    half = z * (share * (1 - share) / n + z * z / (4 * n * n)).clamp_min(0).sqrt()
    ends = torch.stack([middle - half, middle + half]) / (1 + z * z / n)
    return ends.clamp(0, 1)
