"""Attention from each of some things to each, whole or in parts.

A map of wordpieces or of words is asked for the rows and columns that are needed, so that a long
one need not be there as a whole. Shapes are those of the legend in :mod:`probing.core.batches`;
the ``side`` of a map is ``T`` wordpieces, or ``W+2`` words and special tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

WHOLE = {"cpu": 2**22, "cuda": 2**28}
"""The most numbers of a map of wordpieces that is made as a whole, by the kind of device."""
PART = {"cpu": 2**21, "cuda": 2**26}
"""The most numbers of a part of a map that is looked at in parts, by the kind of device."""


def limit(of: Mapping[str, int], device: torch.device) -> int:
    """What :data:`WHOLE` or :data:`PART` is for ``device``."""
    return of.get(device.type, of["cuda"])


def most(words: Tensor, width: int) -> bool:
    """Whether ``words [B, A]`` are so many of ``W`` that a whole map costs less than theirs."""
    return 2 * words.shape[1] > width


class Map(Protocol):
    """Attention from each of some things (row) to each (column)."""

    @property
    def size(self) -> tuple[int, int, int, int]:
        """``B``, ``H`` and twice the side."""
        ...

    def whole(self) -> Tensor:
        """``[B, H, side, side]``."""
        ...

    def rows(self, of: Tensor) -> Tensor:
        """The rows ``of [B, some]``, in that order, as ``[B, H, some, side]``."""
        ...

    def columns(self, of: Tensor) -> Tensor:
        """The columns ``of [B, some]``, in that order, as ``[B, H, some, side]``."""
        ...


class Attention(Map, Protocol):
    """A map of wordpieces, which the model goes on with."""

    @property
    def faults(self) -> Tensor:
        """``[B, H, T]``: rows that are not finite."""
        ...

    def averages(self, values: Tensor) -> Tensor:
        """What each row makes of ``values [B, H, T, D/H]``, in their shape and precision."""
        ...


@dataclass(frozen=True, slots=True)
class WholeMap:
    """A map that is there: ``weights [B, H, side, side]``."""

    weights: Tensor

    @property
    def size(self) -> tuple[int, int, int, int]:
        """``B``, ``H`` and twice the side."""
        batch, heads, rows, columns = self.weights.shape
        return batch, heads, rows, columns

    @property
    def faults(self) -> Tensor:
        """``[B, H, side]``: a softmax over a score that is not finite is NaN in the whole row."""
        return self.weights[..., 0].isnan()

    def whole(self) -> Tensor:
        """``[B, H, side, side]``."""
        return self.weights

    def rows(self, of: Tensor) -> Tensor:
        """The rows ``of [B, some]``, as ``[B, H, some, side]``."""
        return taken(self.weights, of)

    def columns(self, of: Tensor) -> Tensor:
        """The columns ``of [B, some]``, as ``[B, H, some, side]``."""
        return taken(self.weights.mT, of)

    def averages(self, values: Tensor) -> Tensor:
        """``[B, H, side, D/H]``."""
        return self.weights.to(values.dtype) @ values


def taken(values: Tensor, of: Tensor) -> Tensor:
    """The rows ``of [B, some]`` of ``values [B, H, side, any]``, as ``[B, H, some, any]``."""
    if len(of) == 1:
        return values.index_select(2, of[0])
    return values.gather(2, of[:, None, :, None].expand(*values.shape[:2], -1, values.shape[3]))
