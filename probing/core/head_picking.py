"""What every head picks, layer by layer, while the model runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from probing.core import quantities
from probing.core.batches import EdgeBatch
from probing.core.layers import WordLayer
from probing.core.maps import PART, Map, limit
from probing.core.outcomes import HeadPicks
from probing.core.picking import strongest, word_hits
from probing.core.quantities import AnchorMaps
from probing.core.word_classes import out_of_reach


class HeadPicking:
    """Collects what every head picks of each anchor of a batch; keeps no map.

    Args:
        batch: whose layers are going to be taken.
    """

    def __init__(self, batch: EdgeBatch) -> None:
        self.batch = batch
        self.layers: list[tuple[Tensor, ...]] = []
        # Layers share a mask or two. One is kept here so that no other gets its id.
        self._reachable: dict[int, tuple[Map | None, Tensor]] = {}

    def take(self, layer: WordLayer) -> None:
        """Let the heads of a layer pick."""
        if id(layer.visible) not in self._reachable:
            found = [reachable(layer.visible, part) for part in self._parts(1)]
            self._reachable[id(layer.visible)] = layer.visible, _joined(found)
        parts = [picked(layer, part) for part in self._parts(layer.map.size[1])]
        seen = self._reachable[id(layer.visible)][1]  # [B, A, 3]
        self.layers.append((*map(_joined, zip(*parts, strict=True)), seen))

    def _parts(self, heads: int) -> Iterator[EdgeBatch]:
        """The batch by its anchors, as many at once as keep rows and columns in bounds."""
        batch = self.batch
        windows, anchors = batch.anchors.shape
        of_anchor = max(1, windows * heads * batch.width)
        step = max(1, limit(PART, batch.ids.device) // of_anchor)
        if step >= anchors:
            yield batch  # what it has worked out is kept for the next layer
            return
        for start in range(0, anchors, step):
            yield batch.of_anchors(slice(start, start + step))

    @cached_property
    def found(self) -> HeadPicks:
        """Of all layers that were taken."""
        words, weight, values, seen = (
            torch.stack(of_layers, 3) for of_layers in zip(*self.layers, strict=True)
        )
        is_pick = (weight > 0) & self.batch.is_anchor[..., None, None, None]
        hits = word_hits(words.flatten(2), self.batch.gold_at).view_as(words) & is_pick
        return HeadPicks(
            words=words,
            is_pick=is_pick,
            hits=hits,
            kinds=self.batch.kinds_of(words) * is_pick,
            reachable=seen,
            quantities=values,
        )


def picked(layer: WordLayer, batch: EdgeBatch) -> tuple[Tensor, Tensor, Tensor]:
    """What the heads of a layer pick of the anchors of a batch.

    Returns:
        ``words`` of :class:`~probing.core.outcomes.HeadPicks`, their weights, zero where nothing
        is picked, in the same shape, and ``quantities``, all without ``L``.
    """
    seen = AnchorMaps.of(layer, batch)
    picks = _strongest(seen, batch)
    of_asked, of_weight = (torch.stack(own, 1) for own in zip(*picks, strict=True))
    words, weight = seen.of_anchors(of_asked.int()), seen.of_anchors(of_weight).clamp_min(0)
    seen = replace(seen, strongest=weight.permute(0, 3, 1, 2))
    quantity = weight.new_empty(*weight.shape, len(quantities.QUANTITIES))
    for number, own in enumerate(quantities.QUANTITIES):
        values = own.value(seen, batch)[..., : len(picks)].permute(0, 2, 3, 1)
        if values.shape != weight.shape:  # it would be spread out
            shapes = tuple(weight.shape), tuple(values.shape)
            raise ValueError(
                f"{own.name}: expected [B, A, 3, H] to be {shapes[0]}, found {shapes[1]}"
            )
        quantity[..., number] = values
    return words, weight, quantity


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """Along the anchors; the only part as it is, since joining it alone would copy it."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts), 1)


def _strongest(seen: AnchorMaps, batch: EdgeBatch) -> list[tuple[Tensor, Tensor]]:
    """The word that each word asked about picks, and its weight, below zero where none may be.

    ``[B, H, asked]`` each, for each of ``seen.asked``. Where any other word may be picked these
    are changed in place and changed back: they are too large to be copied without need.
    """
    if not batch.picks_any_other:
        hidden = ~batch.choices[:, None]
        return [strongest(scores.masked_fill(hidden, -1.0)) for scores in seen.asked]
    if seen.place is not None:  # words that are padding have no weight
        rows, _, *both = seen.asked  # columns are the same memory as rows
        own = [scores.diagonal(dim1=-2, dim2=-1) for scores in (rows, *both)]
        kept = [weights.clone() for weights in own]
        for weights in own:
            weights.fill_(-1.0)
        found = [strongest(scores) for scores in seen.asked]
        for weights, before in zip(own, kept, strict=True):
            weights.copy_(before)
        return found
    found = []
    word = batch.anchors[:, None, :, None].expand(*seen.asked[0].shape[:-1], 1)
    for scores in seen.asked:
        before = scores.gather(-1, word)
        found.append(strongest(scores.scatter_(-1, word, -1.0)))
        scores.scatter_(-1, word, before)
    return found


def reachable(visible: Map | None, batch: EdgeBatch) -> Tensor:
    """Whether each anchor can reach a gold word, by row, by column, by either.

    A mask may hide it, and it may share all its wordpieces with the anchor.

    Args:
        visible: above zero where a word may attend to a word; ``None`` if everywhere.
        batch: with the anchors.

    Returns:
        Booleans ``[B, A, 3]``.
    """
    directions = len(batch.terms.directions)
    words = (batch.gold_at - 1).clamp_min(0)  # [B, A, G]
    is_gold = batch.gold_at > 0
    if batch.class_of is not None:
        lost = out_of_reach(batch.candidates[..., 1:], batch.anchors, batch.class_of)
        is_gold = is_gold & ~lost.gather(-1, words)
    if visible is None:
        return is_gold.any(-1, keepdim=True).expand(-1, -1, directions)
    row = visible.rows(batch.anchors)[:, 0].gather(-1, words)  # [B, A, G]
    column = visible.columns(batch.anchors)[:, 0].gather(-1, words)
    seen = torch.stack([row, column, row + column][:directions], 2) > 0  # [B, A, 3, G]
    return (seen & is_gold[:, :, None]).any(-1)
