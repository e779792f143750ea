"""The bootstrap as counts that add up: Poisson weights drawn from what a unit is.

A resample draws units (documents, or sentences) with replacement. Where the number of draws of
each unit is Poisson with mean one, and independent of the others, units can be weighted one by one
as they come (Hanley and MacGibbon 2006; Chamandy, Muralidharan, Najmi and Naidu 2012). Here a
unit's weights are a hash of its identity, so that every process and every batch that holds a part
of it knows them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import factorial

import torch
from torch import Tensor

QUANTUM = 2.0**24
"""Shares of a hit are rounded to multiples of one over this: sums are exact in any order."""


@dataclass(frozen=True)
class UnitWeights(ABC):
    """How much each unit counts in ``count`` sums (``N``): a function of what the unit is alone.

    Memory does not grow with the data, and sums add up over batches and processes.
    """

    count: int

    @abstractmethod
    def weights(self, units: Tensor) -> Tensor:
        """Whole numbers ``[B, N]`` for ``units [B]`` (int64)."""

    def add(
        self, correct: Tensor, total: Tensor, hits: Tensor, member: Tensor, units: Tensor
    ) -> None:
        """Count a batch into ``correct [R, N, ...]`` and ``total [R, N]``, both in place.

        ``correct`` is float64, which holds whole numbers below 2**53 exactly, and ``total`` int64.

        Args:
            correct: what was right so far.
            total: what was asked so far.
            hits: ``[B, A, ...]``, booleans or shares from zero to one.
            member: ``[B, A, R]``, the rows in which an anchor counts.
            units: ``[B]``, int64, the identity of the unit that a window is, or is a part of.
        """
        drawn = self.weights(units).double()  # [B, N]
        asked = member.sum(1)  # [B, R]
        total += (asked.T.double() @ drawn).long()
        # What a window adds is the same in all sums but for its weight.
        right = member.mT.double() @ exact(hits).flatten(2).double()  # [B, R, ...]
        _, windows = asked.T.nonzero(as_tuple=True)  # ascending by row
        sizes = asked.count_nonzero(0).tolist()
        # A window has anchors in few of the rows: a product for each row is the least to compute.
        for row, some in enumerate(torch.split(windows, sizes)):
            if len(some):
                correct[row].flatten(1).addmm_(drawn[some].T, right[some, row])


@dataclass(frozen=True)
class Resampler(UnitWeights):
    """Counts hits in ``count`` resamples (``N``)."""

    def weights(self, units: Tensor) -> Tensor:
        """How often each resample draws each of ``units [B]``: ``[B, N]``, see :func:`poisson`."""
        return poisson(draws(units, self.count))


def exact(hits: Tensor) -> Tensor:
    """Booleans as they are, and shares so rounded that their sums are exact."""
    return hits if hits.dtype == torch.bool else (hits.double() * QUANTUM).round() / QUANTUM


def draws(units: Tensor, count: int) -> Tensor:
    """``[B, N]`` random integers from 0 to 2**63 - 1, a function of unit and resample alone.

    SplitMix64 (Steele, Lea and Flood 2014), a generator that can be asked for its n-th number, with
    a start of its own for each unit.

    Args:
        units: ``[B]``, int64.
        count: ``N``.
    """
    steps = torch.arange(1, count + 1, device=units.device) * _GOLDEN
    return mixed(mixed(units)[:, None] + steps) & _LOW_63


def poisson(uniform: Tensor) -> Tensor:
    """Uniform integers from 0 to 2**63 - 1 to those of the Poisson distribution of mean one."""
    # The number of thresholds that are not above: the inverse of the distribution function.
    return torch.bucketize(uniform, _thresholds().to(uniform.device), right=True)


@cache
def _thresholds() -> Tensor:
    """The distribution function at 0, 1, 2, ... times 2**63; exact, thus the same everywhere."""
    over_e = sum((Fraction((-1) ** k, factorial(k)) for k in range(40)), Fraction(0))
    below = [sum((Fraction(1, factorial(j)) for j in range(k + 1)), Fraction(0)) for k in range(30)]
    places = [int(2**63 * over_e * share) for share in below]
    return torch.tensor([place for place in places if place < 2**63 - 1])


def _signed(bits: int) -> int:
    """64 bits as the integer that int64 holds; its products wrap around as unsigned ones do."""
    return bits - 2**64 if bits >= 2**63 else bits


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_FIRST, _SECOND = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)
_LOW_63 = 2**63 - 1


def mixed(bits: Tensor) -> Tensor:
    """SplitMix64's mixing of 64 bits (int64)."""
    bits = (bits ^ _shifted(bits, 30)) * _FIRST
    bits = (bits ^ _shifted(bits, 27)) * _SECOND
    found: Tensor = bits ^ _shifted(bits, 31)
    return found


def _shifted(bits: Tensor, places: int) -> Tensor:
    """To the right, with zeros coming in."""
    kept: Tensor = (bits >> places) & (2 ** (64 - places) - 1)
    return kept
