"""From maps of wordpieces to maps of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True)
class WordIndex:
    """Which wordpiece belongs to which word, as the matrices that turn one into the other.

    ``words_of [B, T]`` holds the word of each wordpiece, -1 for a special token and -2 for
    padding; ``width`` is ``W``. The last two of the ``W+2`` groups are the first and the last
    special token; they are empty where a window does not begin or end with one.
    ``last_of [B, T]`` is given where a wordpiece may belong to several words: it belongs to those
    from ``words_of`` to ``last_of``, in equal shares.
    """

    words_of: Tensor
    width: int
    last_of: Tensor | None = None

    @cached_property
    def group_of(self) -> Tensor:
        """``[B, T]``: the first group of each wordpiece; ``W+2`` for what belongs to none."""
        length = self.words_of.shape[1]
        position = torch.arange(length, device=self.words_of.device)
        end = (self.words_of > -2).sum(1, keepdim=True) - 1  # [B, 1]
        special = self.words_of == -1
        group = self.words_of.masked_fill(self.words_of < 0, self.width + 2)
        group = group.masked_fill(special & (position == end) & (position > 0), self.width + 1)
        return group.masked_fill(special & (position == 0), self.width)

    @cached_property
    def groups(self) -> Tensor:
        """``[B, T]``: how many groups share each wordpiece, at least one."""
        if self.last_of is None:
            return torch.ones_like(self.words_of)
        return torch.where(self.words_of < 0, 1, self.last_of - self.words_of + 1)

    @cached_property
    def member(self) -> Tensor:
        """``[B, T, W+2]``: a wordpiece's share in each group: one, or less of several (float32)."""
        groups = torch.arange(self.width + 2, device=self.words_of.device)
        first = self.group_of[:, :, None]
        if self.last_of is None:
            return (first == groups).float()
        count = self.groups[:, :, None]
        return ((first <= groups) & (groups < first + count)) / count

    @cached_property
    def pieces(self) -> Tensor:
        """``[B, W+2]``: the sum of the shares of each group; one where it has none."""
        shares = self.member.sum(1)
        return shares.masked_fill(shares == 0, 1.0)

    @cached_property
    def is_word(self) -> Tensor:
        """``[B, W]``: which words have a wordpiece."""
        return self.member[..., : self.width].any(1)

    @property
    def pairs(self) -> Tensor:
        """``[B, W, W]``: pairs of words that have."""
        return self.is_word[:, :, None] & self.is_word[:, None, :]

    @cached_property
    def mean(self) -> Tensor:
        """``[B, W+2, T]``: averages the wordpieces of a group, by their shares."""
        return self.member.transpose(1, 2) / self.pieces[:, :, None]

    @cached_property
    def first(self) -> Tensor:
        """``[B, W+2, T]``: takes the first wordpiece of a group."""
        belongs = (self.member > 0).transpose(1, 2)
        return (belongs & (belongs.cumsum(2) == 1)).float()


def mean_rows(to_groups: Tensor, index: WordIndex) -> Tensor:
    """Attention from a split word is the mean over its wordpieces (section 4.1)."""
    return index.mean.to(to_groups.dtype)[:, None] @ to_groups  # [B, H, W+2, W+2]


def first_row(to_groups: Tensor, index: WordIndex) -> Tensor:
    """Attention from a split word is that of its first wordpiece (the released code)."""
    return index.first.to(to_groups.dtype)[:, None] @ to_groups  # [B, H, W+2, W+2]


def max_rows(to_groups: Tensor, index: WordIndex) -> Tensor:
    """Attention from a split word is the largest over its wordpieces; rows may exceed one."""
    batch, heads, _, columns = to_groups.shape
    out = to_groups.new_zeros(batch, heads, index.width + 3, columns)
    # A wordpiece of several words goes to one after the other; there, it stays with the last.
    for step in range(int(index.groups.max()) if index.last_of is not None else 1):
        group = index.group_of + index.groups.sub(1).clamp_max(step)
        target = group[:, None, :, None].expand_as(to_groups)
        out = out.scatter_reduce(2, target, to_groups, "amax")
    return out[:, :, :-1]  # [B, H, W+2, W+2]


Aggregation = Callable[[Tensor, WordIndex], Tensor]


AGGREGATIONS: Mapping[str, Aggregation] = {
    "mean": mean_rows,
    "first": first_row,
    "max": max_rows,
}


def word_map(weights: Tensor, index: WordIndex, aggregate: Aggregation = mean_rows) -> Tensor:
    """Turn a wordpiece map ``[B, H, T, T]`` into a word map ``[B, H, W+2, W+2]``.

    Attention *to* a split word is the sum over its wordpieces, attention *from* it is what
    ``aggregate`` says (section 4.1); a wordpiece of several words counts by its shares. With
    :func:`mean_rows` each word's row sums to one.
    """
    batch, heads, length, _ = weights.shape
    member = index.member.to(weights.dtype)
    to_groups = weights.reshape(batch, heads * length, length) @ member  # [B, H*T, W+2]
    return aggregate(to_groups.view(batch, heads, length, -1), index)
