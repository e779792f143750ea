"""Sums over anchors, by the rows of a report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Rows:
    """The rows of a report in which anchors count: ``member [B, A, R]``, booleans."""

    member: Tensor

    @cached_property
    def pairs(self) -> tuple[Tensor, Tensor]:
        """A row and an anchor in it, its place among all ``B*A``: ``[P]`` each, row by row.

        What is added to a row lies close together then: thrice as fast as anchor by anchor.
        """
        rows, anchors = self.member.flatten(0, 1).T.nonzero(as_tuple=True)
        return rows, anchors

    @cached_property
    def _starts(self) -> Tensor:
        """``[R]``: the first pair of each row."""
        counts = self.member.sum((0, 1))
        return counts.cumsum(0) - counts

    def sums(self, values: Tensor) -> Tensor:
        """Sum ``values [B, A, ...]`` into rows ``[R, ...]``, in float64.

        Booleans of fewer than 2**24 anchors are counted in float32, which is exact then and
        quicker, and become int64.
        """
        flat = values.flatten(0, 1)[..., None].flatten(1)  # [B*A, any]
        counts = values.dtype == torch.bool and len(flat) < 2**24
        dtype = torch.float32 if counts else torch.float64
        with torch.autocast(values.device.type, enabled=False):
            found = self._summed(flat.to(dtype))
        found = found.long() if counts else found
        return found.view(len(found), *values.shape[2:])

    def _summed(self, values: Tensor) -> Tensor:
        """``[R, any]`` of ``[B*A, any]``."""
        if values.is_cuda or not values.numel():
            # A GPU is quick at this, and would be waited for to learn how many pairs there are.
            return self.member.flatten(0, 1).T.to(values.dtype) @ values
        # An anchor is in few of the rows.
        return F.embedding_bag(self.pairs[1], values, self._starts, mode="sum")
