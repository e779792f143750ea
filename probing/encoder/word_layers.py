"""Layers at the level of words, made as the model runs, and those that make an encoding."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch
from torch import Tensor

from probing.core.layers import Collector, LayerRecord, WordLayer, boundary_of, visible_of
from probing.core.maps import Map, WholeMap
from probing.encoder.word_index import WordIndex
from probing.encoder.word_maps import Aggregation, WordMap, largest


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
        self._seen: dict[int, tuple[Tensor, WordMap]] = {}

    def take(self, layer: LayerRecord) -> None:
        """Make the word map and hand it on."""
        sink = None
        if layer.sink is not None:
            members = self.index.membership
            of_pieces = members.taken(layer.sink[..., None], 2)
            sink = self.aggregate(of_pieces, members, 2)[..., 0]  # [B, H, W+2]
        own = WordMap(layer.map, self.index, self.aggregate, sink)
        if sink is not None:
            if self.aggregate.renormalises:
                sink = sink / own.divisors[..., 0]
            sink = sink[..., : self.index.width]
        visible = None if layer.mask is None else self._visible(layer.mask)
        for collector in self.collectors:
            collector.take(WordLayer(layer.number, own, self.index.is_word, visible, sink))

    def _visible(self, mask: Tensor) -> WordMap:
        """Above zero where a mask shows a word to a word."""
        if id(mask) not in self._seen:
            of_one_head = mask[:, :1].expand(len(self.index.words_of), -1, -1, -1)
            self._seen[id(mask)] = mask, WordMap(WholeMap(of_one_head), self.index, largest)
        return self._seen[id(mask)][1]


class Stack:
    """Keeps the word maps of all layers: the parts of an encoding that attention gives."""

    def __init__(self) -> None:
        self.maps: list[Tensor] = []
        self.visible: list[Map | None] = []

    def take(self, layer: WordLayer) -> None:
        """Keep the layer's word map."""
        self.maps.append(layer.map.whole())
        self.visible.append(layer.visible)

    def parts(self, needs: Collection[str], index: WordIndex) -> dict[str, Tensor | None]:
        """The parts ``needs`` of :class:`~probing.core.batches.Encoding`, and ``visible``."""
        maps = torch.stack(self.maps, 1)  # [B, L, H, W+2, W+2]
        shown = [None if own is None else own.whole()[:, 0, :-2, :-2] > 0 for own in self.visible]
        found: dict[str, Tensor | None] = {"visible": visible_of(shown, index.is_word)}
        if "attention" in needs:
            found["attention"] = maps[..., :-2, :-2]
        if "boundary" in needs:
            found["boundary"] = boundary_of(maps)
        return found
