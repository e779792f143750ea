"""SplitMix64, from which resamples and signs are drawn, as published: in whole numbers."""

from __future__ import annotations

WORD = 2**64


def mixed(bits: int) -> int:
    """SplitMix64's mixing, as published."""
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 % WORD
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB % WORD
    return bits ^ bits >> 31
