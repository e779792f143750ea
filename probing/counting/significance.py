"""Is a head above its strongest baseline? Tests of every head in every row, all at once.

The null hypothesis: head and baseline are as good as each other, so that in each unit either might
have been the other (:mod:`probing.counting.sign_flips`). Among so many heads some are above by
chance; the family-wise p of a head is the share of patterns in which any head, in any row of the
family, is as far above its row's baseline (the single-step maximum of Westfall and Young 1993). The
baseline of a row is the one that is strongest on other data.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from probing.core.head_names import Cell
from probing.core.schemes import is_roll_up
from probing.core.terms import ALL
from probing.counting.counts import HeadCounts

FLIPPED = "flipped"
"""What sums over patterns of signs are called in :attr:`HeadCounts.weighted`."""
LEVEL = 0.05
_SLACK = 1e-9  # by which equal numbers may differ in their last digits


@dataclass(frozen=True)
class HeadTest:
    """A head beside the strongest baseline of a row.

    ``effect`` is how far it is above, a fraction. ``p`` is family-wise, ``q`` the least rate of
    false discoveries at which it is one (Benjamini and Hochberg 1995), ``p_alone`` what ``p`` would
    be without any other test. ``detectable`` is the least effect that would have had a ``p`` of 5%
    at this head's spread; ``None`` where it differs from the baseline in no unit, and where
    patterns are too few for any.
    """

    baseline: str
    effect: float
    p: float
    q: float
    p_alone: float
    detectable: float | None


@dataclass(frozen=True)
class TableTests:
    """Of all heads in all directions and in the rows that are tested.

    - ``rows [tested]``: which rows of ``counts``; ``baselines [tested]``: the strongest of each.
    - ``p``, ``q``, ``p_alone [tested, 3, L, H]``: see :class:`HeadTest`.
    - ``spread [tested, 3, L, H]``: the standard deviation of the difference by chance, in anchors.
    - ``critical``: the difference must be more than so many times its spread.
    - ``patterns``: how many were tried, the observed one included.
    """

    counts: HeadCounts
    rows: list[int]
    baselines: list[str]
    p: Tensor
    q: Tensor
    p_alone: Tensor
    spread: Tensor
    critical: float | None
    patterns: int

    @property
    def size(self) -> int:
        """How many tests there are."""
        return self.p.numel()

    def of(self, row: str, cell: Cell) -> HeadTest | None:
        """Of a head in a row; ``None`` where the row is not of the family."""
        names = [self.counts.rows[r] for r in self.rows]
        if row not in names:
            return None
        f = names.index(row)
        r, baseline, index = self.rows[f], self.baselines[f], self.counts.index_of(cell)
        total = int(self.counts.total[r])
        apart = float(self.counts.of_head(cell)[r] - self.counts.of_baseline(baseline)[r])
        spread = float(self.spread[f, *index])
        least = self._least(spread, total)
        p, q, alone = (float(each[f, *index]) for each in (self.p, self.q, self.p_alone))
        return HeadTest(baseline, apart / total, p, q, alone, least)

    def _least(self, spread: float, total: int) -> float | None:
        """The effect whose statistic is critical: its own pattern is part of what divides it."""
        critical, patterns = self.critical or 0.0, self.patterns
        if not critical or not spread or critical**2 >= patterns:
            return None
        return critical * spread * sqrt((patterns - 1) / (patterns - critical**2)) / total


def table_tests(counts: HeadCounts, chosen: HeadCounts, *, at_least: int) -> TableTests | None:
    """Of all heads in the rows with ``at_least`` anchors, but ``all`` and those that add up others.

    Args:
        counts: with sums over patterns of signs; ``None`` without.
        chosen: by which baselines are chosen; rows without an anchor there are left out.
        at_least: how many anchors a row needs.
    """
    flipped = counts.weighted.get(FLIPPED)
    if flipped is None:
        return None
    rows = [r for r in counts.order() if _is_tested(counts, chosen, r, at_least)]
    choices = [chosen.row(counts.rows[r]) for r in rows]
    baselines = [chosen.strongest(choice) for choice in choices if choice is not None]
    patterns, *cells = flipped.heads.shape[1:]  # N, 3, L, H
    highest = torch.full((patterns,), -torch.inf, dtype=torch.float64)
    observed, alone, spread = torch.zeros(3, len(rows), *cells, dtype=torch.float64)
    for f, (r, name) in enumerate(zip(rows, baselines, strict=True)):
        of_baseline = flipped.baseline(name)[r].view(-1, 1, 1, 1)
        apart = flipped.heads[r] - of_baseline  # [N, 3, L, H]
        # The observed pattern is one of all: with it, all are treated alike.
        statistic = apart / apart.square().mean(0).sqrt()
        statistic = statistic.masked_fill((apart == 0).all(0), 0)
        observed[f] = statistic[0]
        alone[f] = (statistic >= statistic[0] - _SLACK).double().mean(0)
        spread[f] = apart[1:].square().mean(0).sqrt()
        highest = highest.maximum(statistic.flatten(1).max(1).values)
    below = torch.searchsorted(highest.sort().values, observed - _SLACK)
    return TableTests(
        counts=counts,
        rows=rows,
        baselines=baselines,
        p=(patterns - below).double() / patterns,
        q=discovery_rates(alone.flatten()).view_as(alone),
        p_alone=alone,
        spread=spread,
        critical=_critical(highest[1:], patterns),
        patterns=patterns,
    )


def _is_tested(counts: HeadCounts, chosen: HeadCounts, row: int, at_least: int) -> bool:
    name = counts.rows[row]
    is_sum = name == ALL or name in counts.terms.with_roots or is_roll_up(name)
    return not is_sum and int(counts.total[row]) >= at_least and chosen.row(name) is not None


def discovery_rates(p: Tensor) -> Tensor:
    """Benjamini and Hochberg's (1995) q of each of ``p [any]``."""
    ordered, places = p.sort(descending=True)
    rank = torch.arange(len(p), 0, -1)
    rates = (ordered * len(p) / rank).cummin(0).values if len(p) else ordered
    return torch.empty_like(p).scatter(0, places, rates)


def _critical(others: Tensor, patterns: int) -> float | None:
    """What a statistic must exceed for a ``p`` of :data:`LEVEL`; ``None`` if it cannot.

    Args:
        others: the highest of each pattern but the observed one.
        patterns: how many there are, the observed one included, which is as high as any.
    """
    allowed = int(LEVEL * patterns + _SLACK) - 1
    if not 0 <= allowed < len(others):
        return None
    return float(others.sort(descending=True).values[allowed])
