"""Words that share all their wordpieces: to a head they are one, a class.

A wordpiece may hold characters of several words (French ``du`` stands for ``de`` and ``le``).
Words with the very same ones have equal rows and equal columns in every map, so that a head
cannot tell them apart: it picks a class, and is right if the class holds a gold word. One word
stands for the class, and all that is counted of picked words is counted of that one.
Shapes are those of the legend in :mod:`probing.core.batches`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def standing_in(
    candidates: Tensor, gold: Tensor, anchors: Tensor, class_of: Tensor | None
) -> Tensor:
    """The candidates that stand for their classes: all of them, where no words are alike.

    For a class stands its first gold candidate, or else its first candidate; for the anchor's own
    none does, see :func:`out_of_reach`.

    Args:
        candidates: ``[B, A, W]``, booleans.
        gold: ``[B, A, W]``, booleans.
        anchors: ``[B, A]``.
        class_of: ``[B, W]``, the first word of each word's class; ``None`` if each is alone.

    Returns:
        Booleans ``[B, A, W]``.
    """
    if class_of is None:
        return candidates
    width = candidates.shape[-1]
    classes = class_of[:, None].expand_as(candidates)
    allowed = candidates & ~out_of_reach(candidates, anchors, class_of)
    place = torch.arange(width, device=class_of.device) + width * ~gold  # gold words come first
    place = place.masked_fill(~allowed, 2 * width)
    first = place.scatter_reduce(-1, classes, place, "amin", include_self=False)
    return allowed & (place == first.gather(-1, classes))


def out_of_reach(candidates: Tensor, anchors: Tensor, class_of: Tensor) -> Tensor:
    """``[B, A, W]``: the words of an anchor's class, where it is no candidate of its own."""
    return _own_class(anchors, class_of) & ~candidates.gather(-1, anchors[..., None])


def shared_gold(gold_at: Tensor, anchors: Tensor, class_of: Tensor | None) -> Tensor:
    """Whether an anchor's gold is in a class of several words, and whether all is in its own.

    Args:
        gold_at: ``[B, A, G]``, columns; those below one are no words.
        anchors: ``[B, A]``.
        class_of: as in :func:`standing_in`.

    Returns:
        Booleans ``[B, A, 2]``.
    """
    if class_of is None:
        return gold_at.new_zeros(*gold_at.shape[:2], 2, dtype=torch.bool)
    sizes = torch.zeros_like(class_of).scatter_add(1, class_of, torch.ones_like(class_of))
    is_gold = gold_at > 0
    words = (gold_at - 1).clamp_min(0)
    class_of_gold = of_words(class_of, words)
    shared = (is_gold & (of_words(sizes, class_of_gold) > 1)).any(-1)
    outside = (is_gold & (class_of_gold != of_words(class_of, anchors[..., None]))).any(-1)
    return torch.stack([shared, shared & ~outside], -1)


def of_words(values: Tensor, words: Tensor) -> Tensor:
    """Of each window's ``values [B, W]`` those of ``words [B, A, ...]``, in the shape of these."""
    return values.gather(1, words.flatten(1)).view_as(words)


def _own_class(anchors: Tensor, class_of: Tensor) -> Tensor:
    """``[B, A, W]``: the words that share all their wordpieces with each anchor, and itself."""
    return class_of[:, None] == class_of.gather(1, anchors)[..., None]
