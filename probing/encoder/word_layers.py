"""Layers at the level of words, made as the model runs, and those that make an encoding."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from probing.core.layers import Collector, LayerRecord, WordLayer, boundary_of
from probing.encoder.word_maps import Aggregation, WordIndex, word_map


class WordMaps:
    """Turns each layer's wordpiece map into a word map and hands it on.

    Args:
        index: which wordpiece belongs to which word.
        aggregate: what attention from a split word is.
        collectors: who gets the word maps.
    """

    def __init__(
        self,
        index: WordIndex,
        aggregate: Aggregation,
        collectors: Sequence[Collector[WordLayer]],
    ) -> None:
        self.index = index
        self.aggregate = aggregate
        self.collectors = collectors
        # Layers share a mask or two. A mask is kept here so that no other gets its id.
        self._seen: dict[int, tuple[Tensor, Tensor | None]] = {}

    def take(self, layer: LayerRecord) -> None:
        """Make the word map and hand it on."""
        maps = word_map(layer.weights.float(), self.index, self.aggregate)
        sink = None
        if layer.sink is not None:
            sink = self.aggregate(layer.sink[..., None], self.index)[:, :, : self.index.width, 0]
        own = WordLayer(layer.number, maps, self.index.is_word, self._visible(layer.mask), sink)
        for collector in self.collectors:
            collector.take(own)

    def _visible(self, mask: Tensor | None) -> Tensor | None:
        """Which words a mask shows each word, ``[B, W, W]``; ``None`` where that is every word."""
        if mask is None:
            return None
        if id(mask) not in self._seen:
            member = self.index.member[..., : self.index.width]  # [B, T, W]
            open_to = mask[:, 0].float() @ member  # [B, T, W]
            shown = (member.transpose(1, 2) @ open_to) > 0  # [B, W, W]
            hides = bool((~shown & self.index.pairs).any())
            self._seen[id(mask)] = mask, shown if hides else None
        return self._seen[id(mask)][1]


class Stack:
    """Keeps the word maps of all layers: the parts of an encoding that attention gives."""

    def __init__(self) -> None:
        self.maps: list[Tensor] = []
        self.visible: list[Tensor | None] = []

    def take(self, layer: WordLayer) -> None:
        """Keep the layer's word map."""
        self.maps.append(layer.maps)
        self.visible.append(layer.visible)

    def parts(self, needs: Collection[str], index: WordIndex) -> dict[str, Tensor | None]:
        """The parts ``needs`` of :class:`~probing.core.batches.Encoding`, and ``visible``."""
        maps = torch.stack(self.maps, 1)  # [B, L, H, W+2, W+2]
        hides = any(shown is not None for shown in self.visible)
        shown = [index.pairs if own is None else own for own in self.visible] if hides else []
        found: dict[str, Tensor | None] = {"visible": torch.stack(shown, 1) if hides else None}
        if "attention" in needs:
            found["attention"] = maps[..., :-2, :-2]
        if "boundary" in needs:
            found["boundary"] = boundary_of(maps)
        return found
