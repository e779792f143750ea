"""Averages of every head over a text: float64 sums, layer by layer, in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import Sizes
from probing.core.layers import LayerRecord
from probing.encoder import Encoder
from probing.surface.measures import quantities as q
from probing.surface.text.batches import TokenBatch
from probing.surface.text.segments import CLS, PUNCTUATION, SEP

MARKED = ("cls", "sep", "punctuation", "first")
"""The sets of tokens whose share of a row is a value of it."""


def marked_tokens(batch: TokenBatch) -> Tensor:
    """Which tokens are in the sets :data:`MARKED`: ``[B, T, 4]``."""
    kinds = batch.kinds
    first = torch.zeros_like(batch.real)
    first[:, :1] = True
    return torch.stack([kinds == CLS, kinds == SEP, kinds == PUNCTUATION, first], -1)


def row_sets(batch: TokenBatch) -> Mapping[str, Tensor]:
    """Which rows the quantities are about, ``[B, T]`` each."""
    real, kinds = batch.real, batch.kinds
    not_last = torch.zeros_like(real)
    not_last[:, :-1] = real[:, 1:]
    not_first = real.clone()
    not_first[:, :1] = False
    return {
        "tokens": real,
        "with_previous": not_first,
        "with_next": not_last,
        "others": real & (kinds != SEP),
        "separators": kinds == SEP,
        "classifiers": kinds == CLS,
    }


def row_values(
    weights: Tensor,
    marked: Tensor,
    visible: Tensor,
    smoothing: float,
    sink: Tensor | None = None,
) -> Mapping[str, Tensor]:
    """What is measured of each row, ``[B, H, T]`` each.

    Args:
        weights: ``[B, H, T, T]``.
        marked: ``[B, T, 4]``, see :func:`marked_tokens`.
        visible: ``[B, 1, T, T]``, what the mask shows each row.
        smoothing: see :func:`~probing.surface.measures.quantities.smoothed`; for entropies only.
        sink: ``[B, H, T]``, what a row attends to beside tokens; for entropies only.
    """
    to_marked = q.attention_to(weights, marked)
    for_entropy = q.smoothed(weights, visible, smoothing) if smoothing else weights
    if sink is not None:
        for_entropy = torch.cat([for_entropy, sink.float()[..., None]], -1)
    return {
        **dict(zip(MARKED, to_marked, strict=True)),
        "self": q.attention_at(weights, 0),
        "previous": q.attention_at(weights, -1),
        "next": q.attention_at(weights, 1),
        "largest": q.largest_weight(weights),
        "entropy": q.entropy(for_entropy),
        "uniform": q.uniform_entropy(visible).expand(weights.shape[:3]),
    }


def sum_rows(values: Sequence[Tensor], over: Sequence[Tensor]) -> Tensor:
    """Sum each of ``Q`` values ``[B, H, T]`` over its rows ``[B, T]``: ``[Q, H]``, float64."""
    stacked = torch.stack(list(values)).double().transpose(1, 2)  # [Q, H, B, T]
    return (stacked * torch.stack(list(over))[:, None]).sum((2, 3))


class _Rows:
    """Sums the quantities over the rows of a batch, a layer after the other."""

    def __init__(self, batch: TokenBatch, smoothing: float) -> None:
        self.smoothing = smoothing
        self.marked = marked_tokens(batch)
        self.sees = batch.real[:, None, None]  # [B, 1, 1, T]
        sets = row_sets(batch)
        self.over = [sets[quantity.over] for quantity in q.QUANTITIES]
        self.where = [sets[quantity.where] for quantity in q.QUANTITIES]
        self.sums: list[Tensor] = []

    def take(self, layer: LayerRecord) -> None:
        visible = self.sees if layer.mask is None else layer.mask & self.sees
        visible = visible.expand(-1, 1, layer.weights.shape[-1], -1)
        weights, sink = layer.weights.float(), layer.sink
        values = row_values(weights, self.marked, visible, self.smoothing, sink)
        wanted = [values[quantity.value] for quantity in q.QUANTITIES]
        self.sums.append(sum_rows(wanted, self.over))


class Averages(Metric):
    """The quantities of :data:`~probing.surface.measures.quantities.QUANTITIES` of every head.

    States: ``sums [Q, L, H]`` float64; ``rows [Q]``, how many rows each is about, and ``there
    [Q]``, in how many the model has what it is about.

    Args:
        sizes: of the encoder.
        smoothing: mixes rows with even attention before entropies are taken; the authors' code
            does so with 0.0001.
    """

    full_state_update = False
    sums: Tensor
    rows: Tensor
    there: Tensor

    def __init__(self, sizes: Sizes, *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing
        count = len(q.QUANTITIES)
        zeros = torch.zeros(count, sizes.layers, sizes.heads, dtype=torch.float64)
        self.add_state("sums", zeros, dist_reduce_fx="sum")
        for name in ("rows", "there"):
            self.add_state(name, torch.zeros(count, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, encoder: Encoder, batch: TokenBatch) -> None:
        """Run the encoder over a batch and count it."""
        if not batch.ids.numel():
            return
        found = _Rows(batch, self.smoothing)
        encoder.read(batch.ids, batch.real, [found], types=batch.types)
        self.sums = self.sums + torch.stack(found.sums, 1)
        self.rows = self.rows + torch.stack([rows.sum() for rows in found.over])
        self.there = self.there + torch.stack([rows.sum() for rows in found.where])

    def compute(self) -> dict[str, Tensor]:
        """The mean of each quantity that the model has, ``[L, H]`` on the CPU."""
        means = (self.sums / self.rows.clamp_min(1)[:, None, None]).cpu()
        measured = (self.rows * self.there).tolist()
        return {
            quantity.name: mean
            for quantity, mean, has in zip(q.QUANTITIES, means, measured, strict=True)
            if has
        }
