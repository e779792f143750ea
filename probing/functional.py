"""Pure tensor functions: wordpiece maps to word maps, and what a head picks.

The shapes are those of the legend in :mod:`probing.batch`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

OFFSETS = tuple(k for k in range(-10, 11) if k)
"""The fixed offsets that are tried as baselines."""


@dataclass(frozen=True)
class WordIndex:
    """Which wordpiece belongs to which word, as the matrices that turn one into the other.

    ``words_of [B, T]`` holds the word of each wordpiece, -1 for a special token and -2 for
    padding; ``width`` is ``W``. The last two of the ``W+2`` groups are the first and the last
    special token; they are empty where a window does not begin or end with one.
    """

    words_of: Tensor
    width: int

    @cached_property
    def group_of(self) -> Tensor:
        """``[B, T]``: the group of each wordpiece; ``W+2`` for what belongs to none."""
        length = self.words_of.shape[1]
        position = torch.arange(length, device=self.words_of.device)
        end = (self.words_of > -2).sum(1, keepdim=True) - 1  # [B, 1]
        special = self.words_of == -1
        group = self.words_of.masked_fill(self.words_of < 0, self.width + 2)
        group = group.masked_fill(special & (position == end) & (position > 0), self.width + 1)
        return group.masked_fill(special & (position == 0), self.width)

    @cached_property
    def member(self) -> Tensor:
        """``[B, T, W+2]``: one where a wordpiece belongs to a group, else zero (float32)."""
        groups = torch.arange(self.width + 2, device=self.words_of.device)
        return (self.group_of[:, :, None] == groups).float()

    @cached_property
    def pieces(self) -> Tensor:
        """``[B, W+2]``: how many wordpieces each group has, at least one."""
        return self.member.sum(1).clamp_min(1.0)

    @cached_property
    def mean(self) -> Tensor:
        """``[B, W+2, T]``: averages the wordpieces of a group."""
        return self.member.transpose(1, 2) / self.pieces[:, :, None]

    @cached_property
    def first(self) -> Tensor:
        """``[B, W+2, T]``: takes the first wordpiece of a group."""
        member = self.member.transpose(1, 2)
        return member * (member.cumsum(2) == 1)


def mean_rows(to_groups: Tensor, index: WordIndex) -> Tensor:
    """Attention from a split word is the mean over its wordpieces (section 4.1)."""
    return index.mean.to(to_groups.dtype)[:, None] @ to_groups  # [B, H, W+2, W+2]


def first_row(to_groups: Tensor, index: WordIndex) -> Tensor:
    """Attention from a split word is that of its first wordpiece (the released code)."""
    return index.first.to(to_groups.dtype)[:, None] @ to_groups  # [B, H, W+2, W+2]


def max_rows(to_groups: Tensor, index: WordIndex) -> Tensor:
    """Attention from a split word is the largest over its wordpieces; rows may exceed one."""
    batch, heads, _, groups = to_groups.shape
    out = to_groups.new_zeros(batch, heads, groups + 1, groups)
    target = index.group_of[:, None, :, None].expand_as(to_groups)
    return out.scatter_reduce(2, target, to_groups, "amax")[:, :, :groups]  # [B, H, W+2, W+2]


Aggregation = Callable[[Tensor, WordIndex], Tensor]
AGGREGATIONS: Mapping[str, Aggregation] = {
    "mean": mean_rows,
    "first": first_row,
    "max": max_rows,
}


def word_map(weights: Tensor, index: WordIndex, aggregate: Aggregation = mean_rows) -> Tensor:
    """Turn a wordpiece map ``[B, H, T, T]`` into a word map ``[B, H, W+2, W+2]``.

    Attention *to* a split word is the sum over its wordpieces, attention *from* it is what
    ``aggregate`` says (section 4.1). With :func:`mean_rows` each word's row sums to one.
    """
    batch, heads, length, _ = weights.shape
    member = index.member.to(weights.dtype)
    to_groups = weights.reshape(batch, heads * length, length) @ member  # [B, H*T, W+2]
    return aggregate(to_groups.view(batch, heads, length, -1), index)


def anchor_rows(maps: Tensor, anchors: Tensor) -> Tensor:
    """The rows of the anchors: ``[B, ..., W, W]`` and ``[B, A]`` to ``[B, A, ..., W]``."""
    batch = torch.arange(maps.shape[0], device=maps.device)[:, None]
    return maps.movedim(-2, 1)[batch, anchors]


def directed(maps: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How strongly each anchor picks each word, in three directions.

    Args:
        maps: ``[B, L, H, W, W]``.
        anchors: ``[B, A]``.

    Returns:
        Three tensors ``[B, A, L, H, W]``: row, column, and row plus column of each anchor.
    """
    rows = anchor_rows(maps, anchors)
    columns = anchor_rows(maps.transpose(-1, -2), anchors)
    return rows, columns, rows + columns


def pick_word(scores: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """The highest-scoring allowed word; the lowest index wins a tie.

    Args:
        scores: ``[..., W]``, not negative.
        allowed: boolean, broadcastable to ``scores``.

    Returns:
        Indices ``[...]``, and booleans ``[...]``: a maximum of zero (causal masks, dropped
        columns) is no pick.
    """
    best, pick = scores.masked_fill(~allowed, -1.0).max(-1)
    return pick, best > 0


def select_loss(scores: Tensor, candidates: Tensor, gold: Tensor) -> Tensor:
    """``-log`` of the probability that the candidates give to the gold ones, by anchor.

    Args:
        scores: ``[B, A, W+1]``, unnormalised.
        candidates: ``[B, A, W+1]``, booleans; the softmax runs over these.
        gold: ``[B, A, W+1]``, booleans; several may be true.

    Returns:
        ``[B, A]``; zero for an anchor without a gold candidate (padding).
    """
    everything = scores.masked_fill(~candidates, -torch.inf).logsumexp(-1)
    right = gold & candidates
    usable = right.any(-1)
    chosen = scores.masked_fill(~right, -torch.inf).logsumexp(-1)
    # Where nothing is gold both terms may be infinite; those anchors are padding.
    return torch.where(usable, everything, 0.0) - torch.where(usable, chosen, 0.0)


def offset_hits(
    gold: Tensor, anchors: Tensor, lengths: Tensor, offsets: Sequence[int] = OFFSETS
) -> Tensor:
    """Whether the word at each of some offsets from the anchor is gold.

    Args:
        gold: ``[B, A, W+1]``.
        anchors: ``[B, A]``.
        lengths: ``[B]``; a position outside the window is wrong.
        offsets: how many words to the right of the anchor, or to the left if negative.

    Returns:
        Booleans ``[B, A, len(offsets)]``.
    """
    word = anchors[:, :, None] + torch.tensor(offsets, device=anchors.device)
    inside = (word >= 0) & (word < lengths[:, None, None])
    if not gold.numel():
        return inside
    return gold.gather(-1, torch.where(inside, word + 1, 0)) & inside
