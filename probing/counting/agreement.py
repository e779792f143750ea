"""Agreement beyond chance: what a head gets right over what its distances alone would.

Cohen's (1960) kappa of pick and gold, each told by how far it is from its anchor. A head that looks
at the next word, and a relation whose head is mostly the next word, agree without knowing of each
other; kappa is zero for as much as that. Without this, chance is the histogram of both in a row of
the report, not a fixed share.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor

from probing.counting.rows import Rows


def bins(reach: int) -> int:
    """``O``: offsets from ``-reach`` to ``reach``, and one bin for all else."""
    return 2 * reach + 2


def binned(words: Tensor, anchors: Tensor, is_told: Tensor, reach: int) -> Tensor:
    """The bin of each word's offset from its anchor, in the shape of ``words [B, A, ...]``.

    Args:
        words: indices counted from zero.
        anchors: ``[B, A]``, likewise.
        is_told: false where there is no word, and so no offset; in the shape of ``words``.
        reach: the largest offset to either side that has a bin of its own.
    """
    start = (anchors - reach).to(words.dtype)
    place = words - start.view(*anchors.shape, *[1] * (words.dim() - 2))
    has_none = (place < 0).logical_or_(place > 2 * reach).logical_or_(~is_told)
    return place.masked_fill_(has_none, bins(reach) - 1)


def add(counts: Tensor, places: Tensor, rows: Rows) -> None:
    """Count bins into ``counts [R, ..., O]``, in place.

    Args:
        counts: int64, contiguous.
        places: what :func:`binned` gives, ``[B, A, ...]``, of as many pickers as ``counts`` has;
            where that is ``[R, O]``, all of them are counted together.
        rows: in which an anchor counts.
    """
    row, anchor = rows.pairs  # [P] each
    if counts.numel() >= 2**31:  # more than int32 can number
        places = places.long()
    of_row, size = prod(counts.shape[1:]), counts.shape[-1]
    first = torch.arange(0, of_row, size, dtype=places.dtype, device=counts.device)
    places = places.flatten(0, 1)[..., None].flatten(1)  # [B*A, any]
    index = places.index_select(0, anchor).add_(first)
    index.add_(row.to(places.dtype)[:, None] * of_row)
    counts.view(-1).index_add_(0, index.view(-1), counts.new_ones(1).expand(index.numel()))


def kappa(correct: Tensor, total: Tensor, picks: Tensor, gold: Tensor) -> Tensor:
    """``(a - e) / (1 - e)``, in the shape of ``correct [...]``; not a number where ``e`` is one.

    ``a`` is the accuracy, ``e`` the chance that the offsets of pick and gold agree when each is
    drawn from its own histogram. What has no bin of its own agrees with nothing.

    Args:
        correct: how many picks are gold.
        total: a scalar, not zero: of how many anchors.
        picks: ``[..., O]``, the histogram of each picker.
        gold: ``[O]``.
    """
    chance = (picks[..., :-1] * gold[:-1]).sum(-1)  # whole numbers: times the total squared
    expected = chance.double() / total**2
    found: Tensor = (correct.double() / total - expected) / (1 - expected)
    return found.masked_fill(chance == total**2, torch.nan)
