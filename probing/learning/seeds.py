"""Several initialisations of a probe, and their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import TypeVar

from probing.core.errors import ProbingError

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
