"""Counts of every head and baseline, treebank by treebank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from probing.core.batches import EdgeBatch
from probing.core.outcomes import HeadPicks
from probing.core.terms import Terms
from probing.counting.counting import head_counts
from probing.counting.counts import HeadCounts
from probing.counting.metrics import EdgeAccuracy, HeadAccuracy


class TreebankAccuracy:
    """Metrics for each of several treebanks, whose windows may share a batch.

    What a head picks in a window does not depend on the others in the batch, so the integer
    counts of the treebanks add up to those of the whole.

    Args:
        names: of the treebanks.
        of: the treebank of each window of the corpus, an index into ``names``.
        terms: of the task.
        device: where batches come from.
    """

    def __init__(
        self,
        names: Sequence[str],
        of: Sequence[int],
        *,
        terms: Terms,
        device: torch.device,
    ) -> None:
        self.names = names
        self.of = of
        self.terms = terms
        self.heads = [HeadAccuracy().to(device) for _ in names]
        self.baselines = [EdgeAccuracy(terms.baselines).to(device) for _ in names]

    def update(self, batch: EdgeBatch, picks: HeadPicks) -> None:
        """Count what heads picked in a batch."""
        windows: dict[int, list[int]] = {}
        for window, number in enumerate(batch.numbers):
            windows.setdefault(self.of[number], []).append(window)
        for treebank, (heads, baselines) in enumerate(zip(self.heads, self.baselines, strict=True)):
            own = windows.get(treebank, [])
            # Every process must know the rows of every treebank, if by an empty batch.
            if own or not heads.rows:
                some = batch.of_windows(own)
                heads.update(some, picks.of_windows(own))
                baselines.update(some, some.baselines)

    def compute(self, layers: Sequence[int]) -> Mapping[str, HeadCounts]:
        """The counts of each treebank, summed over processes; ``layers`` are their numbers."""
        return {
            name: head_counts(heads, baselines, self.terms, layers=layers)
            for name, heads, baselines in zip(self.names, self.heads, self.baselines, strict=True)
        }
