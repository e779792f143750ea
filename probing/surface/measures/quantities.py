"""What is measured of an attention map: pure functions, a value for each row.

A map is ``weights [B, H, T, T]``: row *i* is what token *i* attends to, and sums to one. The
functions return ``[B, H, T]``, a value for each row, from which
:mod:`probing.surface.measures.averages` takes means over the rows that a quantity is about.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

SINK_THRESHOLD = 0.3
"""Gu et al. (2025), section 3.1."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A column of ``surface.csv``: the mean of ``value`` over the rows ``over``.

    ``value`` and ``over`` name what ``row_values`` and ``row_sets`` of
    :mod:`probing.surface.measures.averages` return. Where no row is in the set ``where``, the model
    has not what the quantity is about.
    """

    name: str
    value: str
    over: str
    definition: str
    source: str
    where: str = "tokens"


QUANTITIES = (
    Quantity(
        "to_self",
        "self",
        "tokens",
        "attention of a token to itself",
        "Clark et al. 2019, 3.1",
    ),
    Quantity(
        "to_previous",
        "previous",
        "with_previous",
        "attention to the token before, over tokens that have one",
        "Clark et al. 2019, 3.1",
    ),
    Quantity(
        "to_next",
        "next",
        "with_next",
        "attention to the token behind, over tokens that have one",
        "Clark et al. 2019, 3.1",
    ),
    Quantity(
        "to_cls",
        "cls",
        "tokens",
        "attention to [CLS]",
        "Clark et al. 2019, 3.2 and figure 2",
        where="classifiers",
    ),
    Quantity(
        "to_sep",
        "sep",
        "tokens",
        "attention to all [SEP] together",
        "Clark et al. 2019, 3.2 and figure 2",
        where="separators",
    ),
    Quantity(
        "to_punctuation",
        "punctuation",
        "tokens",
        "attention to all full stops and commas together",
        "Clark et al. 2019, 3.2 and figure 2",
    ),
    Quantity(
        "other_to_sep",
        "sep",
        "others",
        "attention of tokens other than [SEP] to all [SEP] together",
        "Clark et al. 2019, 3.2 and figure 2",
        where="separators",
    ),
    Quantity(
        "sep_to_sep",
        "sep",
        "separators",
        "attention of [SEP] to itself and the other [SEP]",
        "Clark et al. 2019, 3.2 and figure 2",
    ),
    Quantity(
        "to_first",
        "first",
        "tokens",
        "attention to the first token, whatever it is",
        "Xiao et al. 2024; Gu et al. 2025",
    ),
    Quantity(
        "largest_weight",
        "largest",
        "tokens",
        "the largest weight of a row",
        "Clark et al. 2019, 3.3 (broad heads: at most 10% on any token)",
    ),
    Quantity(
        "entropy",
        "entropy",
        "tokens",
        "entropy of a row, in nats",
        "Clark et al. 2019, 3.3 and figure 4",
    ),
    Quantity(
        "uniform_entropy",
        "uniform",
        "tokens",
        "entropy of attending evenly to all that the mask shows, in nats",
        "Clark et al. 2019, figure 4 (dotted line)",
    ),
    Quantity(
        "entropy_from_cls",
        "entropy",
        "classifiers",
        "entropy of the row of [CLS], in nats",
        "Clark et al. 2019, 3.3 and figure 4",
    ),
    Quantity(
        "uniform_entropy_from_cls",
        "uniform",
        "classifiers",
        "entropy of [CLS] attending evenly to all that the mask shows, in nats",
        "Clark et al. 2019, figure 4 (dotted line)",
    ),
)


def attention_to(weights: Tensor, marked: Tensor) -> Tensor:
    """How much each row attends to all marked tokens together.

    Args:
        weights: ``[B, H, T, T]``.
        marked: ``[B, T, C]``, booleans: ``C`` classes of tokens.

    Returns:
        ``[C, B, H, T]``.
    """
    batch, heads, length, _ = weights.shape
    rows = weights.reshape(batch, heads * length, length)  # [B, H*T, T]
    # Few classes on the left and many rows on the right: five times faster than the reverse.
    shares = marked.mT.to(weights.dtype) @ rows.mT  # [B, C, H*T]
    return shares.view(batch, -1, heads, length).transpose(0, 1)


def attention_at(weights: Tensor, offset: int) -> Tensor:
    """How much each row attends to the token ``offset`` places behind it (before, if negative).

    Returns:
        ``[B, H, T]``; zero where there is no such place.
    """
    length = weights.shape[-1]
    if abs(offset) >= length:
        return weights.new_zeros(weights.shape[:-1])
    line = weights.diagonal(offset, -2, -1)  # [B, H, T - |offset|]
    return F.pad(line, (0, offset) if offset >= 0 else (-offset, 0))


def largest_weight(weights: Tensor) -> Tensor:
    """The largest weight of each row, ``[B, H, T]``."""
    return weights.amax(-1)


def entropy(weights: Tensor) -> Tensor:
    """``-sum p log p`` of each row in nats, where 0 log 0 = 0: ``[B, H, T]``."""
    # The smallest normal number stands for zero under the logarithm; nought times it is nought.
    logarithms = weights.clamp_min(torch.finfo(weights.dtype).tiny).log()
    negative: Tensor = torch.linalg.vecdot(weights, logarithms)
    return -negative


def smoothed(weights: Tensor, visible: Tensor, amount: float) -> Tensor:
    """Rows mixed with even attention: ``(1 - a) p + a / n`` over the ``n`` tokens in sight.

    The authors' code does so with ``a = 0.0001`` before it takes entropies.

    Args:
        weights: ``[B, H, T, T]``.
        visible: ``[B, 1, T, T]``, booleans.
        amount: ``a``.
    """
    even = visible / visible.sum(-1, keepdim=True).clamp_min(1)
    return (1 - amount) * weights + amount * even.to(weights.dtype)


def uniform_entropy(visible: Tensor) -> Tensor:
    """Entropy in nats of attending evenly to ``visible [B, 1, T, T]``: ``[B, 1, T]``."""
    return visible.sum(-1).clamp_min(1).double().log()


def sinks(weights: Tensor, real: Tensor, threshold: float = SINK_THRESHOLD) -> Tensor:
    """Whether each head is an attention sink on each sequence (Gu et al. 2025, equation 8).

    It is where the mean over the rows of a sequence of the attention to its first token is
    above ``threshold``.

    Args:
        weights: ``[B, H, T, T]``.
        real: ``[B, T]``, false for padding.
        threshold: epsilon of the paper.

    Returns:
        Booleans ``[B, H]``.
    """
    rows = weights[..., 0].double() * real[:, None]  # [B, H, T]
    return rows.sum(-1) / real.sum(-1, keepdim=True).clamp_min(1) > threshold
