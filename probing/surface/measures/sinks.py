"""Attention sinks: how often a head rests on the first of 64 tokens (Gu et al. 2025)."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import Sizes
from probing.core.layers import LayerRecord
from probing.encoder import Encoder
from probing.surface.measures.quantities import SINK_THRESHOLD, sinks
from probing.surface.text.batches import TokenBatch

SINK_LENGTH = 64
"""Wordpieces of a sequence, special tokens included, as in Gu et al. (2025)."""


class _Sinks:
    def __init__(self, real: Tensor, threshold: float) -> None:
        self.real = real
        self.threshold = threshold
        self.found: list[Tensor] = []

    def take(self, layer: LayerRecord) -> None:
        self.found.append(sinks(layer.weights, self.real, self.threshold).sum(0))


class SinkRate(Metric):
    """The share of sequences on which each head is a sink.

    Its mean over heads is the sink rate of the model: the share of heads, averaged over
    sequences. States: ``found [L, H]`` and ``sequences``, integers.
    """

    full_state_update = False
    found: Tensor
    sequences: Tensor

    def __init__(self, sizes: Sizes, *, threshold: float = SINK_THRESHOLD) -> None:
        super().__init__()
        self.threshold = threshold
        self.shape = (sizes.layers, sizes.heads)
        zeros = torch.zeros(self.shape, dtype=torch.int64)
        self.add_state("found", zeros, dist_reduce_fx="sum")
        self.add_state("sequences", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, encoder: Encoder, batch: TokenBatch) -> None:
        """Run the encoder over a batch of sequences of one length and count it."""
        if not batch.ids.numel():
            return
        own = _Sinks(batch.real, self.threshold)
        encoder.read(batch.ids, batch.real, [own], types=batch.types)
        self.found = self.found + torch.stack(own.found)
        self.sequences = self.sequences + len(batch.ids)

    def compute(self) -> dict[str, Tensor]:
        """``sink_rate [L, H]`` on the CPU; nothing where nothing was counted."""
        if not self.sequences:
            return {}
        return {"sink_rate": self.found.cpu().reshape(self.shape).double() / int(self.sequences)}
