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
from probing.core.layers import WordLayer, boundary_of, visible_of
from probing.core.maps import Map

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
    # From places in the window to places among the words that are kept; -1 of those that are not.
    among = torch.full_like(batch.positions, -1)  # [B, W]
    window, own = is_kept.nonzero(as_tuple=True)
    among = among.index_put((window, places[window, own]), own)
    candidates = batch.candidates_at
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
        width=batch.asked.shape[1],
        anchors=among.gather(1, batch.anchors).clamp_min(0),
        gold_at=_moved(batch.gold_at, among),
        candidates_at=None if candidates is None else _moved(candidates, among),
        spans=None if batch.spans is None else _moved_spans(batch.spans, among),
        asked=None,
        places=places,
        full_lengths=batch.lengths,
    )


def _moved(columns: Tensor, among: Tensor) -> Tensor:
    """Columns ``[B, A, C]`` as they are numbered among the words that are kept."""
    words = among.gather(1, (columns - 1).clamp_min(0).flatten(1)).view_as(columns)
    return torch.where(columns > 0, words + 1 - (words < 0).long(), columns)


def _moved_spans(spans: Tensor, among: Tensor) -> Tensor:
    """The first and last columns ``[B, A, 2]`` of spans, numbered likewise."""
    kept = F.pad((among >= 0).long().cumsum(1), (1, 0))  # [B, W+1], up to each column
    first, last = spans.unbind(-1)
    before = kept.gather(1, (first - 1).clamp_min(0))
    return torch.stack([before + (first > 0).long(), kept.gather(1, last)], -1)


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
        assert batch.places is not None
        self.batch = batch
        self.places = batch.places
        self.layers: list[Tensor] = []
        self.visible: list[Tensor | None] = []

    def take(self, layer: WordLayer) -> None:
        """Keep what the map of a layer says of these words and of the special tokens."""
        width = layer.map.size[-1] - 2
        special = torch.tensor([width, width + 1], device=self.places.device)
        places = torch.cat([self.places, special.expand(len(self.places), -1)], 1)
        self.layers.append(self._between(layer.map, places))  # [B, H, M+2, M+2]
        shown = layer.visible
        self.visible.append(None if shown is None else self._between(shown, self.places)[:, 0] > 0)

    def _between(self, map_: Map, places: Tensor) -> Tensor:
        """What a map says from and to ``places [B, M]``."""
        further = places.shape[1] - self.places.shape[1]
        is_kept = F.pad(self.batch.is_word, (0, further), value=True)
        rows = map_.rows(places).masked_fill(~is_kept[:, None, :, None], 0)
        return _at(rows, places, is_kept, 3)

    @property
    def encoding(self) -> Encoding:
        """Attention and boundary, and what is visible, of all layers that were taken."""
        maps = torch.stack(self.layers, 1)
        return Encoding(
            attention=maps[..., :-2, :-2].contiguous(),
            boundary=boundary_of(maps),
            visible=visible_of(self.visible, self.batch.is_word),
        )


def _at(values: Tensor, places: Tensor, is_kept: Tensor, dimension: int) -> Tensor:
    """What ``values [B, ..., W, ...]`` hold at ``places [B, M]``; zero where it is not kept."""
    shape = [1] * values.dim()
    shape[0], shape[dimension] = places.shape
    sizes = [*values.shape]
    sizes[dimension] = places.shape[1]
    found = values.gather(dimension, places.view(shape).expand(sizes))
    return found.masked_fill(~is_kept.view(shape), 0)
