"""Which wordpieces make up which words, as indices along which maps are summed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod

import torch
from torch import Tensor

from probing.core.maps import taken


@dataclass(frozen=True)
class Membership:
    """Which wordpieces make up which groups of a batch, as pairs of one and the other.

    - ``group [B, pairs]``: the group of each pair, ``count`` where there is none (padding).
    - ``count``: how many groups there are.
    - ``pieces [B, pairs]``: the wordpiece of each pair; ``None`` where they are those of the
      window, in their order. Pairs of a group follow each other, first wordpieces first.
    - ``shares [B, pairs]``: the share of the wordpiece that is the group's; ``None`` if all of it.
    """

    group: Tensor
    count: int
    pieces: Tensor | None = None
    shares: Tensor | None = None

    @property
    def wordpieces(self) -> Tensor:
        """``[B, pairs]``: the wordpiece of each pair."""
        batch, pairs = self.group.shape
        if self.pieces is None:
            return torch.arange(pairs, device=self.group.device).expand(batch, -1)
        return self.pieces

    def taken(self, values: Tensor, dim: int) -> Tensor:
        """Of ``values [B, H, any, any]`` those of each pair, along dimension 2 or 3."""
        if self.pieces is None:
            return values
        return taken(values, self.pieces) if dim == 2 else taken(values.mT, self.pieces).mT

    def summed(self, values: Tensor, dim: int) -> Tensor:
        """Sum pairs into groups, by their shares, along dimension 2 or 3 of ``[B, H, any, any]``.

        A last group holds what belongs to none; to leave it out here would take a copy.
        """
        if self.shares is not None:
            values = values * along(self.shares, dim)
        if values.is_cuda and self.group.shape[1] <= 1024:
            # On a GPU a product of matrices is quick, and adds up in a fixed order.
            own = self._matrix.to(values.dtype)[:, None]
            return own @ values if dim == 2 else values @ own.mT
        shape = list(values.shape)
        shape[dim] = self.count + 1
        found = values.new_zeros(shape)
        if dim == 3:
            return found.scatter_add_(3, along(self.group, 3).expand_as(values), values)
        first = torch.arange(prod(shape[:2]), device=values.device) * shape[2]
        target = first.view(*shape[:2], 1) + self.group[:, None]
        rows = values.reshape(-1, shape[3])
        return found.view(-1, shape[3]).index_add_(0, target.flatten(), rows).view(shape)

    @cached_property
    def _matrix(self) -> Tensor:
        """``[B, groups+1, pairs]``: one where a pair is a group's, or, last, none's."""
        groups = torch.arange(self.count + 1, device=self.group.device)
        return (self.group[:, None] == groups[:, None]).float()

    @cached_property
    def sizes(self) -> Tensor:
        """``[B, groups]``: the sum of the shares of each group; one where it has no wordpiece."""
        ones = torch.ones_like(self.group, dtype=torch.float32)
        sizes = self.summed(ones[:, None, None], 3)[:, 0, 0, :-1]
        return sizes.masked_fill(sizes == 0, 1.0)

    @cached_property
    def first_of(self) -> Tensor:
        """``[B, groups]``: the first pair of each group; ``pairs`` where it has no wordpiece."""
        batch, pairs = self.group.shape
        place = torch.arange(pairs, device=self.group.device).expand(batch, -1)
        firsts = place.new_full((batch, self.count + 1), pairs)
        return firsts.scatter_reduce(1, self.group, place, "amin")[:, :-1]


@dataclass(frozen=True)
class WordIndex:
    """Which wordpiece belongs to which word.

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
    def membership(self) -> Membership:
        """Of all words and of the two special tokens."""
        if self.last_of is None:
            return Membership(self.group_of, self.width + 2)
        # Wordpieces of several words are several pairs, so that their number has to be known.
        words = torch.where(self.words_of < 0, 1, self.last_of - self.words_of + 1)
        pieces, own = _repeated(words)  # [B, pairs] each
        is_padding = pieces == self.words_of.shape[1]
        place = pieces.masked_fill(is_padding, 0)
        group = (self.group_of.gather(1, place) + own).clamp_max(self.width + 2)
        shares = 1 / words.gather(1, place)
        return _by_group(
            Membership(group.masked_fill(is_padding, self.width + 2), self.width + 2, place, shares)
        )

    @cached_property
    def is_word(self) -> Tensor:
        """``[B, W]``: which words have a wordpiece."""
        return self.membership.first_of[:, : self.width] < self.membership.group.shape[1]

    @cached_property
    def _asked(self) -> dict[int, tuple[Tensor, Membership]]:
        """What :meth:`of_words` found last, by the identity of a tensor that is kept for that."""
        return {}

    def of_words(self, words: Tensor) -> Membership:
        """Of ``words [B, A]`` alone, each of which is a group.

        All layers ask about the same words, and a GPU is waited for to learn how many pairs there
        are: what was found last is kept.
        """
        if id(words) not in self._asked:
            self._asked.clear()
            self._asked[id(words)] = words, self._of_words(words)
        return self._asked[id(words)][1]

    def _of_words(self, words: Tensor) -> Membership:
        every = self.membership
        batch, groups = len(words), every.count
        counts = torch.zeros(batch, groups + 1, dtype=torch.long, device=words.device)
        counts = counts.scatter_add(1, every.group, torch.ones_like(every.group))[:, :-1]
        own, place = _repeated(counts.gather(1, words))  # [B, pairs] each
        is_padding = own == words.shape[1]
        word = words.gather(1, own.masked_fill(is_padding, 0))
        pair = (every.first_of.gather(1, word) + place).masked_fill(is_padding, 0)
        pieces = every.wordpieces.gather(1, pair)
        shares = None if every.shares is None else every.shares.gather(1, pair)
        return Membership(own, words.shape[1], pieces, shares)


def _repeated(times: Tensor) -> tuple[Tensor, Tensor]:
    """Each of some things as often as ``times [B, things]`` says, and how often it came before.

    Returns:
        Two ``[B, pairs]``, as long as the window with the most pairs needs; behind a window's
        last, the first is ``things``.
    """
    ends = times.cumsum(1)
    most = int(ends[:, -1].max()) if ends.numel() else 0
    place = torch.arange(most, device=times.device).expand(len(times), -1).contiguous()
    thing = torch.searchsorted(ends, place, right=True)
    inside = thing.clamp_max(times.shape[1] - 1)
    before = (ends - times).gather(1, inside)
    return thing, place - before


def _by_group(pairs: Membership) -> Membership:
    """The same with the pairs of each group behind each other."""
    order = pairs.group.argsort(dim=1, stable=True)
    pieces, shares = pairs.pieces, pairs.shares
    return Membership(
        pairs.group.gather(1, order),
        pairs.count,
        None if pieces is None else pieces.gather(1, order),
        None if shares is None else shares.gather(1, order),
    )


def along(values: Tensor, dim: int) -> Tensor:
    """``[B, any]`` as it stands along dimension 2 or 3 of ``[B, H, any, any]``."""
    return values[:, None, :, None] if dim == 2 else values[:, None, None]
