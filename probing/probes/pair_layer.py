"""A hidden layer over pairs of words, without ever holding more of it than must be.

Written out, the layer is the largest tensor of a training step by far, and is gone through some ten
times. Here it is made, and its gradient too, a few anchors at a time, which stay in the processor's
cache. And ``tanh(x)`` is ``2 sigmoid(2x) - 1``, which takes a third of the time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_AT_ONCE = {"cpu": 2**16}
"""Numbers of a block, which are to fit into the cache of a processor core; others have none."""
_ELSEWHERE = 2**26


def pair_scores(
    dependent: Tensor, head: Tensor, features: Tensor, position: Tensor, output: Tensor, of: Tensor
) -> Tensor:
    """``output . tanh(dependent + head + features @ position)`` of each anchor and word.

    Args:
        dependent: ``[P, units]``, of each anchor.
        head: ``[B, W, units]``, of each word as a candidate.
        features: ``[P, W, features]``, of each pair; they get no gradient.
        position: ``[features, units]``.
        output: ``[units]``.
        of: ``[P]``, the window of each anchor.

    Returns:
        ``[P, W]``.
    """
    parts = (dependent, head, features, position, output, of)
    found: Tensor = _PairLayer.apply(*parts)  # type: ignore[no-untyped-call]
    return found


class _PairLayer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        dependent: Tensor,
        head: Tensor,
        features: Tensor,
        position: Tensor,
        output: Tensor,
        of: Tensor,
    ) -> Tensor:
        count, width, units = len(of), head.shape[1], head.shape[2]
        twice, of_anchors, of_words = 2 * position, 2 * dependent, 2 * head
        hidden = head.new_empty(count, width, units)  # sigmoid(2x)
        scores = head.new_empty(count, width)
        for block in _blocks(hidden):
            own = hidden[block]
            torch.index_select(of_words, 0, of[block], out=own)
            flat = own.view(-1, units)
            flat.addmm_(features[block].flatten(0, 1), twice)
            own.add_(of_anchors[block, None]).sigmoid_()
            torch.mv(flat, output, out=scores[block].view(-1))
        ctx.save_for_backward(hidden, features, output, of)
        ctx.windows = len(head)
        return scores.mul_(2).sub_(output.sum())

    @staticmethod
    def backward(ctx: Any, *of_scores: Tensor) -> tuple[Tensor | None, ...]:
        hidden, features, output, of = ctx.saved_tensors
        count, width, units = hidden.shape
        slope = of_scores[0].contiguous()
        # The derivative of tanh is 4 sigmoid (1 - sigmoid). What is the same for all pairs, that 4
        # and the weight of a unit, is multiplied in at the end.
        dependent = slope.new_empty(count, units)
        head = slope.new_zeros(ctx.windows, width, units)
        position = slope.new_zeros(features.shape[2], units)
        to_output = slope.new_zeros(units)
        for block in _blocks(hidden):
            own, of_pairs = hidden[block], slope[block]
            to_output.addmv_(own.view(-1, units).T, of_pairs.view(-1))
            steep = torch.addcmul(own, own, own, value=-1).mul_(of_pairs[..., None])
            torch.sum(steep, 1, out=dependent[block])
            head.index_add_(0, of[block], steep)
            position.addmm_(features[block].flatten(0, 1).T, steep.view(-1, units))
        rate = 4 * output
        return (
            dependent.mul_(rate),
            head.mul_(rate),
            None,
            position.mul_(rate),
            to_output.mul_(2).sub_(slope.sum()),
            None,
        )


def _blocks(hidden: Tensor) -> list[slice]:
    """Anchors that are dealt with at once; ``hidden`` is ``[P, W, units]``."""
    count, width, units = hidden.shape
    most = _AT_ONCE.get(hidden.device.type, _ELSEWHERE)
    step = max(1, most // max(1, width * units))
    return [slice(first, first + step) for first in range(0, count, step)]
