"""Pure tensor functions: what a head picks, fixed offsets, and the loss of a choice.

The shapes are those of the legend in :mod:`probing.core.batches`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

NO_WORD = -1
"""As the word that a baseline picks: there is none where it looks."""

UNTOLD = -2
"""As the word that a baseline picks: nobody knows, as where an expected value is counted."""

OFFSETS = tuple(k for k in range(-10, 11) if k)
"""The fixed offsets that are tried as baselines."""

LONG_ROW = 32
"""From how many words on NumPy finds the strongest of a row in less time than torch does."""


def anchor_rows(maps: Tensor, anchors: Tensor) -> Tensor:
    """The rows of the anchors: ``[B, ..., W, W]`` and ``[B, A]`` to ``[B, A, ..., W]``."""
    batch = torch.arange(maps.shape[0], device=maps.device)[:, None]
    return maps.movedim(-2, 1)[batch, anchors]


def directed(maps: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How strongly each anchor picks each word, in three directions.

    Args:
        maps: ``[B, ..., W, W]``.
        anchors: ``[B, A]``.

    Returns:
        Three tensors ``[B, A, ..., W]``: row, column, and row plus column of each anchor.
    """
    rows = anchor_rows(maps, anchors)
    columns = anchor_rows(maps.transpose(-1, -2), anchors)
    return rows, columns, rows + columns


def pick_word(scores: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
    """The highest-scoring allowed word; the lowest index wins a tie.

    Args:
        scores: ``[..., W]``, not negative.
        allowed: boolean, broadcastable to ``scores``.

    Returns:
        Indices ``[...]``, and booleans ``[...]``: a maximum of zero (causal masks, dropped
        columns) is no pick.
    """
    pick, weight = strongest(scores.masked_fill(~allowed, -1.0))
    return pick, weight > 0


def strongest(scores: Tensor) -> tuple[Tensor, Tensor]:
    """What :func:`pick_word` picks, and its score; negative scores are those not allowed."""
    if not scores.numel():
        none = scores.new_zeros(scores.shape[:-1])
        return none.long(), none
    is_exact = scores.dtype in (torch.float32, torch.float64)  # NumPy has no bfloat16
    if is_exact and scores.device.type == "cpu":
        if scores.dim() > 2 and scores.mT.is_contiguous() and not scores.is_contiguous():
            return _of_columns(scores.mT)
        if scores.shape[-1] >= LONG_ROW:
            pick = torch.as_tensor(scores.detach().numpy().argmax(-1))
            return pick, scores.gather(-1, pick[..., None])[..., 0]
    weight, pick = scores.max(-1)
    return pick, weight


def _of_columns(scores: Tensor) -> tuple[Tensor, Tensor]:
    """The strongest of each column of ``scores [..., W, any]``, contiguous, and its score.

    Pooling looks at several columns in one instruction, and takes a third of the time of ``max``.
    Of equal scores the lowest index is found, as elsewhere; of several that are NaN, any.
    """
    *others, width, columns = scores.shape
    as_channels = scores.detach().reshape(-1, width, 1, columns).permute(0, 3, 1, 2)
    weight, pick = F.max_pool2d(as_channels, (width, 1), return_indices=True)
    return pick.view(*others, columns), weight.view(*others, columns)


def select_loss(scores: Tensor, candidates: Tensor, gold: Tensor) -> Tensor:
    """``-log`` of the probability that the candidates give to the gold ones, by anchor.

    Args:
        scores: ``[B, A, W+1]``, unnormalised.
        candidates: ``[B, A, W+1]``, booleans; the softmax runs over these.
        gold: ``[B, A, W+1]``, booleans; several may be true.

    Returns:
        ``[B, A]``; zero for an anchor without a gold candidate (padding).
    """
    right = gold & candidates
    usable = right.any(-1, keepdim=True)
    # An infinite sum has no gradient, not even where nobody asks for it: padding is given zeros.
    scores = torch.where(usable, scores, 0.0)
    everything = scores.masked_fill(usable & ~candidates, -torch.inf).logsumexp(-1)
    chosen = scores.masked_fill(usable & ~right, -torch.inf).logsumexp(-1)
    return torch.where(usable.squeeze(-1), everything - chosen, 0.0)


def offset_words(
    anchors: Tensor, lengths: Tensor, offsets: Sequence[int] = OFFSETS, *, clips: bool = False
) -> Tensor:
    """The word at each of some offsets from the anchor, -1 outside the window.

    Args:
        anchors: ``[B, A]``.
        lengths: ``[B]``, words of each window.
        offsets: how many words to the right of the anchor, or to the left if negative.
        clips: whether behind the last word the last one is picked, as in the released code, which
            takes -1, before the first, for ROOT.

    Returns:
        ``[B, A, len(offsets)]``, int32.
    """
    word = anchors[:, :, None] + torch.tensor(offsets, device=anchors.device)
    if clips:
        word = word.minimum(lengths[:, None, None] - 1)
    inside = (word >= 0) & (word < lengths[:, None, None])
    return word.masked_fill(~inside, -1).int()


def word_hits(words: Tensor, gold_at: Tensor) -> Tensor:
    """Whether picked words are gold.

    Args:
        words: ``[B, A, K]``, -1 where none is picked.
        gold_at: ``[B, A, G]``, columns; those below one are no words.

    Returns:
        Booleans ``[B, A, K]``.
    """
    gold = (gold_at - 1).masked_fill(gold_at < 1, UNTOLD - 1)  # which is no pick
    hits = torch.zeros_like(words, dtype=torch.bool)
    for own in gold.to(words.dtype).unbind(-1):  # mostly one
        hits |= words == own[..., None]
    return hits
