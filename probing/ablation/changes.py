"""What becomes of an ablated head: changes of a layer's record, one function each.

All of them leave the other heads of the layer as they are, those that share keys and values with
an ablated one included: a record has values for each head of queries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor

from probing.ablation.heads import HeadSet
from probing.core.layers import Changer, LayerRecord

How = Literal["mean", "resample", "uniform", "sink", "zero"]
FromOthers = frozenset({"mean", "resample"})
"""The ways that take the maps of other texts of the same length."""
Change = Callable[[LayerRecord, Sequence[int]], LayerRecord]
"""Gives a layer in which some heads, counted from zero, are ablated."""


def zero(layer: LayerRecord, heads: Sequence[int]) -> LayerRecord:
    """Their output is zero: as if their part of the output projection were."""
    values = layer.values.clone()
    values[:, heads] = 0
    return replace(layer, values=values)


def uniform(layer: LayerRecord, heads: Sequence[int]) -> LayerRecord:
    """They attend evenly to all that the mask shows."""
    seen = _seen(layer).to(layer.weights.dtype)  # [B, 1, T, T]
    return _attending(layer, heads, seen / seen.sum(-1, keepdim=True).clamp_min(1))


def sink(layer: LayerRecord, heads: Sequence[int]) -> LayerRecord:
    """They attend to the first token alone; to the first that the mask shows, in a window."""
    first = _seen(layer).long().argmax(-1, keepdim=True)  # [B, 1, T, 1]
    weights = torch.zeros_like(layer.weights[:, :1])
    return _attending(layer, heads, weights.scatter(-1, first.expand(len(weights), -1, -1, -1), 1))


UNCONDITIONAL: Mapping[How, Change] = {"uniform": uniform, "sink": sink, "zero": zero}
"""The ways that need nothing but the layer."""


def given(maps: Mapping[int, Tensor], copies: int = 1) -> Change:
    """They attend as in ``maps``: by the number of a layer, ``[B, H, T, T]`` of all its heads.

    Args:
        maps: of texts.
        copies: how often each text stands in the layer, one behind the other.
    """

    def change(layer: LayerRecord, heads: Sequence[int]) -> LayerRecord:
        own = maps[layer.number][:, heads].to(layer.weights.dtype).repeat_interleave(copies, 0)
        return _attending(layer, heads, own, has_sink=True)

    return change


def ablating(heads: HeadSet, change: Change) -> Changer:
    """Changes whatever layers have one of the heads."""

    def changer(layer: LayerRecord) -> LayerRecord:
        own = heads.by_layer.get(layer.number)
        return layer if own is None else change(layer, own)

    return changer


def _seen(layer: LayerRecord) -> Tensor:
    """What the mask shows, ``[B, 1, T, T]``."""
    if layer.mask is not None:
        return layer.mask
    return torch.ones_like(layer.weights[:, :1], dtype=torch.bool)


def _attending(
    layer: LayerRecord, heads: Sequence[int], to: Tensor, *, has_sink: bool = False
) -> LayerRecord:
    """The layer with other rows; what they lack of one is a learned sink's, where it has one."""
    weights = layer.weights.clone()
    weights[:, heads] = to
    if layer.sink is None:
        return layer.weighing(weights)
    sink = layer.sink.clone()
    sink[:, heads] = 1 - weights[:, heads].sum(-1) if has_sink else 0
    return replace(layer.weighing(weights), sink=sink)
