"""Layers, as the tap would hand them on, out of an encoding that a test made up."""

from __future__ import annotations

from collections.abc import Iterator

from torch.nn import functional as F

from probing.core.batches import EdgeBatch, Encoding
from probing.core.head_picking import HeadPicking
from probing.core.layers import WordLayer
from probing.core.maps import WholeMap
from probing.core.outcomes import HeadPicks


def layers_of(batch: EdgeBatch, encoding: Encoding) -> Iterator[WordLayer]:
    attention, boundary = encoding.part("attention"), encoding.part("boundary")
    size, layers, heads, width, _ = attention.shape
    for k in range(layers):
        maps = attention.new_zeros(size, heads, width + 2, width + 2)
        maps[..., :width, :width] = attention[:, k]
        maps[..., :width, width:] = boundary[:, k, :, :, :2]
        maps[..., width:, :width] = boundary[:, k, :, :, 2:].mT
        visible = None
        if encoding.visible is not None:
            visible = WholeMap(F.pad(encoding.visible[:, k : k + 1].float(), (0, 2, 0, 2)))
        yield WordLayer(k + 1, WholeMap(maps), batch.is_word, visible)


def heads_of(batch: EdgeBatch, encoding: Encoding) -> HeadPicks:
    picking = HeadPicking(batch)
    for layer in layers_of(batch, encoding):
        picking.take(layer)
    return picking.found
