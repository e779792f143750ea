"""Batches of segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor

from probing.surface.text.segments import PADDING, Segment


@dataclass(frozen=True)
class TokenBatch:
    """Segments, at the level of wordpieces.

    - ``ids [B, T]``, ``types [B, T]``: wordpieces and their token types.
    - ``kinds [B, T]``: what each wordpiece is, see :mod:`probing.surface.text.segments`.
    """

    ids: Tensor
    types: Tensor
    kinds: Tensor

    @property
    def real(self) -> Tensor:
        """``[B, T]``: false where ``T`` is padding."""
        return self.kinds != PADDING

    def to(self, device: torch.device | str) -> Self:
        """The same, with every tensor on ``device``."""
        moved = {field.name: getattr(self, field.name).to(device) for field in fields(self)}
        return replace(self, **moved)


def pad(segments: Sequence[Segment], pad_id: int) -> TokenBatch:
    """Segments as a batch; no segments make an empty one."""
    size = len(segments)
    length = max((len(segment.ids) for segment in segments), default=0)
    ids = torch.full((size, length), pad_id)
    types = torch.zeros(size, length, dtype=torch.long)
    kinds = torch.full((size, length), PADDING)
    for b, segment in enumerate(segments):
        count = len(segment.ids)
        ids[b, :count] = torch.tensor(segment.ids)
        types[b, :count] = torch.tensor(segment.types)
        kinds[b, :count] = torch.tensor(segment.kinds)
    return TokenBatch(ids, types, kinds)
