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


@dataclass(frozen=True, slots=True)
class AnchorMaps:
    """The word map of a layer as the anchors of a batch see it.

    - ``scores``: the row, the column, and row plus column of each anchor, ``[B, H, A, W]`` each.
    - ``boundary [B, H, A, 4]``: attention of each anchor to the first and to the last special
      token, and from them.
    - ``sink [B, H, A]``: attention of each anchor to a learned sink; zero where there is none.
    """

    scores: tuple[Tensor, Tensor, Tensor]
    boundary: Tensor
    sink: Tensor

    @classmethod
    def of(cls, layer: WordLayer, anchors: Tensor) -> AnchorMaps:
        """As ``anchors [B, A]`` see a layer."""
        rows, columns = layer.map.rows(anchors), layer.map.columns(anchors)  # [B, H, A, W+2]
        boundary = torch.cat([rows[..., -2:], columns[..., -2:]], -1)
        rows, columns = rows[..., :-2], columns[..., :-2]
        if layer.sink is None:
            sink = torch.zeros_like(boundary[..., 0])
        else:
            sink = layer.sink.gather(2, anchors[:, None].expand(*layer.sink.shape[:2], -1))
        return cls((rows, columns, rows + columns), boundary, sink)


@dataclass(frozen=True, slots=True)
class HeadQuantity:
    """A column of ``heads.csv``: the mean of ``value`` over the anchors of a row of the report.

    ``value`` gives ``[B, H, A, 3]`` for a layer, a number for each head, anchor and direction;
    finite, also where an anchor is padding.
    """

    name: str
    value: Callable[[AnchorMaps, EdgeBatch], Tensor]


def gold_mass(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """Attention on the gold words together, ``[B, H, A, 3]``."""
    words = batch.gold_at[:, None] - 1  # [B, 1, A, G]
    index, is_word = words.clamp_min(0).expand(-1, seen.sink.shape[1], -1, -1), words >= 0
    return torch.stack([(own.gather(-1, index) * is_word).sum(-1) for own in seen.scores], -1)


def special_mass(seen: AnchorMaps, batch: EdgeBatch) -> Tensor:
    """Attention to the special tokens, from them, and the sum of both: ``[B, H, A, 3]``.

    A learned sink is attended to like one.
    """
    to_special = seen.boundary[..., :2].sum(-1) + seen.sink
    from_special = seen.boundary[..., 2:].sum(-1)
    return torch.stack([to_special, from_special, to_special + from_special], -1)


QUANTITIES: tuple[HeadQuantity, ...] = (
    HeadQuantity("gold_mass", gold_mass),
    HeadQuantity("special_mass", special_mass),
)
