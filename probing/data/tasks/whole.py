"""Rows of trees in which root words count for heads, too: attachment scores of whole sentences."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional as F

from probing.core.batches import EdgeBatch
from probing.core.terms import ALL, UAS, UAS_WITH_PUNCTUATION


def with_whole_rows(batch: EdgeBatch) -> EdgeBatch:
    """The batch with the rows of ``Terms.with_roots`` behind its own.

    They follow from the others: ``uas`` has the words of ``all``, root words included, and
    ``uas+punct`` those that probes are asked about.
    """
    names = batch.terms.with_roots
    if not names:
        return batch
    every = batch.is_anchor
    if batch.for_probes is not None:
        every = F.pad(batch.for_probes, (0, every.shape[1] - batch.for_probes.shape[1]))
    members = {UAS: batch.member[..., list(batch.rows).index(ALL)], UAS_WITH_PUNCTUATION: every}
    further = torch.stack([members[name] for name in names], -1)
    rows, member = (*batch.rows, *names), torch.cat([batch.member, further], -1)
    return replace(batch, rows=rows, member=member)
