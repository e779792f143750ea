"""Probes of several seeds: how far their scores lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from probing.learning.seeds import family_of


@dataclass(frozen=True)
class Family:
    """The accuracies of a probe under several seeds, fractions."""

    name: str
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

    @property
    def cells(self) -> tuple[object, ...]:
        """What stands under :data:`SEEDS`, less probe and relation."""
        values = (self.mean, self.sd, self.low, self.high)
        return (len(self.accuracies), *(f"{value:.6f}" for value in values))

    @property
    def summary(self) -> dict[str, object]:
        """The part of ``summary.json``."""
        return {
            "seeds": list(self.accuracies),
            "mean": round(self.mean, 6),
            "sd": round(self.sd, 6),
            "min": self.low,
            "max": self.high,
        }


def families(accuracies: Iterable[tuple[str, float]]) -> list[Family]:
    """Of accuracies by probe: those of probes with seeds, by what the probe is called."""
    found: dict[str, dict[int, float]] = {}
    for name, accuracy in accuracies:
        family, seed = family_of(name)
        if seed is not None:
            found.setdefault(family, {})[seed] = accuracy
    return [Family(name, of_seeds) for name, of_seeds in found.items()]
