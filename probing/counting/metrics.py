"""Metrics: integer counts by row of the report, summed over batches and processes."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from probing.core.batches import EdgeBatch, Encoding
from probing.core.picking import directed, pick_word
from probing.counting.resampling import Resampler


def by_row(values: Tensor, member: Tensor) -> Tensor:
    """Sum ``values [B, A, ...]`` into rows ``[R, ...]`` by ``member [B, A, R]``, in float64.

    Float64 holds every integer below 2**53, so sums of booleans are exact.
    """
    rows = member.flatten(0, 1).T.double()  # [R, B*A]
    flat = values.flatten(0, 1).double()  # [B*A, ...]
    return (rows @ flat.flatten(1)).view(rows.shape[0], *values.shape[2:])


class RowMetric(Metric):
    """A metric whose first dimension is the rows of the report.

    The rows are learnt from the first batch: every process sees at least one, if an empty one.

    Args:
        resampler: counts ``correct`` and ``total`` in resamples, too, if given.
    """

    full_state_update = False
    drawn_correct: Tensor
    drawn_total: Tensor

    def __init__(self, resampler: Resampler | None = None) -> None:
        super().__init__()
        self.rows: tuple[str, ...] = ()
        self.resampler = resampler

    def start(
        self, batch: EdgeBatch, shapes: dict[str, tuple[tuple[int, ...], torch.dtype]]
    ) -> None:
        """Create the states, once: ``shapes`` gives what follows ``R``, and the type."""
        if self.rows:
            return
        self.rows = tuple(batch.rows)
        if self.resampler is not None:
            drawn = (self.resampler.count, *shapes["correct"][0])
            shapes = {
                **shapes,
                "drawn_correct": (drawn, torch.float64),  # [R, N, ...]
                "drawn_total": (drawn[:1], torch.int64),  # [R, N]
            }
        for name, (shape, dtype) in shapes.items():
            zeros = torch.zeros(len(self.rows), *shape, dtype=dtype)
            self.add_state(name, zeros, dist_reduce_fx="sum")
            setattr(self, name, zeros.to(batch.ids.device))

    def add(self, name: str, value: Tensor) -> None:
        """Add ``value`` to the state ``name``."""
        state = getattr(self, name)
        setattr(self, name, state + value.to(state.dtype))

    def count(self, batch: EdgeBatch, hits: Tensor, member: Tensor) -> None:
        """Count ``hits [B, A, ...]`` by ``member [B, A, R]``, in every resample, too.

        Raises:
            ValueError: if there are resamples and the batch does not say what its units are.
        """
        self.add("correct", by_row(hits, member))
        if self.resampler is not None:
            if batch.units is None:
                raise ValueError("resampling needs to know the units of a batch, found none")
            self.resampler.add(self.drawn_correct, self.drawn_total, hits, member, batch.units)

    def compute(self) -> dict[str, Tensor]:
        """The summed states, on the CPU."""
        # torchmetrics squeezes states of one element where processes are joined or one row is all.
        return {
            name: getattr(self, name).cpu().reshape(default.shape)
            for name, default in self._defaults.items()
            if isinstance(default, Tensor)
        }


class EdgeAccuracy(RowMetric):
    """How many anchors each of several pickers gets right: ``correct [R, K]``, ``total [R]``.

    ``correct`` is float64, which holds counts exactly and also the expected value of a picker
    that throws dice.
    """

    correct: Tensor
    total: Tensor

    def __init__(self, names: tuple[str, ...], resampler: Resampler | None = None) -> None:
        super().__init__(resampler)
        self.names = names

    def update(self, batch: EdgeBatch, hits: Tensor) -> None:
        """Count ``hits [B, A, K]``: booleans, or shares from zero to one."""
        self.start(
            batch,
            {"correct": ((len(self.names),), torch.float64), "total": ((), torch.int64)},
        )
        member = batch.member & batch.is_anchor[:, :, None]
        self.count(batch, hits, member)
        self.add("total", member.sum((0, 1)))


class HeadAccuracy(RowMetric):
    """Every head as a picker, in three directions, in one pass.

    An anchor counts if a head could be right about it: if a word, not only ROOT, is gold. The
    batch's asides count, too.

    States: ``correct [R, 3, L, H]``, ``reachable [R, 3, L]`` and ``total [R]`` are integers, and
    so is ``errors [R, 3, L, H, E]``: wrong picks by the kind of what was picked. ``gold_mass``
    and ``special_mass [R, 3, L, H]`` are float64 sums of the attention on the gold words and on
    special tokens (by column: from them; for both: the sum).
    """

    total: Tensor

    def update(self, batch: EdgeBatch, encoding: Encoding) -> None:
        """Count a batch, whose encoding must hold ``attention`` and ``boundary``."""
        for part in batch.parts:
            self._count(part, encoding)

    def _count(self, batch: EdgeBatch, encoding: Encoding) -> None:
        attention = encoding.part("attention")
        boundary = encoding.part("boundary")
        _, layers, heads, _, _ = attention.shape
        cell = (3, layers, heads)
        kinds = torch.arange(1, len(batch.terms.errors) + 1, device=attention.device)
        self.start(
            batch,
            {
                "correct": (cell, torch.int64),
                "errors": ((*cell, len(kinds)), torch.int64),
                "reachable": (cell[:2], torch.int64),
                "total": ((), torch.int64),
                "gold_mass": (cell, torch.float64),
                "special_mass": (cell, torch.float64),
            },
        )
        gold = batch.gold[:, :, 1:]  # [B, A, W]
        asked = batch.is_anchor & gold.any(-1)  # [B, A]
        member = batch.member & asked[:, :, None]
        self.add("total", member.sum((0, 1)))
        if not batch.anchors.numel():
            return
        gold = gold[:, :, None, None]  # [B, A, 1, 1, W]
        allowed = batch.candidates[:, :, None, None, 1:]
        wrong = batch.kinds[:, :, None, None, 1:]
        special = boundary_mass(boundary, batch.anchors)  # 3 of [B, A, L, H]
        reach = reachable(encoding.visible, batch)  # 3 of [B, A, L]
        hits, masses, errors = [], [], []
        for scores in directed(attention, batch.anchors):  # [B, A, L, H, W]
            pick, is_pick = pick_word(scores, allowed)  # [B, A, L, H]
            hits.append(at(gold, pick) & is_pick)
            errors.append((at(wrong, pick) * is_pick)[..., None] == kinds)
            masses.append((scores * gold).sum(-1))
        self.count(batch, torch.stack(hits, 2), member)
        self.add("errors", by_row(torch.stack(errors, 2), member))
        self.add("gold_mass", by_row(torch.stack(masses, 2), member))
        self.add("special_mass", by_row(torch.stack(special, 2), member))
        self.add("reachable", by_row(torch.stack(reach, 2).expand(-1, -1, -1, layers), member))


def at(values: Tensor, pick: Tensor) -> Tensor:
    """What ``values [B, A, 1, 1, W]`` hold for each picked word ``[B, A, L, H]``."""
    return values.expand(*pick.shape, -1).gather(-1, pick[..., None])[..., 0]


def boundary_mass(boundary: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Attention of each anchor to, from, and to plus from special tokens: ``[B, A, L, H]``."""
    batch = torch.arange(anchors.shape[0], device=anchors.device)[:, None]
    own = boundary.movedim(3, 1)[batch, anchors]  # [B, A, L, H, 4]
    to_special, from_special = own[..., :2].sum(-1), own[..., 2:].sum(-1)
    return to_special, from_special, to_special + from_special


