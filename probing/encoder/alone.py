"""Models that make of a window what depends on the others in its batch, one window at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from probing.core.layers import Collector, LayerRecord
from probing.core.maps import WholeMap


def longest_together(config: Any) -> int | None:
    """How long windows may be, in wordpieces, to share a batch; ``None`` if of any length.

    Dynamic and long rope choose their frequencies by the longest window of a batch, once that is
    beyond the original length. MobileBERT's trigrams read the padding behind the last wordpiece.
    """
    if getattr(config, "trigram_input", False):
        return 0
    lengths = [
        rope.get("original_max_position_embeddings") or config.max_position_embeddings
        if rope["rope_type"] == "longrope"
        else config.max_position_embeddings
        for rope in _ropes(getattr(config, "rope_parameters", None))
        if rope["rope_type"] == "longrope" or "dynamic" in rope["rope_type"]
    ]
    return min(lengths, default=None)


def _ropes(parameters: Any) -> Iterator[Mapping[str, Any]]:
    """The rotary embeddings of a configuration: one, or one for each type of layer."""
    if isinstance(parameters, Mapping):
        if "rope_type" in parameters:
            yield parameters
        else:
            for own in parameters.values():
                yield from _ropes(own)


def forget_lengths(model: nn.Module) -> None:
    """Let dynamic rope choose its frequencies anew: it keeps those of the longest batch so far."""
    for module in model.modules():
        for name in vars(module):
            if name.endswith("max_seq_len_cached"):
                setattr(module, name, 0)


def one_by_one(
    run: Callable[..., Sequence[Tensor]],
    ids: Tensor,
    real: Tensor,
    collectors: Sequence[Collector[LayerRecord]],
    types: Tensor | None,
) -> list[Tensor]:
    """Run a batch window by window, without padding; collectors get layers of all windows.

    Args:
        run: takes ids, what is real, collectors and ``types``; returns hidden states.
        ids: ``[B, T]``.
        real: ``[B, T]``, false for padding, which comes last.
        collectors: get each layer of the whole batch, after the last window has run.
        types: ``[B, T]``, token types.

    Returns:
        The hidden states ``[B, T, D]`` that ``run`` returns, padded.
    """
    piles, states = [], []
    for b, length in enumerate(real.sum(-1).tolist()):
        own, pile = (slice(b, b + 1), slice(length)), Pile()
        own_types = None if types is None else types[own]
        states.append(run(ids[own], real[own], [pile] if collectors else [], types=own_types))
        piles.append(pile.layers)
    length = ids.shape[1]
    for layers in zip(*piles, strict=True):
        layer = padded(layers, length)
        for collector in collectors:
            collector.take(layer)
    return [stacked(own, length, own[0].shape[-1]) for own in zip(*states, strict=True)]


class Pile:
    """Keeps the layers of a window that runs."""

    def __init__(self) -> None:
        self.layers: list[LayerRecord] = []

    def take(self, layer: LayerRecord) -> None:
        """Keep a layer."""
        self.layers.append(layer)


def padded(of_windows: Sequence[LayerRecord], length: int) -> LayerRecord:
    """A layer of windows that ran one by one, as that of a batch of ``length`` wordpieces."""
    first = of_windows[0]
    masks, sinks = [layer.mask for layer in of_windows], [layer.sink for layer in of_windows]
    mask = None
    if any(own is not None for own in masks):
        mask = stacked(
            [
                torch.ones_like(layer.weights[:, :1], dtype=torch.bool) if own is None else own
                for layer, own in zip(of_windows, masks, strict=True)
            ],
            length,
            length,
        )
    return LayerRecord(
        first.number,
        WholeMap(stacked([layer.weights for layer in of_windows], length, length)),
        mask,
        stacked([layer.values for layer in of_windows], length, first.values.shape[-1]),
        first.module,
        None
        if first.sink is None
        else torch.cat(
            [F.pad(own, (0, length - own.shape[-1])) for own in sinks if own is not None]
        ),
    )


def stacked(of_windows: Sequence[Tensor], rows: int, columns: int) -> Tensor:
    """``[1, ..., t, u]`` of each window, padded with zeros to ``[B, ..., rows, columns]``."""
    return torch.cat(
        [F.pad(own, (0, columns - own.shape[-1], 0, rows - own.shape[-2])) for own in of_windows]
    )
