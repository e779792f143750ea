"""A layer of the model while it runs, and who collects something of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from probing.core.maps import Attention, Map, WholeMap

Changer = Callable[["LayerRecord"], "LayerRecord"]
"""Gives a layer's record with other weights or values: what an ablation does to it."""

Layer = TypeVar("Layer", contravariant=True)


@dataclass(frozen=True, slots=True)
class LayerRecord:
    """What the attention of a layer is made of, at the level of wordpieces.

    - ``number``: of the layer, counted from one.
    - ``map``: from wordpiece (row) to wordpiece, after the softmax (float32).
    - ``mask [B, 1, T, T]``: what each wordpiece may attend to; ``None`` if everything.
    - ``values [B, H, T, D/H]``: what the weights average.
    - ``module``: the attention module that transformers hands on. It holds the projections of
      queries, keys and values; that of the output is in it in some families, and beside it in
      BERT's.
    - ``sink [B, H, T]``: the weight that goes to no wordpiece but to a learned sink (GPT-OSS), so
      that a row and its sink sum to one; ``None`` where the layer has none.
    """

    number: int
    map: Attention
    mask: Tensor | None
    values: Tensor
    module: nn.Module
    sink: Tensor | None = None

    @property
    def weights(self) -> Tensor:
        """The whole map, ``[B, H, T, T]``; that of a long window is made for whoever asks."""
        return self.map.whole()

    def weighing(self, weights: Tensor) -> LayerRecord:
        """The layer with other ``weights [B, H, T, T]``."""
        return replace(self, map=WholeMap(weights))


@dataclass(frozen=True, slots=True)
class WordLayer:
    """The attention of a layer at the level of words.

    - ``number``: of the layer, counted from one.
    - ``map``: from word (row) to word, ``W+2`` of them; the last two rows and columns are the
      first and the last special token, zero where the model has no such token.
    - ``is_word [B, W]``: false where ``W`` is padding.
    - ``visible``: above zero where the mask lets a word attend to a word, a map of one head;
      ``None`` if everywhere. Layers with the same mask have the same object.
    - ``sink [B, H, W]``: attention of each word to a learned sink, which is no token; ``None``
      where the layer has none.
    """

    number: int
    map: Map
    is_word: Tensor
    visible: Map | None = None
    sink: Tensor | None = None

    @property
    def attention(self) -> Tensor:
        """``[B, H, W, W]``: from word to word."""
        return self.map.whole()[..., :-2, :-2]


class Collector(Protocol[Layer]):
    """Takes layers one by one, in the order in which they run, and keeps what it is there for."""

    def take(self, layer: Layer) -> None:
        """Take a layer; its tensors are the model's own, to be read only."""
        ...


def visible_of(shown: Sequence[Tensor | None], is_word: Tensor) -> Tensor | None:
    """What each layer shows each word, ``[B, L, W, W]``; ``None`` if no layer has a mask.

    Args:
        shown: ``[B, W, W]`` of each layer; ``None`` of one without a mask.
        is_word: ``[B, W]``, false where ``W`` is padding.
    """
    if all(own is None for own in shown):
        return None
    pairs = is_word[:, :, None] & is_word[:, None]
    return torch.stack([pairs if own is None else own for own in shown], 1)


def boundary_of(maps: Tensor) -> Tensor:
    """Attention to the first and to the last special token, and from them.

    Args:
        maps: ``[..., W+2, W+2]``, the special tokens last.

    Returns:
        ``[..., W, 4]``: to the first, to the last, from the first, from the last.
    """
    to_special, from_special = maps[..., :-2, -2:], maps[..., -2:, :-2].mT
    return torch.cat([to_special, from_special], -1)
