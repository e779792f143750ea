"""95% intervals of shares: percentiles of resamples, or Wilson's where these can tell nothing."""

from __future__ import annotations

from dataclasses import dataclass
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

    @property
    def cells(self) -> tuple[str, str, int]:
        """What stands under :data:`BOUNDS`."""
        return f"{self.low:.6f}", f"{self.high:.6f}", self.units


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
