"""Anchors that only heads and baselines are asked about, as a part of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from probing.core.batches import EdgeBatch
from probing.core.picking import offset_hits
from probing.core.windows import Window
from probing.data.tasks.offsets import offsets_of


def with_asides(batch: EdgeBatch, windows: Sequence[Window]) -> EdgeBatch:
    """``batch`` with the asides of its windows; as it is, where they have none.

    Their baselines are the fixed offsets, from the word that asks.
    """
    found = [
        (b, a, *aside) for b, window in enumerate(windows) for a, aside in enumerate(window.asides)
    ]
    if not found:
        return batch
    offsets = offsets_of(batch.terms) or ()
    size, most = len(windows), max(len(window.asides) for window in windows)
    b, a, anchor, gold, row = torch.tensor(found).unbind(1)
    anchors = torch.zeros(size, most, dtype=torch.long)
    is_anchor = torch.zeros(size, most, dtype=torch.bool)
    golds = torch.zeros(size, most, batch.width + 1, dtype=torch.bool)
    candidates = torch.zeros_like(golds)
    member = torch.zeros(size, most, len(batch.rows), dtype=torch.bool)
    anchors[b, a] = anchor
    is_anchor[b, a] = True
    golds[b, a, gold] = True
    # ROOT, and every word of the window but the one that asks.
    column = torch.arange(batch.width + 1)
    candidates[b, a] = (column <= batch.lengths[b][:, None]) & (column != anchor[:, None] + 1)
    member[b, a, row] = True
    own = replace(
        batch,
        anchors=anchors,
        is_anchor=is_anchor,
        gold=golds,
        candidates=candidates,
        member=member,
        baselines=offset_hits(golds, anchors, batch.lengths, offsets).double(),
        kinds=torch.zeros_like(golds, dtype=torch.int8),
    )
    return replace(batch, asides=own)
