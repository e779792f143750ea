"""How many mentions a word may be in: a bound, so that no file takes long to read."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush

MOST = 100
"""Annotated texts have a dozen."""


def too_many(spans: Sequence[tuple[int, int]]) -> set[int]:
    """Which of some mentions are in the way, by their indices: too many others share a word.

    Args:
        spans: first word, and word behind the last, of each, by their first words. Of those that
            share a word the first stay.
    """
    beyond: set[int] = set()
    ends: list[int] = []
    for index, (start, end) in enumerate(spans):
        while ends and ends[0] <= start:
            heappop(ends)
        if len(ends) < MOST:
            heappush(ends, end)
        else:
            beyond.add(index)
    return beyond


EXPECTED = f"{MOST} mentions at most that share a word"
