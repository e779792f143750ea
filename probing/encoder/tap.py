"""The tap on attention.

transformers dispatches attention through ``AttentionInterface``: a function registered there
gets queries, keys and values of every layer, and every keyword argument of the model call.
So the tap comes in as a keyword argument, and nothing is global, hooked or kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

from probing.core.errors import ProbingError
from probing.core.layers import Collector, LayerRecord

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
        stop: whether to end the model's run by raising :class:`Enough` after the last of
            ``layers``. Cutting the model instead would take knowing each family's modules.
    """

    def __init__(
        self,
        collectors: Sequence[Collector[LayerRecord]],
        *,
        layers: Collection[int] | None = None,
        stop: bool = False,
    ) -> None:
        self.collectors = collectors
        self.layers = layers
        self.last = max(layers) if stop and layers else None
        # Layers are known by the order of calls: those of ALBERT are one module.
        self.calls = 0

    def __call__(
        self, module: nn.Module, weights: Tensor, mask: Tensor | None, values: Tensor
    ) -> None:
        """Hand on a layer; see :class:`~probing.core.layers.LayerRecord`."""
        self.calls += 1
        if self.layers is None or self.calls in self.layers:
            layer = LayerRecord(self.calls, weights, mask, values, module)
            # What is made of maps stays in float32, whatever precision the model runs in.
            with torch.autocast(weights.device.type, enabled=False):
                for collector in self.collectors:
                    collector.take(layer)
        if self.calls == self.last:
            raise Enough


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    tap: Tap | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Softmax attention; hands the weights to ``tap``. ``query`` is ``[B, H, T, D/H]``."""
    asked = [n for n, v in kwargs.items() if n not in _HARMLESS and v is not None]
    if asked:
        raise ProbingError(
            f"{type(module).__name__} asks the attention function for {', '.join(sorted(asked))}, "
            "which the tap does not compute: its attention cannot be read"
        )
    groups = query.shape[1] // key.shape[1]
    if groups > 1:  # grouped keys: several heads of queries share one of keys and values
        key = key.repeat_interleave(groups, 1)
        value = value.repeat_interleave(groups, 1)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    scores = (query * scale) @ key.transpose(2, 3)  # [B, H, T, T]
    if attention_mask is not None:
        scores = scores.masked_fill(~attention_mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1, dtype=torch.float32)
    if tap is not None:
        tap(module, weights, attention_mask, value)
    output = weights.to(value.dtype) @ value  # [B, H, T, D/H]
    return output.transpose(1, 2).contiguous(), None


def _mask(*args: Any, **kwargs: Any) -> Tensor | None:
    """The boolean mask of ``sdpa``, but never left out for causal models."""
    kwargs["allow_is_causal_skip"] = False
    mask: Tensor | None = sdpa_mask(*args, **kwargs)
    return mask


AttentionInterface.register(IMPLEMENTATION, _attend)
AttentionMaskInterface.register(IMPLEMENTATION, _mask)
