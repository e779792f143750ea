"""The tap on attention.

transformers dispatches attention through ``AttentionInterface``: a function registered there
gets queries, keys and values of every layer, and every keyword argument of the model call.
So the tap comes in as a keyword argument, and nothing is global, hooked or kept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

from probing.core.errors import ProbingError
from probing.encoder.word_maps import Aggregation, WordIndex, word_map

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


class Tap(ABC):
    """Takes layers' attention in the order in which layers run.

    Args:
        layers: the numbers of the layers to take, counted from one; all, if not given.
        stop: whether to end the model's run by raising :class:`Enough` after the last of
            ``layers``. Cutting the model instead would take knowing each family's modules.
    """

    def __init__(self, *, layers: Collection[int] | None = None, stop: bool = False) -> None:
        self.layers = layers
        self.last = max(layers) if stop and layers else None
        # Layers are known by the order of calls: those of ALBERT are one module.
        self.calls = 0

    def __call__(self, weights: Tensor, mask: Tensor | None) -> None:
        """Take a layer's ``weights [B, H, T, T]`` and its boolean ``mask [B, 1, T, T]``."""
        self.calls += 1
        if self.layers is None or self.calls in self.layers:
            # What is made of maps stays in float32, whatever precision the model runs in.
            with torch.autocast(weights.device.type, enabled=False):
                self.take(weights, mask)
        if self.calls == self.last:
            raise Enough

    @abstractmethod
    def take(self, weights: Tensor, mask: Tensor | None) -> None:
        """Take a layer that was asked for; see :meth:`__call__`."""


class WordTap(Tap):
    """Collects layers' attention as word maps.

    Args:
        index: which wordpiece belongs to which word.
        aggregate: what attention from a split word is.
        layers, stop: as for :class:`Tap`.
    """

    def __init__(
        self,
        index: WordIndex,
        aggregate: Aggregation,
        *,
        layers: Collection[int] | None = None,
        stop: bool = False,
    ) -> None:
        super().__init__(layers=layers, stop=stop)
        self.index = index
        self.aggregate = aggregate
        self.maps: list[Tensor] = []
        self.masks: list[Tensor | None] = []

    def take(self, weights: Tensor, mask: Tensor | None) -> None:
        """Keep the layer's word map."""
        self.maps.append(word_map(weights.float(), self.index, self.aggregate))
        self.masks.append(mask)

    def encoding(self) -> dict[str, Tensor | None]:
        """The parts of :class:`~probing.core.batches.Encoding` that attention gives."""
        maps = torch.stack(self.maps, 1)  # [B, L, H, W+2, W+2]
        width = self.index.width
        to_special = maps[..., :width, width:]  # [B, L, H, W, 2]
        from_special = maps[..., width:, :width].transpose(-1, -2)  # [B, L, H, W, 2]
        return {
            "attention": maps[..., :width, :width],
            "boundary": torch.cat([to_special, from_special], -1),
            "visible": self._visible(),
        }

    def _visible(self) -> Tensor | None:
        """Which words each layer's mask shows each word; None where that is every word."""
        seen: dict[int, Tensor] = {}
        member = self.index.member[..., : self.index.width]  # [B, T, W]
        exists = member.any(1)  # [B, W]
        for mask in self.masks:
            if mask is not None and id(mask) not in seen:
                open_to = mask[:, 0].float() @ member  # [B, T, W]
                seen[id(mask)] = (member.transpose(1, 2) @ open_to) > 0  # [B, W, W]
        pairs = exists[:, :, None] & exists[:, None, :]
        if all(bool((shown | ~pairs).all()) for shown in seen.values()):
            return None
        return torch.stack([pairs if m is None else seen[id(m)] for m in self.masks], 1)


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
        tap(weights, attention_mask)
    output = weights.to(value.dtype) @ value  # [B, H, T, D/H]
    return output.transpose(1, 2).contiguous(), None


def _mask(*args: Any, **kwargs: Any) -> Tensor | None:
    """The boolean mask of ``sdpa``, but never left out for causal models."""
    kwargs["allow_is_causal_skip"] = False
    mask: Tensor | None = sdpa_mask(*args, **kwargs)
    return mask


AttentionInterface.register(IMPLEMENTATION, _attend)
AttentionMaskInterface.register(IMPLEMENTATION, _mask)
