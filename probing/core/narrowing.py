"""Windows without the words that no probe is asked about.

The mentions of a document are a few of its words: of a window of 450 words some sixty are
anchors or candidates, so that the maps between these hold a fiftieth of what the maps of all words
do. Shapes are those of the legend in :mod:`probing.core.batches`; ``W`` is that of all words.
"""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from probing.core.batches import EdgeBatch, Encoding
from probing.core.layers import WordLayer, boundary_of

_DIMENSIONS = {
    "attention": (3, 4),
    "boundary": (3,),
    "visible": (2, 3),
    "embeddings": (1,),
    "hidden": (2,),
    "vectors": (1,),
}
"""Which dimensions of each part of an encoding count words."""


def narrowed(batch: EdgeBatch) -> EdgeBatch:
    """The batch without the words that no probe is asked about; itself where there are none.

    Words keep their order, and ``places`` says where they stood. Wordpieces are left out.

    Args:
        batch: as probes see it (``batch.probed``).
    """
    if batch.asked is None:
        return batch
    is_kept = batch.asked >= 0  # [B, M]
    places = batch.asked.clamp_min(0)
    lengths = is_kept.sum(1)
    # From places in the window to places among the words that are kept.
    among = torch.zeros_like(batch.positions)  # [B, W]
    window, own = is_kept.nonzero(as_tuple=True)
    among = among.index_put((window, places[window, own]), own)
    columns = F.pad((places + 1).masked_fill(~is_kept, 0), (1, 0))  # [B, M+1], ROOT first
    is_column = F.pad(is_kept, (1, 0), value=True)
    cut = {}
    for name in ("gold", "candidates", "kinds"):
        value = getattr(batch, name)  # [B, A, W+1]
        index = columns[:, None].expand(-1, value.shape[1], -1)
        cut[name] = value.gather(2, index).masked_fill(~is_column[:, None], 0)
    return replace(
        batch,
        words=[
            [words[place] for place in own[:count]]
            for words, own, count in zip(
                batch.words, places.tolist(), lengths.tolist(), strict=True
            )
        ],
        ids=batch.ids[:, :0],
        words_of=batch.words_of[:, :0],
        last_of=None,
        class_of=None,
        lengths=lengths,
        anchors=among.gather(1, batch.anchors),
        asked=None,
        places=places,
        full_lengths=batch.lengths,
        **cut,
    )


def of_words(encoding: Encoding, batch: EdgeBatch) -> Encoding:
    """What an encoding of whole windows says of the words of a :func:`narrowed` batch."""
    assert batch.places is not None
    found: dict[str, Tensor] = {}
    for field in fields(encoding):
        value = getattr(encoding, field.name)
        if value is not None:
            for dimension in _DIMENSIONS[field.name]:
                value = _at(value, batch.places, batch.is_word, dimension)
            found[field.name] = value
    return Encoding(**found)


class NarrowMaps:
    """Collects the maps between the words of a :func:`narrowed` batch, layer by layer."""

    def __init__(self, batch: EdgeBatch) -> None:
        self.batch = batch
        self.layers: list[Tensor] = []
        self.visible: list[Tensor | None] = []

    def take(self, layer: WordLayer) -> None:
        """Keep what the map of a layer says of these words and of the special tokens."""
        assert self.batch.places is not None
        width = layer.maps.shape[-1] - 2
        special = torch.tensor([width, width + 1], device=layer.maps.device)
        places = torch.cat([self.batch.places, special.expand(len(self.batch.places), -1)], 1)
        is_kept = F.pad(self.batch.is_word, (0, 2), value=True)
        rows = _at(layer.maps, places, is_kept, 2)
        self.layers.append(_at(rows, places, is_kept, 3))  # [B, H, M+2, M+2]
        shown = layer.visible
        if shown is not None:
            for dimension in (1, 2):
                shown = _at(shown, self.batch.places, self.batch.is_word, dimension)
        self.visible.append(shown)

    @property
    def encoding(self) -> Encoding:
        """Attention and boundary, and what is visible, of all layers that were taken."""
        maps = torch.stack(self.layers, 1)
        hides = any(shown is not None for shown in self.visible)
        pairs = self.batch.is_word[:, :, None] & self.batch.is_word[:, None]
        shown = [pairs if own is None else own for own in self.visible]
        return Encoding(
            attention=maps[..., :-2, :-2].contiguous(),
            boundary=boundary_of(maps),
            visible=torch.stack(shown, 1) if hides else None,
        )


def _at(values: Tensor, places: Tensor, is_kept: Tensor, dimension: int) -> Tensor:
    """What ``values [B, ..., W, ...]`` hold at ``places [B, M]``; zero where it is not kept."""
    shape = [1] * values.dim()
    shape[0], shape[dimension] = places.shape
    sizes = [*values.shape]
    sizes[dimension] = places.shape[1]
    found = values.gather(dimension, places.view(shape).expand(sizes))
    return found.masked_fill(~is_kept.view(shape), 0)
