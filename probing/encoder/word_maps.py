"""From maps of wordpieces to maps of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from probing.core.maps import Map, WholeMap, most, taken
from probing.encoder.word_index import Membership, WordIndex, along


def mean(to_groups: Tensor, members: Membership, dim: int) -> Tensor:
    """Attention from a split word is the mean over its wordpieces (section 4.1)."""
    sums = members.summed(to_groups, dim).narrow(dim, 0, members.count)
    return sums.div_(along(members.sizes, dim))


def first(to_groups: Tensor, members: Membership, dim: int) -> Tensor:
    """Attention from a split word is that of its first wordpiece (the released code)."""
    firsts = members.first_of
    is_there = firsts < to_groups.shape[dim]
    place = firsts.masked_fill(~is_there, 0)
    rows = taken(to_groups, place) if dim == 2 else taken(to_groups.mT, place).mT
    return rows * along(is_there, dim)


def largest(to_groups: Tensor, members: Membership, dim: int) -> Tensor:
    """Attention from a split word is the largest over its wordpieces; rows may exceed one."""
    shape = list(to_groups.shape)
    shape[dim] = members.count + 1
    target = along(members.group, dim).expand_as(to_groups)
    found = to_groups.new_zeros(shape).scatter_reduce_(dim, target, to_groups, "amax")
    return found.narrow(dim, 0, members.count)


Aggregation = Callable[[Tensor, Membership, int], Tensor]
"""Makes of pairs, which are dimension 2 or 3 of ``[B, H, any, any]``, groups."""


AGGREGATIONS: Mapping[str, Aggregation] = {"mean": mean, "first": first, "max": largest}


@dataclass(frozen=True)
class WordMap:
    """A map of wordpieces as one of words, ``W+2`` of them.

    Attention *to* a split word is the sum over its wordpieces, attention *from* it is what
    ``aggregate`` says (section 4.1); a wordpiece of several words counts by its shares. With
    :func:`mean` each word's row sums to one.
    """

    of: Map
    index: WordIndex
    aggregate: Aggregation = mean

    @property
    def size(self) -> tuple[int, int, int, int]:
        """``B``, ``H`` and twice ``W+2``."""
        batch, heads, _, _ = self.of.size
        return batch, heads, self.index.width + 2, self.index.width + 2

    def whole(self) -> Tensor:
        """``[B, H, W+2, W+2]``."""
        return self._whole.weights

    @cached_property
    def _whole(self) -> WholeMap:
        every = self.index.membership
        to_words = every.summed(every.taken(_exact(self.of.whole()), 3), 3)
        return WholeMap(self.aggregate(every.taken(to_words, 2), every, 2)[..., :-1])

    def rows(self, of: Tensor) -> Tensor:
        """``[B, H, A, W+2]`` of the words ``of [B, A]``."""
        if most(of, self.index.width):
            return self._whole.rows(of)
        every, own = self.index.membership, self.index.of_words(of)
        rows = _exact(self.of.rows(own.wordpieces))  # [B, H, pairs, T]
        return self.aggregate(every.summed(every.taken(rows, 3), 3), own, 2)[..., :-1]

    def columns(self, of: Tensor) -> Tensor:
        """``[B, H, A, W+2]`` of the words ``of [B, A]``."""
        if most(of, self.index.width):
            return self._whole.columns(of)
        every, own = self.index.membership, self.index.of_words(of)
        columns = _exact(self.of.columns(own.wordpieces))  # [B, H, pairs, T]
        to_words = own.summed(columns, 2)[:, :, :-1]
        return self.aggregate(every.taken(to_words, 3), every, 3)


def _exact(values: Tensor) -> Tensor:
    """The same in float32 or better."""
    return values if values.dtype == torch.float64 else values.float()


def word_map(weights: Tensor, index: WordIndex, aggregate: Aggregation = mean) -> Tensor:
    """Turn a wordpiece map ``[B, H, T, T]`` into a word map ``[B, H, W+2, W+2]``."""
    return WordMap(WholeMap(weights), index, aggregate).whole()
