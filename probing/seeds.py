"""Several initialisations of a probe: their names, and how far apart their scores are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TypeVar

from .errors import ProbingError

SEEDS = "probe,relation,seeds,mean,sd,min,max".split(",")
"""The columns of ``seeds.csv``."""
_SIGN = "@"
_Probe = TypeVar("_Probe")


def repeated(probes: Mapping[str, _Probe], seeds: Sequence[int]) -> dict[str, _Probe]:
    """A copy of every probe for each seed, called ``name@seed``; the probes, if there are none.

    Raises:
        ProbingError: for a seed that is not one, or is there twice.
    """
    for seed in seeds:
        if seed < 0 or list(seeds).count(seed) > 1:
            raise ProbingError(
                f"--seeds: expected different numbers from 0, found {' '.join(map(str, seeds))}"
            )
    if not seeds:
        return dict(probes)
    return {
        f"{name}{_SIGN}{seed}": deepcopy(probe) for name, probe in probes.items() for seed in seeds
    }


def extended(name: str, suffix: str) -> str:
    """The name of a probe with a ``suffix``, which stands before the seed."""
    family, sign, seed = name.partition(_SIGN)
    return f"{family}{suffix}{sign}{seed}"


def family_of(name: str) -> tuple[str, int | None]:
    """What a probe is called in the configuration, and its seed if it is one of several copies."""
    family, sign, seed = name.partition(_SIGN)
    return family, int(seed) if sign else None


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


def seed_rows(
    lines: Iterable[Sequence[object]], probes: Sequence[str]
) -> Iterator[tuple[object, ...]]:
    """Lines of ``seeds.csv`` from those of ``probes.csv``, of the trained ``probes``."""
    by_row: dict[str, list[tuple[str, float]]] = {}
    for name, row, _, _, accuracy, *_ in lines:
        if name in probes:
            by_row.setdefault(str(row), []).append((str(name), float(str(accuracy))))
    for row, accuracies in by_row.items():
        for family in families(accuracies):
            yield (family.name, row, *family.cells)
