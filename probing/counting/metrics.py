"""Metrics: integer counts by row of the report, summed over batches and processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import EdgeBatch
from probing.core.layers import WordLayer
from probing.core.outcomes import HeadPicks
from probing.core.word_classes import shared_gold
from probing.counting import agreement
from probing.counting.resampling import Resampler, UnitWeights
from probing.counting.rows import Rows


class RowMetric(Metric):
    """A metric whose first dimension is the rows of the report.

    The rows are learnt from the first batch: every process sees at least one, if an empty one.

    Args:
        resampler: counts ``correct`` and ``total`` in resamples, too, if given, which are the
            states ``drawn_correct [R, N, ...]`` and ``drawn_total [R, N]``.
        weighted: counts them in other weighted sums, by the name of their states.
    """

    full_state_update = False

    def __init__(
        self,
        resampler: Resampler | None = None,
        weighted: Mapping[str, UnitWeights] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.rows: tuple[str, ...] = ()
        self.weighted = {**({"drawn": resampler} if resampler else {}), **weighted}

    def start(
        self, batch: EdgeBatch, shapes: dict[str, tuple[tuple[int, ...], torch.dtype]]
    ) -> None:
        """Create the states, once: ``shapes`` gives what follows ``R``, and the type."""
        if self.rows:
            return
        self.rows = tuple(batch.rows)
        for name, weights in self.weighted.items():
            sums = (weights.count, *shapes["correct"][0])
            shapes = {
                **shapes,
                f"{name}_correct": (sums, torch.float64),  # [R, N, ...]
                f"{name}_total": (sums[:1], torch.int64),  # [R, N]
            }
        for name, (shape, dtype) in shapes.items():
            zeros = torch.zeros(len(self.rows), *shape, dtype=dtype)
            self.add_state(name, zeros, dist_reduce_fx="sum")
            setattr(self, name, zeros.to(batch.ids.device))

    def add(self, name: str, value: Tensor) -> None:
        """Add ``value`` to the state ``name``."""
        state = getattr(self, name)
        setattr(self, name, state + value.to(state.dtype))

    def count(self, batch: EdgeBatch, hits: Tensor, rows: Rows) -> None:
        """Count ``hits [B, A, ...]`` in ``rows``, in every other sum, too.

        Raises:
            ValueError: if there are any and the batch does not say what its units are.
        """
        self.add("correct", rows.sums(hits))
        for name, weights in self.weighted.items():
            if batch.units is None:
                raise ValueError("resampling needs to know the units of a batch, found none")
            correct, total = getattr(self, f"{name}_correct"), getattr(self, f"{name}_total")
            weights.add(correct, total, hits, rows.member, batch.units)

    def compute(self) -> dict[str, Tensor]:
        """The summed states, on the CPU."""
        # torchmetrics squeezes states of one element where processes are joined or one row is all.
        return {
            name: getattr(self, name).cpu().reshape(default.shape)
            for name, default in self._defaults.items()
            if isinstance(default, Tensor)
        }


class EdgeAccuracy(RowMetric):
    """How many anchors each of several pickers gets right: ``correct [R, ...]``, ``total [R]``.

    ``correct`` is float64, which holds counts exactly and also the expected value of a picker
    that throws dice.

    Args:
        names: of the pickers, where they stand in a line.
        resampler: counts in resamples, too, if given.
        weighted: further sums, by name.
    """

    correct: Tensor
    total: Tensor

    def __init__(
        self,
        names: tuple[str, ...] = (),
        resampler: Resampler | None = None,
        weighted: Mapping[str, UnitWeights] = MappingProxyType({}),
    ) -> None:
        super().__init__(resampler, weighted)
        self.names = names

    def update(self, batch: EdgeBatch, hits: Tensor, member: Tensor | None = None) -> None:
        """Count ``hits [B, A, ...]``: booleans, or shares from zero to one.

        ``member [B, A, R]`` are the rows that an anchor counts in; those of probes, if not given.
        """
        shape = tuple(hits.shape[2:])
        self.start(batch, {"correct": (shape, torch.float64), "total": ((), torch.int64)})
        member = batch.member_of_probes if member is None else member
        self.count(batch, hits, Rows(member))
        self.add("total", member.sum((0, 1)))


class HeadAccuracy(RowMetric):
    """Every head as a picker, in three directions, in one pass.

    An anchor counts if a head could be right about it: if a word, not only ROOT, is gold; in rows
    of ``Terms.with_roots`` also where not.

    States: ``correct [R, 3, L, H]``, ``reachable [R, 3, L]``, ``total [R]`` and ``shared [R, 2]``,
    see :func:`~probing.core.word_classes.shared_gold`, are integers, and so is ``errors
    [R, 3, L, H, E]``: wrong picks by the kind of what was picked. ``quantities
    [R, 3, L, H, Q]`` are float64 sums, see :data:`~probing.core.quantities.QUANTITIES`. Where the
    task tells offsets apart (``Terms.reach``), there are histograms of them, of picks,
    ``offsets [R, 3, L, H, O]``, and of gold words, ``gold_offsets [R, O]``.
    """

    total: Tensor
    offsets: Tensor
    gold_offsets: Tensor

    def update(self, batch: EdgeBatch, heads: HeadPicks) -> None:
        """Count what heads picked in a batch."""
        cell = tuple(heads.hits.shape[2:])  # 3, L, H
        kinds = torch.arange(1, len(batch.terms.errors) + 1, device=heads.words.device)
        reach = batch.terms.reach
        told = agreement.bins(reach) if reach else 0
        self.start(
            batch,
            {
                "correct": (cell, torch.int64),
                "errors": ((*cell, len(kinds)), torch.int64),
                "reachable": (cell[:2], torch.int64),
                "total": ((), torch.int64),
                "shared": ((2,), torch.int64),
                "quantities": ((*cell, heads.quantities.shape[-1]), torch.float64),
                "offsets": ((*cell, told), torch.int64),
                "gold_offsets": ((told,), torch.int64),
            },
        )
        rows = Rows(batch.member_of_heads)
        self.count(batch, heads.hits, rows)
        self.add("total", rows.member.sum((0, 1)))
        self.add("errors", rows.sums(heads.kinds[..., None] == kinds))
        self.add("reachable", rows.sums(heads.reachable))
        shared = shared_gold(batch.gold_at, batch.anchors, batch.class_of)
        self.add("shared", rows.sums(shared))
        self.add("quantities", rows.sums(heads.quantities))
        if reach:
            own = agreement.binned(heads.words, batch.anchors, heads.is_pick, reach)
            agreement.add(self.offsets, own, rows)
            gold = batch.gold_at
            own = agreement.binned(gold - 1, batch.anchors, gold > 0, reach)  # [B, A, G]
            agreement.add(self.gold_offsets, own, rows)


class Spread(Metric):
    """Standard deviation of each head's attention over pairs of two words, ``[L, H]``.

    Collects the word maps of the layers of batch after batch.

    Args:
        layers: the numbers of the layers that are looked at.
        heads: ``H``.
    """

    full_state_update = False
    moments: Tensor
    pairs: Tensor

    def __init__(self, layers: Sequence[int], heads: int) -> None:
        super().__init__()
        self.layers = list(layers)
        zeros = torch.zeros(2, len(layers), heads, dtype=torch.float64)
        self.add_state("moments", zeros, dist_reduce_fx="sum")
        self.add_state("pairs", torch.zeros(len(layers), dtype=torch.int64), dist_reduce_fx="sum")

    def take(self, layer: WordLayer) -> None:
        """Count a layer of a batch."""
        self.update(layer)

    def update(self, layer: WordLayer) -> None:
        """Count the pairs of words of a layer; a word and itself are no pair."""
        width = layer.is_word.shape[1]
        pairs = layer.is_word[:, :, None] & layer.is_word[:, None, :]  # [B, W, W]
        pairs = pairs & ~torch.eye(width, dtype=torch.bool, device=pairs.device)
        kept = layer.attention.double() * pairs[:, None]
        own = self.layers.index(layer.number)
        self.moments[:, own] += torch.stack([kept.sum((0, 2, 3)), kept.square().sum((0, 2, 3))])
        self.pairs[own] += pairs.sum()

    def compute(self) -> Tensor:
        """``[L, H]``, on the CPU; zero where nothing was counted."""
        mean, square = (self.moments / self.pairs.clamp_min(1)[:, None]).cpu()
        variance: Tensor = square - mean.square()
        return variance.clamp_min(0).sqrt()


class WordMean(Metric):
    """Mean of a tensor over batches, each weighted by its number of words (float64)."""

    full_state_update = False
    summed: Tensor
    words: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        zeros = torch.zeros(shape, dtype=torch.float64)
        self.add_state("summed", zeros, dist_reduce_fx="sum")
        self.add_state("words", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, value: Tensor, words: Tensor) -> None:
        """Count a batch's ``value`` with the weight ``words``, a scalar."""
        self.summed = self.summed + value.double() * words
        self.words = self.words + words

    def compute(self) -> Tensor | None:
        """The mean, on the CPU; ``None`` where nothing was counted."""
        return (self.summed / self.words).cpu() if self.words else None
