"""Softmax attention of queries and keys: as a map that is there, or made in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from probing.core.maps import WholeMap, part_size, taken


@dataclass(frozen=True)
class Scores:
    """What each wordpiece's query makes of each key, before the softmax.

    - ``queries [B, H, T, D/H]``, scaled, and ``keys [B, H, T, D/H]``.
    - ``softcap`` bounds the scores (Gemma 2).
    - ``mask [B, 1, T, T]``: booleans, false where a score is hidden, or numbers that are added;
      ``None`` if nothing is hidden.
    """

    queries: Tensor
    keys: Tensor
    softcap: float | None
    mask: Tensor | None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """``B``, ``H``, and how many queries and keys there are."""
        return *self.queries.shape[:3], self.keys.shape[2]

    @property
    def visible(self) -> Tensor | None:
        """Booleans ``[B, 1, T, T]``: what any head sees; ``None`` if nothing is hidden.

        Masks of numbers hide with -10000 or with the least number there is; biases are far from
        either.
        """
        if self.mask is None or self.mask.dtype == torch.bool:
            return self.mask
        shown = (self.mask > -1e4).any(1, keepdim=True)
        return shown.expand(len(self.queries), 1, *self.shape[2:])

    def whole(self) -> Tensor:
        """``[B, H, T, T]``."""
        scores = self.queries @ self.keys.mT
        if self.softcap is not None:
            scores = torch.tanh(scores / self.softcap) * self.softcap
        if self.mask is None:
            return scores
        if self.mask.dtype == torch.bool:
            return scores.masked_fill(~self.mask, torch.finfo(scores.dtype).min)
        return scores + self.mask

    def rows(self, of: Tensor) -> Scores:
        """Those of the rows ``of [B, some]``."""
        mask = None if self.mask is None else taken(self._mask, of)
        return replace(self, queries=taken(self.queries, of), mask=mask)

    def columns(self, of: Tensor) -> Scores:
        """Those of the columns ``of [B, some]``."""
        mask = None if self.mask is None else taken(self._mask.mT, of).mT
        return replace(self, keys=taken(self.keys, of), mask=mask)

    def parts(self) -> Iterator[tuple[slice, Scores]]:
        """Rows that follow each other, as many at once as keep them in bounds."""
        batch, heads, length, _ = self.queries.shape
        of_row = max(1, batch * heads * self.keys.shape[2])
        step = max(1, part_size(self.queries.device) // of_row)
        for start in range(0, length, step):
            own = slice(start, start + step)
            mask = self.mask if self.mask is None else self.mask[:, :, own]
            yield own, replace(self, queries=self.queries[:, :, own], mask=mask)

    @property
    def _mask(self) -> Tensor:
        assert self.mask is not None
        shape = (len(self.queries), -1, self.queries.shape[2], self.keys.shape[2])
        return self.mask.expand(shape)


def with_sink(scores: Tensor, sink: Tensor) -> Tensor:
    """``scores [B, H, T, T]`` and, as a last column, that of a learned ``sink [H]`` (GPT-OSS)."""
    of_sink = sink.to(scores.dtype).view(1, -1, 1, 1).expand(*scores.shape[:-1], 1)
    return torch.cat([scores, of_sink], -1)


def softmax_of(scores: Scores, sink: Tensor | None) -> tuple[WholeMap, Tensor | None]:
    """The map (float32), and ``[B, H, T]``, the weight that goes to a learned ``sink [H]``."""
    if sink is None:
        return WholeMap(scores.whole().softmax(-1, dtype=torch.float32)), None
    weights = with_sink(scores.whole(), sink).softmax(-1, dtype=torch.float32)
    return WholeMap(weights[..., :-1]), weights[..., -1]


class PartwiseMap:
    """The softmax of scores, made anew for whoever asks, so that no ``[H, T, T]`` is there.

    Args:
        scores: of a layer.
        values: ``[B, H, T, D/H]``, which the model is going to average.
        sink: ``[H]``, the score of a learned sink.
    """

    def __init__(self, scores: Scores, values: Tensor, sink: Tensor | None) -> None:
        # Rows and columns are made by different products, which have to agree.
        queries, keys = scores.queries.float(), scores.keys.float()
        self.scores = replace(scores, queries=queries, keys=keys)
        self.values = values
        self.learned = sink

    @property
    def size(self) -> tuple[int, int, int, int]:
        """``B``, ``H``, ``T`` and ``T``."""
        batch, heads, length, _ = self.scores.queries.shape
        return batch, heads, length, length

    @cached_property
    def _pass(self) -> tuple[Tensor, Tensor]:
        """What all rows make of the values, and the ``log`` of what each row sums to."""
        averages = torch.empty_like(self.values)
        logs = self.scores.queries.new_empty(self.size[:3])
        for own, part in self.scores.parts():
            scores = part.whole()
            logs[:, :, own] = scores.logsumexp(-1)
            if self.learned is not None:
                learned = self.learned.to(scores.dtype)[:, None]
                logs[:, :, own] = torch.logaddexp(logs[:, :, own], learned)
            weights = scores.sub_(logs[:, :, own, None]).exp_()
            averages[:, :, own] = weights.to(self.values.dtype) @ self.values
        return averages, logs

    @property
    def sink(self) -> Tensor | None:
        """``[B, H, T]``: the weight that goes to a learned sink."""
        if self.learned is None:
            return None
        return (self.learned.float()[:, None] - self._pass[1]).exp()

    @property
    def faults(self) -> Tensor:
        """``[B, H, T]``: a sum that is not finite comes of a score that is not."""
        return ~self._pass[1].isfinite()

    def whole(self) -> Tensor:
        """``[B, H, T, T]``."""
        return self._weights(self.scores, self._pass[1])

    def rows(self, of: Tensor) -> Tensor:
        """The rows ``of [B, some]``, as ``[B, H, some, T]``."""
        logs = taken(self._pass[1][..., None], of)[..., 0]
        return self._weights(self.scores.rows(of), logs)

    def columns(self, of: Tensor) -> Tensor:
        """The columns ``of [B, some]``, as ``[B, H, some, T]``."""
        return self._weights(self.scores.columns(of), self._pass[1]).mT

    def averages(self, values: Tensor) -> Tensor:
        """What each row makes of ``values [B, H, T, D/H]``."""
        if values is self.values:
            return self._pass[0]
        return replace_values(self, values)._pass[0]

    def _weights(self, scores: Scores, logs: Tensor) -> Tensor:
        return scores.whole().sub_(logs[..., None]).exp_()


def replace_values(map_: PartwiseMap, values: Tensor) -> PartwiseMap:
    """The same map, of which the model averages other values."""
    return PartwiseMap(map_.scores, values, map_.learned)
