"""Probes of several seeds: how far their scores lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from probing.counting.tallies import Score
from probing.learning.seeds import family_of


@dataclass(frozen=True)
class Family:
    """The accuracies of a probe in a row of the report under several seeds, fractions."""

    name: str
    row: str
    accuracies: Mapping[int, float]

    @property
    def mean(self) -> float:
        """Over seeds."""
        return fmean(self.accuracies.values())

    @property
    def sd(self) -> float:
        """Standard deviation over seeds, that of a sample; zero for a single one."""
        return stdev(self.accuracies.values()) if len(self.accuracies) > 1 else 0.0

    @property
    def low(self) -> float:
        """The lowest."""
        return min(self.accuracies.values())

    @property
    def high(self) -> float:
        """The highest."""
        return max(self.accuracies.values())


def families(scores: Iterable[Score]) -> list[Family]:
    """Those of probes with seeds, row by row, by what the probe is called."""
    found: dict[str, dict[str, dict[int, float]]] = {}
    for score in scores:
        family, seed = family_of(score.name)
        if seed is not None:
            found.setdefault(score.row, {}).setdefault(family, {})[seed] = score.accuracy
    return [
        Family(name, row, accuracies)
        for row, own in found.items()
        for name, accuracies in own.items()
    ]
