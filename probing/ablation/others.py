"""The maps that an ablated head gets from other texts of the same length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Literal

import torch
from torch import Tensor

from probing.ablation.batches import Side
from probing.ablation.changes import UNCONDITIONAL, Change, How, given
from probing.core.layers import LayerRecord
from probing.encoder import Encoder


class Maps:
    """Keeps the maps of a batch: by the number of a layer, ``[B, H, T, T]``."""

    def __init__(self) -> None:
        self.kept: dict[int, Tensor] = {}

    def take(self, layer: LayerRecord) -> None:
        """Keep the layer's."""
        self.kept[layer.number] = layer.weights


class MeanOfOthers:
    """The mean over the maps of all other texts of the length, all texts being of one part.

    Sums of two lengths, those of the sides of a pair, are held at a time: 8 bytes for each head and
    pair of wordpieces.

    Args:
        encoder: the model as it is.
        wordpieces: the most that it gets at once.
    """

    def __init__(self, encoder: Encoder, wordpieces: int) -> None:
        self.encoder = encoder
        self.wordpieces = wordpieces
        self.sums: dict[int, Mapping[int, Tensor]] = {}
        """By length and the number of a layer, ``[H, T, T]``."""

    def __call__(self, side: Side) -> Mapping[int, Tensor]:
        """By the number of a layer, ``[B, H, T, T]``."""
        others, length = len(side.every) - 1, side.every.shape[1]
        if length in self.sums:
            self.sums[length] = self.sums.pop(length)  # the last that was asked for
        else:
            for older in list(self.sums)[:-1]:
                del self.sums[older]
            self.sums[length] = self._summed(side.every)
        own = maps_of(self.encoder, side.ids)
        return {
            number: ((sums - own[number].double()) / others).clamp_min(0).to(own[number].dtype)
            for number, sums in self.sums[length].items()
        }

    def _summed(self, every: Tensor) -> dict[int, Tensor]:
        sums: dict[int, Tensor] = {}
        step = max(1, self.wordpieces // every.shape[1])
        for ids in (every[k : k + step] for k in range(0, len(every), step)):
            for number, maps in maps_of(self.encoder, ids).items():
                sums[number] = sums.get(number, 0) + maps.double().sum(0)
        return sums


class MapOfAnother:
    """The map of one other text of the length: of the one that follows in a random circle.

    Args:
        encoder: the model as it is.
        seed: of the circles.
    """

    def __init__(self, encoder: Encoder, seed: int) -> None:
        self.encoder = encoder
        self.seed = seed

    def __call__(self, side: Side) -> Mapping[int, Tensor]:
        """By the number of a layer, ``[B, H, T, T]``."""
        order = list(range(len(side.every)))
        Random(f"resample/{self.seed}/{side.every.shape[1]}").shuffle(order)
        after = dict(zip(order, order[1:] + order[:1], strict=True))
        others = torch.tensor([after[k] for k in side.own.tolist()], device=side.own.device)
        return maps_of(self.encoder, side.every[others])


Others = Callable[[Side], Mapping[int, Tensor]]
"""Gives the maps for texts."""
Changes = Callable[[Side], Callable[[int], Change]]
"""From texts to what becomes of heads, where each of them is run in so many copies."""


def others_of(
    how: Literal["mean", "resample"], encoder: Encoder, *, wordpieces: int, seed: int
) -> Others:
    """What gives the maps."""
    if how == "mean":
        return MeanOfOthers(encoder, wordpieces)
    return MapOfAnother(encoder, seed)


def changes_of(how: How, encoder: Encoder, *, wordpieces: int, seed: int) -> Changes:
    """What becomes of ablated heads.

    Args:
        how: in which of the ways.
        encoder: the model as it is.
        wordpieces: the most that it gets at once.
        seed: of what is left to chance.
    """
    if how != "mean" and how != "resample":
        change = UNCONDITIONAL[how]
        return lambda side: lambda copies: change
    others = others_of(how, encoder, wordpieces=wordpieces, seed=seed)

    def of(side: Side) -> Callable[[int], Change]:
        maps = others(side)
        return lambda copies: given(maps, copies)

    return of


def maps_of(encoder: Encoder, ids: Tensor) -> Mapping[int, Tensor]:
    """The maps of texts ``ids [B, T]`` without padding, by the number of a layer."""
    kept = Maps()
    with torch.autocast(ids.device.type, enabled=False):
        encoder.read(ids, torch.ones_like(ids, dtype=torch.bool), [kept])
    return kept.kept
