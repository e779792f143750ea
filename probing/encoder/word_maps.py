"""From maps of wordpieces to maps of words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from probing.core.maps import PART, Map, WholeMap, limit, most, taken
from probing.encoder.word_index import Membership, WordIndex, along

Pool = Callable[[Tensor, Membership, int], Tensor]
"""Makes of pairs, which are dimension 2 or 3 of ``[B, H, any, any]``, groups."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What attention from a split word is.

    ``pool`` makes it of that of its wordpieces. ``renormalises`` says whether the row of each word
    is then divided by its sum, what goes to a learned sink included, so that it sums to one again.
    """

    pool: Pool
    renormalises: bool = False

    def __call__(self, to_groups: Tensor, members: Membership, dim: int) -> Tensor:
        """What ``pool`` makes."""
        return self.pool(to_groups, members, dim)


def _mean(to_groups: Tensor, members: Membership, dim: int) -> Tensor:
    """Attention from a split word is the mean over its wordpieces (section 4.1)."""
    sums = members.summed(to_groups, dim).narrow(dim, 0, members.count)
    return sums.div_(along(members.sizes, dim))


def _first(to_groups: Tensor, members: Membership, dim: int) -> Tensor:
    """Attention from a split word is that of its first wordpiece (the released code)."""
    firsts = members.first_of
    is_there = firsts < to_groups.shape[dim]
    place = firsts.masked_fill(~is_there, 0)
    rows = taken(to_groups, place) if dim == 2 else taken(to_groups.mT, place).mT
    return rows * along(is_there, dim)


def _largest(to_groups: Tensor, members: Membership, dim: int) -> Tensor:
    """Attention from a split word is the largest over its wordpieces; rows may exceed one."""
    shape = list(to_groups.shape)
    shape[dim] = members.count + 1
    target = along(members.group, dim).expand_as(to_groups)
    found = to_groups.new_zeros(shape).scatter_reduce_(dim, target, to_groups, "amax")
    return found.narrow(dim, 0, members.count)


mean, largest = Aggregation(_mean), Aggregation(_largest)

AGGREGATIONS: Mapping[str, Aggregation] = {
    "mean": mean,
    "first": Aggregation(_first),
    "max": largest,
    "max-renormalised": Aggregation(_largest, renormalises=True),  # the released code's "max"
}


@dataclass(frozen=True)
class WordMap:
    """A map of wordpieces as one of words, ``W+2`` of them.

    Attention *to* a split word is the sum over its wordpieces, attention *from* it is what
    ``aggregate`` says (section 4.1); a wordpiece of several words counts by its shares. With
    :data:`mean` each word's row sums to one, as it does where ``aggregate`` renormalises; then
    ``to_sink [B, H, W+2]`` is what goes from each to a learned sink, before that.
    """

    of: Map
    index: WordIndex
    aggregate: Aggregation = mean
    to_sink: Tensor | None = None

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
        rows = self.aggregate(every.taken(to_words, 2), every, 2)[..., :-1]
        if self.aggregate.renormalises:
            rows = rows / self._divisors(rows, self.to_sink)
        return WholeMap(rows)

    @cached_property
    def divisors(self) -> Tensor:
        """``[B, H, W+2, 1]``: what the row of each word is divided by, where that is done."""
        batch, heads, side, _ = self.size
        step = max(1, limit(PART, self.index.words_of.device) // max(1, batch * heads * side))
        words = torch.arange(side, device=self.index.words_of.device).expand(batch, -1)
        sums = [self._rows(own).sum(-1, keepdim=True) for own in torch.split(words, step, 1)]
        return self._divisors(torch.cat(sums, 2), self.to_sink)

    @staticmethod
    def _divisors(rows: Tensor, to_sink: Tensor | None) -> Tensor:
        """What ``rows [B, H, any, any]`` sum to, with their sinks; one where that is nothing."""
        sums = rows.sum(-1, keepdim=True)
        if to_sink is not None:
            sums = sums + to_sink[..., None]
        return sums.masked_fill(sums == 0, 1.0)

    def rows(self, of: Tensor) -> Tensor:
        """``[B, H, A, W+2]`` of the words ``of [B, A]``."""
        if most(of, self.index.width):
            return self._whole.rows(of)
        rows = self._rows(of)
        return rows / taken(self.divisors, of) if self.aggregate.renormalises else rows

    def _rows(self, of: Tensor) -> Tensor:
        """:meth:`rows` before any is divided."""
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
        found = self.aggregate(every.taken(to_words, 3), every, 3)  # [B, H, A, W+2]
        return found / self.divisors.mT if self.aggregate.renormalises else found


def _exact(values: Tensor) -> Tensor:
    """The same in float32 or better."""
    return values if values.dtype == torch.float64 else values.float()


def word_map(weights: Tensor, index: WordIndex, aggregate: Aggregation = mean) -> Tensor:
    """Turn a wordpiece map ``[B, H, T, T]`` into a word map ``[B, H, W+2, W+2]``."""
    return WordMap(WholeMap(weights), index, aggregate).whole()
