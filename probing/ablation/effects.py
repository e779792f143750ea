"""From the values of items to effects beside those of controls: pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from probing.ablation.controls import Plan
from probing.ablation.heads import HeadSet
from probing.ablation.outcomes import Outcome
from probing.counting.intervals import FEW, Interval, central
from probing.counting.resampling import draws, poisson

COLUMNS = (
    "heads,data,outcome,items,before,after,difference,low,high,units,"
    "control_mean,control_sd,rank,sets,p,least_p"
).split(",")
CONTROLS = "heads,control,data,outcome,after,difference".split(",")


@dataclass(frozen=True)
class Measured:
    """What came of all ablations of a plan on one part.

    - ``data``: the name of the part.
    - ``values [1 + sets, items]``: the first without an ablation, the others in the plan's order.
    - ``weights [items]``, zero of items that were not run; ``units [items]``.
    """

    data: str
    outcome: Outcome
    values: Tensor
    weights: Tensor
    units: Tensor

    @property
    def run(self) -> Measured:
        """The same of the items that were run."""
        is_run = self.weights > 0
        return replace(
            self,
            values=self.values[:, is_run],
            weights=self.weights[is_run],
            units=self.units[is_run],
        )

    @property
    def means(self) -> Tensor:
        """``[1 + sets]``."""
        return (self.values.sum(1) / self.weights.sum()).double()

    def resampled(self, sets: Sequence[int], count: int) -> Tensor:
        """The differences ``[N, some]`` of some sets in ``count`` resamples of units."""
        drawn = poisson(draws(self.units, count)).double()  # [items, N]
        totals = drawn.T @ self.weights  # [N]
        apart = self.values[list(sets)] - self.values[0]
        return (drawn.T @ apart.T)[totals > 0] / totals[totals > 0, None]


@dataclass(frozen=True)
class Effect:
    """What an ablation does to an outcome, and what like ones do.

    ``controls`` are the differences of the control sets, in their order. ``rank`` is one where none
    of them is as bad; the share of sets, the ablated one among them, that are as bad or worse is
    ``p``, which can be as low as ``least_p``.
    """

    heads: HeadSet
    data: str
    outcome: Outcome
    items: int
    before: float
    after: float
    interval: Interval | None
    sets: Sequence[HeadSet]
    controls: Sequence[float]

    @property
    def difference(self) -> float:
        """Of after and before."""
        return self.after - self.before

    @property
    def badness(self) -> float:
        """The difference, higher where it is worse."""
        return self._bad(self.difference)

    @property
    def rank(self) -> int:
        """One, and how many control sets are as bad or worse."""
        return 1 + sum(self._bad(own) >= self.badness for own in self.controls)

    @property
    def placed(self) -> str:
        """The rank in words, ``3 of 12``; nothing without controls."""
        return f"{self.rank} of {1 + len(self.controls)}" if self.controls else ""

    @property
    def p(self) -> float:
        """The rank as a share."""
        return self.rank / (1 + len(self.controls))

    @property
    def least_p(self) -> float:
        """The least that it could be."""
        return 1 / (1 + len(self.controls))

    @property
    def control_mean(self) -> float | None:
        """Of the controls' differences."""
        return sum(self.controls) / len(self.controls) if self.controls else None

    @property
    def control_sd(self) -> float | None:
        """Of the controls' differences, with n - 1; ``None`` of fewer than two."""
        if len(self.controls) < 2:
            return None
        return float(torch.tensor(self.controls, dtype=torch.float64).std())

    def _bad(self, difference: float) -> float:
        return difference if self.outcome.worse == "higher" else -difference


def effects(plan: Plan, found: Measured, *, resamples: int) -> list[Effect]:
    """The effect of each target of a plan, with its interval.

    Of what is about a layer, only those of sets below it; none where nothing was run.

    Args:
        plan: what was ablated.
        found: what came of it.
        resamples: of units, for 95% intervals; none are made for 0, or for fewer than 10 units.
    """
    found = found.run
    if not found.values.shape[1]:
        return []
    means = found.means.tolist()
    places = {heads: 1 + k for k, heads in enumerate(plan.sets)}
    targets = [places[heads] for heads in plan.targets]
    units = len(set(found.units.tolist()))
    ends: list[Interval | None] = [None] * len(targets)
    if resamples and units >= FEW:
        bounds = central(found.resampled(targets, resamples)).T.tolist()
        ends = [Interval(low, high, units) for low, high in bounds]
    return [
        Effect(
            heads,
            found.data,
            found.outcome,
            found.values.shape[1],
            means[0],
            means[places[heads]],
            interval,
            sets,
            [means[places[own]] - means[0] for own in sets],
        )
        for (heads, sets), interval in zip(plan.controls.items(), ends, strict=True)
        if found.outcome.can_tell(heads)
    ]


def magnitude(found: Sequence[Effect]) -> int:
    """The power of ten of the greatest difference, of controls and intervals, too; 0 if none is."""
    values = [value for own in found for value in (own.difference, *own.controls)]
    values += [end for own in found if (ends := own.interval) for end in (ends.low, ends.high)]
    greatest = max(map(abs, values), default=0.0)
    return math.floor(math.log10(greatest)) if greatest else 0


def effect_lines(found: Sequence[Effect]) -> Iterator[tuple[object, ...]]:
    """Lines of ``ablation.csv``."""
    for own in found:
        yield (
            str(own.heads),
            own.data,
            own.outcome.name,
            own.items,
            *map(_number, (own.before, own.after, own.difference)),
            *(("", "", "") if own.interval is None else _ends(own.interval)),
            _number(own.control_mean),
            _number(own.control_sd),
            *((own.rank, len(own.controls), _number(own.p)) if own.controls else ("", 0, "")),
            _number(own.least_p) if own.controls else "",
        )


def control_lines(found: Sequence[Effect]) -> Iterator[tuple[object, ...]]:
    """Lines of ``controls.csv``."""
    for own in found:
        for heads, difference in zip(own.sets, own.controls, strict=True):
            after = own.before + difference
            yield (
                str(own.heads),
                str(heads),
                own.data,
                own.outcome.name,
                *map(_number, (after, difference)),
            )


def _ends(interval: Interval) -> tuple[str, str, int]:
    return _number(interval.low), _number(interval.high), interval.units


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9f}"
