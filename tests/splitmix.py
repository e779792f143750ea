"""SplitMix64, from which resamples and signs are drawn, as published: in whole numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

WORD = 2**64


def mixed(bits: int) -> int:
    """SplitMix64's mixing, as published."""
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 % WORD
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB % WORD
    return bits ^ bits >> 31


def poisson(drawn: int) -> int:
    """Of mean one, by its distribution function; ``drawn`` has 63 bits."""
    share, k, below = drawn / 2**63, 0, math.exp(-1)
    term = below
    while share >= below:
        k += 1
        term /= k
        below += term
    return k


def times_drawn(unit: int, count: int) -> list[int]:
    """How often each of ``count`` resamples draws a unit."""
    start = mixed(unit % WORD)
    return [
        poisson(mixed((start + n * 0x9E3779B97F4A7C15) % WORD) % 2**63) for n in range(1, count + 1)
    ]


def resampled(
    values: Sequence[float], weights: Sequence[float], units: Sequence[int], count: int
) -> list[float]:
    """The sum of values over that of weights in each of ``count`` resamples of units."""
    drawn = {unit: times_drawn(unit, count) for unit in set(units)}
    found = []
    for n in range(count):
        times = [drawn[unit][n] for unit in units]
        total = sum(t * weight for t, weight in zip(times, weights, strict=True))
        found.append(sum(t * value for t, value in zip(times, values, strict=True)) / total)
    return found