def reachable(visible: Tensor | None, batch: EdgeBatch) -> tuple[Tensor, Tensor, Tensor]:
    """Whether the mask lets each anchor reach a gold word: ``[B, A, L]``, or ``L`` = 1 for all."""
    gold = batch.gold[:, :, 1:]
    if visible is None:
        every = gold.any(-1)[:, :, None]  # [B, A, 1]
        return every, every, every
    rows, columns, both = directed(visible[:, :, None], batch.anchors)  # [B, A, L, 1, W]
    return tuple(  # type: ignore[return-value]
        (seen[:, :, :, 0] & gold[:, :, None]).any(-1) for seen in (rows, columns, both)
    )


class Spread(Metric):
    """Standard deviation of each head's attention over pairs of two words, ``[L, H]``."""

    full_state_update = False
    moments: Tensor
    pairs: Tensor

    def __init__(self, layers: int, heads: int) -> None:
        super().__init__()
        zeros = torch.zeros(2, layers, heads, dtype=torch.float64)
        self.add_state("moments", zeros, dist_reduce_fx="sum")
        self.add_state("pairs", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, encoding: Encoding, is_word: Tensor) -> None:
        """Count the pairs of ``is_word [B, W]``; a word and itself are no pair."""
        pairs = is_word[:, :, None] & is_word[:, None, :]  # [B, W, W]
        pairs = pairs & ~torch.eye(pairs.shape[1], dtype=torch.bool, device=pairs.device)
        kept = encoding.part("attention").double() * pairs[:, None, None]
        self.moments = self.moments + torch.stack(
            [kept.sum((0, 3, 4)), kept.square().sum((0, 3, 4))]
        )
        self.pairs = self.pairs + pairs.sum()

    def compute(self) -> Tensor:
        """``[L, H]``, on the CPU; zero where nothing was counted."""
        mean, square = (self.moments / self.pairs.clamp_min(1)).cpu()
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
