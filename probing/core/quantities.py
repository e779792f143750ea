"""What is measured of heads beside what they pick: each a column of ``heads.csv``.

A new quantity is a function and a row of :data:`QUANTITIES`; the counts, the columns of the file
and those of the data frame of Python follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch
from probing.core.layers import WordLayer
from probing.core.picking import directed


@dataclass(frozen=True, slots=True)
class AnchorMaps:
    """The word map of a layer as the anchors of a batch see it.

    - ``scores [B, A, 3, H, W]``: the row, the column, and row plus column of each anchor.
    - ``boundary [B, A, H, 4]``: of each anchor, see :func:`~probing.core.layers.boundary_of`.
    - ``sink [B, A, H]``: attention of each anchor to a learned sink; zero where there is none.
    """

    scores: Tensor
    boundary: Tensor
    sink: Tensor

    @classmethod
    def of(cls, layer: WordLayer, anchors: Tensor) -> AnchorMaps:
        """As ``anchors [B, A]`` see a layer."""
        batch = torch.arange(anchors.shape[0], device=anchors.device)[:, None]
        boundary = layer.boundary.movedim(2, 1)[batch, anchors]
        return cls(
            torch.stack(directed(layer.attention, anchors), 2),
            boundary,
            torch.zeros_like(boundary[..., 0])
            if layer.sink is None
            else layer.sink.movedim(2, 1)[batch, anchors],
        )


@dataclass(frozen=True, slots=True)
class HeadQuantity:
    """A column of ``heads.csv``: the mean of ``value`` over the anchors of a row of the report.

    ``value`` gives ``[B, A, 3, H]`` for a layer, a number for each anchor, direction and head;
    finite, also where an anchor is padding.
    """

    name: str
    value: Callable[[AnchorMaps, EdgeBatch], Tensor]


def gold_mass(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """Attention on the gold words together, ``[B, A, 3, H]``."""
    return (seen.scores * batch.gold[:, :, None, None, 1:]).sum(-1)


def special_mass(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """Attention to the special tokens, from them, and the sum of both: ``[B, A, 3, H]``.

    A learned sink is attended to like one.
    """
    to_special = seen.boundary[..., :2].sum(-1) + seen.sink
    from_special = seen.boundary[..., 2:].sum(-1)
    return torch.stack([to_special, from_special, to_special + from_special], 2)


QUANTITIES: tuple[HeadQuantity, ...] = (
    HeadQuantity("gold_mass", gold_mass),
    HeadQuantity("special_mass", special_mass),
)
