"""Softmax attention of queries and keys: as a map that is there, or made in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from math import e, log2

import torch
from torch import Tensor

from probing.core.maps import PART, WholeMap, limit, taken


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
        scores = self.queries @ self.keys.contiguous().mT  # or they are copied, and slower
        if self.softcap is not None:
            scores = torch.tanh(scores / self.softcap) * self.softcap
        if self.mask is None:
            return scores
        if self.mask.dtype != torch.bool:
            return scores + self.mask
        # Half of the least number stays finite under any score; adding is quicker than filling.
        hidden = torch.zeros_like(self.mask, dtype=scores.dtype)
        return scores.add_(hidden.masked_fill_(~self.mask, torch.finfo(scores.dtype).min / 2))

    def rows(self, of: Tensor) -> Scores:
        """Those of the rows ``of [B, some]``."""
        mask = None if self.mask is None else taken(self._mask, of)
        return replace(self, queries=taken(self.queries, of), mask=mask)

    @property
    def mT(self) -> Scores:
        """Those from keys to queries."""
        mask = None if self.mask is None else self._mask.mT
        return Scores(self.keys, self.queries, self.softcap, mask)

    def times(self, factor: float) -> Scores:
        """All scores times ``factor``, in float32."""
        mask = self.mask
        if mask is not None and mask.dtype != torch.bool:  # hidden by the least number there is
            mask = (mask.float() * factor).clamp_min(torch.finfo(torch.float32).min)
        return Scores(
            self.queries.float() * factor,
            self.keys.float(),
            None if self.softcap is None else self.softcap * factor,
            mask,
        )

    def seen_columns(self) -> slice:
        """The columns outside of which booleans of the mask hide everything from every row."""
        if self.mask is None or self.mask.dtype != torch.bool:
            return slice(0, self.keys.shape[2])
        places = self.mask.flatten(0, 2).any(0).nonzero()  # [any, 1]
        return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)

    def sees_something(self) -> bool:
        """Whether booleans of the mask show each row something."""
        return self.mask is None or self.mask.dtype != torch.bool or bool(self.mask.any(-1).all())

    def keys_in(self, columns: slice) -> Scores:
        """Those of the columns in a range."""
        mask = None if self.mask is None else self.mask[..., columns]
        return replace(self, keys=self.keys[:, :, columns], mask=mask)

    def parts(self) -> Iterator[tuple[slice, Scores]]:
        """Rows that follow each other, as many at once as keep them in bounds."""
        batch, heads, length, _ = self.queries.shape
        of_row = max(1, batch * heads * self.keys.shape[2])
        step = max(1, limit(PART, self.queries.device) // of_row)
        for start in range(0, length, step):
            own = slice(start, start + step)
            mask = None if self.mask is None else self.mask[:, :, own]
            yield own, replace(self, queries=self.queries[:, :, own], mask=mask)

    @property
    def _mask(self) -> Tensor:
        assert self.mask is not None
        shape = (len(self.queries), -1, self.queries.shape[2], self.keys.shape[2])
        return self.mask.expand(shape)


def softmax_of(scores: Scores, sink: Tensor | None) -> tuple[WholeMap, Tensor | None]:
    """The map (float32), and ``[B, H, T]``, the weight that goes to a learned ``sink [H]``."""
    found = scores.whole()
    if sink is None:
        return WholeMap(found.softmax(-1, dtype=torch.float32)), None
    of_sink = sink.to(found.dtype).view(1, -1, 1, 1).expand(*found.shape[:-1], 1)
    weights = torch.cat([found, of_sink], -1).softmax(-1, dtype=torch.float32)
    return WholeMap(weights[..., :-1]), weights[..., -1]


class PartwiseMap:
    """The softmax of scores, made anew for whoever asks, so that no ``[H, T, T]`` is there.

    Powers are those of two, which take a fraction of the time of those of *e*.

    Args:
        scores: of a layer.
        values: ``[B, H, T, D/H]``, which the model is going to average.
        sink: ``[H]``, the score of a learned sink.
    """

    def __init__(self, scores: Scores, values: Tensor, sink: Tensor | None) -> None:
        self.given = scores, sink
        self.values = values
        # Rows and columns are made by different products, which have to agree: in float32.
        self.scores = scores.times(log2(e))
        self.learned = None if sink is None else sink.float()[:, None] * log2(e)  # [H, 1]

    @property
    def size(self) -> tuple[int, int, int, int]:
        """``B``, ``H``, ``T`` and ``T``."""
        batch, heads, length, _ = self.scores.queries.shape
        return batch, heads, length, length

    @cached_property
    def _pass(self) -> tuple[Tensor, Tensor]:
        """What all rows make of the values, and the logarithm of what each row sums to."""
        averages = torch.empty_like(self.values)
        logs = self.scores.queries.new_empty(self.size[:3])
        for rows, part in self.scores.parts():
            # A row that sees nothing is padding, but it has to have a sum.
            seen = part.seen_columns() if part.sees_something() else slice(None)
            scores = part.keys_in(seen).whole()
            most = scores.amax(-1, keepdim=True)
            if self.learned is not None:
                most = torch.maximum(most, self.learned[..., None])
            weights = scores.sub_(most).exp2_()
            sums = weights.sum(-1, keepdim=True)
            if self.learned is not None:
                sums = sums + (self.learned[..., None] - most).exp2()
            logs[:, :, rows] = (most + sums.log2())[..., 0]
            weights = weights.div_(sums).to(self.values.dtype)
            averages[:, :, rows] = weights @ self.values[:, :, seen]
        return averages, logs

    @property
    def sink(self) -> Tensor | None:
        """``[B, H, T]``: the weight that goes to a learned sink."""
        return None if self.learned is None else (self.learned - self._pass[1]).exp2()

    @property
    def faults(self) -> Tensor:
        """``[B, H, T]``: a sum that is not finite comes of a score that is not."""
        return ~self._pass[1].isfinite()

    def whole(self) -> Tensor:
        """``[B, H, T, T]``."""
        return self.scores.whole().sub_(self._pass[1][..., None]).exp2_()

    def rows(self, of: Tensor) -> Tensor:
        """The rows ``of [B, some]``, as ``[B, H, some, T]``."""
        logs = taken(self._pass[1][..., None], of)
        return _weights(self.scores.rows(of), logs.expand(-1, -1, -1, self.size[3]))

    def columns(self, of: Tensor) -> Tensor:
        """The columns ``of [B, some]``, as ``[B, H, some, T]``."""
        logs = self._pass[1][:, :, None]
        return _weights(self.scores.mT.rows(of), logs.expand(-1, -1, of.shape[1], -1))

    def averages(self, values: Tensor) -> Tensor:
        """What each row makes of ``values [B, H, T, D/H]``."""
        if values is self.values:
            return self._pass[0]
        scores, sink = self.given
        return PartwiseMap(scores, values, sink)._pass[0]


def _weights(scores: Scores, logs: Tensor) -> Tensor:
    """Powers of what ``scores`` are above ``logs [B, H, some, T]``, in their shape."""
    seen = scores.seen_columns()
    found = logs.new_empty(scores.shape)
    found[..., : seen.start] = 0
    found[..., seen.stop :] = 0
    torch.exp2(scores.keys_in(seen).whole().sub_(logs[..., seen]), out=found[..., seen])
    return found
