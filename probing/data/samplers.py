"""Batches, formed the same way everywhere and then dealt whole to processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from torch.utils.data import Sampler


def batches_by_length(
    lengths: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int32]],
    *,
    wordpieces: int,
    windows: int | None = None,
    order: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None,
) -> list[list[int]]:
    """Windows sorted by length and cut where padding would exceed a budget.

    Args:
        lengths: wordpieces of each window.
        wordpieces: the most wordpieces of a batch, padding included; a window that is longer
            is a batch of its own.
        windows: the most windows of a batch; as many as the budget allows, if not given.
        order: how windows of the same length are arranged; as they stand, if not given.
    """
    size = np.asarray(lengths)
    arranged = np.arange(len(size)) if order is None else order
    batches: list[list[int]] = []
    batch: list[int] = []
    for index in arranged[np.argsort(size[arranged], kind="stable")].tolist():
        over = int(size[index]) * (len(batch) + 1) > wordpieces or len(batch) == windows
        if batch and over:
            batches.append(batch)
            batch = []
        batch.append(index)
    return [*batches, batch] if batch else batches


class EvaluationBatches(Sampler[list[int]]):
    """Every window once, over all processes: process ``rank`` gets every ``world``-th batch.

    A process for which no batch is left gets an empty one, so that none skips its loop.
    """

    def __init__(self, batches: Sequence[list[int]], *, rank: int = 0, world: int = 1) -> None:
        self.batches = list(batches[rank::world]) or [[]]

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


class TrainingBatches(Sampler[list[int]]):
    """Shuffled batches, formed anew each epoch; every process gets equally many.

    Where the number of processes does not divide the batches, the first ones come again. If
    batches are shared, every process gets all of them, and of the windows of each every
    ``world``-th, which may be none.
    """

    def __init__(
        self,
        lengths: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.int32]],
        *,
        wordpieces: int,
        windows: int | None = None,
        seed: int,
        rank: int = 0,
        world: int = 1,
        shared: bool = False,
    ) -> None:
        self.lengths = lengths
        self.form = partial(batches_by_length, lengths, wordpieces=wordpieces, windows=windows)
        self.seed = seed
        self.rank = rank
        self.world = world
        self.shared = shared
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Shuffle differently from now on; Lightning calls this before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self.seed, self.epoch))
        order = random.permutation(len(self.lengths))
        batches = self.form(order=order)
        dealt = random.permutation(len(batches))
        if self.shared:
            yield from (batches[number][self.rank :: self.world] for number in dealt)
            return
        even = -(-len(batches) // self.world) * self.world
        for position in range(self.rank, even, self.world):
            yield batches[dealt[position % len(batches)]]

    def __len__(self) -> int:
        # Only lengths decide where batches end, so every epoch has equally many.
        count = len(self.form())
        return count if self.shared else -(-count // self.world)
