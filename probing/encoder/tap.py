"""The tap on attention.

transformers dispatches attention through ``AttentionInterface``: a function registered there
gets queries, keys and values of every layer, and every keyword argument of the model call.
So the tap comes in as a keyword argument, and nothing is global, hooked or kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

from probing.core.errors import ProbingError
from probing.core.layers import Changer, Collector, LayerRecord
from probing.core.maps import WHOLE, Attention, limit
from probing.encoder.scores import PartwiseMap, Scores, softmax_of

IMPLEMENTATION = "probing_tap"
"""The name under which the tap is registered with transformers."""

# What models hand to the attention function that changes nothing in it: caches and positions
# are dealt with before, windows and causality are in the mask.
_HARMLESS = frozenset(
    "is_causal sliding_window position_ids cache_position use_cache output_attentions "
    "output_hidden_states return_dict layer_idx deterministic".split()
)


class Enough(Exception):
    """Every layer that was asked for has been read; what the model computes next is not needed."""


class Tap:
    """Hands a record of each layer's attention to collectors, in the order in which layers run.

    Args:
        collectors: who gets them.
        layers: the numbers of the layers to hand on, counted from one; all, if not given.
        numbers: of all layers that compute attention, in the order in which they run; one after
            the other, if not given. Layers are known by the order of calls: those of ALBERT are
            one module.
        stop: whether to end the model's run by raising :class:`Enough` after the last of
            ``layers``. Cutting the model instead would take knowing each family's modules.
        change: gives the record that the model goes on with, and collectors get, for that of any
            layer, looked at or not: an ablation. ``None`` changes nothing.
    """

    def __init__(
        self,
        collectors: Sequence[Collector[LayerRecord]],
        *,
        layers: Collection[int] | None = None,
        numbers: Sequence[int] | None = None,
        stop: bool = False,
        change: Changer | None = None,
    ) -> None:
        self.collectors = collectors
        self.layers = layers
        self.numbers = numbers
        self.last = max(layers) if stop and layers else None
        self.change = change
        self.calls = 0

    def __call__(
        self,
        module: nn.Module,
        map: Attention,
        mask: Tensor | None,
        values: Tensor,
        sink: Tensor | None,
    ) -> LayerRecord:
        """Hand on a layer; returns the record that the model is to go on with."""
        self.calls += 1
        number = self.calls if self.numbers is None else self.numbers[self.calls - 1]
        layer = LayerRecord(number, map, mask, values, module, sink)
        # What is made of maps stays in float32, whatever precision the model runs in.
        with torch.autocast(values.device.type, enabled=False):
            if self.change is not None:
                layer = self.change(layer)
            if self.layers is None or number in self.layers:
                for collector in self.collectors:
                    collector.take(layer)
        if number == self.last:
            raise Enough
        return layer


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    softcap: float | None = None,
    s_aux: Tensor | None = None,
    tap: Tap | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Softmax attention; hands the weights to ``tap``. ``query`` is ``[B, H, T, D/H]``.

    ``softcap`` bounds the scores before the softmax (Gemma 2); ``s_aux [H]`` is the score of a
    learned sink, one more column that belongs to no wordpiece (GPT-OSS).
    """
    asked = [n for n, v in kwargs.items() if n not in _HARMLESS and v is not None]
    if asked:
        raise ProbingError(
            f"{type(module).__name__} asks the attention function for {', '.join(sorted(asked))}, "
            "which the tap does not compute: its attention cannot be read"
        )
    if key.shape[2] != query.shape[2]:
        raise ProbingError(
            f"{type(module).__name__} attends to {key.shape[2]} things from {query.shape[2]} "
            "wordpieces: its attention cannot be read as going from wordpiece to wordpiece"
        )
    groups = query.shape[1] // key.shape[1]
    if groups > 1:  # grouped keys: several heads of queries share one of keys and values
        key = key.repeat_interleave(groups, 1)
        value = value.repeat_interleave(groups, 1)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = Scores(_scaled(query, scale), key, softcap, attention_mask)
    own: Attention
    if query.requires_grad or prod(scores.shape) <= limit(WHOLE, query.device):
        own, sink = softmax_of(scores, s_aux)
    else:
        own = PartwiseMap(scores, value, s_aux)
        sink = own.sink
    if tap is not None:
        layer = tap(module, own, scores.visible, value, sink)
        own, value = layer.map, layer.values
    return own.averages(value).transpose(1, 2).contiguous(), None


def _scaled(query: Tensor, scale: float) -> Tensor:
    """``query`` times ``scale``, contiguous: else the product would make such a copy of it."""
    if query.requires_grad:
        return query.contiguous() * scale
    return torch.mul(query, scale, out=query.new_empty(query.shape))


def _mask(*args: Any, **kwargs: Any) -> Tensor | None:
    """The boolean mask of ``sdpa``, but never left out for causal models."""
    kwargs["allow_is_causal_skip"] = False
    mask: Tensor | None = sdpa_mask(*args, **kwargs)
    return mask


AttentionInterface.register(IMPLEMENTATION, _attend)
AttentionMaskInterface.register(IMPLEMENTATION, _mask)
