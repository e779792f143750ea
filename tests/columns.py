"""Columns of anchors as batches list them, made of booleans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from probing.core.batches import EdgeBatch


def listed(cells: Tensor) -> Tensor:
    """The columns of each anchor that are true in ``cells [B, A, W+1]``, -1 behind the last."""
    found = [[row.nonzero().flatten().tolist() for row in window] for window in cells]
    most = max((len(row) for window in found for row in window), default=0)
    columns = torch.full((*cells.shape[:2], most), -1)
    for b, window in enumerate(found):
        for a, row in enumerate(window):
            columns[b, a, : len(row)] = torch.tensor(row)
    return columns


def of_cells(gold: Tensor, candidates: Tensor, kinds: Tensor) -> dict[str, Any]:
    """What a batch holds of these ``[B, A, W+1]``."""
    columns = listed(candidates)
    if gold.shape[-1] == 0:
        return {"gold_at": listed(gold), "candidates_at": columns, "kinds_at": None, "width": 0}
    own = kinds.gather(-1, columns.clamp_min(0)).masked_fill(columns < 0, 0)
    return {
        "gold_at": listed(gold),
        "candidates_at": columns,
        "kinds_at": own,
        "width": gold.shape[-1] - 1,
    }


def kinds_of(batch: EdgeBatch) -> Tensor:
    """The kind of error of each candidate, ``[B, A, W+1]``."""
    words = torch.arange(-1, batch.width).expand(*batch.anchors.shape, -1)
    return batch.kinds_of(words)


def with_cells(
    batch: EdgeBatch,
    *,
    gold: Tensor | None = None,
    candidates: Tensor | None = None,
    kinds: Tensor | None = None,
    **others: Any,
) -> EdgeBatch:
    """The batch with other gold, candidates or kinds of errors, all ``[B, A, W+1]``."""
    cells = of_cells(
        batch.gold if gold is None else gold,
        batch.candidates if candidates is None else candidates,
        kinds_of(batch) if kinds is None else kinds,
    )
    return replace(batch, **cells, **others)
