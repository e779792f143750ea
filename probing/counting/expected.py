"""The expected best of some heads drawn at random, which compares models of different sizes."""

from __future__ import annotations

import torch
from torch import Tensor


def best_of_drawn(heads: int, drawn: int) -> Tensor:
    """How likely each head is the best of those drawn at random without replacement.

    Of ``heads`` in ascending order of what they are chosen by, the ``i``-th (from one) is the
    best of ``drawn`` if it and ``drawn - 1`` of the ``i - 1`` below it are drawn, in
    ``C(i - 1, drawn - 1)`` of ``C(heads, drawn)`` cases.

    Returns:
        ``[heads]``, float64, adding up to one.

    Raises:
        ValueError: if there are not so many.
    """
    if not 1 <= drawn <= heads:
        raise ValueError(f"expected to draw from 1 to {heads} heads, found {drawn}")
    chance = torch.zeros(heads, dtype=torch.float64)
    # From the top: no binomial is ever formed, and what underflows is negligible beside the rest.
    share = drawn / heads
    for i in range(heads, drawn - 1, -1):
        chance[i - 1] = share
        share *= (i - drawn) / max(1, i - 1)
    return chance


def expected_best(chosen: Tensor, scored: Tensor, drawn: int) -> float:
    """Anchors that the best of ``drawn`` heads is expected to get right.

    Heads are drawn at random without replacement, each with all its directions. The best of
    them, and its direction, are those with the most anchors right in ``chosen``; the first of
    several, in the order of :meth:`~probing.counting.counts.HeadCounts.best_head`, which is the
    best of all heads here. What is expected is its count in ``scored``.

    Args:
        chosen: ``[3, L, H]``, anchors right of a row of the report, on the data of the choice.
        scored: ``[3, L, H]``, on the data of the report.
        drawn: how many heads are drawn, up to ``L*H``.
    """
    by, of = chosen.flatten(1), scored.flatten(1)  # [3, L*H]
    most, direction = by.max(0).values, by.argmax(0)  # [L*H]
    heads = len(most)
    place = direction * heads + torch.arange(heads)
    order = sorted(range(heads), key=lambda head: (int(most[head]), -int(place[head])))
    right = of.gather(0, direction[None])[0].double()[order]
    return float(best_of_drawn(heads, drawn) @ right)
