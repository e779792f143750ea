"""Distances between heads: the Jensen-Shannon divergence of their attention (section 6)."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

SMOOTHING = 0.001
"""What the paper's released code mixes in of uniform attention, to avoid the logarithm of zero."""

# Numbers that are worked on at a time. At a few megabytes they stay in a processor's cache, which
# halves the time; a single pair of longer rows is worked on whole.
CHUNK = 2**18


def divergence_sums(maps: Tensor, *, smoothing: float = 0.0, chunk: int = CHUNK) -> Tensor:
    """Jensen-Shannon divergence of every two heads, summed over token rows (section 6).

    ``sum_t JS(A_i(t), A_j(t))`` with ``JS(p, q) = H((p + q) / 2) - (H(p) + H(q)) / 2``, the
    entropy ``H`` in nats and ``0 log 0 = 0``.

    Args:
        maps: ``[M, T, T]``, attention of ``M`` heads from token (row) to token, or one column
            more for learned sinks; a row sums to one. Logarithms are taken in its precision (at
            least float32), sums over tokens in float64.
        smoothing: the share of uniform attention over the tokens that is mixed into every
            row (:data:`SMOOTHING` in the released code). Attention that a causal mask hides
            becomes greater than zero by it, too.
        chunk: how many numbers to work on at a time, beside two copies of ``maps``.

    Returns:
        ``[M, M]`` in float64, in nats: symmetric, zero on the diagonal, and between zero and
        ``T log 2`` but for rounding.
    """
    heads, tokens, width = maps.shape
    if not maps.numel():
        return torch.zeros(heads, heads, dtype=torch.float64, device=maps.device)
    # Half of each, so that a mean is a sum. Halving is exact.
    halves = maps.to(torch.promote_types(maps.dtype, torch.float32)) / 2
    if smoothing:
        halves = (1 - smoothing) * halves + smoothing / width / 2
    sums = torch.zeros(heads, heads, dtype=torch.float64, device=maps.device)
    for block in torch.split(halves, max(1, min(tokens, chunk // width)), 1):
        others = max(1, chunk // block[0].numel())
        own = torch.cat([_entropy(part + part) for part in torch.split(block, others)])  # [M]
        for i in range(heads - 1):
            for start in range(i + 1, heads, others):
                stop = min(start + others, heads)
                middle = _entropy(block[start:stop] + block[i])  # [others]
                sums[i, start:stop] += middle - (own[i] + own[start:stop]) / 2
    return sums + sums.T


def _entropy(rows: Tensor) -> Tensor:
    """Entropy of rows ``[M, T, T]``, summed over ``T``: ``[M]`` in float64."""
    tiny = torch.finfo(rows.dtype).tiny  # 0 log 0 = 0
    return -rows.clamp_min(tiny).log_().mul_(rows).sum(-1).double().sum(-1)


class HeadDistances(Metric):
    """Mean Jensen-Shannon divergence of every two heads over token rows (section 6).

    The paper sums over tokens; the mean is the same up to scale, and compares between corpora.
    Windows are taken one by one, without their padding, so that neither padding nor what else is
    in a batch changes anything.

    Args:
        layers: ``L``.
        heads: ``H``. The paper's released code takes 12 of both for granted.
        smoothing: see :func:`divergence_sums`.
    """

    full_state_update = False
    sums: Tensor
    tokens: Tensor

    def __init__(self, layers: int, heads: int, *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing
        self.count = layers * heads
        zeros = torch.zeros(self.count, self.count, dtype=torch.float64)
        self.add_state("sums", zeros, dist_reduce_fx="sum")
        self.add_state("tokens", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, attention: Tensor, is_token: Tensor, sinks: Tensor | None = None) -> None:
        """Add a batch.

        Args:
            attention: wordpiece maps, ``[B, L, H, T, T]``.
            is_token: what is no padding, ``[B, T]``.
            sinks: what goes to learned sinks, ``[B, L, H, T]``; nothing, if not given.
        """
        for b, (maps, own) in enumerate(zip(attention.flatten(1, 2), is_token, strict=True)):
            kept = maps[:, own][:, :, own]  # [L*H, t, t], the window's own tokens
            if sinks is not None:
                kept = torch.cat([kept, sinks[b].flatten(0, 1)[:, own, None]], -1)
            self.sums = self.sums + divergence_sums(kept, smoothing=self.smoothing)
        self.tokens = self.tokens + is_token.sum()

    def compute(self) -> Tensor:
        """``[L*H, L*H]`` in nats, from 0 to ``log 2``, heads of the first layer first, on the CPU.

        Zero where nothing was counted. A single head's zero is a scalar, as torchmetrics has it.
        """
        sums = self.sums.cpu().reshape(self.count, self.count)
        # Rounding may leave a divergence of equal heads below zero.
        return (sums / self.tokens.cpu().clamp_min(1)).clamp_min(0)
