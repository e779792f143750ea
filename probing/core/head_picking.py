"""What every head picks, layer by layer, while the model runs."""

from __future__ import annotations

import torch
from torch import Tensor

from probing.core import quantities
from probing.core.batches import EdgeBatch
from probing.core.layers import WordLayer
from probing.core.outcomes import HeadPicks
from probing.core.picking import directed, pick_word
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

    def take(self, layer: WordLayer) -> None:
        """Let the heads of a layer pick."""
        batch = self.batch
        seen = AnchorMaps.of(layer, batch.anchors)
        words, is_pick = pick_word(seen.scores, batch.choices[:, :, None, None])
        own = (
            words,  # [B, A, 3, H]
            is_pick,
            at(batch.gold[..., 1:], words) & is_pick,
            reachable(layer.visible, batch),  # [B, A, 3]
            torch.stack([q.value(seen, batch) for q in quantities.QUANTITIES], -1),
        )
        self.layers.append(own)

    @property
    def found(self) -> HeadPicks:
        """Of all layers that were taken."""
        return HeadPicks(
            *(torch.stack(of_layers, 3) for of_layers in zip(*self.layers, strict=True))
        )


def at(values: Tensor, words: Tensor) -> Tensor:
    """What ``values [B, A, W]`` hold for picked words ``[B, A, ...]``, in the shape of these."""
    return values.gather(-1, words.flatten(2)).view_as(words)


def reachable(visible: Tensor | None, batch: EdgeBatch) -> Tensor:
    """Whether each anchor can reach a gold word, by row, by column, by either.

    A mask may hide it, and it may share all its wordpieces with the anchor.

    Args:
        visible: ``[B, W, W]``, which words each word may attend to; ``None`` if all.
        batch: with the anchors.

    Returns:
        Booleans ``[B, A, 3]``.
    """
    gold = batch.gold[..., 1:]  # [B, A, W]
    if batch.class_of is not None:
        gold = gold & ~out_of_reach(batch.candidates[..., 1:], batch.anchors, batch.class_of)
    if visible is None:
        return gold.any(-1, keepdim=True).expand(-1, -1, 3)
    seen = torch.stack(directed(visible, batch.anchors), 2)  # [B, A, 3, W]
    return (seen & gold[:, :, None]).any(-1)
